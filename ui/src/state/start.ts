import { app } from './app.svelte';
import { close } from './close.svelte';
import { connect } from './connect.svelte';
import { find } from './find.svelte';
import { run } from './run.svelte';
import * as api from '../host/commands';

/** Hears what the app tells, and shows where things stand: a page that was loaded anew finds its session again. */
export async function start() {
  find.listen();
  connect.listen();
  run.listen();
  close.listen();
  api.listen('close-requested', () => (app.asksToQuit = true));
  await app.guard(async () => {
    const { session, stamps } = await app.refresh();
    if (!session) return;
    connect.told(session);
    find.stamp = stamps.find((stamp) => stamp.id === session.stampId);
    find.address = session.address;
    if (session.activeRun) await run.follow(session.activeRun);
    else app.goto('3A');
  });
  // The second frame after the first snapshot begins when its screen has been drawn.
  requestAnimationFrame(() => requestAnimationFrame(() => void api.appPainted()));
}

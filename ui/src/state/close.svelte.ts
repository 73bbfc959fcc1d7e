import * as api from '../host/commands';
import type * as c from '../host/contract';
import { app } from './app.svelte';
import { connect, gone } from './connect.svelte';
import { find } from './find.svelte';
import { run } from './run.svelte';

/** Step 4: closing, and what there is to say afterwards. */
class Close {
  share = $state('');
  account = $state('');
  stages = $state<c.CloseStage[]>([]);
  stageBegan = $state(0);
  /** How long the stage took that failed, in milliseconds. */
  failedMs = $state(0);
  /** Whether transcripts are being copied. */
  copies = $state(false);
  summary = $state<c.Summary>();

  listen() {
    api.listen<c.CloseStage>('close-stage', (stage) => {
      this.stages = [...this.stages.filter((known) => known.stage !== stage.stage), stage];
      this.stageBegan = Date.now();
    });
  }

  /** Closes with the transcripts on the share. The password goes straight through. */
  async withTranscripts(password: string) {
    this.copies = true;
    await this.close({ kind: 'withTranscripts', share: this.share.trim(), account: this.account.trim(), password });
  }

  /** Ends the session; the transcripts stay on the endpoint. */
  async leave() {
    this.copies = false;
    await this.close({ kind: 'leaveTranscripts' });
  }

  /** Goes back to a session whose connection is lost; to the same instance for a new one, where it is gone. */
  async connectAgain() {
    const state = connect.session?.state;
    const over = state?.kind !== 'lost' || gone(state.fault);
    await app.guard(async () => {
      const result = await api.sessionClose({ kind: over ? 'leaveTranscripts' : 'letGo' });
      if (result.kind === 'failed') {
        app.fault = result.fault;
        return;
      }
      connect.ended();
      await app.refresh();
      if (result.kind === 'letGo') await connect.resume(result.left);
      else if (find.address) await connect.whoIsThere();
      else app.goto('0');
    });
  }

  private async close(spec: c.CloseSpec) {
    this.stages = [];
    this.stageBegan = Date.now();
    app.goto('4B');
    await app.guard(async () => {
      const result = await api.sessionClose(spec);
      if (result.kind === 'failed') {
        this.failedMs = Date.now() - this.stageBegan;
        app.fault = result.fault;
        return;
      }
      if (result.kind === 'closed') this.summary = result.summary;
      connect.ended();
      app.goto('4C');
    });
  }

  /** Everything is done: back to the first screen. */
  async finish() {
    run.batch = undefined;
    run.chosen = undefined;
    connect.account = '';
    find.stamp = undefined;
    find.address = undefined;
    await app.guard(() => app.refresh());
    app.goto('0');
  }
}

export const close = new Close();

import type { StampProfile } from '../host/contract';
import { word } from '../words';
import { mark, steps, type Screen, type StepName } from './wizard';

/** What is known of the session, open or closed. */
export interface Held {
  computer: string;
  runs: number;
}

/** The steps as the rail shows them: how each stands, what came of it, and why it is not yet. */
export function rail(screen: Screen, stamp: StampProfile | undefined, session: Held | undefined) {
  const facts: Record<StepName, string> = {
    find: stamp?.name ?? '',
    connect: session?.computer ?? '',
    diagnose: session ? word('rail.commands', { count: session.runs }) : '',
    close: '',
  };
  return steps.map((step) => {
    const how = mark(step, screen);
    return {
      number: step.number,
      name: word(`step.${step.name}`),
      how,
      fact: facts[step.name],
      why: how === 'later' ? word('rail.later') : '',
      screens: step.screens.map((id) => ({ id, name: word(`sub.${id}`), here: id === screen })),
    };
  });
}

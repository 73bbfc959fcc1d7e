import type { StageState } from '../host/contract';

/** How one stage of several stands. */
export interface Standing<Name, Told> {
  stage: Name;
  state: StageState;
  /** How long it took, in milliseconds. */
  ms: number;
  told: Told | undefined;
}

/** All stages in order. After a failure the one that was reached is the one that failed. */
export function standing<Name extends string, Told extends { stage: Name; state: StageState; ms: number }>(
  names: Name[],
  told: Told[],
  failed: boolean,
): Standing<Name, Told>[] {
  const known = names.map((stage) => told.find((one) => one.stage === stage));
  const reached = known.findIndex((one) => one?.state !== 'done');
  return names.map((stage, at) => {
    const one = known[at];
    const state = failed && at === reached ? 'failed' : (one?.state ?? (at === 0 && !failed ? 'running' : 'waiting'));
    return { stage, state, ms: one?.ms ?? 0, told: one };
  });
}

import type { RunBatch } from '../host/contract';
import { word } from '../words';

/** What was said about a run: the share done, warnings, and when. */
export interface Spoken {
  /** Per cent in steps of 25. */
  share: number;
  warnings: number;
  atMs: number;
}

/** The least time between two words about warnings. */
const QUIET_MS = 30_000;

/** What is said about a run to those who cannot see it: its start, each quarter, warnings in groups, changes, its end. */
export function announcement(
  before: RunBatch | undefined,
  now: RunBatch,
  spoken: Spoken,
  atMs: number,
): { text: string; spoken: Spoken } | undefined {
  if (now.state.kind === 'ended' && before?.state.kind !== 'ended')
    return { text: word('say.ended'), spoken: { ...spoken, atMs } };
  if (now.state.kind === 'stopping' && before?.state.kind !== 'stopping')
    return { text: word('say.stopping'), spoken: { ...spoken, atMs } };
  if (!before) return { text: word('say.started'), spoken: { ...spoken, atMs } };
  const share = Math.floor((now.progress[0]?.percent ?? 0) / 25) * 25;
  if (share > spoken.share) return { text: word('say.share', { percent: share }), spoken: { ...spoken, share, atMs } };
  const warnings = now.warnings - spoken.warnings;
  if (warnings > 0 && atMs - spoken.atMs >= QUIET_MS)
    return { text: word('say.warnings', { count: warnings }), spoken: { ...spoken, warnings: now.warnings, atMs } };
  return undefined;
}

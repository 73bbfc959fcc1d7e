import type { RunItem } from '../host/contract';

/** How many lines the page keeps; all of them are in the record. */
export const KEPT = 5000;

/**
 * Adds lines to what is kept; numbers that were seen already are dropped, so that attaching again is harmless. Where lines
 * were left out in between, what is kept begins anew: what is shown never has a hole.
 */
export function append(kept: RunItem[], fresh: RunItem[], leftOut = 0): RunItem[] {
  if (leftOut > 0) return fresh.slice(-KEPT);
  const last = kept.at(-1)?.seq ?? 0;
  const all = kept.concat(fresh.filter((item) => item.seq > last));
  return all.length > KEPT ? all.slice(all.length - KEPT) : all;
}

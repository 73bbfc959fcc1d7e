import type { RunItem } from '../host/contract';

/** How many lines the page keeps; all of them are in the record. */
export const KEPT = 5000;

/** Adds lines to what is kept; numbers that were seen already are dropped, so that attaching again is harmless. */
export function append(kept: RunItem[], fresh: RunItem[]): RunItem[] {
  const last = kept.at(-1)?.seq ?? 0;
  const all = kept.concat(fresh.filter((item) => item.seq > last));
  return all.length > KEPT ? all.slice(all.length - KEPT) : all;
}

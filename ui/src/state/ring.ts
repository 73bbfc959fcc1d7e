import type { RunItem } from '../host/contract';

/** How many lines the page keeps; all of them are in the record. */
export const KEPT = 5000;

/** Adds lines to what is kept; numbers that were seen already are dropped, so that attaching again is harmless. */
export function append(kept: RunItem[], fresh: RunItem[]): RunItem[] {
  const last = kept.at(-1)?.seq ?? 0;
  const all = kept.concat(fresh.filter((item) => item.seq > last));
  return all.length > KEPT ? all.slice(all.length - KEPT) : all;
}

/** The rows that a window of this height shows when it is scrolled this far, with some to spare. */
export function visible(scroll: number, height: number, row: number, count: number): { first: number; last: number } {
  const spare = 8;
  // Never past the last windowful: a list that has just become shorter would leave a gap as high as it was scrolled.
  const furthest = Math.max(0, count - Math.ceil(height / row) - spare);
  const first = Math.min(furthest, Math.max(0, Math.floor(scroll / row) - spare));
  return { first, last: Math.min(count, Math.ceil((scroll + height) / row) + spare) };
}

import type { RunItem, RunStream } from '../host/contract';

/** How high a row is, in pixels: all are the same, so that any number of them can be scrolled. */
export const ROW = 20;

/** Which lines are shown. */
export type Filter = 'all' | 'warning' | 'error';

/** One row of the pane: a line of text, or a part of one that was wrapped. */
export interface Row {
  key: string;
  /** When it came, in milliseconds since 1970. */
  at: number;
  stream: RunStream;
  text: string;
  /** Whether it begins its line. */
  first: boolean;
}

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const COLOURS = /\u001b\[[0-9;]*m/g;

/** The text with control characters, and with marks that turn the direction of reading, made visible. */
export const printable = (text: string): string => text.replace(COLOURS, '').replace(HIDDEN, '\ufffd');

/** The lines that a filter and a search leave. */
export function chosen(lines: RunItem[], show: Filter, find: string): RunItem[] {
  const needle = find.trim().toLowerCase();
  if (show === 'all' && needle === '') return lines;
  return lines.filter(
    (line) => (show === 'all' || line.stream === show) && (needle === '' || line.text.toLowerCase().includes(needle)),
  );
}

/** The rows of a line at the width at which it was shown last: lines never change, and each batch would wrap all of them anew. */
const wrappedLines = new WeakMap<RunItem, { columns: number; rows: Row[] }>();

/** The rows of these lines; longer ones are wrapped at so many columns, or not at all when there are none. */
export function rows(lines: RunItem[], columns: number): Row[] {
  return lines.flatMap((line) => {
    const known = wrappedLines.get(line);
    if (known?.columns === columns) return known.rows;
    const made = rowsOf(line, columns);
    wrappedLines.set(line, { columns, rows: made });
    return made;
  });
}

function rowsOf(line: RunItem, columns: number): Row[] {
  const texts = printable(line.text)
    .split('\n')
    .flatMap((text) => (columns > 0 ? wrapped(text, columns) : text));
  return texts.map((text, part) => ({
    key: `${line.seq}.${part}`,
    at: line.atMs,
    stream: line.stream,
    text,
    first: part === 0,
  }));
}

/** A text in pieces of at most so many columns, cut at blanks where there are any. */
export function wrapped(text: string, columns: number): string[] {
  if (text.length <= columns) return [text];
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > columns) {
    const blank = rest.lastIndexOf(' ', columns);
    // A blank near the beginning would leave most of the row empty.
    const at = blank > columns / 3 ? blank + 1 : columns;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  pieces.push(rest);
  return pieces;
}

/** The rows that a pane of this height shows when it is scrolled this far, with some to spare. */
export function visible(scroll: number, height: number, row: number, count: number): { first: number; last: number } {
  const spare = 8;
  // Never past the last windowful: a list that has just become shorter would leave a gap as high as it was scrolled.
  const furthest = Math.max(0, count - Math.ceil(height / row) - spare);
  const first = Math.min(furthest, Math.max(0, Math.floor(scroll / row) - spare));
  return { first, last: Math.min(count, Math.ceil((scroll + height) / row) + spare) };
}

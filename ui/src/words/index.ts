import type { Fault } from '../host/contract';
import words from './en.json';
import faults from './faults.en.json';

/** The language of the words and of every number and date. */
const LANGUAGE = 'en-GB';

export type Word = keyof typeof words;

/** What is filled in. `count` also chooses between singular and plural. */
export type Values = Record<string, string | number>;

/** A piece of a sentence: its text, and how a filled-in value is set: mono, strong or plain. */
export interface Piece {
  text: string;
  look: 'plain' | 'mono' | 'strong';
}

type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;

const plurals = new Intl.PluralRules(LANGUAGE);
const numbers = new Intl.NumberFormat(LANGUAGE);

/** `4 812`: groups are parted by a thin space, which no language reads as a decimal mark. */
export const number = (value: number): string =>
  numbers
    .formatToParts(value)
    .map((part) => (part.type === 'group' ? '\u202f' : part.value))
    .join('');

function sentence(entry: Entry, values: Values): string {
  if (typeof entry === 'string') return entry;
  const count = Number(values['count'] ?? 0);
  return entry[plurals.select(count)] ?? entry.other ?? '';
}

const shown = (value: string | number): string => (typeof value === 'number' ? number(value) : value);

/** A sentence in pieces, for values that are set in another type. `{name}` is plain, `{name:m}` mono, `{name:b}` strong. */
export function pieces(key: Word, values: Values = {}): Piece[] {
  const found: Piece[] = [];
  for (const part of sentence(words[key], values).split(/(\{\w+(?::[mb])?\})/)) {
    const [, name, look] = /^\{(\w+)(?::([mb]))?\}$/.exec(part) ?? [];
    if (name === undefined) {
      if (part !== '') found.push({ text: part, look: 'plain' });
    } else {
      const text = shown(values[name] ?? '');
      found.push({ text, look: look === 'm' ? 'mono' : look === 'b' ? 'strong' : 'plain' });
    }
  }
  return found;
}

/** The words for a key that is known when the page is built. */
export const word = (key: Word, values: Values = {}): string =>
  pieces(key, values)
    .map((piece) => piece.text)
    .join('');

const isWord = (key: string): key is Word => key in words;

/** The words for a key that the app tells; what was told itself when there are none. */
export function wordFor(prefix: string, key: string, otherwise = key): string {
  const full = `${prefix}.${key}`;
  return isWord(full) ? word(full) : otherwise;
}

export interface FaultWords {
  title: string;
  what: string;
  likely: string;
  steps: string[];
}

/**
 * The words for a fault, with its values filled in. A value that is missing leaves nothing behind; where nothing is left of what
 * happened, the endpoint gave no reason.
 */
export function faultWords(fault: Fault): FaultWords {
  const table: Record<string, FaultWords> = faults;
  const found = table[fault.code] ?? table['PEP-9001'];
  const fill = (text: string) =>
    text
      .replace(/\{(\w+)\}/g, (_, name: string) => fault.values[name] ?? '')
      .replace(/\s+([.,:])/g, '$1')
      .trim()
      .replace(/:$/, '.');
  if (!found) return { title: fault.code, what: '', likely: '', steps: [] };
  return {
    title: found.title,
    what: fill(found.what) || word('fault.noReason'),
    likely: fill(found.likely),
    steps: found.steps.map(fill),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2:05`, `1:02:20`: how long, for a counter that moves. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `00:37:12`: the same with a fixed width. */
export function longDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** `12 s`, `3 min`, `2 h 5 min`, `1 day`: how long ago or for how long, in words. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return word('span.seconds', { count: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return word('span.minutes', { count: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return word('span.days', { count: Math.floor(hours / 24) });
  return minutes % 60 === 0
    ? word('span.hours', { count: hours })
    : word('span.hoursMinutes', { hours, minutes: minutes % 60 });
}

/** `2.1 s`. */
export const tenths = (ms: number): string => word('span.tenths', { value: (ms / 1000).toFixed(1) });

/** `2.1 s`, `18 ms`. */
export function briefly(ms: number): string {
  if (ms >= 1000) return tenths(ms);
  return ms < 1 ? word('span.instant') : word('span.milliseconds', { count: Math.round(ms) });
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(LANGUAGE, options);
const moments = format({ dateStyle: 'long', timeStyle: 'short' });
const days = format({ day: 'numeric', month: 'long' });
const clocks = format({ hour: '2-digit', minute: '2-digit', hour12: false });
const exact = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const utc = format({ dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
const lists = new Intl.ListFormat(LANGUAGE, { type: 'conjunction' });

/** A moment in seconds since 1970, with its date. */
export const moment = (seconds: number): string => moments.format(seconds * 1000);
/** Its day and month. */
export const day = (seconds: number): string => days.format(seconds * 1000);
/** `07:06`, from milliseconds since 1970. */
export const clockTime = (ms: number): string => clocks.format(ms);
/** `07:06:31`, from milliseconds since 1970. */
export const exactTime = (ms: number): string => exact.format(ms);
/** A moment in coordinated universal time, from milliseconds since 1970. */
export const utcTime = (ms: number): string => word('time.utc', { moment: utc.format(ms) });
/** `a, b and c`. */
export const list = (items: string[]): string => lists.format(items);

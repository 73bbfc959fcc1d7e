import type { Fault } from '../host/contract';
import words from './en.json';
import faults from './faults.en.json';

export type Word = keyof typeof words;

/** The words for a key that is known when the page is built. */
export const word = (key: Word): string => words[key];

/** The words for a key that the app tells; the key itself when there are none. */
export const wordFor = (prefix: string, key: string): string => (words as Record<string, string>)[`${prefix}.${key}`] ?? key;

export interface FaultWords {
  title: string;
  what: string;
  likely: string;
  steps: string[];
}

/** The words for a fault, with its values filled in. A value that is missing leaves nothing behind. */
export function faultWords(fault: Fault): FaultWords {
  const found = (faults as Record<string, FaultWords>)[fault.code] ?? (faults as Record<string, FaultWords>)['PEP-9001'];
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => fault.values[name] ?? '').replace(/\s+([.,:])/g, '$1').trim().replace(/:$/, '.');
  if (!found) return { title: fault.code, what: '', likely: '', steps: [] };
  return { title: found.title, what: fill(found.what), likely: fill(found.likely), steps: found.steps.map(fill) };
}

/** `1:02:20` or `2:05`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number) => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A moment in seconds since 1970, for people. */
export const moment = (seconds: number): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(new Date(seconds * 1000));

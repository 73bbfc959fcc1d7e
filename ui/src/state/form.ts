import type { CatalogueParameter, ParameterValue } from '../host/contract';

/** What a field of a form shows, by the parameter's type. */
export type Control = 'switch' | 'number' | 'moment' | 'credential' | 'secret' | 'choice' | 'many' | 'lines' | 'text';

export function control(parameter: CatalogueParameter): Control {
  switch (parameter.typeName) {
    case 'SwitchParameter':
    case 'Boolean':
      return 'switch';
    case 'Int32':
    case 'UInt32':
    case 'UInt16':
      return 'number';
    case 'DateTime':
      return 'moment';
    case 'PSCredential':
      return 'credential';
    case 'SecureString':
      return 'secret';
    case 'String[]':
      return parameter.values.length > 0 ? 'many' : 'lines';
    default:
      return parameter.values.length > 0 ? 'choice' : 'text';
  }
}

/** What was filled in for one parameter. */
export interface Filled {
  text: string;
  on: boolean;
  chosen: string[];
  account: string;
}

export const empty = (): Filled => ({ text: '', on: false, chosen: [], account: '' });

/** Parameters that most people look at, in the order in which they are asked; all others are one step away. */
const USUAL = [
  'Name',
  'Group',
  'Include',
  'Ignore',
  'List',
  'StatusOnly',
  'FromDate',
  'ToDate',
  'FilterByRole',
  'OutputSharePath',
  'OutputShareCredential',
];

/** The parameters that are shown at once, and those that are one step away. */
export function sorted(parameters: CatalogueParameter[]) {
  const place = (one: CatalogueParameter) => (USUAL.includes(one.name) ? USUAL.indexOf(one.name) : USUAL.length);
  const first = parameters
    .filter((one) => one.mandatory || USUAL.includes(one.name))
    .sort((one, other) => place(one) - place(other));
  return { first, others: parameters.filter((one) => !first.includes(one)) };
}

/** From when to when. */
export type Period = 'usual' | 'halfDay' | 'day' | 'own';

export const periods: Period[] = ['usual', 'halfDay', 'day', 'own'];

/** Whether the first and last moment are chosen together, as one period. */
export const hasPeriod = (parameters: CatalogueParameter[]): boolean =>
  ['FromDate', 'ToDate'].every((name) => parameters.some((one) => one.name === name && control(one) === 'moment'));

const two = (number: number) => String(number).padStart(2, '0');

/** A moment as a field of this computer's clock wants it: `2026-11-24T08:30`. */
export function localMoment(ms: number, offsetMinutes: number): string {
  const at = new Date(ms - offsetMinutes * 60_000);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return `${day}T${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

/** The ends of a period that is over now; empty ones are the endpoint's own choice. */
export function periodEnds(period: Period, nowMs: number, offsetMinutes: number): { from: string; to: string } {
  const hours = period === 'halfDay' ? 12 : period === 'day' ? 24 : 0;
  if (hours === 0) return { from: '', to: '' };
  return { from: localMoment(nowMs - hours * 3_600_000, offsetMinutes), to: localMoment(nowMs, offsetMinutes) };
}

/** `2026-11-24T08:30` of this computer's clock with its offset: only that form means the same moment on the stamp. */
export function withOffset(local: string, offsetMinutes: number): string {
  const sign = offsetMinutes <= 0 ? '+' : '-';
  const minutes = Math.abs(offsetMinutes);
  return `${local}${local.length === 16 ? ':00' : ''}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The typed value of a filled-in field; nothing when it was left empty. Secrets are read by whoever sends. */
export function value(kind: Control, filled: Filled, offsetMinutes: number): ParameterValue | undefined {
  const text = filled.text.trim();
  switch (kind) {
    case 'switch':
      return filled.on ? { kind: 'switch', on: true } : undefined;
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? { kind: 'number', value: Number(text) } : undefined;
    case 'moment':
      return text === '' ? undefined : { kind: 'moment', value: withOffset(text, offsetMinutes) };
    case 'credential': {
      const account = filled.account.trim();
      return account === '' ? undefined : { kind: 'credential', account, password: null };
    }
    case 'secret':
      return filled.on ? { kind: 'secret', password: null } : undefined;
    case 'many':
      return filled.chosen.length === 0 ? undefined : { kind: 'list', values: filled.chosen };
    case 'lines': {
      const values = text
        .split(/[\n,]/)
        .map((line) => line.trim())
        .filter((line) => line !== '');
      return values.length === 0 ? undefined : { kind: 'list', values };
    }
    default:
      return text === '' ? undefined : { kind: 'text', value: text };
  }
}

/** Faults that this page sees by itself: what was typed is no whole number. */
export const isNoNumber = (kind: Control, filled: Filled): boolean =>
  kind === 'number' && filled.text.trim() !== '' && value(kind, filled, 0) === undefined;

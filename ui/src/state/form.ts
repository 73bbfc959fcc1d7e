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

/** `2026-11-24T08:30` of this computer's clock with its offset: only that form means the same moment on the stamp. */
export function withOffset(local: string, offsetMinutes: number): string {
  const sign = offsetMinutes <= 0 ? '+' : '-';
  const minutes = Math.abs(offsetMinutes);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${local}${local.length === 16 ? ':00' : ''}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The typed value of a filled-in field; nothing when it was left empty. Secrets are read by whoever sends. */
export function value(kind: Control, filled: Filled, offsetMinutes: number): ParameterValue | undefined {
  const text = filled.text.trim();
  switch (kind) {
    case 'switch':
      return filled.on ? { kind: 'switch', on: true } : undefined;
    case 'number':
      return text === '' ? undefined : { kind: 'number', value: Number(text) };
    case 'moment':
      return text === '' ? undefined : { kind: 'moment', value: withOffset(text, offsetMinutes) };
    case 'credential':
      return filled.account.trim() === '' ? undefined : { kind: 'credential', account: filled.account.trim(), password: null };
    case 'secret':
      return { kind: 'secret', password: null };
    case 'many':
      return filled.chosen.length === 0 ? undefined : { kind: 'list', values: filled.chosen };
    case 'lines': {
      const values = text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== '');
      return values.length === 0 ? undefined : { kind: 'list', values };
    }
    default:
      return text === '' ? undefined : { kind: 'text', value: text };
  }
}

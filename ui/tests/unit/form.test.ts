import { describe, expect, it } from 'vitest';
import type { CatalogueEntry, CatalogueParameter, IdentityQuestion } from '../../src/host/contract';
import { arranged } from '../../src/state/catalogue';
import {
  control,
  empty,
  hasPeriod,
  isNoNumber,
  localMoment,
  periodEnds,
  sorted,
  value,
  withOffset,
} from '../../src/state/form';
import { compareNames } from '../../src/state/identity';

const parameter = (typeName: string, values: string[] = [], name = 'P', mandatory = false): CatalogueParameter => ({
  name,
  typeName,
  mandatory,
  default: '',
  values,
  help: '',
});

describe('the form of a command', () => {
  it('has a control for every type', () => {
    const types = ['SwitchParameter', 'Int32', 'DateTime', 'PSCredential', 'SecureString', 'String'];
    expect(types.map((name) => control(parameter(name)))).toEqual([
      'switch',
      'number',
      'moment',
      'credential',
      'secret',
      'text',
    ]);
    expect([
      control(parameter('String[]', ['a'])),
      control(parameter('String[]')),
      control(parameter('String', ['a'])),
    ]).toEqual(['many', 'lines', 'choice']);
  });
  it('sends typed values and leaves out what is empty', () => {
    expect(value('text', empty(), 0)).toBeUndefined();
    expect(value('secret', empty(), 0)).toBeUndefined();
    expect(value('lines', { ...empty(), text: 'a, b\nc' }, 0)).toEqual({ kind: 'list', values: ['a', 'b', 'c'] });
    expect(value('number', { ...empty(), text: '7' }, 0)).toEqual({ kind: 'number', value: 7 });
    expect(value('switch', { ...empty(), on: true }, 0)).toEqual({ kind: 'switch', on: true });
    expect(value('credential', { ...empty(), account: ' a ' }, 0)).toEqual({
      kind: 'credential',
      account: 'a',
      password: null,
    });
  });
  it('takes no number that is none', () => {
    for (const text of ['7a', '1.5', '1e3', ' - ']) expect(isNoNumber('number', { ...empty(), text }), text).toBe(true);
    for (const text of ['', '7', '-12']) expect(isNoNumber('number', { ...empty(), text }), text).toBe(false);
  });
  it('sends moments with the offset of this clock', () => {
    expect(withOffset('2026-11-24T08:30', -90)).toBe('2026-11-24T08:30:00+01:30');
    expect(withOffset('2026-11-24T08:30', 300)).toBe('2026-11-24T08:30:00-05:00');
    expect(localMoment(Date.UTC(2026, 10, 24, 8, 30), -90)).toBe('2026-11-24T10:00');
  });
  it('chooses a period as a whole', () => {
    const now = Date.UTC(2026, 10, 24, 8, 30);
    expect(periodEnds('usual', now, 0)).toEqual({ from: '', to: '' });
    expect(periodEnds('halfDay', now, 0)).toEqual({ from: '2026-11-23T20:30', to: '2026-11-24T08:30' });
    const ends = ['FromDate', 'ToDate'].map((name) => parameter('DateTime', [], name));
    expect([hasPeriod(ends), hasPeriod(ends.slice(1))]).toEqual([true, false]);
  });
  it('shows first what is needed or usual', () => {
    const all = [
      parameter('String', [], 'Odd'),
      parameter('String', [], 'OutputSharePath', true),
      parameter('String[]', ['a'], 'FilterByRole'),
    ];
    const { first, others } = sorted(all);
    expect([first.map((one) => one.name), others.map((one) => one.name)]).toEqual([
      ['FilterByRole', 'OutputSharePath'],
      ['Odd'],
    ]);
  });
});

describe('the list of commands', () => {
  const entry = (name: string, question: string, group: string, available: boolean | null = true): CatalogueEntry => ({
    name,
    group,
    question,
    summary: '',
    risk: 'read',
    guarded: false,
    duration: '',
    everyday: false,
    blockedDuringUpdate: false,
    pitfalls: [],
    parameters: [],
    available,
  });
  it('puts questions first, in their order, and everything else in groups', () => {
    const all = [
      entry('Get-X', '', 'Disks'),
      entry('Get-ActionStatus', 'actionRunning', 'Updates'),
      entry('Test-AzureStack', 'healthy', 'Health'),
      entry('Close-PrivilegedEndpoint', '', 'Session'),
      entry('Get-Absent', '', 'Disks', false),
    ];
    const { questions, groups } = arranged(all, () => true);
    expect(questions.map((one) => one.name)).toEqual(['Test-AzureStack', 'Get-ActionStatus']);
    expect(groups.map((group) => [group.name, group.entries.map((one) => one.name)])).toEqual([['Disks', ['Get-X']]]);
  });
});

describe('identities', () => {
  const names = (computer: string, domain: string) => ({ computer, domain, dnsComputer: '', since: null });
  const question: IdentityQuestion = {
    changed: false,
    now: names('CW-ERCS01', 'CONTOSO'),
    before: null,
    expectedDomain: 'CONTOSO',
    domainFits: true,
    certificate: null,
    way: 'ntlm',
    fellBack: null,
  };
  it('claim nothing about what is not known', () => {
    expect(compareNames(question, '10.0.0.1').map((row) => row.same)).toEqual([null, true, true]);
  });
  it('are compared without regard to case with those before', () => {
    const changed = { ...question, changed: true, before: names('cw-ercs01', 'OTHER') };
    expect(compareNames(changed, '10.0.0.1').map((row) => row.same)).toEqual([true, false, true]);
  });
  it('have a key with TLS, which is compared unless this computer trusts its signer', () => {
    const certificate = { key: '01:02', keyBefore: null, subject: '', issuer: '', validUntil: '', vouched: false };
    const key = (changed: boolean, more: Partial<typeof certificate>) => {
      const before = changed ? question.now : null;
      const asked = { ...question, changed, before, certificate: { ...certificate, ...more } };
      return compareNames(asked, '10.0.0.1').find((row) => row.name === 'key');
    };
    expect(key(false, {})).toEqual({ name: 'key', now: '01:02', other: '', same: null });
    expect(key(false, { vouched: true })).toBeUndefined();
    expect(key(true, { keyBefore: '03:04' } as object)).toEqual({
      name: 'key',
      now: '01:02',
      other: '03:04',
      same: false,
    });
    expect(key(true, { keyBefore: '01:02' } as object)?.same).toBe(true);
    expect(key(true, {})?.same).toBe(false);
  });
});

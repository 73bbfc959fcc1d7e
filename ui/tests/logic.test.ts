import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CatalogueParameter, RunItem } from '../src/host/contract';
import { control, empty, value, withOffset } from '../src/state/form';
import { append, KEPT, visible } from '../src/state/ring';
import { back, mark, nameOf, steps } from '../src/state/wizard';
import { duration, faultWords } from '../src/words';
import faults from '../src/words/faults.en.json';

const parameter = (typeName: string, values: string[] = []): CatalogueParameter => ({ name: 'P', typeName, mandatory: false, default: '', values, help: '' });
const item = (seq: number): RunItem => ({ seq, atMs: 0, stream: 'output', text: String(seq) });

describe('the wizard', () => {
  it('marks steps before, here, next and later', () => {
    expect(steps.map((step) => mark(step, '2B'))).toEqual(['done', 'here', 'next', 'later']);
    expect(steps.map((step) => mark(step, '0'))).toEqual(['next', 'later', 'later', 'later']);
  });
  it('never leads back over the connection', () => {
    expect(back('1B', false)).toBe('1A');
    expect(back('2A', true)).toBeUndefined();
    expect(back('3B', true)).toBe('3A');
  });
  it('names every screen', () => {
    for (const step of steps) for (const screen of step.screens) expect(nameOf(screen.id)).toBe(screen.name);
  });
});

describe('the lines of a run', () => {
  it('are kept once, and the last ones only', () => {
    const first = append([], [item(1), item(2)]);
    expect(append(first, [item(2), item(3)]).map((line) => line.seq)).toEqual([1, 2, 3]);
    const many = append([], Array.from({ length: KEPT + 10 }, (_, at) => item(at + 1)));
    expect([many.length, many[0]?.seq]).toEqual([KEPT, 11]);
  });
  it('are shown around the place that is looked at', () => {
    expect(visible(0, 200, 20, 1000)).toEqual({ first: 0, last: 18 });
    expect(visible(10_000, 200, 20, 1000)).toEqual({ first: 492, last: 518 });
    expect(visible(0, 200, 20, 3)).toEqual({ first: 0, last: 3 });
    expect(visible(6000, 200, 20, 65)).toEqual({ first: 47, last: 65 });
    expect(visible(6000, 200, 20, 0)).toEqual({ first: 0, last: 0 });
  });
});

describe('the form of a command', () => {
  it('has a control for every type', () => {
    expect(['SwitchParameter', 'Int32', 'DateTime', 'PSCredential', 'SecureString', 'String'].map((name) => control(parameter(name)))).toEqual(['switch', 'number', 'moment', 'credential', 'secret', 'text']);
    expect([control(parameter('String[]', ['a'])), control(parameter('String[]')), control(parameter('String', ['a']))]).toEqual(['many', 'lines', 'choice']);
  });
  it('sends typed values and leaves out what is empty', () => {
    expect(value('text', empty(), 0)).toBeUndefined();
    expect(value('lines', { ...empty(), text: 'a, b\nc' }, 0)).toEqual({ kind: 'list', values: ['a', 'b', 'c'] });
    expect(value('number', { ...empty(), text: '7' }, 0)).toEqual({ kind: 'number', value: 7 });
    expect(value('switch', { ...empty(), on: true }, 0)).toEqual({ kind: 'switch', on: true });
  });
  it('sends moments with the offset of this clock', () => {
    expect(withOffset('2026-11-24T08:30', -90)).toBe('2026-11-24T08:30:00+01:30');
    expect(withOffset('2026-11-24T08:30', 300)).toBe('2026-11-24T08:30:00-05:00');
  });
});

describe('the words', () => {
  it('exist for every fault that the app knows', () => {
    const source = readFileSync(new URL('../../src-tauri/crates/pep/src/fault.rs', import.meta.url), 'utf8');
    const codes = [...source.matchAll(/^ {4}[A-Z_]+ = (\d{4}), /gm)].map((found) => `PEP-${found[1]}`);
    expect(codes.length).toBeGreaterThan(35);
    expect(Object.keys(faults).sort()).toEqual([...codes].sort());
  });
  it('are filled with the values of a fault', () => {
    const words = faultWords({ code: 'PEP-4103', blame: 'input', next: 'fixInput', values: { account: 'A\\b', host: 'h' }, detail: [] });
    expect(words.what).toContain('A\\b was refused by h.');
    for (const code of Object.keys(faults)) {
      const found = faultWords({ code, blame: 'app', next: 'retry', values: {}, detail: [] });
      expect(found.what, code).not.toContain('{');
      expect(found.steps.length, code).toBeGreaterThan(0);
    }
  });
  it('tell durations', () => {
    expect([duration(5), duration(65), duration(3725)]).toEqual(['0:05', '1:05', '1:02:05']);
  });
});

import { describe, expect, it } from 'vitest';
import type { RunBatch, RunItem, RunResult } from '../../src/host/contract';
import { chosen, printable, rows, visible, wrapped } from '../../src/parts/output';
import { announcement } from '../../src/state/announce';
import { append, KEPT } from '../../src/state/ring';
import { grouped, totals } from '../../src/state/summary';
import { headline } from '../../src/state/verdict';

const item = (seq: number, text = String(seq), stream: RunItem['stream'] = 'output'): RunItem => ({
  seq,
  atMs: 0,
  stream,
  text,
});

describe('the lines of a run', () => {
  it('are kept once, and the last ones only', () => {
    const first = append([], [item(1), item(2)]);
    expect(append(first, [item(2), item(3)]).map((line) => line.seq)).toEqual([1, 2, 3]);
    expect(append(first, [item(8), item(9)], 5).map((line) => line.seq)).toEqual([8, 9]);
    const many = append(
      [],
      Array.from({ length: KEPT + 10 }, (_, at) => item(at + 1)),
    );
    expect([many.length, many[0]?.seq]).toEqual([KEPT, 11]);
  });
  it('are shown around the place that is looked at', () => {
    expect(visible(0, 200, 20, 1000)).toEqual({ first: 0, last: 18 });
    expect(visible(10_000, 200, 20, 1000)).toEqual({ first: 492, last: 518 });
    expect(visible(0, 200, 20, 3)).toEqual({ first: 0, last: 3 });
    expect(visible(6000, 200, 20, 65)).toEqual({ first: 47, last: 65 });
    expect(visible(6000, 200, 20, 0)).toEqual({ first: 0, last: 0 });
  });
  it('are wrapped at blanks where there are any, and nothing is lost', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two ', 'three']);
    expect(wrapped('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    for (const text of ['', 'a', 'one two three four five', 'x'.repeat(97), `a ${'b'.repeat(50)} c`])
      for (const columns of [1, 7, 20, 200]) {
        const pieces = wrapped(text, columns);
        expect(pieces.join('')).toBe(text);
        expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(Math.max(columns, 0) + 1);
      }
  });
  it('become rows of one line each', () => {
    const made = rows([item(1, 'first\nsecond line'), item(2, '')], 8);
    expect(made.map((row) => [row.key, row.text, row.first])).toEqual([
      ['1.0', 'first', true],
      ['1.1', 'second ', false],
      ['1.2', 'line', false],
      ['2.0', '', true],
    ]);
    expect(new Set(made.map((row) => row.key)).size).toBe(made.length);
  });
  it('are wrapped once for each width', () => {
    const lines = [item(1, 'one two three')];
    const [first] = rows(lines, 8);
    expect(rows(lines, 8)[0]).toBe(first);
    expect(rows(lines, 20).map((row) => row.text)).toEqual(['one two three']);
    expect(rows(lines, 8).map((row) => row.text)).toEqual(['one two ', 'three']);
  });
  it('are filtered by stream and by what is looked for', () => {
    const lines = [item(1, 'Alpha'), item(2, 'beta', 'warning'), item(3, 'alphabet', 'error')];
    expect(chosen(lines, 'all', 'ALPHA').map((line) => line.seq)).toEqual([1, 3]);
    expect(chosen(lines, 'warning', '').map((line) => line.seq)).toEqual([2]);
  });
  it('show what hides in them', () => {
    expect(printable('\u001b[31mred\u001b[0m a\u202eb\u0007')).toBe('red a\ufffdb\ufffd');
  });
});

const batch = (more: Partial<RunBatch>): RunBatch => ({
  runId: 'r',
  cmdlet: 'Test-AzureStack',
  text: '',
  startedMs: 0,
  heardMs: 0,
  batch: 1,
  items: [],
  total: 0,
  warnings: 0,
  errors: 0,
  droppedFromView: 0,
  progress: [],
  prompt: null,
  state: { kind: 'running' },
  ...more,
});
const result = (more: Partial<RunResult>): RunResult => ({
  outcome: 'completed',
  seconds: 1,
  verdicts: [],
  errors: 0,
  warnings: 0,
  lines: 1,
  fault: null,
  stamp: null,
  ...more,
});

describe('what is said about a run', () => {
  const nothing = { share: 0, warnings: 0, atMs: 0 };
  const percent = (value: number) =>
    batch({ progress: [{ activity: '', status: '', percent: value, secondsRemaining: null }] });
  it('is its start, each quarter, and its end', () => {
    expect(announcement(undefined, batch({}), nothing, 0)?.text).toContain('running');
    expect(announcement(batch({}), percent(24), nothing, 0)).toBeUndefined();
    expect(announcement(batch({}), percent(51), nothing, 0)?.spoken.share).toBe(50);
    expect(announcement(batch({}), percent(60), { ...nothing, share: 50 }, 0)).toBeUndefined();
    const ended = batch({ state: { kind: 'ended', result: result({}) } });
    expect(announcement(batch({}), ended, nothing, 0)?.text).toContain('ended');
    expect(announcement(ended, ended, nothing, 0)).toBeUndefined();
  });
  it('groups warnings, once in 30 s', () => {
    const warned = batch({ warnings: 3 });
    expect(announcement(batch({}), warned, nothing, 29_000)).toBeUndefined();
    const said = announcement(batch({}), warned, nothing, 30_000);
    expect(said?.text).toBe('3 new warnings.');
    expect(announcement(warned, batch({ warnings: 4 }), said?.spoken ?? nothing, 31_000)).toBeUndefined();
  });
});

describe('the headline of a result', () => {
  const verdict = (which: 'pass' | 'warn' | 'fail') => ({ title: which, result: which, details: [] });
  it('counts checks', () => {
    const checks = [verdict('fail'), verdict('warn'), verdict('pass')];
    expect(headline(result({ verdicts: checks }))).toBe('1 of 3 checks failed');
    expect(headline(result({ verdicts: checks.slice(1) }))).toContain('1 of 2 checks have a warning');
    expect(headline(result({ verdicts: checks.slice(2) }))).toBe('1 check passed');
  });
  it('never calls an unknown or failed run finished', () => {
    for (const outcome of ['unknown', 'failed', 'stopped'] as const)
      expect(headline(result({ outcome, verdicts: [verdict('pass')] }))).not.toMatch(/finished|passed/i);
    expect(headline(result({ lines: 0 }))).toBe('Finished, no output');
  });
});

describe('the summary', () => {
  it('adds up commands and tells the last health check', () => {
    const ran = {
      text: '',
      outcome: 'completed' as const,
      seconds: 1,
      errors: 0,
      warnings: 0,
      checks: 0,
      checksFailed: 0,
      risk: 'read' as const,
    };
    const commands = [
      { ...ran, checks: 26, checksFailed: 2 },
      { ...ran, checks: 26, checksFailed: 0 },
      { ...ran, risk: 'change' as const },
    ];
    expect(totals(commands)).toEqual({ commands: 3, changes: 1, checks: 26, failed: 0, whole: true });
    const stopped = totals([{ ...ran, outcome: 'stopped', checks: 4 }]);
    expect([stopped.checks, stopped.whole]).toEqual([4, false]);
  });
  it('shortens a hash to what is compared by eye', () => {
    expect(grouped('9c1f04ab77d0aaaaaaaaaaaa5be2')).toBe('9c1f 04ab 77d0 … 5be2');
    expect(grouped('short')).toBe('short');
  });
});

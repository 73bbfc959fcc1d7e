import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { briefly, duration, faultWords, longDuration, number, pieces, span, word, wordFor } from '../../src/words';
import words from '../../src/words/en.json';
import faults from '../../src/words/faults.en.json';

const rust = (path: string) => readFileSync(new URL(`../../../src-tauri/crates/${path}`, import.meta.url), 'utf8');

describe('the words', () => {
  it('exist for every fault that the app knows', () => {
    const codes = [...rust('pep/src/fault.rs').matchAll(/^ {4}[A-Z_]+ = (\d{4}), /gm)].map(
      (found) => `PEP-${found[1]}`,
    );
    expect(codes.length).toBeGreaterThan(35);
    expect(Object.keys(faults).sort()).toEqual([...codes].sort());
  });
  it('exist for every key that the app tells', () => {
    const questions = [...rust('app/src/convert.rs').matchAll(/=> "(\w+)",$/gm)].map((found) => found[1] ?? '');
    expect(questions.length).toBeGreaterThan(7);
    for (const key of questions) expect(wordFor('question', key), key).not.toBe(key);
    const reasons = [...rust('pep/src/preview.rs').matchAll(/(?:Some\(|reason: )"(\w+)"/g)].map(
      (found) => found[1] ?? '',
    );
    expect(reasons.length).toBeGreaterThan(4);
    for (const key of reasons) expect(wordFor('parameter', key), key).not.toBe(key);
    const checks = [...rust('pep/src/session/open.rs').matchAll(/check: "(\w+)"/g)].map((found) => found[1] ?? '');
    const facts = [...rust('pep/src/find/candidates.rs').matchAll(/ = "(\w+)";$/gm)].map((found) => found[1] ?? '');
    expect(facts.length).toBe(17);
    for (const key of facts) expect(wordFor('fact', key), key).not.toBe(key);
    const sources = [...rust('pep/src/find/candidates.rs').matchAll(/=> "(\w+)",$/gm)].map((found) => found[1] ?? '');
    expect(sources.length).toBeGreaterThan(8);
    for (const key of sources.filter((key) => key !== 'guess' && key !== 'known'))
      expect(wordFor('source', key), key).not.toBe(key);
    const changed = [...rust('pep/src/profile.rs').matchAll(/^ {8}\("(\w+)", differs/gm)].map(
      (found) => found[1] ?? '',
    );
    expect(changed.length).toBeGreaterThan(5);
    for (const key of changed) expect(wordFor('fact', key), key).not.toBe(key);
    const impossible = [...rust('pep/src/fault.rs').matchAll(/impossible\("(\w+)"\)/g)].map((found) => found[1] ?? '');
    expect(impossible.length).toBe(4);
    for (const key of impossible) expect(wordFor('reason', key), key).not.toBe(key);
    expect(checks.length).toBe(3);
    for (const key of checks) expect(wordFor('check', key), key).not.toBe(key);
  });
  it('of a fault are filled with its values, and nothing is left open', () => {
    const values = { account: 'A\\b', host: 'h' };
    const said = faultWords({ code: 'PEP-4103', blame: 'input', next: 'fixInput', values, detail: [] });
    expect(said.what).toContain('A\\b was refused by h.');
    for (const code of Object.keys(faults)) {
      const found = faultWords({ code, blame: 'app', next: 'retry', values: {}, detail: [] });
      expect(found.what, code).not.toContain('{');
      expect(found.what, code).not.toBe('');
      expect(found.steps.length, code).toBeGreaterThan(0);
      expect(found.steps.length, code).toBeLessThan(4);
    }
  });
  it('follow the house rules', () => {
    const texts = Object.entries(words).flatMap(([key, entry]) =>
      (typeof entry === 'string' ? [entry] : Object.values(entry)).map((text) => [key, text] as const),
    );
    for (const [key, text] of texts) {
      expect(text, key).not.toMatch(/\b(please|simply|just|(?<!file )server|environment|something went wrong)\b/i);
      expect(text, key).not.toContain('!');
    }
  });
  it('know singular and plural', () => {
    expect([word('output.lines', { count: 1 }), word('output.lines', { count: 4812 })]).toEqual([
      '1 line',
      '4\u202f812 lines',
    ]);
    for (const [key, entry] of Object.entries(words))
      if (typeof entry !== 'string') expect(Object.keys(entry), key).toEqual(['one', 'other']);
  });
  it('set values in their type', () => {
    const made = pieces('4c.endpoint.who', { computer: 'C', domain: 'D', account: 'A' });
    expect(made.filter((piece) => piece.look === 'mono').map((piece) => piece.text)).toEqual(['C', 'D', 'A']);
    expect(made.map((piece) => piece.text).join('')).toBe('C in D, as A');
  });
  it('tell numbers and durations', () => {
    expect([duration(5), duration(65), duration(3725)]).toEqual(['0:05', '1:05', '1:02:05']);
    expect(longDuration(2232)).toBe('00:37:12');
    expect([span(12), span(125), span(3600), span(29_100), span(300_000)]).toEqual([
      '12 s',
      '2 min',
      '1 h',
      '8 h 5 min',
      '3 days',
    ]);
    expect([briefly(0), briefly(18), briefly(2140)]).toEqual(['under 1 ms', '18 ms', '2.1 s']);
    expect(number(1_204_311)).toBe('1\u202f204\u202f311');
  });
});

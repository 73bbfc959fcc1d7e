import { describe, expect, it } from 'vitest';
import { word } from '../../src/words';
import words from '../../src/words/en.json';
import { files, markup, read } from './markup';

const components = files('src', /\.svelte$/);

describe('passwords on the page', () => {
  it('s31: stand in one field that no state follows, and are taken out of it once', () => {
    const path = 'src/parts/PasswordField.svelte';
    const withPassword = components.filter(
      (one) => read(one).includes("'password'") || read(one).includes('"password"'),
    );
    expect(withPassword.filter((one) => read(one).match(/type=(\{[^}]*)?['"]password/))).toEqual([path]);
    const field = read(path);
    expect(field).not.toMatch(/bind:value|\$bindable/);
    expect(field).toMatch(/const text = input\?\.value \?\? '';\s+if \(input\) input\.value = '';/);
    expect(field).not.toMatch(/copy|clipboard/i);
    // No state of the page has a place for one.
    for (const one of files('src/state', /\.ts$/))
      expect(read(one), one).not.toMatch(/(password|secret)\w* = \$(state|derived)/i);
  });
  it('s20: are never filled in for a question of the endpoint, and the frame says who asks', () => {
    const form = read('src/parts/PromptForm.svelte');
    expect(form).not.toMatch(/\.put\(|secretHas|api\.|connect\b/);
    expect(form).toContain("word('prompt.title')");
    expect(word('prompt.title')).toBe('The endpoint asks:');
    // Only the practice password, which is no secret, is ever put into a field.
    const putters = components.filter((one) => /\.put\(/.test(read(one)));
    expect(putters).toEqual(['src/screens/connect/2A-sign-in.svelte']);
    expect(read(putters[0] ?? '')).toMatch(/\{#if practice\}[\s\S]*\.put\(practice\.password\)[\s\S]*\{\/if\}/);
  });
  it('s34, s36: it is said who can read a kept one, and why none is kept', () => {
    expect(word('2a.remember.where', { store: 'X' })).toMatch(/X.*Programs that run as you can read it/);
    const kinds = /export type KeyringProblemKind = ([^;]+);/.exec(read('src/host/contract.ts'))?.[1] ?? '';
    const known = [...kinds.matchAll(/"(\w+)"/g)].map((found) => found[1] ?? '');
    expect(known).toEqual(['missing', 'locked', 'noDefault', 'failed']);
    for (const kind of known) expect(Object.keys(words)).toContain(`2a.remember.${kind}`);
    expect(word('2a.remember.not')).toContain('not in a file either');
  });
});

describe('what is said about who answers', () => {
  it('s09: an address does not prove itself, and no lock says otherwise', () => {
    expect(word('2b.ntlm')).toContain('cannot prove itself first');
    expect(read('src/screens/connect/2B-who-is-it.svelte')).toContain("'2b.ntlm'");
    expect(word('2a.way.ntlm')).toContain('no name that could be proved');
    const icons = [...read('src/parts/icons.ts').matchAll(/'([\w-]+)'/g)].map((found) => found[1] ?? '');
    expect(icons).toContain('shield');
    expect(icons.filter((name) => /^(un)?(pad)?lock|secure|verified/i.test(name))).toEqual([]);
    for (const path of components)
      for (const { name, attributes } of markup(path))
        if (name === 'Icon') expect(attributes['name'] ?? '', path).not.toMatch(/^(un)?(pad)?lock/i);
    expect(JSON.stringify(words)).not.toMatch(/[\u{1F510}-\u{1F513}\u{1F50F}]/u);
  });
  it('s24: practice is marked on every screen', () => {
    const app = read('src/App.svelte');
    expect(app).toContain("stamp?.practice && 'is-practice'");
    expect(app).toMatch(/\{#if stamp\?\.practice\}<span>\{word\('practice'\)\}<\/span>/);
    expect(word('title.practice', { screen: 'X' })).toMatch(/practice/i);
  });
});

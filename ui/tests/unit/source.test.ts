import { describe, expect, it } from 'vitest';
import { files, markup, read } from './markup';

const components = files('src', /\.svelte$/);
const sources = files('src', /\.(svelte|ts)$/);

describe('the markup', () => {
  it('holds no words: they are in src/words', () => {
    const spoken = ['aria-label', 'title', 'placeholder', 'alt', 'label', 'hint', 'lead', 'more'];
    for (const path of components)
      for (const { kind, name, attributes, text } of markup(path)) {
        if (kind === 'text') expect(text.replace(/&\w+;/g, ''), `text in ${path}`).not.toMatch(/\p{Letter}/u);
        for (const attribute of spoken)
          expect(attributes[attribute] ?? '', `${attribute} of ${name} in ${path}`).not.toMatch(/\p{Letter}/u);
      }
  });
  it('has no style attributes and no raw HTML, which the policy and T-11 forbid', () => {
    for (const path of components) {
      expect(read(path), path).not.toMatch(/\{@html|\{@attach/);
      for (const { name, attributes } of markup(path))
        expect(attributes['style'], `${name} in ${path}`).toBeUndefined();
    }
    for (const path of sources)
      expect(read(path), path).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
      );
  });
  it('gives every button, field and fold a test id', () => {
    const needs = ['button', 'input', 'select', 'textarea', 'summary', 'dialog'];
    for (const path of components)
      for (const { name, attributes } of markup(path))
        if (needs.includes(name)) expect(attributes['data-testid'], `${name} in ${path}`).toBeTruthy();
  });
  it('has the test ids of TESTIDS.md, and no others', () => {
    const table = new Map<string, string[]>();
    for (const line of read('TESTIDS.md').split('\n')) {
      const [, where, ids] = /^\| `([^`]+)` \| (.*) \|$/.exec(line) ?? [];
      if (where && ids)
        table.set(
          where,
          [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => (id ?? '').replace(/<[^>]*>/g, '<>')),
        );
    }
    const inMarkup = new Map<string, string[]>();
    for (const path of components) {
      const ids = markup(path).flatMap(({ attributes }) => [
        attributes['data-testid'],
        attributes['testid'],
        attributes['titleId'],
      ]);
      const known = new Set(ids.filter((id): id is string => id !== undefined && id !== '<>'));
      if (known.size > 0) inMarkup.set(path.replace('src/', ''), [...known].sort());
    }
    expect(new Map([...table].map(([where, ids]) => [where, [...new Set(ids)].sort()]))).toEqual(inMarkup);
  });
});

describe('the imports', () => {
  // From left to right only: who may use whom. Types of the contract may be used anywhere.
  const allowed: Record<string, string[]> = {
    screens: ['screens', 'parts', 'state', 'words'],
    parts: ['parts', 'words'],
    state: ['state', 'host', 'words'],
    words: ['words'],
    host: ['host'],
  };
  it('go in one direction', () => {
    for (const path of sources) {
      const [, layer] = /^src\/(\w+)\//.exec(path) ?? [];
      if (!layer) continue;
      for (const [, type, from] of read(path).matchAll(/^\s*import (type )?.*? from '([^']+)'/gm)) {
        if (!from?.startsWith('.') || (type && from.endsWith('host/contract'))) continue;
        const target = new URL(from, `file:///${path}`).pathname.split('/')[2] ?? '';
        const to = target in allowed ? target : layer;
        expect(allowed[layer], `${path} imports ${from}`).toContain(to);
      }
    }
  });
  it('name the shell of the app in one folder only', () => {
    for (const path of sources.filter((path) => !path.startsWith('src/host/')))
      expect(read(path), path).not.toMatch(/@tauri-apps|#host/);
  });
  it('need nothing at run time but the shell and fonts', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const others = Object.keys(dependencies).filter((name) => !name.startsWith('@fontsource'));
    expect(others).toEqual(['@tauri-apps/api']);
  });
});

describe('the files', () => {
  it('are small rooms', () => {
    for (const path of sources.filter((path) => !path.endsWith('contract.ts')))
      expect(read(path).split('\n').length, path).toBeLessThanOrEqual(320);
  });
  it('use every word', () => {
    const all = sources.map(read).join('\n');
    const told = ['question', 'duration', 'running', 'parameter', 'check', 'param', 'hint', 'many'];
    const built = [
      'screen',
      'sub',
      'step',
      'stage',
      'close',
      'period',
      '2b.row',
      '3d.run',
      '4c.outcome',
      '1b.done',
      '1b.failed',
      '1b',
      '1b.what',
      '1a',
      '1a.what',
      '1a.why',
      'source',
      'fact',
      'stage.probe',
      '2a.fallBack',
      '2a.remember',
      'reason',
    ];
    for (const key of Object.keys(JSON.parse(read('src/words/en.json')) as object)) {
      const prefix = key.slice(0, key.lastIndexOf('.'));
      const named = all.includes(`'${key}'`) || all.includes(`"${key}"`);
      expect(named || [...told, ...built].includes(prefix) || /^note\.\d/.test(key), `${key} is said nowhere`).toBe(
        true,
      );
    }
  });
});

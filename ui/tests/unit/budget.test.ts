import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, it } from 'vitest';
import { root } from './markup';

it('the page stays within its budget: 90 kB of script when packed, 120 kB of fonts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  // The tests' own setting would build the page with the checks of development.
  const usual = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({ root, logLevel: 'error', mode: 'production', build: { outDir: folder, emptyOutDir: true } });
    const all = readdirSync(join(folder, 'assets')).map((name) => join(folder, 'assets', name));
    const sum = (ending: string, size: (path: string) => number) =>
      all.filter((path) => path.endsWith(ending)).reduce((total, path) => total + size(path), 0);
    const script = sum('.js', (path) => gzipSync(readFileSync(path)).length);
    const fonts = sum('.woff2', (path) => statSync(path).size);
    expect(script).toBeGreaterThan(10_000);
    expect(script).toBeLessThan(90_000);
    expect(fonts).toBeGreaterThan(50_000);
    expect(fonts).toBeLessThan(120_000);
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    expect(page, 'no script or style stands in the page itself').not.toMatch(/<style|<script(?![^>]*src=)/);
  } finally {
    process.env['NODE_ENV'] = usual;
    rmSync(folder, { recursive: true });
  }
});

// Builds the page over fixtures and serves it under the policy of the app.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

/** A language that is 40 % longer: what fits in it fits in a translation. */
const longer = (text) => {
  const letters = text.replace(/\{[^}]*\}/g, '').replace(/[^\p{Letter}]/gu, '').length;
  const extra = Math.ceil(letters * 0.4);
  return extra === 0 ? text : `${text} ${'lengthen '.repeat(Math.ceil(extra / 9)).slice(0, extra)}`.trimEnd();
};
const lengthen = (value) => {
  if (typeof value === 'string') return longer(value);
  if (Array.isArray(value)) return value.map(lengthen);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lengthen(inner)]));
};
const longWordsPlugin = {
  name: 'long-words',
  enforce: 'pre',
  transform(code, id) {
    if (!/src\/words\/[\w.]+\.json$/.test(id)) return undefined;
    return JSON.stringify(lengthen(JSON.parse(code)));
  },
};

export async function buildPage(root, folder, longWords) {
  await build({
    root,
    configFile: false,
    mode: 'gallery',
    logLevel: 'warn',
    plugins: [svelte(), ...(longWords ? [longWordsPlugin] : [])],
    resolve: { alias: { '#host': join(root, 'tests/gallery/host.ts') } },
    build: { outDir: folder, emptyOutDir: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  });
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export async function serve(folder) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    try {
      const content = readFileSync(join(folder, path === '/' ? 'index.html' : path));
      const type = types[extname(path) || '.html'] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { origin: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

// Walks every screen and state in Chromium over fixtures: axe, the production policy, no message in the console, no
// sideways scroll at any size or zoom. Screenshots stay in test-results.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { buildPage, serve } from './gallery/page.mjs';
import { looker } from './gallery/look.mjs';
import { walk } from './gallery/walk.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'test-results');
mkdirSync(results, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const problems = [];
let shots = 0;
let states = 0;

/** The whole walk once: with all checks, or with long words and only the question whether they fit. */
async function pass(longWords) {
  const folder = join(results, longWords ? 'page-long' : 'page');
  await buildPage(root, folder, longWords);
  const server = await serve(folder);
  const look = looker({ root, results, problems, longWords });
  await walk({ browser, origin: server.origin, look, problems, results });
  server.close();
  shots += look.shots();
  states += look.states();
}

await pass(false);
await pass(true);
await browser.close();
for (const one of new Set(problems)) console.error(one);
console.log(`${states} states, ${shots} screenshots, ${new Set(problems).size} problems`);
process.exit(problems.length > 0 ? 1 : 0);

// Walks every screen in Chromium over fixtures: axe, the production CSP, no message in the console, screenshots in test-results.
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { chromium } from 'playwright-core';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'test-results');
const page_ = join(results, 'page');
mkdirSync(results, { recursive: true });
await build({ root, configFile: false, mode: 'gallery', logLevel: 'warn', plugins: [svelte()], resolve: { alias: { '#host': join(root, 'tests/gallery/host.ts') } }, build: { outDir: page_, emptyOutDir: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0 } });

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://x').pathname;
  try {
    const content = readFileSync(join(page_, path === '/' ? 'index.html' : path));
    response.writeHead(200, { 'content-type': types[extname(path) || '.html'] ?? 'application/octet-stream', 'content-security-policy': policy }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${server.address().port}/`;
const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const problems = [];
let shots = 0;

/** One page with its own fixtures; `see` checks and pictures what is shown, in both themes. */
async function open(start, work, viewport = { width: 1100, height: 760 }) {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', timezoneId: 'UTC' });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  let name = start;
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(`${name}: console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`${name}: ${error}`));
  // The clock stands still, a little after the fixtures' session was opened.
  await page.clock.setFixedTime(1_795_502_467_000);
  const id = (testid) => page.getByTestId(testid);
  const see = async (shown, testid) => {
    name = shown;
    if (testid) await id(testid).first().waitFor();
    const styles = await page.evaluate("document.querySelectorAll('[style]').length");
    if (styles > 0) problems.push(`${shown}: ${styles} inline styles`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })`);
      for (const one of found.violations) problems.push(`${shown} ${colorScheme}: axe ${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
      await page.screenshot({ path: join(results, `${shown}-${colorScheme}.png`), caret: 'initial' });
      shots += 1;
    }
    await page.emulateMedia({ colorScheme: 'light' });
    const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    if (wide > 0) problems.push(`${shown}: ${wide} px too wide`);
  };
  const at = async (screen) => {
    await id(`screen-${screen}`).waitFor();
    const focused = await page.waitForFunction("document.activeElement?.tagName === 'H1' || document.activeElement?.classList.contains('fault')", null, { timeout: 2000 }).catch(() => undefined);
    if (!focused) problems.push(`${screen}: the heading has no focus`);
  };
  const emit = (event, payload) => page.evaluate(([event, payload]) => window.gallery.emit(event, payload), [event, payload]);
  const answer = (command, how) => page.evaluate(([command, how]) => window.gallery.answer(command, how), [command, how]);
  const release = (command) => page.evaluate((command) => window.gallery.release(command), command);
  const failures = () => page.evaluate(() => window.gallery.failures);
  try {
    await page.goto(`${origin}?start=${start}`);
    await id('screen-0').or(id('screen-3a')).first().waitFor();
    await work({ page, id, see, at, emit, answer, release, failures });
  } catch (error) {
    problems.push(`${name}: ${error}`);
    await page.screenshot({ path: join(results, `stopped-${name}.png`) });
  }
  await context.close();
}

const done = (...states) => ['route', 'port', 'winRm'].map((stage, at) => ({ stage, state: states[at] }));
const probe = (host, port, stages, more = {}) => ({ host, port, stages, done: true, usable: false, roundTripMs: null, clockAheadS: null, fault: null, ...more });
const line = (seq, text, stream = 'output') => ({ seq, atMs: 1_795_501_000_000 + seq * 7000, stream, text });
const batch = (more = {}) => ({ runId: 'run-1', batch: 1, items: [], total: 0, droppedFromView: 0, progress: [], prompt: null, state: { kind: 'running' }, ...more });
const lines = [line(1, 'Starting validation'), ...Array.from({ length: 60 }, (_, at) => line(at + 2, `Validating AzsInfraRoleSummary on node CW-S46R0${at % 4 + 1}`)), line(62, 'One node answered slowly; continuing', 'warning'), line(63, 'Azs Backup Share FAIL', 'error'), line(64, 'Last line\nof two')];
const progress = [{ activity: 'Test-AzureStack', status: 'Check 9 of 26: Storage services', percent: 34, secondsRemaining: null }];
const verdicts = [{ title: 'Azure Stack Infrastructure Role Summary', result: 'fail', details: ['1 role not healthy', 'Role Storage: 1 of 3 instances does not run'] }, { title: 'Azure Stack Backup Share Accessibility', result: 'fail', details: ['\\\\10.14.5.9\\backup cannot be reached'] }, { title: 'Azure Stack Infrastructure Capacity', result: 'warn', details: ['Memory use is above 80 %'] }, ...Array.from({ length: 23 }, (_, at) => ({ title: `Azure Stack check ${at + 1}`, result: 'pass', details: [] }))];
const ended = (outcome, more = {}) => ({ kind: 'ended', result: { outcome, seconds: 1040, verdicts: [], errors: 0, warnings: 1, lines: 64, fault: null, ...more } });

// Practice from start to end.
await open('first', async ({ page, id, see, at, emit, answer, release, failures }) => {
  await see('0-first', '0-start');
  await id('0-start').click();
  await at('1b');
  await emit('probe', probe('127.0.0.1', 50_001, done('done', 'done', 'done'), { usable: true, roundTripMs: 1 }));
  await see('1b-practice');
  await id('1b-use').click();
  await at('2a');
  await id('2a-fill-practice').click();
  await see('2a-practice');
  await answer('session_open', 'wait');
  await id('2a-sign-in').click();
  await at('2c');
  for (const [stage, state, ms] of [['reach', 'done', 18], ['signIn', 'done', 41], ['verify', 'running', 0]]) await emit('connect-stage', { stage, state, ms });
  await see('2c-connecting');
  const sent = await page.evaluate(() => window.gallery.calls.findLast((one) => one.command === 'session_open').args);
  if (sent.signIn.password !== 'Practice-Only-1!') problems.push('2a: the password was not sent');
});
await open('first', async ({ page, id, see, at, emit, answer, failures }) => {
  await id('0-start').click();
  await emit('probe', probe('127.0.0.1', 50_001, done('done', 'done', 'done'), { usable: true, roundTripMs: 1 }));
  await id('1b-use').click();
  await id('2a-fill-practice').click();
  await id('2a-sign-in').click();
  await at('3a');
  await see('3a-choose');
  await id('3a-search').fill('cluster');
  await see('3a-search', '3a-item-Get-ClusterLog');
  await id('3a-search').fill('nothing like it');
  await see('3a-none');
  await id('3a-search').fill('');
  await id('3a-item-Get-AzureStackLog').click();
  await at('3b');
  await see('3b-missing');
  await id('3b-OutputSharePath').fill('\\\\10.14.5.9\\logs');
  await id('3b-FromDate').fill('2026-11-22T02:00');
  await id('3b-OutputShareCredential').fill('CONTOSO\\logwriter');
  await id('3b-OutputShareCredential-password').fill('secret');
  await see('3b-filled');
  const previews = await page.evaluate(() => JSON.stringify(window.gallery.calls.filter((one) => one.command === 'run_preview')));
  if (/"password":"[^"]/.test(previews)) problems.push('3b: a preview was sent a password');
  await id('3b-back').click();
  await id('3a-item-Test-AzureStack').click();
  await at('3b');
  await see('3b-review');
  await id('3b-run').click();
  await at('3c');
  await see('3c-empty');
  await emit('run', batch({ items: lines, total: 9_812, progress }));
  // Rows are replaced while the batch is laid out: looked at afresh until they are whole.
  const whole = () => {
    const rows = [...document.querySelectorAll('.row-line')];
    return rows.length > 0 && rows.every((row) => Math.abs(row.getBoundingClientRect().height - 20) <= 0.5);
  };
  await page.waitForFunction(whole).catch(() => problems.push('3c: lines are not one row high'));
  await page.getByText('of two').waitFor({ state: 'visible' }).catch(() => problems.push('3c: the last line cannot be seen'));
  await see('3c-running');
  await id('output-find').fill('slowly');
  await see('3c-find');
  await id('output-find').fill('');
  await emit('run', batch({ batch: 2, total: 9_812, progress, prompt: { call: 1, caption: 'Confirm', message: 'Do you want to go on?', form: { kind: 'choice', choices: [{ label: '&Yes', help: 'Goes on' }, { label: '&No', help: 'Ends the command' }], default: null } } }));
  if (!(await page.getByRole('status').textContent())?.includes('The endpoint asks')) problems.push('3c: the question is not announced');
  await see('3c-choice', 'prompt');
  await emit('run', batch({ batch: 3, total: 9_812, progress, prompt: { call: 2, caption: 'Credential', message: 'Type the account of the share.', form: { kind: 'fields', fields: [{ name: 'Credential', label: 'Credential', help: '', input: 'credential', mandatory: true }, { name: 'Reason', label: 'Reason', help: '', input: 'text', mandatory: false }] } } }));
  await see('3c-prompt', 'prompt-Credential');
  await emit('run', batch({ batch: 4, total: 9_812, progress }));
  await emit('session', await page.evaluate(() => window.gallery.session(true, { kind: 'retrying', giveUpInS: 143 })));
  await see('3c-retrying');
  await emit('session', await page.evaluate(() => window.gallery.session(true)));
  await emit('run', batch({ batch: 5, total: 9_812, state: ended('completed', { verdicts }) }));
  await at('3d');
  await see('3d-verdicts', '3d-verdicts');
  await id('session-close').click();
  await at('4a');
  await see('4a-close');
  await id('4a-share').fill('\\\\10.14.5.9\\pep-transcripts');
  await id('4a-account').fill('CONTOSO\\logwriter');
  await id('4a-password').fill('secret');
  await answer('session_close', { kind: 'failed', fault: (await failures()).share });
  await id('4a-close').click();
  await see('4a-refused', 'fault');
  if ((await id('4a-password').inputValue()) !== '') problems.push('4a: the password stayed in its field');
  await id('4a-other').click();
  await see('4a-other');
  await page.evaluate(() => window.gallery.release('session_close'));
  await id('4a-close').click();
  await at('4c');
  await see('4c-summary');
  await id('4c-finish').click();
  await at('0');
});
// A stamp of one's own: what is found, what is refused, who it is.
await open('returning', async ({ id, see, at, emit, answer, release, failures }) => {
  await see('0-returning', '0-unfinished');
  await id('0-own').check();
  await id('0-start').click();
  await at('1a');
  await see('1a-empty');
  await answer('stamp_import', { kind: 'refused', fault: (await failures()).notAStamp });
  await id('1a-file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await see('1a-refused', 'fault');
  await release('stamp_import');
  await id('1a-file').setInputFiles({ name: 'AzureStackStampInformation.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await see('1a-read', '1a-read');
  await id('1a-check').click();
  await at('1b');
  await emit('probe', probe('10.14.22.61', 5985, done('done', 'done', 'done'), { usable: true, roundTripMs: 18 }));
  await emit('probe', probe('10.14.22.62', 5985, done('done', 'running', 'waiting'), { done: false }));
  await emit('probe', probe('10.14.22.63', 5985, done('done', 'failed', 'waiting'), { fault: (await failures()).noAnswer }));
  await see('1b-reach');
  await id('1b-use').click();
  await at('2b');
  await see('2b-first');
  await id('2b-trust').click();
  await at('2a');
  await see('2a-sign-in');
  await answer('session_open', { kind: 'failed', fault: (await failures()).refused });
  await id('2a-password').fill('wrong');
  await id('2a-sign-in').click();
  await at('2c');
  await emit('connect-stage', { stage: 'reach', state: 'done', ms: 18 });
  await emit('connect-stage', { stage: 'signIn', state: 'failed', ms: 44 });
  await see('2c-refused', 'fault');
  await id('2c-again').click();
  await see('2a-refused', 'fault');
  await id('2a-back').click();
  await answer('session_inspect', { kind: 'identity', question: { changed: true, now: { computer: 'SRV-9931', domain: 'WORKGROUP', dnsComputer: '', since: null }, before: { computer: 'CW-ERCS01', domain: 'CONTOSO', dnsComputer: 'cw-ercs01.contoso.local', since: 1_791_800_000 }, expectedDomain: 'CONTOSO', domainFits: false } });
  await id('1b-use').click();
  await see('2b-changed', '2b-changed');
});
await open('records', async ({ see }) => see('0-records', 'fault'));
// An open session: a run that fails, closing, quitting.
await open('session', async ({ page, id, see, at, emit, answer, failures }) => {
  await at('3a');
  await id('3a-item-Get-ActionStatus').click();
  await id('3b-run').click();
  await at('3c');
  await emit('run', batch({ items: [line(1, 'The role is not available.', 'error')], total: 1, state: ended('failed', { lines: 1, fault: (await failures()).cmdlet }) }));
  await at('3d');
  await see('3d-failed');
  await emit('close-requested', null);
  await see('quit', 'quit-dialog');
  await id('quit-close-first').click();
  await at('4a');
  await id('4a-other').click();
  await answer('session_close', 'wait');
  await id('4a-leave').click();
  await at('4b');
  await see('4b-closing');
});
await open('session', async ({ id, at, see }) => {
  await at('3a');
  await id('3a-item-Test-AzureStack').click();
  await see('small-3b', '3b-run');
  await id('3b-run').click();
  await see('small-3c', '3c-stop');
}, { width: 800, height: 560 });

await browser.close();
server.close();
for (const one of problems) console.error(one);
console.log(`${shots} screenshots, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);

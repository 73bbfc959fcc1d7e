// The page in Chromium against the real Rust: the whole journey on the practice stamp, axe on every screen, the strict
// content policy on all the way. Screenshots stay in the build folder.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../../..');
const require = createRequire(resolve(root, 'ui/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const shots = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'screenshots/browser');
mkdirSync(shots, { recursive: true });

let passed = 0;
const problems = [];

/** The bridge with the page in a browser; `work` gets both. */
async function open(speed, scheme, size, work) {
  const bridge = spawn(process.env.PEP_BRIDGE, [resolve(root, 'ui/dist-bridge')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PEP_PRACTICE_SPEED: String(speed) },
  });
  const port = await new Promise((done) => createInterface({ input: bridge.stdout }).once('line', done));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ colorScheme: scheme, viewport: size, reducedMotion: 'reduce' });
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`page: ${error}`));
    const id = (name) => page.getByTestId(name);
    const look = async (name) => {
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      for (const violation of found.violations) {
        problems.push(`${scheme} ${size.width} ${name}: ${violation.id} at ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
      }
      await page.screenshot({ path: resolve(shots, `${name}-${scheme}-${size.width}.png`) });
      passed += 1;
    };
    const command = (name, args) => page.request.post(`http://127.0.0.1:${port}/command/${name}`, { data: args });
    await page.goto(`http://127.0.0.1:${port}/`);
    await work({ page, id, look, command, problems });
    passed += 1;
  } finally {
    await browser.close();
    bridge.stdin.end();
  }
}

/** Find, connect, diagnose, close, with what goes wrong on the way. */
async function whole({ page, id, look, command }) {
  await id('screen-0').waitFor();
  await id('0-own').check();
  await look('0-start');
  await id('0-start').click();
  await id('screen-1a').waitFor();
  await id('1a-how-given').check();
  await id('1a-typed').fill('8.8.8.8');
  await id('1a-check').click();
  await id('fault').waitFor();
  if ((await id('fault-code').textContent()) !== 'PEP-1104') problems.push('a public address is not refused as one');
  await look('1a-public-address');
  await id('1a-how-file').check();
  await id('1a-file').setInputFiles(resolve(root, 'tests/fixtures/stamps/utf16.json'));
  await id('1a-read').waitFor();
  await look('1a-read');
  // A page of the portal, as it was copied.
  await id('1a-how-portal').check();
  await id('1a-paste').fill('Region\neast\nPrivileged endpoint IP addresses\n192.0.2.224, 192.0.2.225\nStamp Cloud ID\n7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77\nTime server\n192.0.2.9');
  await id('1a-look').click();
  await id('1a-found').waitFor();
  if (!(await id('1a-try-192.0.2.225').isChecked())) problems.push('an address of the portal page is not found');
  if ((await id('1a-try-192.0.2.9').count()) > 0) problems.push('the time server is taken for an endpoint');
  await id('1a-facts').click();
  await look('1a-portal');
  if (!(await id('1a-fact-cloud_id').textContent()).includes('7d9f1f54')) problems.push('the Cloud ID is not shown');
  // The portal's address, typed where an address of an endpoint belongs.
  await id('1a-how-given').check();
  await id('1a-typed').fill('https://adminportal.nowhere.azs.invalid');
  await id('1a-check').click();
  await id('1a-as-portal').click();
  await id('1a-found').waitFor();
  await look('1a-as-portal');
  // Nobody is there who could be asked to sign in.
  await id('1a-how-arm').check();
  await id('1a-arm-address').fill('https://localhost:9');
  await id('1a-arm-code').click();
  await id('fault').waitFor();
  if ((await id('fault-code').textContent()) !== 'PEP-2301') problems.push('a Resource Manager that is not there is not told as one');
  await look('1a-arm-silent');
  // Nothing listens there: the check says so, in place, and can be had again.
  await id('1a-how-given').check();
  await id('1a-typed').fill('127.0.0.1:9');
  await id('1a-check').click();
  await id('1b-none').waitFor();
  await look('1b-none');
  await id('1b-again').click();
  await id('1b-none').waitFor();
  await id('1b-back').click();
  await id('1a-back').click();
  // The stamp of these addresses is kept: named, handed on, forgotten.
  await id('0-stamp').check();
  await id('0-manage').click();
  await id('0-name').fill('East');
  await id('0-rename').click();
  await page.waitForFunction(() => document.querySelector('[data-testid="0-recent"]').textContent.includes('East'));
  await id('0-export').click();
  await id('0-exported').waitFor();
  await look('0-manage');
  await id('0-forget-open').click();
  await id('0-forget').click();
  await id('0-forgotten').waitFor();
  await look('0-forgotten');
  await id('0-practice').check();
  await id('0-start').click();
  await id('screen-1b').waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-testid="1b-use"]').disabled);
  await id('1b-why-ERCS03').waitFor();
  await look('1b-reach');
  await id('1b-use').click();
  await id('screen-2b').waitFor();
  await look('2b-first-use');
  await id('2b-trust').click();
  await id('screen-2a').waitFor();
  await look('2a-sign-in');
  await id('2a-password').fill('wrong');
  await id('2a-sign-in').click();
  await id('fault').waitFor();
  if ((await id('fault-code').textContent()) !== 'PEP-4103') problems.push('a wrong password is not told as one');
  await look('2a-refused');
  await id('2a-fill-practice').click();
  await id('2a-sign-in').click();
  await id('screen-3a').waitFor();
  await look('3a-choose');
  await id('3a-item-Test-AzureStack').check();
  await id('3a-review').click();
  await id('screen-3b').waitFor();
  await page.getByTestId('3b-preview').getByText('Test-AzureStack').waitFor();
  await look('3b-review');
  await id('3b-run').click();
  await id('screen-3d').waitFor({ timeout: 60_000 });
  await id('3d-verdicts').waitFor();
  if (!(await id('3d-title').textContent()).includes('2 of 26 checks failed')) problems.push('the verdict is not the one of the scenario');
  await look('3d-result');
  await id('3d-another').click();
  // A run that asks: the endpoint's question stands in a frame of its own.
  await id('3a-search').fill('Get-AzureStackLog');
  await id('3a-item-Get-AzureStackLog').check();
  await id('3a-review').click();
  await id('3b-OutputSharePath').fill('\\\\192.0.2.9\\logs');
  await id('3b-run').click();
  await id('prompt').waitFor({ timeout: 60_000 });
  await look('3c-prompt');
  await id('prompt-refuse').click();
  await id('screen-3d').waitFor({ timeout: 60_000 });
  await look('3d-failed');
  await id('session-close').click();
  await id('screen-4a').waitFor();
  await look('4a-close');
  if ((await id('4a-share').inputValue()) !== '\\\\192.0.2.9\\logs') problems.push('the share of 3B is asked for again');
  await id('4a-share').fill('\\\\192.0.2.50\\transcripts');
  await id('4a-account').fill('CONTOSO\\writer');
  await id('4a-password').fill('share secret');
  // A share that refuses leaves the session open; another one takes the transcripts.
  await command('practice_scenario', { name: 'share-refused', speed: 2000 });
  await id('4a-close').click();
  await id('fault').waitFor({ timeout: 60_000 });
  if ((await id('fault-code').textContent()) !== 'PEP-8101') problems.push('a share that refuses is not told as one');
  await look('4b-refused');
  await id('4b-other-share').click();
  await id('4a-share').fill('\\\\192.0.2.9\\transcripts');
  await id('4a-password').fill('share secret');
  await id('4a-close').click();
  await id('screen-4c').waitFor({ timeout: 60_000 });
  await look('4c-summary');
  await id('4c-finish').click();
  await id('screen-0').waitFor();
}

/** A page that is loaded anew finds its run with the time since it began; the run is stopped. */
async function again({ page, id, look }) {
  await id('0-start').click();
  await id('1b-use').click();
  await id('2b-trust').click();
  await id('2a-fill-practice').click();
  await id('2a-sign-in').click();
  await id('3a-review').click();
  await id('3b-run').click();
  await id('output-lines').locator('.row-line').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-testid="3c-elapsed"]').textContent.includes('00:00:00'));
  await page.reload();
  await id('output-lines').locator('.row-line').first().waitFor();
  if ((await id('3c-elapsed').textContent()).includes('00:00:00')) problems.push('the time since the start is lost with the page');
  await look('3c-again');
  await id('3c-stop').click();
  await id('3d-stopped').waitFor({ timeout: 60_000 });
  await look('3d-stopped');
  await id('session-close').click();
  await id('4a-other').click();
  await id('4a-leave').click();
  await id('4c-outcome').waitFor({ timeout: 60_000 });
  await look('4c-left');
}

const large = { width: 1100, height: 760 };
await open(2000, 'light', large, whole);
await open(2000, 'dark', { width: 800, height: 560 }, whole);
await open(20, 'light', large, again);
for (const problem of new Set(problems)) console.error(problem);
console.log(`${passed} passed, ${new Set(problems).size} failed`);
process.exit(problems.length > 0 ? 1 : 0);

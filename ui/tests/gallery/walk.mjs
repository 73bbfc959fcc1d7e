// The way through every screen and every state of it.
import { join } from 'node:path';

const NOW = 1_795_502_467_000;
const STARTED = NOW - 2_232_000;
const STAGES = ['name', 'route', 'port', 'winRm', 'negotiate'];
/** Stages up to one, which stands so; those after it wait. */
const upTo = (last, state) =>
  STAGES.map((stage, at) => {
    const here = STAGES.indexOf(last);
    return { stage, state: at < here ? 'done' : at === here ? state : 'waiting' };
  });
const done = upTo('negotiate', 'done');
const silent = upTo('port', 'failed');
const probe = (host, stages, more = {}) => ({
  host,
  port: 5985,
  stages,
  done: true,
  usable: false,
  trusted: false,
  tookMs: 0,
  limitMs: 10_000,
  roundTripMs: null,
  clockAheadS: null,
  server: null,
  schemes: [],
  fault: null,
  ...more,
});
const line = (seq, text, stream = 'output') => ({ seq, atMs: STARTED + seq * 7000, stream, text });
const batch = (more = {}) => ({
  runId: 'run-1',
  cmdlet: 'Test-AzureStack',
  text: 'Test-AzureStack',
  startedMs: STARTED,
  heardMs: NOW - 12_000,
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
const lines = [
  line(1, 'Starting validation'),
  ...Array.from({ length: 60 }, (_, at) =>
    line(at + 2, `Validating AzsInfraRoleSummary on node CW-S46R0${(at % 4) + 1}`),
  ),
  line(62, 'One node answered slowly; continuing', 'warning'),
  line(63, 'Azs Backup Share FAIL', 'error'),
  line(64, 'Last line\nof two'),
];
const counts = { total: 9812, warnings: 3, errors: 1 };
const progress = [
  { activity: 'Test-AzureStack', status: 'Check 9 of 26: Storage services', percent: 34, secondsRemaining: null },
];
const verdicts = [
  {
    title: 'Infrastructure Role Summary',
    result: 'fail',
    details: ['1 role not healthy', 'Role Storage: 1 of 3 instances does not run'],
  },
  { title: 'Backup Share Accessibility', result: 'fail', details: ['\\\\10.14.5.9\\backup cannot be reached'] },
  { title: 'Infrastructure Capacity', result: 'warn', details: ['Memory use is above 80 %'] },
  ...Array.from({ length: 23 }, (_, at) => ({ title: `Check ${at + 1}`, result: 'pass', details: [] })),
];
const ended = (outcome, more = {}) => ({
  kind: 'ended',
  result: {
    outcome,
    seconds: 1040,
    verdicts: [],
    errors: 0,
    warnings: 1,
    lines: 64,
    fault: null,
    stamp: null,
    ...more,
  },
});
const choice = {
  call: 1,
  caption: 'Confirm',
  message: 'Do you want to go on?',
  form: {
    kind: 'choice',
    choices: [
      { label: '&Yes', help: 'Goes on' },
      { label: '&No', help: 'Ends the command' },
    ],
    default: null,
  },
};
const field = (name, input) => ({ name, label: name, help: '', input, mandatory: false });
const fields = {
  call: 2,
  caption: 'Credential',
  message: 'Type the account of the share.',
  form: {
    kind: 'fields',
    fields: [field('Credential', 'credential'), field('Reason', 'text'), field('Nodes', 'list')],
  },
};
const text = {
  call: 3,
  caption: '',
  message: 'Share \\\\10.14.5.9\\logs has 38 GB free. Collection may need 45 GB. Continue? [Y/N]',
  form: { kind: 'fields', fields: [field('', 'text')] },
};

export async function walk({ browser, origin, look, problems, results }) {
  /** One page with its own fixtures; `see` checks and pictures what is shown. */
  async function open(start, work) {
    const context = await browser.newContext({
      viewport: { width: 1100, height: 760 },
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(8000);
    let name = start;
    page.on(
      'console',
      (message) =>
        ['error', 'warning'].includes(message.type()) && problems.push(`${name}: console: ${message.text()}`),
    );
    page.on('pageerror', (error) => problems.push(`${name}: ${error}`));
    await page.clock.setFixedTime(NOW);
    const id = (testid) => page.getByTestId(testid);
    const see = async (shown, testid) => {
      name = shown;
      if (testid) await id(testid).first().waitFor();
      await look(page, shown);
    };
    /** Waits for a screen and for the focus at its fault, its first field or its heading. */
    const at = async (screen, focus = 'h1, .fault, [data-first]') => {
      await id(`screen-${screen}`).waitFor();
      const there = await page
        .waitForFunction((which) => document.activeElement?.matches(which), focus, { timeout: 2000 })
        .catch(() => undefined);
      if (!there) problems.push(`${screen}: the focus is not at ${focus}`);
    };
    const emit = (event, payload) =>
      page.evaluate(([event, payload]) => window.gallery.emit(event, payload), [event, payload]);
    const answer = (command, how) =>
      page.evaluate(([command, how]) => window.gallery.answer(command, how), [command, how]);
    const release = (command) => page.evaluate((command) => window.gallery.release(command), command);
    const fixture = (which) => page.evaluate((which) => window.gallery[which], which);
    const session = (practice, state) =>
      page.evaluate(([practice, state]) => window.gallery.session(practice, state), [practice, state]);
    const calls = (command) =>
      page.evaluate((command) => window.gallery.calls.filter((one) => one.command === command), command);
    const must = (fact, what) => !fact && problems.push(`${name}: ${what}`);
    const unfold = (testid) => page.locator(`details:not([open]) > summary[data-testid="${testid}"]`).click();
    try {
      await page.goto(`${origin}?start=${start}`);
      await id('where').waitFor();
      await work({ page, id, see, at, emit, answer, release, fixture, session, calls, must, unfold });
    } catch (error) {
      problems.push(`${name}: ${error}`);
      await page.screenshot({ path: join(results, `stopped-${name}.png`) });
    }
    await context.close();
  }
  const usable = probe('192.0.2.224', done, { usable: true, roundTripMs: 18, clockAheadS: 0 });

  // Practice, from the first run to the sign-in.
  await open('first', async ({ page, id, see, at, emit, answer, calls, must, unfold }) => {
    await see('0-first', '0-start');
    await unfold('0-where');
    await id('0-own').check();
    await unfold('0-checklist');
    await see('0-folds');
    await id('0-practice').check();
    await page.keyboard.press('Control+Enter');
    await at('1b');
    await see('1b-waiting');
    await emit('probe', usable);
    await see('1b-practice');
    await page.keyboard.press('F6');
    await page.keyboard.press('F6');
    must(await page.evaluate("document.activeElement.closest('[data-region]') !== null"), 'F6 goes nowhere');
    await id('1b-use').click();
    await at('2a', '#password');
    await id('2a-fill-practice').click();
    await see('2a-practice');
    await answer('session_open', 'wait');
    await id('2a-sign-in').click();
    await at('2c');
    await see('2c-beginning');
    for (const [stage, state, ms, names] of [
      ['reach', 'done', 18, null],
      ['signIn', 'done', 1410, null],
      ['verify', 'done', 300, { computer: 'PRAC-ERCS01', domain: 'PRACTICE', dnsComputer: '', since: null }],
      ['open', 'running', 0, null],
    ])
      await emit('connect-stage', { stage, state, ms, names, way: 'ntlm', fellBack: false });
    await see('2c-connecting');
    const sent = (await calls('session_open')).at(-1).args;
    must(sent.signIn.password === 'Practice-Only-1!', 'the password was not sent');
  });

  // Practice, from the session to its summary.
  await open('first', async ({ page, id, see, at, emit, answer, release, fixture, session, calls, must }) => {
    await id('0-start').click();
    await emit('probe', usable);
    await id('1b-use').click();
    await id('2a-fill-practice').click();
    await id('2a-sign-in').click();
    await at('3a');
    await see('3a-choose');
    await id('note-hide').click();
    await id('note').waitFor({ state: 'detached' });
    await id('3a-all').click();
    await see('3a-all');
    await id('3a-search').fill('cluster');
    await see('3a-search', '3a-item-Get-ClusterLog');
    await id('3a-search').fill('nothing like it');
    await see('3a-none', '3a-none');
    await id('3a-search').fill('');
    await id('3a-item-Get-AzureStackLog').check();
    await id('3a-review').click();
    await at('3b');
    await see('3b-missing');
    await id('3b-OutputSharePath').fill('C:\\logs');
    await see('3b-error', '3b-OutputSharePath-error');
    await id('3b-OutputSharePath').fill('\\\\10.14.5.9\\logs');
    await id('3b-OutputShareCredential').fill('CONTOSO\\logwriter');
    await id('3b-OutputShareCredential-password').fill('secret');
    await id('3b-period').selectOption('day');
    await id('3b-preview').getByText('-FromDate').waitFor();
    await id('3b-preview-explain').click();
    await id('3b-warnings').click();
    await see('3b-filled', '3b-preview-explained');
    const previews = JSON.stringify(await calls('run_preview'));
    must(!/"password":"[^"]/.test(previews), 'a preview was sent a password');
    await id('3b-period').selectOption('own');
    await id('3b-FilterByRole').selectOption('some');
    await id('3b-FilterByRole-Storage').check();
    await id('3b-more').click();
    await see('3b-options', '3b-FromDate');
    await id('3b-back').click();
    await at('3a');
    await id('3a-search').fill('Stop-AzureStack');
    await id('3a-item-Stop-AzureStack').check();
    await id('3a-review').click();
    await see('3b-guarded', '3b-guarded');
    await id('3b-run').click();
    await id('3b-typed').fill('we');
    must(await id('3b-confirm').isDisabled(), 'a guarded command can be run without its ritual');
    await see('3b-confirm', '3b-confirm');
    await id('3b-typed').fill('WEST');
    await id('3b-confirm').click();
    await see('3b-not-confirmed', '3b-not-confirmed');
    await page.keyboard.press('Alt+ArrowLeft');
    await at('3a');
    await id('3a-item-Test-AzureStack').check();
    await id('3a-review').click();
    await at('3b');
    await see('3b-review');
    await id('3b-more').click();
    await id('3b-ServiceAdminCredentials').fill('admin@contoso.com');
    await page
      .locator('[data-risk="change"]')
      .waitFor()
      .catch(() => must(false, 'the risk does not follow the parameters'));
    await id('3b-ServiceAdminCredentials').fill('');
    await id('3b-back').click();
    await id('3a-item-Test-AzureStack').check();
    await id('3a-review').click();
    await id('3b-run').click();
    await at('3c');
    await see('3c-empty');
    await emit('run', batch({ ...counts, items: lines, progress }));
    // Rows are replaced while the batch is laid out: looked at afresh until they are whole.
    const whole = () => {
      const rows = [...document.querySelectorAll('.row-line')];
      return rows.length > 0 && rows.every((row) => Math.abs(row.getBoundingClientRect().height - 20) <= 0.5);
    };
    await page.waitForFunction(whole).catch(() => must(false, 'lines are not one row high'));
    await page
      .getByText('of two')
      .waitFor({ state: 'visible' })
      .catch(() => must(false, 'the last line cannot be seen'));
    await see('3c-running');
    await id('3c-show-command').click();
    await id('output-plain').check();
    await see('3c-plain', 'output-text');
    await id('output-plain').uncheck();
    await id('3c-show-command').click();
    await page.keyboard.press('Control+f');
    await id('output-find').fill('slowly');
    await see('3c-find');
    await page.keyboard.press('Escape');
    await emit('run', batch({ ...counts, batch: 2, progress, prompt: choice }));
    must((await page.getByRole('alert').textContent())?.includes('Confirm'), 'the question is not announced');
    await see('3c-choice', 'prompt');
    await emit('run', batch({ ...counts, batch: 3, progress, prompt: fields }));
    await see('3c-fields', 'prompt-Credential');
    await emit('run', batch({ ...counts, batch: 4, progress, prompt: text }));
    await see('3c-prompt', 'prompt-answer');
    await emit('run', batch({ ...counts, batch: 5, progress }));
    await emit('session', await session(true, { kind: 'retrying', giveUpInS: 143 }));
    await see('3c-retrying', 'retrying');
    await emit('session', await session(true, { kind: 'running' }));
    await emit('run', batch({ ...counts, batch: 6, progress: [], heardMs: NOW - 300_000 }));
    await see('3c-quiet');
    await emit('run', batch({ ...counts, batch: 7, progress: [], state: { kind: 'stopping' } }));
    await see('3c-stopping', '3c-stopping');
    await emit('run', batch({ ...counts, batch: 8, state: ended('completed', { verdicts }) }));
    await at('3d');
    await see('3d-verdicts', '3d-verdicts');
    await id('3d-raw').click();
    await id('3d-command').click();
    await see('3d-folds', 'output-lines');
    await id('3d-collect').click();
    await at('3b');
    must((await id('3b-FromDate').inputValue()) !== '', 'the period of the check is not filled in');
    must((await id('3b-OutputSharePath').inputValue()) === '\\\\10.14.5.9\\logs', 'the share is asked for again');
    await id('session-close').click();
    await at('4a');
    await see('4a-carried');
    await id('4a-other').click();
    await id('4a-share').fill('Z:\\transcripts');
    await id('4a-share').blur();
    await see('4a-other', '4a-share-error');
    await id('4a-share').fill('\\\\10.14.5.9\\pep-transcripts');
    await id('4a-password').fill('secret');
    await answer('session_close', 'wait');
    await id('4a-close').click();
    await at('4b');
    await emit('close-stage', { stage: 'ask', state: 'done', ms: 800 });
    await emit('close-stage', { stage: 'copy', state: 'running', ms: 0 });
    await see('4b-copying');
  });

  // Closing: refused by the share, then well.
  await open('session', async ({ id, see, at, emit, answer, release, fixture, must, page }) => {
    await at('3a');
    await id('session-close').click();
    await at('4a', '#share');
    await see('4a-empty');
    await id('4a-share').fill('\\\\10.14.5.9\\pep-transcripts');
    await id('4a-account').fill('CONTOSO\\logwriter');
    await id('4a-password').fill('secret');
    const { share } = await fixture('failures');
    await answer('session_close', { kind: 'failed', fault: share });
    await id('4a-close').click();
    await emit('close-stage', { stage: 'ask', state: 'done', ms: 800 });
    await see('4b-refused', 'fault');
    must((await id('4b-password').inputValue()) === '', 'the password stayed in a field');
    await id('4b-other-share').click();
    await at('4a');
    must((await id('4a-share').inputValue()) !== '', 'the share was lost');
    must((await id('4a-password').inputValue()) === '', 'the password stayed in its field');
    await id('4a-password').fill('secret');
    await release('session_close');
    await id('4a-close').click();
    await at('4c');
    await see('4c-summary');
    await id('4c-verify').click();
    await id('4c-record-where').click();
    await see('4c-folds');
    await id('4c-finish').click();
    await at('0');
    await page.getByTestId('session-bar').waitFor({ state: 'detached' });
  });
  await open('session', async ({ id, see, at, answer, fixture, page }) => {
    await at('3a');
    await id('session-close').click();
    await id('4a-other').click();
    const summary = await page.evaluate(() => ({ ...window.gallery.summary(false, false), commands: [] }));
    await answer('session_close', { kind: 'closed', summary });
    await id('4a-leave').click();
    await at('4c');
    await see('4c-left');
  });

  // A stamp of one's own: what is found, what is refused, who it is.
  await open('unfinished', async ({ id, see, at, must, page }) => {
    await see('0-unfinished', '0-unfinished');
    await id('0-close-properly').click();
    await at('2b', '[data-first]');
    await id('2b-trust').click();
    await at('2a');
    await see('2a-leftover');
    await id('2a-password').fill('secret');
    await id('2a-sign-in').click();
    await at('4a');
    await see('4a-leftover');
    must(
      (await page.evaluate(
        () => window.gallery.calls.findLast((one) => one.command === 'session_inspect').args.address.host,
      )) === '10.14.22.62',
      'closing goes to another instance',
    );
  });
  await open('unfinished', async ({ id, see, at, answer, calls, fixture, must, page }) => {
    const failures = await fixture('failures');
    await id('0-reconnect').click();
    await at('2b', '[data-first]');
    await id('2b-trust').click();
    await at('2a');
    await see('2a-resumed');
    await answer('session_open', { kind: 'failed', fault: failures.lost });
    await id('2a-password').fill('secret');
    await id('2a-sign-in').click();
    await see('2c-resumed-failed', 'fault');
    await id('2c-again').click();
    await at('2a');
    const session = await page.evaluate(() => window.gallery.session(false, { kind: 'running' }));
    await answer('session_open', { kind: 'open', session: { ...session, activeRun: 'run-1' }, notKept: null });
    await id('2a-password').fill('secret');
    await id('2a-sign-in').click();
    await at('3c');
    must((await calls('session_open')).at(-1).args.signIn.recordId === 'r1', 'another session is taken over');
    must((await calls('run_attach')).at(-1).args.runId === 'run-1', 'what goes on is not shown');
  });
  await open('unfinished', async ({ id, see, calls, must }) => {
    await id('0-abandon').first().click();
    await id('0-unfinished').first().waitFor({ state: 'detached' });
    must((await calls('record_abandon'))[0]?.args.recordId === 'r1', 'the record does not say it');
    await id('0-forget-open').click();
    await see('0-returning', '0-forget');
    await id('0-manage').click();
    await id('0-name').fill('West one');
    await id('0-rename').click();
    must((await calls('stamp_rename'))[0]?.args.name === 'West one', 'the name is not given');
    await id('0-export').click();
    await see('0-manage', '0-exported');
    await id('0-forget').click();
    await see('0-forgotten', '0-forgotten');
  });
  await open('returning', async ({ page, id, see, at, emit, answer, release, fixture, calls, must, unfold }) => {
    await id('0-own').check();
    await id('0-start').click();
    await at('1a');
    await see('1a-empty');
    const failures = await fixture('failures');
    await answer('stamp_import', { kind: 'refused', fault: failures.notAStamp });
    await id('1a-file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await see('1a-refused', 'fault');
    await release('stamp_import');
    await id('1a-file').setInputFiles({
      name: 'AzureStackStampInformation.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{}'),
    });
    await id('1a-read').waitFor();
    await see('1a-read', '1a-read');
    await unfold('1a-facts');
    await see('1a-facts', '1a-facts-copy');
    const read = async (which) => answer('stamp_import', { kind: 'read', found: await fixture(which) });
    await id('1a-how-portal').check();
    await see('1a-portal', '1a-paste');
    await read('guesses');
    await id('1a-portal').fill('https://portal.west.contoso.com');
    await id('1a-portal-look').click();
    await see('1a-guesses', '1a-found');
    must(await id('1a-check').isDisabled(), 'guesses are looked at without being asked for');
    await id('1a-portal-open').click();
    must(
      (await calls('portal_open')).at(-1)?.args.address === 'https://portal.west.contoso.com',
      'no portal is opened',
    );
    await read('redeployed');
    await id('1a-paste').fill('Privileged endpoint IP addresses 10.14.22.61');
    await id('1a-look').click();
    await see('1a-redeployed', '1a-forget-former');
    await id('1a-how-names').check();
    await read('byName');
    await id('1a-prefix').fill('CW1');
    await id('1a-domain').fill('azurestack.local');
    await id('1a-look').click();
    await see('1a-names', '1a-problem');
    await id('1a-how-known').check();
    await read('found');
    await id('1a-known').selectOption('west');
    await see('1a-known', '1a-found');
    await id('1a-how-arm').check();
    await see('1a-arm', '1a-arm-address');
    await id('1a-arm-address').fill('west.contoso.com');
    await id('1a-arm-browser').click();
    await see('1a-arm-waits', '1a-arm-waits');
    await id('1a-arm-cancel').click();
    must((await calls('arm_cancel')).length > 0, 'somebody is still waited for');
    const code = { page: 'https://microsoft.com/devicelogin', code: 'B4WD-7GHQ' };
    await answer('arm_begin', { ...(await fixture('signIn')), code, seconds: 900 });
    await id('1a-arm-code').click();
    await see('1a-arm-code', '1a-arm-the-code');
    await answer('arm_begin', await fixture('untrusted'));
    await answer('arm_trust', true);
    await id('1a-arm-browser').click();
    await see('1a-arm-untrusted', '1a-arm-offer');
    await answer('arm_begin', await fixture('signIn'));
    await answer('arm_finish', { kind: 'read', found: await fixture('told') });
    await id('1a-arm-trust').click();
    await see('1a-arm-told', '1a-exclusive');
    await id('1a-how-given').check();
    await answer('stamp_import', { kind: 'refused', fault: failures.portal });
    await id('1a-typed').fill('adminportal.west.contoso.com');
    await id('1a-check').click();
    await see('1a-portal-typed', '1a-as-portal');
    await answer('stamp_import', { kind: 'refused', fault: failures.publicAddress });
    await id('1a-typed').fill('8.8.8.8');
    await id('1a-check').click();
    await see('1a-public', 'fault');
    await read('unsure');
    await id('1a-typed').fill('10.14.22.61');
    await id('1a-check').click();
    await see('1a-unsure', '1a-use-known');
    await release('stamp_import');
    await id('1a-typed').fill('10.14.22.61 10.14.22.62, 10.14.22.63');
    await id('1a-check').click();
    await at('1b');
    const instance = (last, stages, more) => emit('probe', probe(`10.14.22.6${last}`, stages, more));
    const healthy = { usable: true, server: 'Microsoft-HTTPAPI/2.0', schemes: ['Negotiate', 'Kerberos'] };
    await instance(1, done, { ...healthy, roundTripMs: 18, clockAheadS: 420 });
    await instance(2, upTo('winRm', 'running'), { done: false });
    await instance(3, silent, { tookMs: 10_000, fault: failures.noAnswer });
    await unfold('1b-what');
    await see('1b-reach');
    for (const [at, name] of ['portal', 'tls', 'proxy'].entries()) {
      const fault = failures[name];
      await instance(at + 1, upTo(name === 'portal' ? 'port' : 'winRm', 'failed'), { tookMs: 2100, fault });
    }
    for (const label of ['ERCS02', 'ERCS03']) await unfold(`1b-why-${label}`);
    await see('1b-mistaken');
    const others = { nameUnknown: 'name', notWinRm: 'winRm', noNegotiate: 'negotiate' };
    for (const [at, [name, stage]] of Object.entries(others).entries())
      await instance(at + 1, upTo(stage, 'failed'), { tookMs: 40, fault: failures[name] });
    await see('1b-refused');
    await id('1b-again').click();
    for (const last of [1, 2, 3])
      await instance(last, done, { ...healthy, roundTripMs: 10 + last, clockAheadS: last - 2 });
    await id('1b-use-ERCS02').check();
    await id('1b-use').click();
    await at('2b', '[data-first]');
    must(await page.evaluate("document.activeElement.dataset.testid === '2b-stop'"), 'the safe button has no focus');
    await id('2b-details').click();
    await see('2b-first');
    await id('2b-trust').click();
    await at('2a', '#password');
    await see('2a-sign-in');
    for (const fold of ['2a-help', '2a-wrong', '2a-details']) await unfold(fold);
    await id('2a-account').fill('CORP\\someone');
    await see('2a-help', '2a-account-odd');
    await id('2a-account').fill('CONTOSO\\CloudAdmin');
    await answer('session_open', { kind: 'failed', fault: failures.refused });
    await id('2a-password').fill('wrong');
    await id('2a-sign-in').click();
    await at('2a', '.fault');
    await see('2a-refused', 'fault');
    await id('2a-type-again').click();
    must(await page.evaluate("document.activeElement.id === 'password'"), 'the button does not lead to the password');
    await answer('session_open', { kind: 'failed', fault: failures.notAPep });
    await id('2a-password').fill('right');
    await id('2a-sign-in').click();
    await emit('connect-stage', { stage: 'reach', state: 'done', ms: 18, names: null, way: 'ntlm', fellBack: false });
    await emit('connect-stage', {
      stage: 'signIn',
      state: 'running',
      ms: 0,
      names: null,
      way: 'ntlm',
      fellBack: false,
    });
    await see('2c-failed', 'fault');
    await id('2c-other').click();
    await answer('session_inspect', {
      kind: 'identity',
      question: {
        ...(await fixture('question')),
        domainFits: false,
        now: { computer: 'SRV-9931', domain: 'WORKGROUP', dnsComputer: '', since: null },
      },
    });
    await id('1b-use').click();
    await see('2b-other-domain', '2b-other-domain');
    await id('2b-stop').click();
    await answer('session_inspect', { kind: 'identity', question: await fixture('changedQuestion') });
    await id('1b-use').click();
    await see('2b-changed', '2b-changed');
    await id('2b-typed').fill('srv-9931');
    must(await id('2b-replace').isEnabled(), 'the right name does not allow to replace');
    await id('2b-stop').click();
    await answer('session_inspect', { kind: 'identity', question: await fixture('keyQuestion') });
    await id('1b-use').click();
    await see('2b-key', '2b-key');
    await id('2b-details').click();
    await see('2b-key-details', '2b-channel');
    await id('2b-stop').click();
    await answer('session_inspect', { kind: 'identity', question: await fixture('keyChangedQuestion') });
    await id('1b-use').click();
    await see('2b-key-changed', '2b-key');
  });
  await open('returning', async ({ id, see, emit, fixture }) => {
    await id('0-start').click();
    const { noAnswer } = await fixture('failures');
    for (const last of [1, 2, 3])
      await emit(
        'probe',
        probe(`10.14.22.6${last}`, silent, {
          tookMs: 10_000,
          fault: { ...noAnswer, values: { host: `10.14.22.6${last}`, port: '5985' } },
        }),
      );
    await see('1b-none', '1b-none');
  });
  await open('no-keyring', async ({ id, see, emit }) => {
    await id('0-start').click();
    await emit('probe', probe('10.14.22.61', done, { usable: true, roundTripMs: 18 }));
    await id('1b-use').click();
    await id('2b-trust').click();
    await see('2a-no-keyring', '2a-remember-why');
  });
  await open('records', async ({ see }) => see('0-records', 'fault'));
  await open('policy-damaged', async ({ id, see, must }) => {
    await see('0-policy-damaged', '0-policy');
    must((await id('0-practice').count()) === 0, 'practice is offered where it is forbidden');
  });
  await open('policy', async ({ id, see, at, emit, answer, fixture, must }) => {
    await see('0-policy', '0-policy');
    await id('0-start').click();
    await emit('probe', probe('10.14.22.61', done, { usable: true, roundTripMs: 18 }));
    await answer('session_inspect', { kind: 'failed', fault: (await fixture('failures')).needsHttps });
    await id('1b-use').click();
    await see('1b-policy', 'fault');
    await answer('session_inspect', { kind: 'cancelled' });
    await answer('sign_in_ways', await fixture('waysByName'));
    await id('1b-use').click();
    await at('2a');
    await see('2a-policy', '2a-remember-policy');
    must((await id('2a-remember').count()) === 0, 'a password can be kept where that is forbidden');
    must(await id('2a-fall-back').isDisabled(), 'NTLM can be allowed where Kerberos is required');
  });

  // An endpoint that has a name: proved by it, not proved by it, and another one of that name.
  await open('named', async ({ page, id, see, at, emit, answer, release, fixture, calls, must }) => {
    const failures = await fixture('failures');
    await id('0-start').click();
    await emit('probe', probe('cw-ercs01.contoso.local', done, { usable: true, roundTripMs: 18 }));
    await answer('session_inspect', { kind: 'cancelled' });
    await answer('sign_in_ways', await fixture('waysByName'));
    await id('1b-use').click();
    await at('2a');
    await see('2a-by-name', '2a-fall-back');
    await answer('session_open', { kind: 'fallBack', fault: failures.noKdc });
    await id('2a-password').fill('secret');
    await id('2a-sign-in').click();
    await at('2a', '.fault');
    await see('2a-fall-back', '2a-ntlm-once');
    await answer('session_inspect', {
      kind: 'identity',
      question: { ...(await fixture('question')), fellBack: failures.noKdc },
    });
    await id('2a-ntlm-always').click();
    await at('2b', '[data-first]');
    await see('2b-fell-back', '2b-fell-back');
    must((await calls('stamp_fall_back')).at(-1)?.args.fallBack === 'allow', 'the choice is not kept');
    must((await calls('session_inspect')).at(-1)?.args.way === 'ntlm', 'the other way is not chosen');
    await id('2b-trust').click();
    await at('2a', '#password');
    await see('2a-ntlm', '2a-way');
    await answer('session_open', 'wait');
    await id('2a-password').fill('secret');
    await id('2a-sign-in').click();
    await emit('connect-stage', { stage: 'reach', state: 'done', ms: 18, names: null, way: 'ntlm', fellBack: true });
    await emit('connect-stage', { stage: 'signIn', state: 'done', ms: 30, names: null, way: 'ntlm', fellBack: true });
    await see('2c-fell-back', '2c-stages');
    must((await calls('session_open')).at(-1)?.args.signIn.way === 'ntlm', 'it goes the other way again');
    await page.reload();
    await id('0-start').click();
    await emit('probe', probe('cw-ercs01.contoso.local', done, { usable: true, roundTripMs: 18 }));
    await answer('session_inspect', { kind: 'cancelled' });
    await answer('sign_in_ways', await fixture('waysProved'));
    await id('1b-use').click();
    await at('2a');
    await id('2a-tickets').check();
    await see('2a-tickets', '2a-tickets');
    await answer('session_open', { kind: 'identity', question: await fixture('realmQuestion') });
    await id('2a-sign-in').click();
    const { signIn } = (await calls('session_open')).at(-1)?.args ?? {};
    must(signIn?.tickets === true && signIn.password === null, 'a password is sent with the tickets');
    must(signIn?.account === 'cloudadmin@CONTOSO.LOCAL', 'the account is not that of the tickets');
    await at('2b');
    await see('2b-realm', '2b-changed');
    await id('2b-stop').click();
    await id('1b-use').click();
    await at('2a');
    await release('session_open');
    await answer('session_open', 'wait');
    await id('2a-tickets').check();
    await id('2a-sign-in').click();
    const who = { computer: 'CW-ERCS01', domain: 'contoso.local', dnsComputer: 'cw-ercs01.contoso.local', since: null };
    for (const stage of ['reach', 'signIn', 'verify'])
      await emit('connect-stage', { stage, state: 'done', ms: 18, names: who, way: 'byName', fellBack: false });
    await see('2c-by-name', '2c-stages');
  });

  // An open session: what happens to runs, and quitting.
  await open('session', async ({ page, id, see, at, emit, answer, fixture, session }) => {
    await at('3a');
    await id('3a-item-Get-ActionStatus').check();
    await id('3a-review').click();
    await id('3b-run').click();
    await at('3c');
    const { cmdlet, lost } = await fixture('failures');
    const status = { cmdlet: 'Get-ActionStatus', text: 'Get-ActionStatus' };
    await emit('session', { ...(await session(false, { kind: 'running' })), activeRun: 'run-1' });
    await emit('close-requested', null);
    await see('quit-running', 'quit-dialog');
    await page.keyboard.press('Escape');
    await emit(
      'run',
      batch({
        ...status,
        items: [line(1, 'The role is not available.', 'error')],
        total: 1,
        errors: 1,
        state: ended('failed', { lines: 1, fault: cmdlet }),
      }),
    );
    await at('3d');
    await see('3d-failed');
    await emit('session', await session(false));
    await emit('close-requested', null);
    await see('quit-open', 'quit-dialog');
    await id('quit-cancel').click();
    for (const [name, state] of Object.entries({
      stopped: ended('stopped'),
      silent: ended('completed', { lines: 0 }),
      'other-stamp': ended('completed', { stamp: { kind: 'redeployed', stampId: 'west', name: 'Contoso-West' } }),
      bound: ended('completed', { stamp: { kind: 'bound', stampId: 'west', name: 'Contoso-West' } }),
      warned: ended('completed', { verdicts: verdicts.slice(2) }),
    })) {
      await id('3d-another').click();
      await id('3a-item-Test-AzureStack').check();
      await id('3a-review').click();
      await id('3b-run').click();
      await at('3c');
      await emit('run', batch({ items: name === 'silent' ? [] : lines.slice(0, 5), total: 5, state }));
      await at('3d');
      await see(`3d-${name}`);
    }
    await id('3d-another').click();
    await id('3a-review').click();
    await id('3b-run').click();
    await at('3c');
    await emit('run', batch({ ...counts, items: lines }));
    const few = await fixture('failures').then((all) => all.fewer);
    await emit('session', { ...(await session(false, { kind: 'running' })), fewerConnections: few });
    await see('3c-fewer', 'fewer');
    await emit('session', await session(false, { kind: 'lost', fault: lost }));
    await see('3c-lost', 'lost');
    await emit('session', await session(false, { kind: 'lost', fault: (await fixture('failures')).tickets }));
    await see('3c-tickets-expired', 'lost');
    await emit('session', await session(false, { kind: 'lost', fault: lost }));
    await emit('run', batch({ ...counts, batch: 2, state: ended('unknown') }));
    await at('3d');
    await see('3d-unknown', '3d-unknown');
    await id('session-close').click();
    await see('4a-lost', '4a-lost');
    await emit('close-requested', null);
    await see('quit-lost', 'quit-dialog');
    await page.keyboard.press('Escape');
    await answer('session_close', 'wait');
    await id('4a-leave').click();
    await at('4b');
    await see('4b-leaving');
  });
  await open('session', async ({ id, see, at, emit, session, fixture, must }) => {
    await at('3a');
    const odd = await session(false);
    await emit('session', {
      ...odd,
      activeRun: 'run-1',
      state: { kind: 'running' },
      checks: [
        { check: 'ownCommands', passed: false, seen: '' },
        { check: 'sources', passed: false, seen: '' },
      ],
    });
    await see('3a-banners', '3a-checks');
    await emit('session', { ...odd, recordFault: (await fixture('failures')).suspended });
    await id('3a-review').click();
    await see('3b-suspended', 'fault');
    must(await id('3b-run').isDisabled(), 'a command can be run without a record');
  });
  // A page that was loaded anew finds its run, with the time since it began.
  await open('running', async ({ id, see, at, emit, must }) => {
    await at('3c');
    await emit('run', batch({ ...counts, items: lines, progress }));
    must((await id('3c-elapsed').textContent())?.includes('00:37:12'), 'the time since the start is lost');
    await see('3c-again');
  });
}

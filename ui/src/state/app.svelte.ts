import * as api from '../host/commands';
import type * as c from '../host/contract';
import { append } from './ring';
import type { Screen } from './wizard';

/** Everything that the page shows. One object, changed by what the person does and by what the app tells. */
class AppState {
  screen = $state<Screen>('0');
  snapshot = $state<c.AppSnapshot>();
  stamp = $state<c.StampProfile>();
  address = $state<c.EndpointAddress>();
  probes = $state<Record<string, c.ProbeUpdate>>({});
  question = $state<c.IdentityQuestion>();
  account = $state('');
  stages = $state<c.ConnectStage[]>([]);
  session = $state<c.SessionSnapshot>();
  /** What went wrong on the screen that is shown. */
  fault = $state<c.Fault>();
  chosen = $state<c.CatalogueEntry>();
  runId = $state<string>();
  runText = $state('');
  runStarted = $state(0);
  lines = $state.raw<c.RunItem[]>([]);
  batch = $state.raw<c.RunBatch>();
  lastMessage = $state(0);
  summary = $state<c.Summary>();
  share = $state('');
  shareAccount = $state('');
  asksToQuit = $state(false);
  said = $state('');

  /** Shows a screen; what went wrong on the one before is over. */
  goto(screen: Screen) {
    this.fault = undefined;
    this.screen = screen;
  }

  async start() {
    api.listen<c.ProbeUpdate>('probe', (update) => {
      this.probes = { ...this.probes, [`${update.host}:${update.port}`]: update };
      const first = this.stamp?.addresses.find((one) => this.probes[`${one.host}:${one.port}`]?.usable);
      if (first && !this.address) this.address = first;
    });
    api.listen<c.ConnectStage>('connect-stage', (stage) => {
      this.stages = [...this.stages.filter((known) => known.stage !== stage.stage), stage];
    });
    api.listen<c.SessionSnapshot>('session', (session) => {
      if (this.session) this.session = session;
    });
    api.listen<c.RunBatch>('run', (batch) => this.take(batch));
    api.listen('close-requested', () => (this.asksToQuit = true));
    await this.refresh();
  }

  async refresh() {
    const snapshot = await api.appSnapshot();
    const { session } = snapshot;
    this.snapshot = snapshot;
    this.fault = snapshot.recordsFault ?? undefined;
    if (session) {
      this.session = session;
      this.stamp = snapshot.stamps.find((stamp) => stamp.id === session.stampId);
      if (session.activeRun) {
        await this.follow(session.activeRun);
        this.goto('3C');
      } else {
        this.goto('3A');
      }
    }
  }

  /** Checks all instances of a stamp. */
  async reach(stamp: c.StampProfile) {
    this.stamp = stamp;
    this.address = undefined;
    this.probes = {};
    this.goto('1B');
    await this.guard(() => api.endpointProbe(stamp.id, $state.snapshot(stamp.addresses)));
  }

  /** Connects. The password goes straight through and is kept nowhere here. */
  async connect(password: string | null, remember: boolean) {
    const { stamp, address, account } = this;
    if (!stamp || !address) return;
    this.stages = [];
    this.goto('2C');
    const signIn = { stampId: stamp.id, address: $state.snapshot(address), account, password, remember };
    await this.guard(async () => {
      const result = await api.sessionOpen(signIn);
      switch (result.kind) {
        case 'open':
          this.session = result.session;
          this.snapshot = await api.appSnapshot();
          this.goto('3A');
          break;
        case 'identity':
          this.question = result.question;
          this.goto('2B');
          break;
        case 'cancelled':
          this.goto('2A');
          break;
        case 'failed':
          this.fault = result.fault;
      }
    });
  }

  /** Looks who is there before the password is typed. */
  async whoIsThere() {
    const { stamp, address } = this;
    if (!stamp || !address) return;
    await this.guard(async () => {
      const result = await api.sessionInspect(stamp.id, $state.snapshot(address));
      if (result.kind === 'identity') {
        this.question = result.question;
        this.goto('2B');
      } else if (result.kind === 'failed') {
        this.fault = result.fault;
      } else {
        this.goto('2A');
      }
    });
  }

  async run(spec: c.RunSpec, text: string) {
    await this.guard(async () => {
      const started = await api.runStart(spec);
      if (started.kind === 'started') {
        this.runText = text;
        await this.follow(started.runId);
        this.goto('3C');
      } else if (started.kind === 'failed') {
        this.fault = started.fault;
      }
    });
  }

  /** Begins to show a run from its first line. */
  async follow(runId: string) {
    this.runId = runId;
    this.lines = [];
    this.batch = undefined;
    this.runStarted = Date.now();
    this.lastMessage = Date.now();
    await api.runAttach(runId, 0);
  }

  private take(batch: c.RunBatch) {
    void api.runAck(batch.runId, batch.batch);
    if (batch.runId !== this.runId) return;
    this.lines = append(this.lines, batch.items);
    if (batch.prompt && batch.prompt.call !== this.batch?.prompt?.call) this.said = `The endpoint asks: ${batch.prompt.caption || batch.prompt.message}`;
    this.batch = batch;
    this.lastMessage = Date.now();
    if (batch.state.kind === 'ended' && this.screen === '3C') {
      this.said = 'The command has ended.';
      this.goto('3D');
    }
  }

  async close(spec: c.CloseSpec) {
    this.goto('4B');
    await this.guard(async () => {
      const result = await api.sessionClose(spec);
      if (result.kind === 'closed') {
        this.summary = result.summary;
        this.session = undefined;
        this.goto('4C');
      } else {
        this.screen = '4A';
        this.fault = result.fault;
      }
    });
  }

  /** Does something whose failure is shown on this screen. */
  async guard(work: () => Promise<unknown>) {
    try {
      await work();
    } catch (fault) {
      this.fault = asFault(fault);
    }
  }
}

/** What a call threw: a fault of the app, or ours. */
function asFault(thrown: unknown): c.Fault {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as c.Fault;
  return { code: 'PEP-9001', blame: 'app', next: 'askSupport', values: {}, detail: [String(thrown)] };
}

export const app = new AppState();

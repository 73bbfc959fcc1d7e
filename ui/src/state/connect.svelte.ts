import * as api from '../host/commands';
import type * as c from '../host/contract';
import { app } from './app.svelte';
import { clock } from './clock.svelte';
import { find } from './find.svelte';
import { run } from './run.svelte';

const placeOf = (address: c.EndpointAddress): string => `${address.host}:${address.port}`;

/** Whether the endpoint has no such session any more: it does not know it, or has ended it. */
export const gone = ({ code }: c.Fault): boolean => code === 'PEP-5104' || code === 'PEP-6102';

/** Step 2: who it is, signing in, and the session that comes of it. */
class Connect {
  question = $state<c.IdentityQuestion>();
  account = $state('');
  /** Whether a password is kept for this account. */
  kept = $state(false);
  stages = $state<c.ConnectStage[]>([]);
  stageBegan = $state(0);
  session = $state<c.SessionSnapshot>();
  /** When what the session says of itself was told, in milliseconds since 1970. */
  toldMs = $state(0);
  /** Since when the connection is not as it should be, in milliseconds since 1970. */
  troubleMs = $state(0);
  /** Why the password was not kept, though that was asked for. */
  notKept = $state<c.Fault>();
  /** The ways to sign in here; nothing in practice. */
  ways = $state<c.SignInWays>();
  /** The way that the person chose; nothing for the usual one. */
  way = $state<c.SignInWay | null>(null);
  /** Whether NTLM may be chosen, because Kerberos was not possible. */
  mayFallBack = $state(false);
  /** Why Kerberos was not possible, by word key. */
  reason = $state('');
  /** Whether the tickets of this computer are used instead of a password. */
  useTickets = $state(false);
  /** The session that was left and is to be closed by this one. */
  leftover = $state<c.UnfinishedSession>();
  /** The session that was left and is taken over. */
  resumed = $state<c.UnfinishedSession>();
  private wanted = false;

  listen() {
    api.listen<c.ConnectStage>('connect-stage', (stage) => {
      this.stages = [...this.stages.filter((known) => known.stage !== stage.stage), stage];
      this.stageBegan = Date.now();
    });
    api.listen<c.SessionSnapshot>('session', (session) => {
      if (this.session) this.told(session);
    });
  }

  told(session: c.SessionSnapshot) {
    const trouble = session.state.kind === 'retrying' || session.state.kind === 'lost';
    if (!trouble) this.troubleMs = 0;
    else if (this.troubleMs === 0) this.troubleMs = Date.now();
    this.toldMs = Date.now();
    this.session = session;
  }

  /** Seconds until the connection is given up. */
  get left(): number {
    const state = this.session?.state;
    if (state?.kind !== 'retrying') return 0;
    return Math.max(0, Math.round(state.giveUpInS - (clock.ms - this.toldMs) / 1000));
  }

  /** Nothing that was left is meant any more. */
  anew() {
    this.leftover = undefined;
    this.resumed = undefined;
  }

  /** Goes to the instance of a session that was left, to close it properly. */
  async closeLeftover(left: c.UnfinishedSession) {
    this.resumed = undefined;
    this.leftover = left;
    await this.goBackTo(left);
  }

  /** Goes to the instance of a session that was left, to take it over with what runs in it. */
  async resume(left: c.UnfinishedSession) {
    this.leftover = undefined;
    this.resumed = left;
    await this.goBackTo(left);
  }

  private async goBackTo(left: c.UnfinishedSession) {
    const stamp = app.snapshot?.stamps.find((one) => one.id === left.stampId);
    if (!stamp) return;
    find.stamp = stamp;
    find.address = stamp.addresses.find((one) => placeOf(one) === left.endpoint || one.host === left.endpoint);
    this.account = left.account;
    // An instance that the stamp does not name any more is chosen by hand.
    if (find.address) await this.whoIsThere();
    else await find.reach(stamp);
  }

  async abandon(left: c.UnfinishedSession) {
    await app.guard(async () => (app.snapshot = await api.recordAbandon(left.recordId)));
  }

  /** Looks who is there before the password is typed; an endpoint that proves its name later is not asked. */
  async whoIsThere(way: c.SignInWay | null = null) {
    const { stamp, address } = find;
    if (!stamp || !address) return;
    this.way = way;
    this.useTickets = false;
    this.fillAccount(stamp);
    await app.guard(async () => {
      const result = await api.sessionInspect(stamp.id, $state.snapshot(address), way);
      if (result.kind === 'identity') {
        this.question = result.question;
        app.goto('2B');
      } else if (result.kind === 'failed') {
        app.fault = result.fault;
      } else {
        await this.toSignIn();
      }
    });
  }

  async toSignIn(fault?: c.Fault) {
    const { stamp, address } = find;
    app.goto('2A', fault);
    this.kept = false;
    this.mayFallBack = false;
    if (stamp && this.account) this.kept = await api.secretHas(stamp.id, this.account);
    this.ways = undefined;
    // What forbids every way has been said before.
    if (stamp && address && !stamp.practice)
      this.ways = await api.signInWays(stamp.id, $state.snapshot(address)).catch(() => undefined);
  }

  /** Signs in with NTLM: this time, or whenever this stamp cannot prove its names. */
  async useNtlm(always: boolean) {
    if (always) await this.setFallBack('allow');
    // The system was asked too, and may have said No.
    if (!always || (!app.fault && find.stamp?.fallBack === 'allow')) await this.whoIsThere('ntlm');
  }

  /** Decides what is done where this stamp cannot prove its names. */
  async setFallBack(fallBack: c.FallBack) {
    const { stamp } = find;
    if (!stamp) return;
    await app.guard(async () => {
      app.snapshot = await api.stampFallBack(stamp.id, fallBack);
      find.stamp = app.snapshot.stamps.find((one) => one.id === stamp.id) ?? stamp;
      if (this.ways) this.ways.fallBack = find.stamp.fallBack;
    });
  }

  private fillAccount(stamp: c.StampProfile) {
    const domain = stamp.netbiosDomain;
    if (stamp.practice) this.account = app.snapshot?.practice.account ?? '';
    else if (this.account === '' || !this.account.toLowerCase().startsWith(domain.toLowerCase()))
      this.account = domain === '' ? '' : `${domain}\\CloudAdmin`;
  }

  async decide(decision: c.IdentityDecision) {
    const { stamp, address } = find;
    if (!stamp || !address) return;
    await app.guard(async () => {
      await api.sessionTrust(stamp.id, $state.snapshot(address), decision);
      await this.toSignIn();
    });
  }

  /** Connects. The password goes straight through and is kept nowhere here. */
  async open(password: string | null, remember: boolean) {
    const { stamp, address } = find;
    if (!stamp || !address) return;
    const tickets = this.useTickets;
    const account = (tickets && this.ways?.tickets) || this.account;
    this.stages = [];
    this.stageBegan = Date.now();
    this.wanted = true;
    app.goto('2C');
    const place = { stampId: stamp.id, address: $state.snapshot(address), way: this.way };
    const recordId = this.resumed?.recordId ?? null;
    const signIn = { ...place, account, password: tickets ? null : password, remember, tickets, recordId };
    await app.guard(async () => this.opened(await api.sessionOpen(signIn)));
  }

  private async opened(result: c.ConnectResult) {
    switch (result.kind) {
      case 'open':
        this.told(result.session);
        this.notKept = result.notKept ?? undefined;
        await app.refresh();
        this.resumed = undefined;
        if (result.session.activeRun !== null) await run.follow(result.session.activeRun);
        else app.goto(this.leftover ? '4A' : '3A');
        break;
      case 'identity':
        this.question = result.question;
        app.goto('2B');
        break;
      case 'fallBack':
        this.reason = result.fault.values['reason'] ?? '';
        await this.toSignIn(result.fault);
        this.mayFallBack = true;
        break;
      case 'cancelled':
        if (this.wanted) await this.toSignIn();
        break;
      case 'failed':
        // What is wrong with the account or the password is said beside the field.
        if (result.fault.code.startsWith('PEP-4')) await this.toSignIn(result.fault);
        else app.fault = result.fault;
        // What cannot be taken over any more can still be closed: a new session ships its transcripts.
        if (this.resumed && gone(result.fault)) {
          this.leftover = this.resumed;
          this.resumed = undefined;
        }
    }
  }

  async cancel() {
    await api.sessionCancel();
  }

  /** The session is over. */
  ended() {
    this.session = undefined;
    this.way = null;
    this.anew();
    this.notKept = undefined;
    this.troubleMs = 0;
  }
}

export const connect = new Connect();

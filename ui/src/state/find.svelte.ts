import * as api from '../host/commands';
import type * as c from '../host/contract';
import { app } from './app.svelte';
import { clock } from './clock.svelte';
import { addresses, firstName, ticked, wantsDecision } from './found';
import { GRACE, suggested } from './probe';

/** How a person knows the address. */
export type Source = 'file' | 'portal' | 'given' | 'names' | 'arm' | 'known';

const key = (address: { host: string; port: number }): string => `${address.host}:${address.port}`;

/** Step 1: the stamp, its instances, and which of them answers. */
class Find {
  source = $state<Source>('file');
  /** Text that was pasted, and addresses that were typed. */
  pasted = $state('');
  typed = $state('');
  prefix = $state('');
  domain = $state('');
  portal = $state('');
  name = $state('');
  fileName = $state('');
  /** What was found, before it is kept. */
  found = $state<c.Found>();
  /** The addresses that are ticked. */
  places = $state<string[]>([]);
  /** Whether the former deployment is forgotten. */
  forgetFormer = $state(false);
  /** The stamp that is worked with. */
  stamp = $state<c.StampProfile>();
  /** The instance that is used. */
  address = $state<c.EndpointAddress>();
  probes = $state<Record<string, c.ProbeUpdate>>({});
  /** What was removed with the stamp that was forgotten last, and its name. */
  forgotten = $state<{ name: string; removed: c.StampForgotten }>();
  /** The file into which a stamp was written last. */
  exported = $state('');
  private began = $state<Record<string, number>>({});
  private grace: ReturnType<typeof setTimeout> | undefined;

  listen() {
    api.listen<c.ProbeUpdate>('probe', (update) => this.probed(update));
    // A file that was dropped on the window, or opened with the app while it runs.
    api.listen<number>('file', (index) => void this.opened(index));
  }

  /** Begins 1A anew, with a file that was given where there is one. */
  begin(index: number | null = (app.snapshot?.fileArguments ?? 0) > 0 ? 0 : null) {
    this.source = 'file';
    this.pasted = this.typed = this.prefix = this.domain = this.portal = '';
    this.forgetRead();
    app.goto('1A');
    if (index !== null) void this.load({ kind: 'argument', index });
  }

  private async opened(index: number) {
    if (app.screen === '0') this.begin(index);
    else if (app.screen === '1A') await this.load({ kind: 'argument', index });
  }

  pick(source: Source) {
    this.source = source;
    this.forgetRead();
    app.fault = undefined;
  }

  forgetRead() {
    this.found = undefined;
    this.places = [];
    this.forgetFormer = false;
    this.name = '';
    this.fileName = '';
  }

  /** Shows what was found. */
  take(found: c.Found) {
    // A name that was typed already is the person's choice.
    const name = this.name.trim() === '' || this.source === 'file' ? firstName(found) : this.name;
    this.forgetRead();
    this.found = found;
    this.places = ticked(found);
    this.name = name;
  }

  async load(source: c.StampImport) {
    const isFile = source.kind === 'choose' || source.kind === 'argument' || source.kind === 'content';
    if (isFile) this.source = 'file';
    await app.guard(async () => {
      const result = await api.stampImport(source);
      if (result.kind === 'read') this.take(result.found);
      else if (result.kind === 'refused') {
        this.forgetRead();
        app.fault = result.fault;
      }
      if (result.kind === 'read' && source.kind === 'content') this.fileName = source.fileName;
    });
  }

  /** Reads a file that the person chose or dropped. */
  async loadFile(file: File) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    await this.load({ kind: 'content', fileName: file.name, base64: btoa(binary) });
  }

  /** Whether there is something to look for. */
  get ready(): boolean {
    if (this.found) return this.places.length > 0;
    if (this.source === 'portal') return this.pasted.trim() !== '';
    if (this.source === 'given') return this.typed.trim() !== '';
    return this.source === 'names' && `${this.prefix}${this.domain}`.trim() !== '';
  }

  /** Asks the source that is chosen. */
  async look() {
    const { source, prefix, domain } = this;
    if (source === 'portal') await this.load({ kind: 'text', text: this.pasted });
    else if (source === 'given') await this.load({ kind: 'typed', text: this.typed });
    else if (source === 'names') await this.load({ kind: 'names', prefix, domain });
  }

  /** What follows from the address of a portal. */
  async lookAtPortal() {
    await this.load({ kind: 'portal', address: this.portal });
  }

  async openPortal(address = this.portal) {
    await app.guard(() => api.portalOpen(address));
  }

  /** The address that was typed is the portal's: there is a place for it. */
  async useAsPortal() {
    this.portal = this.typed.trim();
    this.pick('portal');
    await this.lookAtPortal();
  }

  /** Keeps what was found, and goes on to its instances. What may be another stamp is shown before. */
  async check() {
    const shown = this.found !== undefined;
    if (!shown) await this.look();
    const { found } = this;
    if (!found || this.places.length === 0) return;
    // A decision stays to be taken, and guesses to be looked at.
    if (!shown && (wantsDecision(found.relation) || this.source === 'names')) return;
    const stamp = {
      ...$state.snapshot(found.stamp),
      name: this.name.trim() || found.stamp.name,
      addresses: addresses($state.snapshot(found) as c.Found, this.places),
    };
    await app.guard(async () => {
      const kept = await api.stampKeep(stamp, this.forgetFormer);
      app.snapshot = kept.snapshot;
      await this.reach(kept.stamp);
      app.fault = kept.faults[0];
    });
  }

  /** Checks all instances of a stamp. */
  async reach(stamp: c.StampProfile) {
    this.stamp = stamp;
    this.address = undefined;
    app.goto('1B');
    await this.checkAgain();
  }

  async checkAgain() {
    const { stamp } = this;
    if (!stamp) return;
    this.probes = {};
    this.began = Object.fromEntries(stamp.addresses.map((one) => [key(one), Date.now()]));
    clearTimeout(this.grace);
    this.grace = setTimeout(() => this.suggest(), GRACE);
    await app.guard(() => api.endpointProbe(stamp.id, $state.snapshot(stamp.addresses)));
  }

  async stopChecking() {
    await app.guard(() => api.endpointProbeCancel());
  }

  /** Forgets a stamp; its records stay unless they are to go as well. */
  async forget(stamp: c.StampProfile, records: boolean) {
    await app.guard(async () => {
      const removed = await api.stampForget(stamp.id, records);
      app.snapshot = removed.snapshot;
      this.forgotten = { name: stamp.name, removed };
      app.fault = removed.faults[0];
    });
  }

  async rename(stamp: c.StampProfile, name: string) {
    await app.guard(async () => (app.snapshot = await api.stampRename(stamp.id, name)));
  }

  /** Writes a stamp into a file to be handed on. */
  async export(stamp: c.StampProfile) {
    this.exported = '';
    await app.guard(async () => (this.exported = (await api.stampExport(stamp.id)) ?? ''));
  }

  probe = (one: c.EndpointAddress): c.ProbeUpdate | undefined => this.probes[key(one)];

  /** For how long an instance has been looked at, in milliseconds. */
  waited = (one: c.EndpointAddress): number => Math.max(0, clock.ms - (this.began[key(one)] ?? clock.ms));

  private probed(update: c.ProbeUpdate) {
    this.probes = { ...this.probes, [key(update)]: update };
    this.suggest();
  }

  private suggest() {
    const sinceBegin = (one: c.EndpointAddress) => Date.now() - (this.began[key(one)] ?? 0);
    this.address ??= suggested(this.stamp?.addresses ?? [], this.probe, sinceBegin);
  }
}

export const find = new Find();

import * as api from '../host/commands';
import type * as c from '../host/contract';
import { app } from './app.svelte';
import { clock } from './clock.svelte';

/** How a person knows the address. */
export type Source = 'file' | 'portal' | 'given';

const key = (address: { host: string; port: number }): string => `${address.host}:${address.port}`;

/** Step 1: the stamp, its instances, and which of them answers. */
class Find {
  source = $state<Source>('file');
  text = $state('');
  name = $state('');
  fileName = $state('');
  /** What was read, before it is kept. */
  read = $state<c.StampProfile>();
  fields = $state<c.ReadField[]>([]);
  /** The stamp that is worked with. */
  stamp = $state<c.StampProfile>();
  /** The instance that is used. */
  address = $state<c.EndpointAddress>();
  probes = $state<Record<string, c.ProbeUpdate>>({});
  private began = $state<Record<string, number>>({});

  listen() {
    api.listen<c.ProbeUpdate>('probe', (update) => this.probed(update));
    // A file that was dropped on the window, or opened with the app while it runs.
    api.listen<number>('file', (index) => void this.load({ kind: 'argument', index }));
  }

  /** Begins 1A anew. */
  begin() {
    this.source = 'file';
    this.text = '';
    this.forgetRead();
    app.goto('1A');
    if ((app.snapshot?.fileArguments ?? 0) > 0) void this.load({ kind: 'argument', index: 0 });
  }

  forgetRead() {
    this.read = undefined;
    this.fields = [];
    this.name = '';
    this.fileName = '';
  }

  async load(source: c.StampImport) {
    await app.guard(async () => {
      const result = await api.stampImport(source);
      if (result.kind === 'read') {
        this.read = result.stamp;
        this.fields = result.read;
        // A name that was typed already is the person's choice.
        if (source.kind !== 'text' || this.name.trim() === '') this.name = result.stamp.name;
        if (source.kind !== 'text') this.source = 'file';
        this.fileName = source.kind === 'content' ? source.fileName : '';
      } else if (result.kind === 'refused') {
        this.forgetRead();
        app.fault = result.fault;
      }
    });
  }

  /** Reads a file that the person chose or dropped. */
  async loadFile(file: File) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    await this.load({ kind: 'content', fileName: file.name, base64: btoa(binary) });
  }

  /** Keeps what was read or typed, and goes on to its instances. */
  async check() {
    if (!this.read && this.text.trim() !== '') await this.load({ kind: 'text', text: this.text });
    if (!this.read) return;
    const stamp = { ...$state.snapshot(this.read), name: this.name.trim() || this.read.name };
    await app.guard(async () => {
      app.snapshot = await api.stampKeep(stamp);
      await this.reach(stamp);
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
    await app.guard(() => api.endpointProbe(stamp.id, $state.snapshot(stamp.addresses)));
  }

  async stopChecking() {
    await app.guard(() => api.endpointProbeCancel());
  }

  /** Forgets a stamp; its records stay unless they are to go as well. */
  async forget(stampId: string, records: boolean) {
    await app.guard(async () => {
      const forgotten = await api.stampForget(stampId, records);
      app.snapshot = forgotten.snapshot;
      app.fault = forgotten.faults[0];
    });
  }

  probe = (one: c.EndpointAddress): c.ProbeUpdate | undefined => this.probes[key(one)];

  /** For how long an instance has been looked at, in milliseconds. */
  waited = (one: c.EndpointAddress): number => Math.max(0, clock.ms - (this.began[key(one)] ?? clock.ms));

  private probed(update: c.ProbeUpdate) {
    this.probes = { ...this.probes, [key(update)]: update };
    const first = this.stamp?.addresses.find((one) => this.probe(one)?.usable);
    if (first && !this.address) this.address = first;
  }
}

export const find = new Find();

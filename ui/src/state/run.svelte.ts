import * as api from '../host/commands';
import type * as c from '../host/contract';
import { word } from '../words';
import { announcement, type Spoken } from './announce';
import { app } from './app.svelte';
import { append } from './ring';

/** Step 3: the command that is chosen, the run that comes of it, and what it gives. */
class Run {
  chosen = $state<c.CatalogueEntry>();
  /** What 3B begins with, when another screen knows something already. */
  given = $state<{ from?: string; to?: string }>({});
  id = $state<string>();
  lines = $state.raw<c.RunItem[]>([]);
  batch = $state.raw<c.RunBatch>();
  /** The guarded command that waits for its confirmation: what must be typed, and what it may do. */
  ticket = $state<{ ticket: string; risk: c.Risk; phrase: string }>();
  /** Whether the last guarded command was not confirmed, so that nothing ran. */
  notConfirmed = $state(false);
  /** Since when a question waits, in milliseconds since 1970. */
  askedMs = $state(0);
  private spoken: Spoken = { share: 0, warnings: 0, atMs: 0 };

  listen() {
    api.listen<c.RunBatch>('run', (batch) => this.take(batch));
  }

  get result(): c.RunResult | undefined {
    return this.batch?.state.kind === 'ended' ? this.batch.state.result : undefined;
  }

  choose(entry: c.CatalogueEntry, given: { from?: string; to?: string } = {}) {
    this.chosen = entry;
    this.given = given;
    this.dropTicket();
    app.goto('3B');
    void this.describe(entry.name);
  }

  /** Asks the endpoint for the parameters that it offers; without its word the built-in description serves. */
  private async describe(name: string) {
    try {
      const described = await api.commandDescribe(name);
      if (this.chosen?.name === name) this.chosen = described;
    } catch {
      // What is known about the command is shown already.
    }
  }

  /** What is changed after a guarded command was asked for makes it another command. */
  dropTicket() {
    this.ticket = undefined;
    this.notConfirmed = false;
  }

  preview = (spec: c.RunSpec): Promise<c.RunPreview> => api.runPreview(spec);

  async start(spec: c.RunSpec) {
    await app.guard(async () => this.started(await api.runStart(spec)));
  }

  /** Runs the guarded command after what was typed; the operating system asks as well. */
  async confirm(typed: string) {
    const { ticket } = this;
    if (ticket) await app.guard(async () => this.started(await api.runConfirm(ticket.ticket, typed)));
  }

  private async started(start: c.RunStart) {
    this.dropTicket();
    if (start.kind === 'started') await this.follow(start.runId);
    else if (start.kind === 'needsConfirmation') this.ticket = start;
    else if (start.kind === 'notConfirmed') this.notConfirmed = true;
    else app.fault = start.fault;
  }

  /** Shows a run from its first line. */
  async follow(runId: string) {
    this.id = runId;
    this.lines = [];
    this.batch = undefined;
    this.spoken = { share: 0, warnings: 0, atMs: 0 };
    app.goto('3C');
    await api.runAttach(runId, 0);
  }

  async stop() {
    const { id } = this;
    if (id) await app.guard(() => api.runStop(id));
  }

  async answer(call: number, answer: c.PromptAnswer) {
    const { id } = this;
    if (id) await app.guard(() => api.promptAnswer(id, call, answer));
  }

  private take(batch: c.RunBatch) {
    void api.runAck(batch.runId, batch.batch);
    if (batch.runId !== this.id) return;
    const before = this.batch;
    this.lines = append(this.lines, batch.items, batch.droppedFromView);
    this.chosen ??= app.snapshot?.catalogue.find((entry) => entry.name === batch.cmdlet);
    if (batch.prompt && batch.prompt.call !== before?.prompt?.call) {
      this.askedMs = Date.now();
      app.alarm = word('say.asks', { what: batch.prompt.caption || batch.prompt.message });
    }
    const next = announcement(before, batch, this.spoken, Date.now());
    if (next) {
      this.spoken = next.spoken;
      app.said = next.text;
    }
    this.batch = batch;
    if (batch.state.kind === 'ended' && app.screen === '3C') app.goto('3D');
  }
}

export const run = new Run();

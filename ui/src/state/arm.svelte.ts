import * as api from '../host/commands';
import type * as c from '../host/contract';
import { app } from './app.svelte';
import { find } from './find.svelte';

/** Asking the administrator Resource Manager: who signs in, whose certificate counts. The token never comes here. */
class Arm {
  address = $state('');
  step = $state<c.ArmStep>();
  /** Somebody is waited for. */
  waits = $state(false);
  private byCode = false;
  private asked = 0;

  /** Begins anew; whatever was waited for is given up. */
  forget() {
    if (this.waits) void api.armCancel();
    this.asked += 1;
    this.waits = false;
    this.step = undefined;
  }

  async begin(byCode: boolean) {
    this.forget();
    find.forgetRead();
    this.byCode = byCode;
    const mine = this.asked;
    await app.guard(async () => {
      const step = await api.armBegin({ address: this.address, byCode });
      if (mine === this.asked) this.told(step);
    });
    if (this.step?.kind === 'signIn') void this.finish();
  }

  /** Opens the page of the sign-in again. */
  async open() {
    await app.guard(() => api.armOpen());
  }

  cancel() {
    this.forget();
  }

  /** Trusts a root for this stamp, and asks again. */
  async trust(root: c.RootChoice) {
    let trusted = false;
    await app.guard(async () => (trusted = await api.armTrust(root)));
    if (trusted) await this.begin(this.byCode);
    // An offer serves once: it is asked for anew.
    else if (!app.fault) await this.begin(this.byCode);
  }

  private async finish() {
    const mine = this.asked;
    this.waits = true;
    try {
      const step = await api.armFinish();
      if (mine === this.asked) this.told(step);
    } catch (thrown) {
      if (mine === this.asked) await app.guard(() => Promise.reject(thrown));
    } finally {
      if (mine === this.asked) this.waits = false;
    }
  }

  private told(step: c.ArmStep) {
    this.step = step.kind === 'nothing' || step.kind === 'read' ? undefined : step;
    if (step.kind === 'read') find.take(step.found);
    if (step.kind === 'failed') app.fault = step.fault;
  }
}

export const arm = new Arm();

import * as api from '../host/commands';
import type * as c from '../host/contract';
import type { Screen } from './wizard';

/** What every screen shares: which one is shown, what the app told at the start, and what went wrong. */
class App {
  screen = $state<Screen>('0');
  /** Counts arrivals, so that arriving at the same screen again moves the focus again. */
  visits = $state(0);
  snapshot = $state<c.AppSnapshot>();
  /** What went wrong on the screen that is shown. */
  fault = $state<c.Fault>();
  /** Something asked the app to wait for an answer; buttons that would ask again are off. */
  busy = $state(false);
  asksToQuit = $state(false);
  /** Said to those who cannot see the change: politely, or at once. */
  said = $state('');
  alarm = $state('');

  /** Shows a screen; what went wrong on the one before is over. */
  goto(screen: Screen, fault?: c.Fault) {
    this.fault = fault;
    this.screen = screen;
    this.visits += 1;
  }

  async refresh(): Promise<c.AppSnapshot> {
    const snapshot = await api.appSnapshot();
    this.snapshot = snapshot;
    return snapshot;
  }

  /** Does something whose failure is shown on this screen. */
  async guard(work: () => Promise<unknown>) {
    this.fault = undefined;
    this.busy = true;
    try {
      await work();
    } catch (thrown) {
      this.fault = asFault(thrown);
    } finally {
      this.busy = false;
    }
  }

  /** Ends the app as the person chose. */
  async quit(choice: c.QuitChoice) {
    this.asksToQuit = false;
    await this.guard(() => api.appQuit(choice));
  }
}

/** What a call threw: a fault of the app, or ours. */
export function asFault(thrown: unknown): c.Fault {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as c.Fault;
  return { code: 'PEP-9001', blame: 'app', next: 'askSupport', values: {}, detail: [String(thrown)] };
}

export const app = new App();

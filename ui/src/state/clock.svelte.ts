/** The time of this computer, for what counts on the page. */
class Clock {
  ms = $state(Date.now());

  /** Ticks until the answer is called. */
  start(): () => void {
    const timer = setInterval(() => (this.ms = Date.now()), 1000);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();

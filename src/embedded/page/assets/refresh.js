// When the page asks again: on an interval, never while the last question is open, and not in a hidden tab.

import { durationMs } from './time/interval.js';

export const REFRESH_INTERVALS = ['1s', '5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h'];

export class Refresher {
  /** `act()` asks everything and resolves when all is answered. */
  constructor(act) {
    this.act = act;
    this.text = null;
    this.timer = null;
    this.running = null;
    this.held = false;
    document.addEventListener('visibilitychange', () => this.woken());
  }

  /** `5s` and the like; `null` stops. */
  set(text) {
    this.text = text || null;
    this.plan();
  }

  /** Stops the interval while the server is away. */
  hold(held) {
    if (this.held === held) return;
    this.held = held;
    this.plan();
  }

  /** Asks at once, whatever the interval; the open question, if any, is not waited for. */
  now() {
    return this.run();
  }

  plan() {
    clearTimeout(this.timer);
    const interval = durationMs(this.text ?? '');
    if (!interval || this.held) return;
    const since = performance.now() - (this.began ?? performance.now());
    this.timer = setTimeout(() => this.due(), Math.max(interval - since, 0));
  }

  due() {
    // a hidden tab asks again when it is looked at
    if (document.hidden || this.running) return;
    this.run();
  }

  woken() {
    if (!document.hidden && this.text && !this.held && !this.running) this.plan();
  }

  async run() {
    const run = {};
    this.running = run;
    this.began = performance.now();
    clearTimeout(this.timer);
    try {
      await this.act();
    } finally {
      if (this.running === run) {
        this.running = null;
        this.plan();
      }
    }
  }
}

/** Time that moves to the next alarm as soon as nothing is left to do at the current time. */
import { setImmediate } from "node:timers";

/** A call at a later time. */
export interface Alarm {
  readonly at: number;
  /** Keeps alarms for the same time in the order in which they were set. */
  readonly order: number;
  /** Null once it has happened or was cancelled. */
  action: (() => void) | null;
}

/** A clock in ms from 0, and its alarms. It does not depend on the speed of the machine. */
export class VirtualTime {
  #now = 0;
  #orders = 0;
  /** Work in real time that must end before this time moves on. */
  #held = 0;
  /** A binary heap, the next one first. */
  readonly #alarms: Alarm[] = [];

  /** ms since it started. */
  get now(): number {
    return this.#now;
  }

  /** Calls `action` once, `ms` from now. */
  after(ms: number, action: () => void): Alarm {
    const alarm = { at: this.#now + Math.max(0, ms), order: this.#orders++, action };
    const alarms = this.#alarms;
    let at = alarms.push(alarm) - 1;
    for (let above = (at - 1) >> 1; at > 0 && isBefore(alarm, alarms[above]!); above = (at - 1) >> 1) {
      alarms[at] = alarms[above]!;
      at = above;
    }
    alarms[at] = alarm;
    return alarm;
  }

  /** Resolves `ms` from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Waits for work that takes real time; virtual time stands still meanwhile. */
  async real<T>(work: Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work;
    } finally {
      this.#held--;
    }
  }

  /**
   * Lets time pass until `work` settles, and returns its result. At each time, every promise that can settle does so
   * before time moves on. Throws an Error if no alarm is left.
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => void (isOver = true);
    work.then(end, end);
    while (!isOver) {
      // Microtasks come before this, however many there are.
      do await new Promise<void>((resolve) => setImmediate(resolve)); while (this.#held > 0);
      if (isOver) break;
      const alarm = this.#next();
      if (alarm === null) throw new Error(`Nothing is left to happen after ${this.#now} ms`);
      this.#now = alarm.at;
      const action = alarm.action!;
      alarm.action = null;
      action();
    }
    return await work;
  }

  /** Removes the next alarm that was not cancelled; null if there is none. */
  #next(): Alarm | null {
    const alarms = this.#alarms;
    for (;;) {
      const first = alarms[0];
      if (first === undefined) return null;
      const last = alarms.pop()!;
      if (first !== last) this.#sink(last);
      if (first.action !== null) return first;
    }
  }

  /** Replaces the first alarm with this one, and moves it to its place. */
  #sink(alarm: Alarm): void {
    const alarms = this.#alarms;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= alarms.length) break;
      if (below + 1 < alarms.length && isBefore(alarms[below + 1]!, alarms[below]!)) below++;
      if (!isBefore(alarms[below]!, alarm)) break;
      alarms[at] = alarms[below]!;
      at = below;
    }
    alarms[at] = alarm;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.at < other.at || one.at === other.at && one.order < other.order;
}

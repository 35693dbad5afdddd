/** Holds a trade with a suspect time until the next trade confirms it. */
import type { Slots, Tick } from "../domain/market/tick.ts";
import { DAY, HOUR, isoTime } from "../domain/numbers/time.ts";
import type { HeldTrade, Suspect } from "./held_trade.ts";

const YEAR = 366 * DAY;

/**
 * Checks the times of trades with correct ids. With a time of arrival, a trade is suspect when its time is more than an
 * hour from its arrival and from the trade before it. Without one, in files, it is suspect when its time is more than a
 * day from the trade before it. The next trade confirms it unless that trade is more than a day earlier, or a year
 * later, than the suspect. Without this check, one wrong time could end cooldowns and daily halts, and decide how
 * equity is sampled.
 */
export class TimeCheck {
  readonly #refuse: (suspect: Suspect) => void;
  /** The first trade of a file: there is none before it, so later ones have to confirm it. */
  #first: HeldTrade | null = null;
  #suspect: HeldTrade | null = null;

  /** `refuse` is called for every rejected trade; its errors are thrown. */
  constructor(refuse: (suspect: Suspect) => void) {
    this.#refuse = refuse;
  }

  /** Whether a trade waits. */
  get isHolding(): boolean {
    return this.#first !== null || this.#suspect !== null;
  }

  /** Whether the first trade of a file waits. */
  get hasFirst(): boolean {
    return this.#first !== null;
  }

  /** The first trade of a file, which waits no longer; null if it does not wait. */
  takeFirst(): HeldTrade | null {
    const first = this.#first;
    this.#first = null;
    return first;
  }

  /**
   * The trades that are due now, in order; `time` is that of the trade accepted last, µs since 1970, NaN without one.
   */
  check(held: HeldTrade, time: number): Tick[] {
    const { tick } = held;
    const before = this.#first?.tick.time ?? time;
    const suspect = this.#suspect;
    if (tick.late) {
      // Fetched trades never wait: any trade that waited has been yielded before them.
      if (Number.isNaN(before) || isStep(before, tick, held.isBackfilled)) return this.#accept(tick);
      this.#refuse({ held, what: faultOf(held, before) });
      return [];
    }
    if (isOnTime(tick) || isNear(before, tick)) {
      if (suspect !== null) this.#drop(suspect, before, tick);
      return this.#accept(tick);
    }
    if (suspect !== null && confirms(suspect.tick, tick)) {
      const first = this.takeFirst();
      this.#suspect = null;
      const two = [suspect.tick, tick];
      if (first === null) return two;
      if (isStep(first.tick.time, suspect.tick)) return [first.tick, ...two];
      this.#refuse({ held: first, what: faultOf(first, suspect.tick.time) });
      return two;
    }
    if (suspect !== null) this.#drop(suspect, before, tick);
    if (Number.isNaN(before) && tick.receivedAt === 0) {
      if (!held.hasPlace) return [tick];
      this.#first = held;
    } else this.#suspect = held;
    return [];
  }

  /** The suspect trade that nothing confirmed, which waits no longer; null without one. `time` is as in `check`. */
  takeSuspect(time: number): Suspect | null {
    const suspect = this.#suspect;
    this.#suspect = null;
    return suspect && { held: suspect, what: faultOf(suspect, this.#first?.tick.time ?? time) };
  }

  /** The last trade of a file, if it waits only because a market may pause for days; it stops waiting then. */
  takeLast(time: number): Tick | null {
    const tick = this.#suspect?.tick;
    if (tick === undefined || tick.receivedAt > 0 || !isStep(this.#first?.tick.time ?? time, tick)) {
      return null;
    }
    this.#suspect = null;
    return tick;
  }

  #accept(tick: Tick): Tick[] {
    const first = this.takeFirst();
    return first === null ? [tick] : [first.tick, tick];
  }

  /** Refuses the suspect; what was missing before it is missing before `next`. */
  #drop(suspect: HeldTrade, before: number, next: Tick): void {
    this.#suspect = null;
    this.#refuse({ held: suspect, what: faultOf(suspect, before) });
    const { missing, filled, firstId, id } = suspect.tick;
    const slots = next as Slots<Tick, "missing" | "filled">;
    // The ids of the trade in between are part of the hole, because an event names its two ends.
    if (missing > 0 && next.missing >= 0) slots.missing += missing + (id - firstId + 1);
    slots.filled += filled;
  }
}

/** Whether it arrived at about its own time. */
function isOnTime({ time, receivedAt }: Tick): boolean {
  return receivedAt > 0 && Math.abs(time - receivedAt) <= HOUR;
}

/** Whether a trade's time is plausible after one at `before`; false if there was none. */
function isNear(before: number, { time, receivedAt }: Tick): boolean {
  return Math.abs(time - before) <= (receivedAt > 0 ? HOUR : DAY);
}

/** Whether a trade may come after one at `before`: markets pause, and files leave months out. */
function isStep(before: number, { time, receivedAt }: Tick, isBackfilled = false): boolean {
  const step = time - before;
  return receivedAt > 0 && !isBackfilled ? Math.abs(step) <= HOUR : step >= -DAY && step <= YEAR;
}

/** Whether a trade confirms a suspect: by its own time, or because both are equally far from their arrival. */
function confirms(suspect: Tick, tick: Tick): boolean {
  if (isStep(suspect.time, tick)) return true;
  const lag = tick.receivedAt - tick.time;
  return tick.receivedAt > 0 && Math.abs(lag - (suspect.receivedAt - suspect.time)) <= HOUR;
}

function faultOf({ tick }: HeldTrade, before: number): string {
  const { id, time, receivedAt } = tick;
  const others = [
    ...(Number.isNaN(before) ? [] : [`that of the trade before, ${isoTime(before)}`]),
    ...(receivedAt > 0 ? [`its arrival, ${isoTime(receivedAt)}`] : []),
  ].join(", and from ");
  return `the time of trade ${id}, ${
    isoTime(time)
  }, is far from ${others}, and the next trade did not confirm it`;
}

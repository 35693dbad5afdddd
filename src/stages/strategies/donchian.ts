/** Donchian's channel: long above the highest close of some bars, flat below the lowest of others. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import { MAX_WINDOW, powerOfTen, priceText } from "../../domain/numbers/price.ts";
import { Extreme } from "../indicators/extreme.ts";
import type { Closes } from "../indicators/indicator.ts";
import { RecentCloses } from "../indicators/recent_closes.ts";
import type { Strategy } from "./strategy.ts";
import { strategyKind, windowOption } from "./strategy_kind.ts";

/**
 * Long when a close is above the highest close of the `entry` bars before it, flat when it is below the lowest of the
 * `exit` bars before it, otherwise unchanged. It compares exactly, and has no target before the first bar that has the
 * whole longer window before it. Richard Donchian's rule, in the two windows of the Turtles (Curtis Faith, Way of the
 * Turtle, 2007), over closes.
 */
export class Donchian implements Strategy {
  readonly label: string;
  readonly remembers: number;
  readonly seesOnlyCloses = true;
  /** The channel of the bars before the last one. */
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  /** The channel that includes the last bar. */
  readonly #recent: RecentCloses;

  /** Windows in bars, 1 to 1,000,000; a RangeError otherwise. */
  constructor(entry: number, exit: number) {
    this.label = `donchian(${entry},${exit})`;
    this.#highest = new Extreme("highest", entry);
    this.#lowest = new Extreme("lowest", exit);
    this.remembers = Math.max(entry, exit) + 1;
    this.#recent = new RecentCloses(this.remembers);
  }

  add({ close, decimals }: Bar): Target {
    this.#take(close, decimals);
    if (!this.isReady) return 0;
    return this.#highest.isBeyond(close) ? 1 : this.#lowest.isBeyond(close) ? -1 : 0;
  }

  #take(close: number, decimals: number): void {
    const recent = this.#recent;
    const { count, last } = recent;
    const before = last * powerOfTen(decimals - recent.decimals);
    recent.add(close, decimals);
    if (count === 0) return;
    this.#highest.add(before, decimals);
    this.#lowest.add(before, decimals);
  }

  reset(): void {
    this.#recent.reset();
    this.#highest.reset();
    this.#lowest.reset();
  }

  get isReady(): boolean {
    return this.#highest.isReady && this.#lowest.isReady;
  }

  values(): Values | null {
    const [highest, lowest] = [this.#highest.value(), this.#lowest.value()];
    if (highest === null || lowest === null) return null;
    const { last, decimals } = this.#recent;
    return { close: priceText(last, decimals), highest, lowest };
  }

  closes(most: number): Closes {
    return this.#recent.closes(most);
  }

  snapshot(): null {
    return null;
  }

  restore(_: object | null, { decimals, values }: Closes): void {
    this.reset();
    for (const close of values) this.#take(close, decimals);
  }
}

export const DONCHIAN = strategyKind({
  options: {
    entry: windowOption(1, MAX_WINDOW, {
      default: "20",
      help: "long above the highest close of this many bars before",
    }),
    exit: windowOption(1, MAX_WINDOW, {
      default: "10",
      help: "flat below the lowest close of this many bars before",
    }),
  },
  words: ({ entry, exit }, unit) => `Donchian channel: in above ${entry} ${unit}, out below ${exit}`,
  make: ({ entry, exit }) => new Donchian(entry, exit),
});

/** Shows every trade's price to the strategy, whose indicators average it, and adds what the strategy wants then. */
import type { Averaged, Slots, Tick } from "../domain/market/tick.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { Strategy } from "./strategies/strategy.ts";

/** What gaps and resets did to the averages, since they were made. */
export interface AveragesRecord {
  /** How often they started again from empty. */
  readonly emptied: number;
  /** Whether all of them have ever existed. */
  readonly existed: boolean;
}

/** The closes that came in since they were last taken. */
export interface NewCloses extends Closes {
  /** Whether the ones before them no longer count. */
  readonly isFresh: boolean;
}

/** What others may ask of the stage. */
export type KeptAverages = Pick<AverageStage, "record" | "remembers" | "closes" | "takeCloses">;

/** The second stage, for one symbol: a bar is a trade. */
export class AverageStage {
  readonly #strategy: Strategy;
  /** Closes that `takeCloses` has not taken yet, and whether the averages started again among them. */
  #untaken = 0;
  #isFresh = true;
  #emptied = 0;
  #existed = false;

  /** `strategy` is a new one, and from now on this stage's own. */
  constructor(strategy: Strategy) {
    this.#strategy = strategy;
  }

  /** Yields the same ticks, each with what the strategy wants after its price. A gap empties the averages first. */
  *over(ticks: Iterable<Tick>): Generator<Averaged> {
    const strategy = this.#strategy;
    const pulled = ticks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const tick = result.value;
      if (tick.missing !== 0) {
        this.#existed = this.record.existed;
        this.#emptied++;
        this.restart();
      }
      const slots = tick as unknown as Slots<Averaged, "wish" | "readings">;
      slots.wish = strategy.add(tick.price, tick.decimals);
      slots.readings = strategy;
      this.#untaken++;
      yield tick as Averaged;
    }
  }

  /** What gaps and resets have done so far. */
  get record(): AveragesRecord {
    return { emptied: this.#emptied, existed: this.#existed || this.#strategy.isReady };
  }

  /** Empties the averages: an average over a hole is not an average of the last trades. */
  restart(): void {
    this.#strategy.reset();
    this.#untaken = 0;
    this.#isFresh = true;
  }

  /** How many of the last closes `restore` needs; 0 for none. */
  get remembers(): number {
    return this.#strategy.remembers;
  }

  /** The last closes, as `restore` takes them. */
  get closes(): Closes {
    return this.#strategy.closes(this.#strategy.remembers);
  }

  /**
   * The closes since the last call, for a store that keeps only what is new. Appended one after the other since the
   * averages started, the last of them are what `restore` takes.
   */
  takeCloses(): NewCloses {
    const { remembers } = this.#strategy;
    const isFresh = this.#isFresh || this.#untaken >= remembers;
    const { decimals, values } = this.#strategy.closes(Math.min(this.#untaken, remembers));
    this.#untaken = 0;
    this.#isFresh = false;
    return { decimals, values, isFresh };
  }

  /** What the strategy remembers besides closes; null for nothing. */
  snapshot(): object | null {
    return this.#strategy.snapshot();
  }

  /** Restores a snapshot, with the last closes. Throws what the strategy throws for a snapshot that no run can have. */
  restore(snapshot: object | null, closes: Closes): void {
    this.#strategy.restore(snapshot, closes);
    this.#untaken = 0;
    this.#isFresh = false;
  }
}

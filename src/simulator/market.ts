import type { FaultAction, FaultPlan } from "./faults.ts";
import { Tape } from "./tape.ts";
import type { ExchangeTrade } from "./trade.ts";

/** Where trades come from, opened when market time starts. */
export interface MarketSource {
  readonly trades: Iterable<ExchangeTrade>;
  /** The market time at which it starts, in ms; null: that of the first trade. */
  readonly origin: number | null;
}

/** The trades that a market releases, when it releases them, and its faults. */
export interface MarketOptions {
  readonly open: () => MarketSource;
  /** How many times faster than real time; Infinity: trades are released when a connection pulls them. */
  readonly speed: number;
  readonly historyLimit: number;
  readonly faults: FaultPlan;
  readonly onFault: (fault: FaultAction, released: number) => void;
  readonly onEnd: (released: number) => void;
}

/**
 * The most trades released in one turn of the event loop; also how far the market may run ahead of a reader.
 */
const TURN = 1000;
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Releases trades onto the tape when they are due, and faults at their places among them. */
export class Market {
  readonly tape: Tape;
  readonly speed: number;
  readonly #options: MarketOptions;
  readonly #listeners = new Set<() => void>();
  #trades: Iterator<ExchangeTrade> | null = null;
  #next: ExchangeTrade | null = null;
  #origin = 0;
  #startedAt = 0;
  #released = 0;
  readonly #turn: number;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @throws {RangeError} when the speed is not above 0 */
  constructor(options: MarketOptions) {
    if (!(options.speed > 0)) throw new RangeError(`The speed must be above 0: got ${options.speed}`);
    this.#options = options;
    this.speed = options.speed;
    this.tape = new Tape(options.historyLimit);
    this.#turn = Math.min(TURN, Math.ceil(options.historyLimit / 2));
    this.#causeDueFaults();
  }

  /** Whether market time has started. */
  get isOpen(): boolean {
    return this.#trades !== null;
  }

  /** The number of trades released so far. */
  get released(): number {
    return this.#released;
  }

  /** Starts market time; does nothing if it has started. */
  start(): void {
    if (this.#trades !== null || this.#stopped) return;
    const { trades, origin } = this.#options.open();
    this.#trades = trades[Symbol.iterator]();
    this.#next = this.#draw();
    this.#origin = origin ?? this.#next?.time ?? 0;
    this.#startedAt = performance.now();
    if (this.#next === null) this.#options.onEnd(0);
    else if (this.speed < Infinity) this.#schedule();
  }

  /** Ends the market and its timer. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#next = null;
    this.#trades?.return?.();
    this.#listeners.clear();
  }

  /** Calls `listener` whenever the tape has grown; returns a function that removes it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Releases the next trades at once if the speed is Infinity: called by a connection that has sent all released ones.
   */
  pull(): void {
    if (this.speed === Infinity && this.#next !== null) this.#release(this.#turn, Infinity);
  }

  /** Makes a fault happen now. */
  inject(fault: FaultAction): void {
    this.#cause(fault);
    this.#notify();
  }

  #schedule(): void {
    const next = this.#next;
    if (next === null) return;
    const wait = this.#startedAt + (next.time - this.#origin) / this.speed - performance.now();
    this.#timer = setTimeout(() => {
      const elapsed = performance.now() - this.#startedAt;
      this.#release(this.#turn, this.#origin + elapsed * this.speed);
      this.#schedule();
    }, Math.max(0, Math.min(LONGEST_TIMEOUT, wait)));
  }

  #release(limit: number, until: number): void {
    let count = 0;
    while (this.#next !== null && count < limit && this.#next.time <= until) {
      const trade = this.#next;
      this.#next = this.#draw();
      this.tape.add(trade, this.#next);
      this.#released++;
      count++;
      this.#causeDueFaults();
    }
    if (count === 0) return;
    this.#notify();
    if (this.#next === null) this.#options.onEnd(this.#released);
  }

  #draw(): ExchangeTrade | null {
    const result = this.#trades!.next();
    return result.done ? null : result.value;
  }

  #causeDueFaults(): void {
    const { faults } = this.#options;
    if (faults.next > this.#released) return;
    for (const fault of faults.take(this.#released)) this.#cause(fault);
  }

  #cause(fault: FaultAction): void {
    this.tape.fault(fault);
    this.#options.onFault(fault, this.#released);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

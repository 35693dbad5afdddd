/** Keeps reading a feed while its consumer is busy elsewhere. */
import type { Clock } from "../../domain/process/clock.ts";
import type { Batch, Feed } from "./feed.ts";

/** The most that is kept for a busy consumer. When it is reached, the feed is not read, and the peer is slowed. */
export interface MostKept {
  readonly frames: number;
  readonly characters: number;
  /**
   * After this many disconnections the feed does not try to connect again. Otherwise a journal slower than the attempts
   * would be further behind with each of them, and a run that is asked to stop would have to keep them all first.
   */
  readonly disconnections: number;
}

/** A trade message has about 200 characters, but an exchange may send longer ones. */
export const MOST_KEPT: MostKept = { frames: 20_000, characters: 16 * 1024 * 1024, disconnections: 3 };

/**
 * Passes a feed's batches on, in order. While `during` waits for something else, batches are read and kept, up to a
 * limit, so that pings are answered and the exchange does not mistake this client for a slow one.
 */
export class ReadAhead implements Feed {
  readonly #source: Feed;
  readonly #feed: AsyncIterator<Batch>;
  readonly #most: MostKept;
  readonly #clock: Clock;
  readonly #kept: Batch[] = [];
  #frames = 0;
  #characters = 0;
  #disconnections = 0;
  /** A read that was started and not delivered yet. */
  #next: Promise<IteratorResult<Batch>> | null = null;
  /** The read whose batch is kept if the consumer is still busy by then. */
  #keeping: Promise<unknown> | null = null;
  /** How many pieces of work the consumer waits for now. */
  #waits = 0;
  #fullSince: number | null = null;

  /** Reads `feed`, keeping up to `most`. */
  constructor(feed: Feed, most: MostKept = MOST_KEPT, clock: Clock = globalThis) {
    this.#source = feed;
    this.#feed = feed[Symbol.asyncIterator]();
    this.#most = most;
    this.#clock = clock;
  }

  /** How many frames are kept now. */
  get frames(): number {
    return this.#frames;
  }

  /** Since when no more is read because so much is kept, by `performance.now()`; null if more is or would be read. */
  get fullSince(): number | null {
    return this.#fullSince;
  }

  /** Drops data that has arrived and is not kept here. */
  drop(reason: string): void {
    this.#source.drop?.(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (;;) {
        const kept = this.#kept.shift();
        if (kept !== undefined) {
          this.#count(kept, -1);
          this.#fullSince = null;
          yield kept;
          continue;
        }
        const reading = this.#next ?? this.#feed.next();
        this.#next = null;
        const { value, done } = await reading;
        if (done) return;
        yield value;
      }
    } finally {
      await this.end();
    }
  }

  /** Ends the feed, whether it was iterated or not. */
  async end(): Promise<void> {
    const ended = this.#feed.return?.();
    // A read that is under way ends with the feed, and no earlier.
    if (this.#next === null) await ended;
    else ended?.catch(() => {});
  }

  /**
   * Waits for `work`, and reads ahead meanwhile, or only after `patienceMs`. An error of the feed is thrown in its
   * turn, after the batches before it. The caller may wait for several pieces of work at a time.
   */
  async during<T>(work: Promise<T>, patienceMs = 0): Promise<T> {
    let isWaiting = false;
    const wait = (): void => {
      isWaiting = true;
      this.#waits++;
      this.#readOn();
    };
    const timer = patienceMs > 0 ? this.#clock.setTimeout(wait, patienceMs) : undefined;
    if (timer === undefined) wait();
    try {
      return await work;
    } finally {
      this.#clock.clearTimeout(timer);
      if (isWaiting) this.#waits--;
    }
  }

  /** Reads the next batch, keeps it if the consumer is still busy by then, and so on. */
  #readOn(): void {
    if (this.#waits === 0 || this.#keeping !== null) return;
    if (this.#frames >= this.#most.frames || this.#characters >= this.#most.characters) {
      this.#fullSince ??= this.#clock.performance.now();
      return;
    }
    // A connection that is open must be read.
    const isOpen = this.#kept.at(-1)?.kind !== "disconnected";
    if (!isOpen && this.#disconnections >= this.#most.disconnections) return;
    const reading = this.#keeping = this.#next ??= this.#feed.next();
    const keep = (result: IteratorResult<Batch> | null): void => {
      this.#keeping = null;
      // The consumer has it, or takes it next. The end of the feed, and its error, stay for the consumer.
      if (this.#next !== reading || this.#waits === 0 || result === null || result.done) return;
      this.#next = null;
      this.#kept.push(result.value);
      this.#count(result.value, 1);
      this.#readOn();
    };
    reading.then(keep, () => keep(null));
  }

  #count(batch: Batch, times: 1 | -1): void {
    const messages = batch.kind === "messages" ? batch.messages : [""];
    this.#frames += times * messages.length;
    if (batch.kind === "disconnected") this.#disconnections += times;
    this.#characters += times * messages.reduce((sum, { length }) => sum + length, 0);
  }
}

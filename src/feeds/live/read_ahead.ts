/** Keeps reading a feed while its consumer is busy elsewhere. */
import type { Batch, Feed } from "./feed.ts";

/** Frames kept for a busy consumer; when they are waiting, the socket is not read and the peer is slowed. */
const FRAMES_AHEAD = 20_000;

/**
 * Passes a feed's batches on, in order. While `during` waits for something else, batches are read and kept, up to a
 * limit, so that pings are answered and the exchange does not take the consumer for a slow one.
 */
export class ReadAhead implements Feed {
  readonly #feed: AsyncIterator<Batch>;
  readonly #limit: number;
  readonly #kept: Batch[] = [];
  #frames = 0;
  /** A read that was started and not delivered yet. */
  #next: Promise<IteratorResult<Batch>> | null = null;

  /** Reads `feed`, keeping up to `limit` frames. */
  constructor(feed: Feed, limit: number = FRAMES_AHEAD) {
    this.#feed = feed[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (;;) {
        const kept = this.#kept.shift();
        if (kept !== undefined) {
          this.#frames -= framesIn(kept);
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
      await this.#feed.return?.();
    }
  }

  /**
   * Waits for `work`, and reads ahead meanwhile. An error of the feed is thrown in its turn, after the batches before
   * it.
   */
  async during<T>(work: Promise<T>): Promise<T> {
    let isBusy = true;
    const over = work.then(() => {}, () => {}).then(() => {
      isBusy = false;
    });
    while (isBusy && this.#frames < this.#limit) {
      const reading = this.#next ??= this.#feed.next();
      const arrived = reading.then(({ done }) => !done, () => false);
      // Null if the work finished first; false if nothing more will arrive.
      const isBatch = await Promise.race([arrived, over.then(() => null)]);
      if (isBatch === null) break;
      if (!isBatch) {
        await over;
        break;
      }
      const { value } = await reading;
      this.#next = null;
      this.#kept.push(value);
      this.#frames += framesIn(value);
    }
    return await work;
  }
}

function framesIn(batch: Batch): number {
  return batch.kind === "messages" ? batch.messages.length : 1;
}

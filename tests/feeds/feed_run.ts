/** Runs a live feed into a pipeline, as the command does, and keeps a second set of books in plain arithmetic. */
import { exchangeNamed } from "../../src/exchanges/known_exchanges.ts";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import type { Batch } from "../../src/feeds/live/feed.ts";
import { LiveFeed, type LiveFeedOptions } from "../../src/feeds/live/live_feed.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { within } from "../support/penstock.ts";
import { DEFAULTS, optionsOf, reading } from "../support/pipeline_input.ts";

const NO_MEMORY = { rss: 0, heapTotal: 0, external: 0 };

type Of<K extends Batch["kind"]> = Batch & { readonly kind: K };

/** The totals of the received trades, counted one by one. */
export interface Tally {
  readonly trades: number;
  readonly gaps: number;
  readonly missing: number;
  readonly distinct: number;
  readonly first: number;
  readonly last: number;
}

/** One run of a feed; disposing of it stops it. */
export class FeedRun implements AsyncDisposable {
  readonly messages: string[] = [];
  readonly connected: Of<"connected">[] = [];
  readonly disconnected: (Of<"disconnected"> & { readonly at: number })[] = [];
  readonly notices: string[] = [];
  readonly events: PipelineEvent[] = [];
  readonly pipeline = new Pipeline(optionsOf(DEFAULTS));
  /** Settles when the feed's iteration ends; rejects with what the feed throws. */
  readonly over: Promise<void>;
  readonly #stop = new AbortController();
  #look: () => void = () => {};

  constructor(
    endpoint: string,
    { isConfirmed = false, ...options }: Partial<LiveFeedOptions> & { readonly isConfirmed?: boolean } = {},
  ) {
    const feed = new LiveFeed({
      exchange: exchangeNamed("binance"),
      endpoint,
      symbol: "BTCUSDT",
      // A pause of this process must not count as a stale stream. Tests about staleness set their own limit.
      staleMs: 60_000,
      retryMaxMs: 100,
      attempts: null,
      renewAfterMs: 3_600_000,
      signal: this.#stop.signal,
      // The process includes the memory of all tests that run in parallel.
      memory: () => NO_MEMORY,
      ...options,
    });
    if (isConfirmed) feed.confirmSymbol();
    this.over = this.#run(feed);
    this.over.catch(() => {});
  }

  /** Waits until `holds`, checking after every batch. */
  async until(holds: (run: FeedRun) => boolean): Promise<void> {
    while (!holds(this)) {
      const changed = new Promise<"changed">((resolve) => this.#look = () => resolve("changed"));
      if (await Promise.race([changed, this.over.then(() => "over")]) === "over" && !holds(this)) {
        throw new Error(
          `The feed ended before: ${JSON.stringify({ ...this, messages: this.messages.length })}`,
        );
      }
    }
  }

  /** Aborts the feed and waits until its iteration has ended: long before anything else would end it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await within(this.over, "the end of the feed");
  }

  /** The ids of the usable trades, in order of arrival. */
  get ids(): number[] {
    return this.messages.map(usableId).filter((id) => id !== null);
  }

  get tally(): Tally {
    const ids = this.ids;
    let [trades, gaps, missing, last] = [0, 0, 0, ids[0]! - 1];
    for (const id of ids) {
      if (id <= last) continue;
      if (id > last + 1) {
        gaps++;
        missing += id - last - 1;
      }
      trades++;
      last = id;
    }
    return { trades, gaps, missing, distinct: new Set(ids).size, first: ids[0]!, last };
  }

  async #run(feed: LiveFeed): Promise<void> {
    for await (const batch of feed) {
      switch (batch.kind) {
        case "messages":
          // One by one: a spread of a large batch would not fit the stack.
          for (const message of batch.messages) this.messages.push(message);
          for (const event of this.pipeline.run(reading(batch.messages))) this.events.push(event);
          break;
        case "connected":
          this.pipeline.lost = null;
          this.connected.push(batch);
          break;
        case "disconnected":
          this.pipeline.lost = "disconnected";
          this.disconnected.push({ ...batch, at: performance.now() });
          break;
        case "notice":
          this.notices.push(batch.message);
      }
      this.#look();
    }
    for (const event of this.pipeline.end()) this.events.push(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.over.catch(() => {});
  }
}

function usableId(message: string): number | null {
  let value;
  try {
    value = JSON.parse(message);
  } catch {
    return null;
  }
  const { e, s, t, p, q, T } = value ?? {};
  const isTrade = e === "trade" && s === "BTCUSDT" && Number.isInteger(t) && Number.isInteger(T);
  return isTrade && Number(p) > 0 && Number(q) > 0 ? t : null;
}

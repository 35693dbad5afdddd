import type { FaultAction } from "./faults.ts";
import { History } from "./history.ts";
import { Aggregator, type ExchangeAggregate, type ExchangeTrade } from "./trade.ts";

/** What comes next on a connection: something to send, or a fault that happens at exactly this place. */
export type TapeEntry =
  | { readonly kind: "trade"; readonly trade: ExchangeTrade }
  | { readonly kind: "aggregate"; readonly aggregate: ExchangeAggregate }
  | { readonly kind: "fault"; readonly fault: FaultAction };

/**
 * The released trades twice: as they happened (`trades`, `aggregates`: what REST answers), and as the streams carry
 * them (`entries`), where faults drop, repeat and swap some. Each connection reads the entries at its own speed, so
 * nothing is queued per connection.
 */
export class Tape {
  readonly trades: History<ExchangeTrade>;
  readonly aggregates: History<ExchangeAggregate>;
  readonly entries: History<TapeEntry>;
  readonly #aggregator = new Aggregator();
  readonly #tradeSwap = new Swap();
  readonly #aggregateSwap = new Swap();
  #hidden = 0;
  #lastHiddenId = -Infinity;

  /** @param limit trades, and as many aggregates, that are kept */
  constructor(limit: number) {
    this.trades = new History(limit);
    this.aggregates = new History(limit);
    this.entries = new History(2 * limit);
  }

  /** Adds the next trade; `next` is its successor, null at the end of the market. */
  add(trade: ExchangeTrade, next: ExchangeTrade | null): void {
    this.trades.push(trade);
    if (this.#hidden > 0) {
      this.#hidden--;
      this.#lastHiddenId = trade.id;
    } else {
      this.#tradeSwap.pass({ kind: "trade", trade }, this.entries);
    }
    const aggregate = this.#aggregator.add(trade, next);
    if (aggregate !== null) {
      this.aggregates.push(aggregate);
      if (aggregate.firstId > this.#lastHiddenId) {
        this.#aggregateSwap.pass({ kind: "aggregate", aggregate }, this.entries);
      }
    }
    if (next === null) {
      this.#tradeSwap.flush(this.entries);
      this.#aggregateSwap.flush(this.entries);
    }
  }

  /** Makes a fault happen to the streams after the newest trade. */
  fault(fault: FaultAction): void {
    switch (fault.kind) {
      case "hole":
        this.#hidden += fault.count;
        return;
      case "reorder":
        this.#tradeSwap.armed = true;
        this.#aggregateSwap.armed = true;
        return;
      case "duplicate": {
        const { trades, aggregates } = this;
        for (const trade of trades.slice(trades.end - fault.count, fault.count)) {
          this.entries.push({ kind: "trade", trade });
        }
        for (const aggregate of aggregates.slice(aggregates.end - fault.count, fault.count)) {
          this.entries.push({ kind: "aggregate", aggregate });
        }
        return;
      }
      case "refuse":
        // Before the first trade there are no connections to end: only attempts are refused.
        if (this.trades.end > 0) this.entries.push({ kind: "fault", fault });
        return;
      default:
        this.entries.push({ kind: "fault", fault });
    }
  }
}

/** Once armed, holds one entry back until another has passed. */
class Swap {
  armed = false;
  #held: TapeEntry | null = null;

  pass(entry: TapeEntry, entries: History<TapeEntry>): void {
    if (this.armed && this.#held === null) {
      this.armed = false;
      this.#held = entry;
      return;
    }
    entries.push(entry);
    this.flush(entries);
  }

  flush(entries: History<TapeEntry>): void {
    if (this.#held === null) return;
    entries.push(this.#held);
    this.#held = null;
  }
}

/** Missed trades as aggregates: Binance's aggTrades, which counts aggregates rather than trades. */
import { type BackfilledTrade, holeIn } from "../../domain/market/backfilled_trades.ts";
import { isCount } from "../../domain/market/json_value.ts";
import type { BackfillPage, BackfillPages } from "../exchange.ts";
import { asked, type Questions, RejectedAnswer } from "../rest_question.ts";
import { faultInRuns, objectsOf, PAGE_ROWS } from "./trade_pages.ts";

const WEIGHT = 4;

/** An aggregate's own id, and the trades it covers. */
interface Aggregate {
  readonly id: number;
  readonly row: BackfilledTrade;
}

/** The content of an answer. */
interface Found {
  /** Ascending in both ids; invalid ones are left out. */
  readonly aggregates: readonly Aggregate[];
  /** Including the invalid ones. */
  readonly count: number;
  /** The last id of them all; null without any. */
  readonly lastId: number | null;
}

/**
 * Pages of aggTrades, weight 4 each. A search over aggregate ids finds the aggregate of a trade: the
 * newest ones show how many trades lie between, and each aggregate holds at least one.
 *
 * A hole between aggregates is queried twice. If it is still there, and the exchange has older aggregates, then the
 * exchange does not have those trades.
 *
 * An aggregate whose trades are all known is skipped. One that holds known and missed trades is cut to the
 * missed ones, as all its trades have its price; it keeps the quantity of the whole.
 */
export class AggregatePages implements BackfillPages {
  readonly source = "aggTrades";
  readonly #base: string;
  readonly #symbol: string;
  /** Whether the exchange has shown trades up to the next id to ask for. */
  #goesBack = false;
  /** The aggregate id to ask for next, once it is known. */
  #at: number | null = null;

  /** `symbol` is URL-encoded. */
  constructor(base: string, symbol: string) {
    this.#base = base;
    this.#symbol = symbol;
  }

  *page(next: number, _target: number | null): Questions<BackfillPage | RejectedAnswer> {
    if (this.#at === null) {
      const newest = yield* this.#ask(null);
      const newestId = newest.aggregates.at(-1)?.row.lastId ?? null;
      const found = yield* this.#find(next, newest);
      if (found instanceof RejectedAnswer) return found;
      this.#at = found;
      // An empty page, so that the caller knows how much there is to fetch before any of it is fetched.
      return { rows: [], isEnd: this.#at === null, newestId };
    }
    let holes = 0;
    const { rows, found } = yield* this.#ask(this.#at, (found) => {
      const rows = found.aggregates.map(({ row }) => row).filter(({ lastId }) => lastId >= next)
        .map((row) => row.firstId < next ? { ...row, firstId: next } : row);
      const fault = faultInRuns(rows);
      if (fault !== null) return new RejectedAnswer("malformed", fault);
      const hole = holeIn(rows, next);
      if (hole !== null && (++holes === 1 || !this.#goesBack)) return new RejectedAnswer("no-join", hole);
      return { rows, found };
    });
    if (found.lastId !== null) this.#at = found.lastId + 1;
    return { rows, isEnd: found.count < PAGE_ROWS, newestId: rows.at(-1)?.lastId ?? null };
  }

  /** The id of the first aggregate to ask for; null if there is none yet. */
  *#find(next: number, newest: Found): Questions<number | null | RejectedAnswer> {
    let { aggregates } = newest;
    if (aggregates.length === 0) return null;
    // The exchange does not have the missed trades yet.
    if (aggregates.at(-1)!.row.lastId < next) {
      this.#goesBack = true;
      return newest.lastId! + 1;
    }
    /** The lowest aggregate known to start after `next`, and the id of the highest known to end before it. */
    let high: Aggregate | null = null;
    let low: number | null = null;
    for (;;) {
      const [first] = aggregates;
      if (first === undefined || high !== null && first.id >= high.id) {
        return new RejectedAnswer(
          "no-join",
          `trade ${next} is missing, the first one after it is ${high?.row.firstId}`,
        );
      }
      const last = aggregates.at(-1)!;
      if (first.row.firstId <= next) this.#goesBack = true;
      if (first.row.firstId <= next && last.row.lastId >= next) {
        return aggregates.find(({ row }) => row.lastId >= next)!.id;
      }
      const isFirst = high === null;
      if (first.row.firstId > next) high = first;
      else low = last.id;
      // Never null here: the newest page ends at `next` or later, so it holds `next` or starts after it.
      const { id, row } = high!;
      if (low !== null && id - low <= PAGE_ROWS) return low;
      const trades = row.firstId - next;
      const bottom = low === null ? Math.max(0, id - trades) : low + 1;
      const perTrade = aggregates.length / (last.row.lastId - first.row.firstId + 1);
      const guess = isFirst
        ? id - Math.round(trades * perTrade) - PAGE_ROWS / 2
        : Math.floor((bottom + Math.max(bottom, id - PAGE_ROWS)) / 2);
      const at: number = Math.max(bottom, Math.min(guess, id - 1));
      ({ aggregates } = yield* this.#ask(at));
    }
  }

  /** The aggregates from id `from` on; null: the newest. */
  #ask(from: number | null): Questions<Found>;
  #ask<T>(from: number, read: (found: Found) => T | RejectedAnswer): Questions<T>;
  #ask<T>(from: number | null, read?: (found: Found) => T | RejectedAnswer): Questions<Found | T> {
    const fromId = from === null ? "" : `&fromId=${from}`;
    return asked<Found | T>({
      base: this.#base,
      path: `/api/v3/aggTrades?symbol=${this.#symbol}${fromId}&limit=${PAGE_ROWS}`,
      weight: WEIGHT,
      read: (body) => {
        const found = readAggregates(body, from ?? 0);
        return found instanceof RejectedAnswer || read === undefined ? found : read(found);
      },
    });
  }
}

function readAggregates(body: unknown, from: number): Found | RejectedAnswer {
  const objects = objectsOf(body, PAGE_ROWS);
  if (objects instanceof RejectedAnswer) return objects;
  const aggregates: Aggregate[] = [];
  let least = from;
  let leastTrade = 0;
  for (const { a, p, q, f, l, T, m } of objects) {
    if (!isCount(a) || a < least) {
      return new RejectedAnswer("malformed", `aggregate id is ${a}, expected ${least} or above`);
    }
    least = a + 1;
    // How Binance marks an aggregate that is not valid.
    if (f === -1 && l === -1) continue;
    if (!isCount(f) || !isCount(l) || l < f || f < leastTrade) {
      return new RejectedAnswer(
        "malformed",
        `aggregate ${a} covers trades ${f} to ${l}, expected ${leastTrade} or above`,
      );
    }
    leastTrade = l + 1;
    const row = { firstId: f, lastId: l, price: p, quantity: q, time: T, buyerIsMaker: m } as BackfilledTrade;
    aggregates.push({ id: a, row });
  }
  return { aggregates, count: objects.length, lastId: objects.length === 0 ? null : least - 1 };
}

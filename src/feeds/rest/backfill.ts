/** Fetches the trades that the stream has missed, by id over REST. */
import type { BackfillPage, BackfillPages, Exchange, MissedTradesRoute } from "../../exchanges/exchange.ts";
import { hostOf } from "../../exchanges/hosts.ts";
import { type Questions, RejectedAnswer } from "../../exchanges/rest_question.ts";
import { type BackfilledTrade, runsOf } from "../../domain/market/backfilled_trades.ts";
import { Backoff } from "../live/backoff.ts";
import type { Runtime } from "../live/runtime.ts";
import { RestBudget } from "./rest_budget.ts";
import { clockOf, RestClient, type RestClock, RestFailure, type RestFailureWhy } from "./rest_client.ts";

/** Options of a backfill. Times in ms. */
export interface BackfillOptions {
  /** Base address of the REST side; null: the exchange's, and its market-data host if that one refuses. */
  readonly restEndpoint: string | null;
  readonly exchange: Exchange;
  /** In upper case as the exchange writes it. */
  readonly symbol: string;
  /** Fetches nothing if more trades than this are missing. Default 100,000. */
  readonly maxTrades?: number;
  /** The longest that one `fetch` may take. Default 60 s. */
  readonly deadlineMs?: number;
  /** Ends a fetch at once. */
  readonly signal: AbortSignal;
  /** Draws the jitter; from 0 to below 1. Default: the runtime's. */
  readonly random?: () => number;
  /** The longest that one request may take. Default 10 s. */
  readonly requestMs?: number;
  /** Share it among all that query the same exchange from this IP address. Default: its own. */
  readonly budget?: RestBudget;
  /** Default: the runtime's. */
  readonly clock?: RestClock;
  /** Default: this process's. */
  readonly runtime?: Runtime;
}

/** Missed trades in sequence. The exchange itself has no trades between two pages. */
export interface FetchedTrades {
  /** Oldest first, never empty, and all of them readable by BackfilledTrades. */
  readonly rows: readonly BackfilledTrade[];
  /** The endpoint they come from; a row may be an aggregate. */
  readonly source: BackfillPages["source"];
}

/** How a fetch ended. */
export type BackfillEnd =
  & {
    /** Trades handed over; those of an aggregate are counted one by one. */
    readonly fetched: number;
    /**
     * The last id accounted for: that of a trade that was fetched, or one that the exchange itself does not
     * have. One below the first id asked for if there was none.
     */
    readonly lastId: number;
  }
  & (
    | { readonly complete: true }
    | {
      readonly complete: false;
      readonly why: RestFailureWhy;
      /** The reason in words, with the values found. */
      readonly reason: string;
      /** What the user can do about it, or null. */
      readonly hint: string | null;
    }
  );

const REQUEST_MS = 10_000;
/**
 * The wait before another request for the newest trades: TAIL_LEAST_MS, plus a random time that grows to TAIL_MAX_MS.
 */
const TAIL_LEAST_MS = 100;
const TAIL_MAX_MS = 4_000;

/**
 * Fetches missed trades of one symbol, one fetch at a time, from the best of the exchange's routes that is
 * not refused. Aggregates are cut to the trades that were missed.
 *
 * ```ts ignore
 * const backfill = new Backfill({ exchange, restEndpoint: null, symbol: "BTCUSDT", signal });
 * const pages = backfill.fetch(lastId + 1, firstLiveId - 1);
 * let page = await pages.next();
 * for (; !page.done; page = await pages.next()) pipeline.run(missed.open(page.value.rows));
 * if (!page.value.complete) log.warn(page.value.reason);
 * ```
 */
export class Backfill {
  /**
   * The last id to fetch, inclusive; null for the newest there is. May be set while a fetch runs, which then ends
   * there. Every fetch sets it to its own.
   */
  target: number | null = null;
  readonly #symbol: string;
  readonly #maxTrades: number;
  readonly #deadlineMs: number;
  readonly #random: () => number;
  readonly #clock: RestClock;
  readonly #client: RestClient;
  readonly #routes: readonly MissedTradesRoute[];
  /** The best route that was not refused. */
  #route = 0;

  constructor(options: BackfillOptions) {
    const { runtime = globalThis, exchange, signal } = options;
    const { clock = clockOf(runtime), random = runtime.Math.random } = options;
    const budget = options.budget ?? new RestBudget({ perMinute: exchange.weightPerMinute });
    this.#symbol = options.symbol;
    this.#maxTrades = options.maxTrades ?? 100_000;
    this.#deadlineMs = options.deadlineMs ?? 60_000;
    this.#random = random;
    this.#clock = clock;
    this.#routes = exchange.missedTrades(options.restEndpoint);
    const requestMs = options.requestMs ?? REQUEST_MS;
    this.#client = new RestClient({ exchange, budget, clock, random, requestMs, signal, runtime });
  }

  /**
   * The trades from id `fromId` up to `untilId`, inclusive; with null, up to the newest that the exchange has. They
   * come in pages, oldest first, without a duplicate, and without a hole unless the exchange itself has no trade there.
   * If it does not have the newest ones yet, it is asked again, except with null, where there is nothing to wait for.
   *
   * Always returns how it ended. Throws a RangeError for an id below 0.
   */
  async *fetch(fromId: number, untilId: number | null): AsyncGenerator<FetchedTrades, BackfillEnd> {
    if (!Number.isSafeInteger(fromId) || fromId < 0) {
      throw new RangeError(`A trade id is a whole number from 0 on: got ${fromId}`);
    }
    this.target = untilId;
    const deadline = this.#clock.now() + this.#deadlineMs;
    const tail = new Backoff(TAIL_MAX_MS, this.#random);
    const refusals: RestFailure[] = [];
    let pages: BackfillPages | null = null;
    let next = fromId;
    let fetched = 0;
    const progress = () => ({ fetched, lastId: next - 1 });
    try {
      for (;;) {
        if (this.target !== null && next > this.target) return { complete: true, ...progress() };
        this.#checkCount(fromId, this.target);
        pages ??= this.#open();
        let page;
        try {
          page = await this.#ask(pages.page(next, this.target), deadline);
        } catch (error) {
          if (!(error instanceof RestFailure) || !isRefusal(error)) throw error;
          refusals.push(error);
          this.#takeNextRoute(refusals);
          pages = null;
          continue;
        }
        this.#checkCount(fromId, this.target ?? page.newestId);
        const { target } = this;
        const rows = target === null ? page.rows : upTo(target, page.rows);
        for (const run of runsOf(rows)) {
          next = run.at(-1)!.lastId + 1;
          fetched += next - run[0]!.firstId;
          tail.reset();
          yield { rows: run, source: pages.source };
        }
        // A trade at the target or after it shows that none before it is still to come.
        if (target !== null && (page.rows.at(-1)?.lastId ?? -1) >= target) next = target + 1;
        if (!page.isEnd) continue;
        if (this.target === null) return { complete: true, ...progress() };
        if (next <= this.target) {
          const pauseMs = TAIL_LEAST_MS + tail.next();
          await this.#client.pause(pauseMs, deadline, this.#tailMissing(next, this.target));
        }
      }
    } catch (error) {
      if (!(error instanceof RestFailure)) throw error;
      const { why, message: reason, hint } = error;
      return { complete: false, why, reason, hint, ...progress() };
    }
  }

  #open(): BackfillPages {
    return this.#routes[this.#route]!.open(this.#symbol);
  }

  /**
   * Makes all requests for a page. Throws RestFailure as RestClient does, and if the page does not follow the known
   * trades.
   */
  async #ask(questions: Questions<BackfillPage | RejectedAnswer>, deadline: number): Promise<BackfillPage> {
    let step = questions.next();
    while (step.done !== true) step = questions.next(await this.#client.get(step.value, deadline));
    const page = step.value;
    if (page instanceof RejectedAnswer) throw new RestFailure(page.why, page.reason);
    return page;
  }

  /** Takes the next route that may be open after the last of these refusals. Throws RestFailure if there is none. */
  #takeNextRoute(refusals: readonly RestFailure[]): void {
    const { base } = this.#routes[this.#route]!;
    const { isWholeHost } = refusals.at(-1)!;
    do this.#route++; while (isWholeHost && this.#routes[this.#route]?.base === base);
    if (this.#route < this.#routes.length) return;
    // The next fetch tries the best route again.
    this.#route = 0;
    const { why } = refusals.find((refusal) => refusal.why === "refused") ?? refusals[0]!;
    const reasons = [...new Set(refusals.map(({ message }) => message))];
    throw new RestFailure(why, reasons.join("; "), refusals.find(({ hint }) => hint !== null)?.hint ?? null);
  }

  #checkCount(fromId: number, lastId: number | null): void {
    if (lastId === null || lastId - fromId < this.#maxTrades) return;
    const missing = lastId - fromId + 1;
    throw new RestFailure(
      "too-many",
      `${missing} trades are missing, more than the ${this.#maxTrades} that may be fetched`,
    );
  }

  #tailMissing(next: number, target: number): RestFailure {
    const { base } = this.#routes[this.#route]!;
    const ids = next === target ? `trade ${next}` : `trades ${next} to ${target}`;
    return new RestFailure("deadline", `${hostOf(base)} did not have ${ids} within ${this.#deadlineMs} ms`);
  }
}

/** The rows up to trade `target`; an aggregate that reaches beyond it is cut. */
function upTo(target: number, rows: readonly BackfilledTrade[]): BackfilledTrade[] {
  return rows.filter(({ firstId }) => firstId <= target)
    .map((row) => row.lastId > target ? { ...row, lastId: target } : row);
}

function isRefusal({ why }: RestFailure): boolean {
  return why === "refused" || why === "not-permitted";
}

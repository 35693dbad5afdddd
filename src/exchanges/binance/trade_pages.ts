/** Missed trades one by one, by trade id: Binance's historicalTrades. */
import { type BackfilledTrade, faultOf, holeIn, runsOf } from "../../domain/market/backfilled_trades.ts";
import { isRecord } from "../../domain/market/json_value.ts";
import type { BackfillPage, BackfillPages } from "../exchange.ts";
import { asked, type Questions, RejectedAnswer } from "../rest_question.ts";

/** The most rows that Binance sends. */
export const PAGE_ROWS = 1000;

const WEIGHT = 25;

/** How far before a missing trade to ask, to see whether the exchange goes back that far. */
const LOOK_BACK = 100;

/**
 * Pages of historicalTrades, weight 25 each. A page with a hole is requested twice. If the hole is still there, the
 * exchange itself does not have those trades. A hole at the start counts only if the exchange has older trades.
 */
export class TradePages implements BackfillPages {
  readonly source = "historicalTrades";
  readonly #base: string;
  readonly #symbol: string;
  /** Whether the exchange has shown trades up to the next id to ask for. */
  #goesBack = false;

  /** `symbol` is URL-encoded. */
  constructor(base: string, symbol: string) {
    this.#base = base;
    this.#symbol = symbol;
  }

  *page(next: number, target: number | null): Questions<BackfillPage | RejectedAnswer> {
    const limit = target === null ? PAGE_ROWS : Math.min(PAGE_ROWS, target - next + 1);
    let holes = 0;
    const rows = yield* this.#ask(next, limit, (rows) => {
      const hole = holeIn(rows, next);
      return hole === null || ++holes > 1 ? rows : new RejectedAnswer("no-join", hole);
    });
    if ((rows[0]?.firstId ?? next) > next && !this.#goesBack) {
      const [before] = yield* this.#ask(Math.max(0, next - LOOK_BACK), LOOK_BACK, (rows) => rows);
      if (before === undefined || before.firstId >= next) {
        return new RejectedAnswer("no-join", holeIn(rows, next)!);
      }
    }
    if (rows.length > 0) this.#goesBack = true;
    return { rows, isEnd: rows.length < limit, newestId: rows.at(-1)?.lastId ?? null };
  }

  #ask(
    from: number,
    limit: number,
    judge: (rows: readonly BackfilledTrade[]) => readonly BackfilledTrade[] | RejectedAnswer,
  ): Questions<readonly BackfilledTrade[]> {
    return asked({
      base: this.#base,
      path: `/api/v3/historicalTrades?symbol=${this.#symbol}&fromId=${from}&limit=${limit}`,
      weight: WEIGHT,
      read(body) {
        const rows = readTrades(body, from, limit);
        return rows instanceof RejectedAnswer ? rows : judge(rows);
      },
    });
  }
}

/** The objects of an answer's array; there may be up to `limit`. */
export function objectsOf(body: unknown, limit: number): Record<string, unknown>[] | RejectedAnswer {
  if (!Array.isArray(body)) return new RejectedAnswer("malformed", "the answer is not an array");
  if (body.length > limit) {
    return new RejectedAnswer(
      "malformed",
      `the answer has ${body.length} rows, more than the ${limit} asked for`,
    );
  }
  if (!body.every(isRecord)) {
    return new RejectedAnswer("malformed", "a row of the answer is not an object");
  }
  return body;
}

/** The fault in rows, some of which may be left out; null if there is none. */
export function faultInRuns(rows: readonly BackfilledTrade[]): string | null {
  for (const run of runsOf(rows)) {
    const fault = faultOf(run);
    if (fault !== null) return fault;
  }
  return null;
}

function readTrades(body: unknown, next: number, limit: number): BackfilledTrade[] | RejectedAnswer {
  const objects = objectsOf(body, limit);
  if (objects instanceof RejectedAnswer) return objects;
  // The values may be of any type: faultOf checks all of them.
  const rows = objects.map(({ id, price, qty, time, isBuyerMaker }) =>
    ({ firstId: id, lastId: id, price, quantity: qty, time, buyerIsMaker: isBuyerMaker }) as BackfilledTrade
  );
  const fault = faultInRuns(rows);
  if (fault !== null) return new RejectedAnswer("malformed", fault);
  const first = rows[0]?.firstId ?? next;
  if (first < next) {
    return new RejectedAnswer(
      "malformed",
      `the answer starts at trade ${first}, below the ${next} asked for`,
    );
  }
  return rows;
}

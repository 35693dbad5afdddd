/** Missed trades one by one, by trade id: Binance's historicalTrades. */
import { type BackfilledTrade, faultOf, holeIn, runsOf } from "../../domain/market/backfilled_trades.ts";
import { GaveUp, type RestClient, Unbelieved } from "./rest_client.ts";

/** Trades that follow the known ones. */
export interface BackfillPage {
  /** Oldest first, from the id asked for on; the exchange itself has no trades between them. May be empty. */
  readonly rows: readonly BackfilledTrade[];
  /** Whether the exchange had nothing newer. */
  readonly isEnd: boolean;
  /** The newest id that the exchange has shown, or null. */
  readonly newestId: number | null;
}

/** Where pages of trades come from, one after the other. */
export interface BackfillPages {
  /** The endpoint's name. */
  readonly source: "historicalTrades" | "aggTrades";
  /**
   * The trades from id `next` on, up to `target` at least where the exchange has them; null: as many as fit on a
   * page. Throws GaveUp as RestClient does.
   */
  page(next: number, target: number | null, deadline: number): Promise<BackfillPage>;
}

/** Rows that Binance sends at most. */
export const PAGE_ROWS = 1000;

const WEIGHT = 25;

/** How far below a missing trade to ask whether the exchange goes back that far. */
const LOOK_BACK = 100;

/**
 * Pages of historicalTrades, weight 25 each. An answer with a hole is asked for twice and then believed: the exchange
 * itself does not have those trades. A hole at the start counts only if the exchange has older trades.
 */
export class TradePages implements BackfillPages {
  readonly source = "historicalTrades";
  readonly #client: RestClient;
  readonly #base: string;
  readonly #symbol: string;
  /** Whether the exchange has shown trades up to the next id to ask for. */
  #goesBack = false;

  constructor(client: RestClient, base: string, symbol: string) {
    this.#client = client;
    this.#base = base;
    this.#symbol = symbol;
  }

  async page(next: number, target: number | null, deadline: number): Promise<BackfillPage> {
    const limit = target === null ? PAGE_ROWS : Math.min(PAGE_ROWS, target - next + 1);
    let asked = 0;
    const rows = await this.#ask(next, limit, deadline, (rows) => {
      const hole = holeIn(rows, next);
      return hole === null || ++asked > 1 ? rows : new Unbelieved("no-join", hole);
    });
    if ((rows[0]?.firstId ?? next) > next && !this.#goesBack) {
      const [before] = await this.#ask(Math.max(0, next - LOOK_BACK), LOOK_BACK, deadline, (rows) => rows);
      if (before === undefined || before.firstId >= next) throw new GaveUp("no-join", holeIn(rows, next)!);
    }
    if (rows.length > 0) this.#goesBack = true;
    return { rows, isEnd: rows.length < limit, newestId: rows.at(-1)?.lastId ?? null };
  }

  #ask(
    from: number,
    limit: number,
    deadline: number,
    judge: (rows: readonly BackfilledTrade[]) => readonly BackfilledTrade[] | Unbelieved,
  ): Promise<readonly BackfilledTrade[]> {
    return this.#client.get({
      base: this.#base,
      path: `/api/v3/historicalTrades?symbol=${this.#symbol}&fromId=${from}&limit=${limit}`,
      weight: WEIGHT,
      read(body) {
        const rows = readTrades(body, from, limit);
        return rows instanceof Unbelieved ? rows : judge(rows);
      },
    }, deadline);
  }
}

/** The objects of an answer's array; there may be up to `limit`. */
export function objectsOf(body: unknown, limit: number): Record<string, unknown>[] | Unbelieved {
  if (!Array.isArray(body)) return new Unbelieved("malformed", "the answer is not an array");
  if (body.length > limit) {
    return new Unbelieved(
      "malformed",
      `the answer has ${body.length} rows, more than the ${limit} asked for`,
    );
  }
  if (body.some((row) => typeof row !== "object" || row === null || Array.isArray(row))) {
    return new Unbelieved("malformed", "a row of the answer is not an object");
  }
  return body;
}

/** What is wrong with rows of which some may be left out, or null. */
export function faultInRuns(rows: readonly BackfilledTrade[]): string | null {
  for (const run of runsOf(rows)) {
    const fault = faultOf(run);
    if (fault !== null) return fault;
  }
  return null;
}

function readTrades(body: unknown, next: number, limit: number): BackfilledTrade[] | Unbelieved {
  const objects = objectsOf(body, limit);
  if (objects instanceof Unbelieved) return objects;
  // The values may be of any kind: faultOf checks all of them.
  const rows = objects.map(({ id, price, qty, time, isBuyerMaker }) =>
    ({ firstId: id, lastId: id, price, quantity: qty, time, buyerIsMaker: isBuyerMaker }) as BackfilledTrade
  );
  const fault = faultInRuns(rows);
  if (fault !== null) return new Unbelieved("malformed", fault);
  const first = rows[0]?.firstId ?? next;
  if (first < next) {
    return new Unbelieved("malformed", `the answer begins at trade ${first}, below the ${next} asked for`);
  }
  return rows;
}

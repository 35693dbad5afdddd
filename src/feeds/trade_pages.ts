/** Missed trades one by one, by trade id: Binance's historicalTrades. */
import { faultOf, type LateRow } from "../domain/late_rows.ts";
import { type RestClient, Unbelieved } from "./rest_client.ts";

/** Trades that follow on what is known. */
export interface LatePage {
  /** Oldest first, without a hole; the first covers the id asked for. May be empty. */
  readonly rows: readonly LateRow[];
  /** Whether the exchange had nothing newer. */
  readonly isEnd: boolean;
  /** The newest id that the exchange has shown, or null. */
  readonly newestId: number | null;
}

/** Where pages of trades come from, one after the other. */
export interface LatePages {
  /** The endpoint's name. */
  readonly source: "historicalTrades" | "aggTrades";
  /**
   * The trades from id `next` on, up to `target` at least where the exchange has them; null: as many as fit on a
   * page. Throws GaveUp as RestClient does.
   */
  page(next: number, target: number | null, deadline: number): Promise<LatePage>;
}

/** Rows that Binance sends at most. */
export const PAGE_ROWS = 1000;

const WEIGHT = 25;

/** Pages of historicalTrades, weight 25 each. */
export class TradePages implements LatePages {
  readonly source = "historicalTrades";
  readonly #client: RestClient;
  readonly #base: string;
  readonly #symbol: string;

  constructor(client: RestClient, base: string, symbol: string) {
    this.#client = client;
    this.#base = base;
    this.#symbol = symbol;
  }

  async page(next: number, target: number | null, deadline: number): Promise<LatePage> {
    const limit = target === null ? PAGE_ROWS : Math.min(PAGE_ROWS, target - next + 1);
    const rows = await this.#client.get({
      base: this.#base,
      path: `/api/v3/historicalTrades?symbol=${this.#symbol}&fromId=${next}&limit=${limit}`,
      weight: WEIGHT,
      read: (body) => readTrades(body, next, limit),
    }, deadline);
    return { rows, isEnd: rows.length < limit, newestId: rows.at(-1)?.lastId ?? null };
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

function readTrades(body: unknown, next: number, limit: number): LateRow[] | Unbelieved {
  const objects = objectsOf(body, limit);
  if (objects instanceof Unbelieved) return objects;
  // Of whatever kind the values are: faultOf looks at all of them.
  const rows = objects.map(({ id, price, qty, time, isBuyerMaker }) =>
    ({ firstId: id, lastId: id, price, quantity: qty, time, buyerIsMaker: isBuyerMaker }) as LateRow
  );
  const fault = faultOf(rows);
  if (fault !== null) return new Unbelieved("malformed", fault);
  const first = rows[0]?.firstId ?? next;
  if (first < next) {
    return new Unbelieved("malformed", `the answer begins at trade ${first}, below the ${next} asked for`);
  }
  if (first > next) {
    return new Unbelieved("no-join", `trade ${next} is not there, the first after it is ${first}`);
  }
  return rows;
}

/** Finds the files that added no trade to a backtest. That is not an error, but probably not what the user meant. */
import type { Origin } from "../../formats/trade_file.ts";
import type { FileTally } from "../../formats/row_order.ts";

/** How many files a warning names; it counts the others. */
const NAMED = 3;

/** The counts so far. */
interface Counts {
  readonly trades: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
}

/** The counts, and the trades outside of the requested time range. */
interface Found extends Counts {
  readonly outOfRange: number;
}

/** Checks a pipeline's counts whenever a file, or a member of an archive, has been read to its end. */
export class UnusedFiles {
  readonly #pipeline: { readonly totals: Counts };
  #origin: Origin | null = null;
  readonly #outOfRange: () => number;
  #before: Found = { trades: 0, duplicates: 0, outOfOrder: 0, outOfRange: 0 };
  /** Files without a trade, and files whose trades had all been read before. */
  readonly #empty: string[] = [];
  readonly #known: string[] = [];
  #dropped = 0;

  /** `outOfRange` returns how many trades so far were outside of the requested range. */
  constructor(pipeline: { readonly totals: Counts }, outOfRange: () => number = () => 0) {
    this.#pipeline = pipeline;
    this.#outOfRange = outOfRange;
  }

  /** Notes the origin of the next chunk; null when everything has been read. */
  enter(origin: Origin | null): void {
    if (origin === this.#origin) return;
    const { trades, duplicates, outOfOrder } = this.#pipeline.totals;
    const outOfRange = this.#outOfRange();
    const dropped = duplicates - this.#before.duplicates;
    // Other log lines count the trades out of order and out of range.
    const isEmpty = trades === this.#before.trades && outOfOrder === this.#before.outOfOrder &&
      outOfRange === this.#before.outOfRange;
    if (this.#origin !== null && isEmpty) {
      (dropped === 0 ? this.#empty : this.#known).push(this.#origin.name);
      this.#dropped += dropped;
    }
    this.#origin = origin;
    this.#before = { trades, duplicates, outOfOrder, outOfRange };
  }

  /** Adds a file or a member that has been read to its end and was counted elsewhere. */
  add({ name, trades, repeats }: FileTally): void {
    if (trades > repeats) return;
    (trades === 0 ? this.#empty : this.#known).push(name);
    this.#dropped += repeats;
  }

  /** The warnings for a backtest of `symbol`, one sentence each. */
  *warnings(symbol: string): Generator<string> {
    if (this.#empty.length > 0) yield `no trade of ${symbol} in ${listOf(this.#empty)}`;
    if (this.#known.length === 0) return;
    const dropped = this.#dropped === 1
      ? "the only trade was read before, and was dropped"
      : `all ${this.#dropped} trades were read before, and were dropped`;
    yield `${listOf(this.#known)}: ${dropped}`;
  }
}

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Which of a backtest's files added no trade to it: no error, but hardly what the person meant. */
import type { Origin } from "../../formats/chunk.ts";
import type { FileTally } from "../../formats/row_order.ts";

/** Files that a warning names; of the others it says how many they are. */
const NAMED = 3;

/** What was counted so far. */
interface Counts {
  readonly trades: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
}

/** Looks at the counts of a pipeline whenever a file, or a member of an archive, has been read to its end. */
export class UnusedFiles {
  readonly #pipeline: { readonly totals: Counts };
  #origin: Origin | null = null;
  #before: Counts = { trades: 0, duplicates: 0, outOfOrder: 0 };
  /** Those without a trade, and those all of whose trades had been read before. */
  readonly #empty: string[] = [];
  readonly #known: string[] = [];
  #dropped = 0;

  constructor(pipeline: { readonly totals: Counts }) {
    this.#pipeline = pipeline;
  }

  /** The next chunk is of this origin; null when everything has been read. */
  enter(origin: Origin | null): void {
    if (origin === this.#origin) return;
    const { trades, duplicates, outOfOrder } = this.#pipeline.totals;
    const dropped = duplicates - this.#before.duplicates;
    // Of trades out of order another warning says how many they are.
    const isEmpty = trades === this.#before.trades && outOfOrder === this.#before.outOfOrder;
    if (this.#origin !== null && isEmpty) {
      (dropped === 0 ? this.#empty : this.#known).push(this.#origin.name);
      this.#dropped += dropped;
    }
    this.#origin = origin;
    this.#before = { trades, duplicates, outOfOrder };
  }

  /** Takes what is known of a file or member that has been read to its end, where that was counted elsewhere. */
  add({ name, trades, repeats }: FileTally): void {
    if (trades > repeats) return;
    (trades === 0 ? this.#empty : this.#known).push(name);
    this.#dropped += repeats;
  }

  /** What to say about them in a backtest of `symbol`, a sentence each. */
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

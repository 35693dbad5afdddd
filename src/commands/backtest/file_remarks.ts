/** One-time warnings of a backtest about its files: what they cannot show, and what was left out of them. */
import { counted, grouped } from "../../views/terminal/figures.ts";
import type { BacktestRun } from "./backtest_run.ts";

/** Warns that files have no ids as soon as that is known. */
export class MissingIds {
  #isReturned = false;

  /** Returns the warning once; null before there is one, and after it was returned. */
  takeWarning({ fileWithoutIds: name }: BacktestRun): string | null {
    if (this.#isReturned || name === null) return null;
    this.#isReturned = true;
    return `${name} has no consecutive ids: its trades are numbered here, so gaps and repeated trades cannot be detected`;
  }
}

/**
 * With at least this many gaps, and no more trades than this per gap, the ids probably skip numbers, and nothing is
 * missing.
 */
const MANY_GAPS = 100, TRADES_A_GAP = 5;

/** What to report about the files once all have been read. */
export function* remarksOn(run: BacktestRun): Generator<string> {
  const { otherTrades, otherSymbols, trades, state: { totals: { gaps } } } = run;
  if (otherTrades > 0 && trades > 0) {
    yield `skipped ${counted(otherTrades, "trade")} of other symbols: ${otherSymbols.join(", ")}`;
  }
  if (gaps >= MANY_GAPS && gaps * TRADES_A_GAP > trades) {
    yield `${grouped(gaps)} of ${
      grouped(trades)
    } trades follow a jump in the ids, and each jump empties the averages. If ` +
      "the ids of this exchange skip numbers, leave them out with --columns and a - for the id";
  }
}

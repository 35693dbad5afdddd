/** Reads the bars of a run back from its journal. */
import { barSizeIn, EACH_TRADE } from "../../domain/market/bar_size.ts";
import { BuiltBar } from "../../domain/market/built_bar.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { priceText } from "../../domain/numbers/price.ts";
import type { BarsStatus } from "../../domain/run/run_status.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import type { PipelineSnapshot } from "../../stages/pipeline_snapshot.ts";
import { damaged } from "./journal_error.ts";

/** Quantities are counted in units of 10^-8. */
const QUANTITY_DECIMALS = 8;

/**
 * The bars of a run with this `size` at its last checkpoint, whose `state` is null before the first; null if every trade
 * is a bar. Throws a JournalError if they cannot be read.
 */
export function keptBars(
  size: unknown,
  state: Partial<PipelineSnapshot> | null,
  path: string,
): BarsStatus | null {
  if (size === undefined || size === null || size === EACH_TRADE) return null;
  const { closed, open } = state?.bars ?? { closed: 0, open: null };
  const isSound = typeof size === "string" && barSizeIn(size) !== null && Number.isSafeInteger(closed);
  if (!isSound) throw damaged(path, "the bars of its last run cannot be read");
  return { size, closed, open: open === null ? null : shownBar(open, path) };
}

function shownBar(
  kept: NonNullable<NonNullable<PipelineSnapshot["bars"]>["open"]>,
  path: string,
): BarsStatus["open"] {
  const bar = new BuiltBar();
  try {
    bar.restore(kept);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw damaged(path, "the open bar of its last run cannot be read");
  }
  const { openTime, open, high, low, close, decimals, volume, value, trades } = bar;
  const price = (units: number) => priceText(units, decimals);
  return {
    openTime: isoTime(openTime),
    open: price(open),
    high: price(high),
    low: price(low),
    close: price(close),
    volume: plain(new Money(volume, QUANTITY_DECIMALS)),
    value: plain(new Money(value, decimals + QUANTITY_DECIMALS)),
    trades,
  };
}

/** The live line under the log: where the run stands, as a function of its state. */
import type { Standing } from "../stages/pipeline.ts";
import { plain } from "../domain/money.ts";
import { assets } from "./assets.ts";

/** What the live line shows beside the pipeline's own standing. */
export interface Pace {
  readonly symbol: string;
  readonly connected: boolean;
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
}

/** One line of at most `width` characters, without colours. */
export function statusLine(standing: Standing, pace: Pace, width: number): string {
  const { base, quote } = assets(pace.symbol);
  const { price, averages, position, equity, halt } = standing;
  const shortAverage = averages.short();
  const longAverage = averages.long();
  const parts = [
    pace.connected ? "●" : "○ offline",
    price === null ? `${pace.symbol} waiting for trades` : `${pace.symbol} ${plain(price)}`,
    longAverage === null || shortAverage === null
      ? "averages warming up"
      : `sma ${rounded(shortAverage)} / ${rounded(longAverage)}`,
    position.isZero() ? "flat" : `${plain(position)} ${base}`,
    `equity ${equity.toFixed(2)} ${quote}`,
    halt === null ? "" : `HALTED ${halt.reason}`,
    `${Math.round(pace.tradesPerSecond)} trades/s`,
    pace.lagMs === null ? "" : `lag ${Math.round(pace.lagMs)} ms`,
  ];
  const line = parts.filter((part) => part !== "").join("  ");
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** An average as short as a price: without the decimals that only its division made. */
function rounded(average: string): string {
  const [whole = "", decimals = ""] = average.split(".");
  const shown = Math.max(2, 8 - whole.length);
  return decimals === "" ? whole : `${whole}.${decimals.slice(0, shown)}`;
}

/** Options, their values, and what rows are ranked by, in words for people. */
import { durationText } from "../../domain/numbers/duration.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { optionWord } from "../../domain/process/config_error.ts";
import type { Rank } from "../../domain/run/sweep_rank.ts";
import type { ShownOptions } from "../../domain/run/sweep_result.ts";
import { NONE } from "../terminal/figures.ts";
import type { RankedRows } from "./ranked_rows.ts";

/** Options whose values are fractions, which people write in percent. */
const SHARES: readonly string[] = [
  ...["fee", "maxDrawdown", "maxDailyLoss", "stopLoss", "trailingStop", "takeProfit", "participation"],
];
/** Options whose values are milliseconds. */
const DURATIONS: readonly string[] = ["cooldown", "maxLag", "latency", "orderTtl"];

const RANK_WORDS: Readonly<Record<Rank, string>> = {
  "sharpe": "Sharpe ratio",
  "sortino": "Sortino ratio",
  "net-profit": "net profit",
  "return": "return",
  "profit-factor": "profit factor",
  "win-rate": "win rate",
  "max-drawdown": "max drawdown",
};

/**
 * The value of an option as it is written on a command line: `0.01` of `stopLoss` is `1%`. A text with a unit stays as
 * it is.
 */
export function optionText(name: string, value: ShownOptions[string]): string {
  if (value === null) return NONE;
  const text = String(value);
  if (!/^\d+(\.\d+)?$/.test(text)) return text;
  if (SHARES.includes(name)) return `${plain(new Money(text).times(100))}%`;
  return DURATIONS.includes(name) ? durationText(Number(text)) : text;
}

/** Options with their values: `short 5, stop-loss 1%`. */
export function optionsText(options: ShownOptions): string {
  return Object.entries(options).map(([name, value]) => `${optionWord(name)} ${optionText(name, value)}`)
    .join(", ");
}

/** The options that vary, with their names and values as they are written on a command line. */
export function axesInWords(axes: RankedRows["axes"]): RankedRows["axes"] {
  return axes.map(({ name, values }) => ({
    name: optionWord(name),
    values: values.map((text) => optionText(name, text)),
  }));
}

/** What rows are ranked by, for a sentence. Names of other versions stay as they are. */
export function rankWords(rank: string): string {
  return RANK_WORDS[rank as Rank] ?? rank;
}

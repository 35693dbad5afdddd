/** What the rows of a sweep are ranked by. */
import { Money } from "../numbers/money.ts";
import type { ConfigurationFigures } from "./sweep_result.ts";

/** The figures that rows can be ranked by. Less is better for `max-drawdown`, more for the others. */
export const RANKS = [
  ...["sharpe", "sortino", "net-profit", "return", "profit-factor", "win-rate", "max-drawdown"] as const,
];

/** One of them. */
export type Rank = typeof RANKS[number];

const FIGURES: Readonly<Record<Rank, keyof ConfigurationFigures>> = {
  "sharpe": "sharpe",
  "sortino": "sortino",
  "net-profit": "netProfit",
  "return": "return",
  "profit-factor": "profitFactor",
  "win-rate": "winRate",
  "max-drawdown": "maxDrawdown",
};

/** The figure of a row, as the row shows it; null if it does not exist. */
export function rankedFigure(row: ConfigurationFigures, rank: Rank): string | null {
  return row[FIGURES[rank]] as string | null;
}

/** Whether one row is better than another: exactly, so that no rounding decides. A row without the figure never is. */
export function isBetter(one: ConfigurationFigures, other: ConfigurationFigures, rank: Rank): boolean {
  const [a, b] = [rankedFigure(one, rank), rankedFigure(other, rank)];
  if (a === null) return false;
  if (b === null) return true;
  const difference = new Money(a).cmp(b);
  return rank === "max-drawdown" ? difference < 0 : difference > 0;
}

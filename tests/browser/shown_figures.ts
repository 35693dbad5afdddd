/** Figures as the page should show them, computed from a result's JSON by other means than the page's own. */

/** Decimal text, or null where a figure does not exist. */
export type Figure = string | null;

/** The outcome under one fill model. */
export interface Outcome {
  readonly fills: number;
  readonly refusals: number;
  readonly position: string;
  readonly equity: string;
  readonly fees: string;
  readonly maxDrawdown: string;
  // deno-lint-ignore no-explicit-any
  readonly metrics: Record<string, any>;
}

const NONE = "–";

export function grouped(count: number): string {
  return count.toLocaleString("en");
}

/** Two decimals, and commas between thousands. */
export function hundredths(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function money(amount: Figure): string {
  if (amount === null) return NONE;
  const value = Number(amount);
  if (value !== 0 && Math.abs(value) < 0.1) return String(Number(value.toPrecision(4)));
  return hundredths(value);
}

export function signedMoney(amount: Figure): string {
  return Number(amount) > 0 ? `+${money(amount)}` : money(amount);
}

export function percent(fraction: Figure): string {
  if (fraction === null) return NONE;
  const value = Number(fraction) * 100;
  const isHidden = value !== 0 && Math.abs(value) < 0.005;
  const shown = isHidden ? String(Number(value.toPrecision(2))) : hundredths(value);
  return `${shown} %`;
}

export function signedPercent(fraction: Figure): string {
  return Number(fraction) > 0 ? `+${percent(fraction)}` : percent(fraction);
}

export function ratio(value: Figure): string {
  return value === null ? NONE : hundredths(Number(value));
}

/** ISO 8601 as date and time of day. */
export function moment(iso: Figure): string {
  return iso === null ? NONE : iso.slice(0, "2025-01-31T23:59:59".length).replace("T", " ");
}

/** A length of time, ms, in its two largest units. */
export function span(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 100) return `${Number(ms.toFixed(1))} ms`;
  const units = [[86_400, "d"], [3_600, "h"], [60, "m"], [1, "s"]] as const;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${ms < 10_000 ? Number((ms / 1000).toFixed(2)) : seconds} s`;
  const at = units.findIndex(([length]) => seconds >= length);
  const [length, unit] = units[at]!;
  const [below, smaller] = units[at + 1]!;
  return `${grouped(Math.floor(seconds / length))} ${unit} ${
    Math.floor(seconds % length / below)
  } ${smaller}`;
}

/** The rows of the page's tables of figures, in order. */
export const FIGURES: readonly (readonly [label: string, figure: (outcome: Outcome) => string])[] = [
  ["net profit, USDT", ({ metrics }) => signedMoney(metrics.netProfit)],
  ["return", ({ metrics }) => signedPercent(metrics.return)],
  ["buy and hold", ({ metrics }) => signedPercent(metrics.buyAndHoldReturn)],
  ["against buy and hold", ({ metrics }) => signedPercent(metrics.excessReturn)],
  ["exposure while holding", ({ metrics }) => percent(metrics.exposure)],
  ["buy and hold, same exposure", ({ metrics }) => signedPercent(metrics.buyAndHoldAtExposure)],
  ["against it, same exposure", ({ metrics }) => signedPercent(metrics.excessAtExposure)],
  ["gross profit, USDT", ({ metrics }) => signedMoney(metrics.grossProfit)],
  ["gross loss, USDT", ({ metrics }) => signedMoney(metrics.grossLoss)],
  ["open profit, USDT", ({ metrics }) => signedMoney(metrics.openProfit)],
  ["open position, BTC", ({ position }) => position],
  ["fees, USDT", ({ fees }) => money(fees)],
  ["equity at the end, USDT", ({ equity }) => money(equity)],
  ["fills", ({ fills }) => grouped(fills)],
  ["refused orders", ({ refusals }) => grouped(refusals)],
  ["round trips", ({ metrics }) => grouped(metrics.roundTrips)],
  [
    "won / lost / even",
    ({ metrics: { wins, losses, breakEven } }) => [wins, losses, breakEven].map(grouped).join(" / "),
  ],
  ["win rate", ({ metrics: { wins, roundTrips } }) => percent(String(wins / roundTrips))],
  ["average win, USDT", ({ metrics }) => signedMoney(metrics.averageWin)],
  ["average loss, USDT", ({ metrics }) => signedMoney(metrics.averageLoss)],
  ["largest win, USDT", ({ metrics }) => signedMoney(metrics.largestWin)],
  ["largest loss, USDT", ({ metrics }) => signedMoney(metrics.largestLoss)],
  ["profit factor", ({ metrics }) => ratio(metrics.profitFactor)],
  ["payoff ratio", ({ metrics }) => ratio(metrics.payoffRatio)],
  ["expectancy, USDT a round trip", ({ metrics }) => signedMoney(metrics.expectancy)],
  ["longest winning streak", ({ metrics }) => grouped(metrics.longestWinningStreak)],
  ["longest losing streak", ({ metrics }) => grouped(metrics.longestLosingStreak)],
  ["holding time, mean", ({ metrics }) => span(metrics.holdingTimeMs.mean)],
  ["holding time, shortest", ({ metrics }) => span(metrics.holdingTimeMs.shortest)],
  ["holding time, longest", ({ metrics }) => span(metrics.holdingTimeMs.longest)],
  ["time in the market", ({ metrics }) => percent(metrics.timeInMarket)],
  ["largest drawdown", ({ maxDrawdown }) => percent(maxDrawdown)],
  ["largest drawdown, USDT", ({ metrics }) => money(metrics.maxDrawdown.amount)],
  ["from", ({ metrics }) => moment(metrics.maxDrawdown.from)],
  ["to", ({ metrics }) => moment(metrics.maxDrawdown.to)],
  ["length", ({ metrics }) => span(metrics.maxDrawdown.lengthMs)],
  ["longest time under water", ({ metrics }) => span(metrics.longestUnderWaterMs)],
  ["annualized return", ({ metrics }) => signedPercent(metrics.annualizedReturn)],
  ["annualized volatility", ({ metrics }) => percent(metrics.annualizedVolatility)],
  ["Sharpe", ({ metrics }) => ratio(metrics.sharpe)],
  ["Sortino", ({ metrics }) => ratio(metrics.sortino)],
  ["Calmar", ({ metrics }) => ratio(metrics.calmar)],
  ["SQN", ({ metrics }) => ratio(metrics.sqn)],
];

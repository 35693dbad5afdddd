/** The results of a backtest as a table for traders: one column of figures, or one for each fill model. */
import type { SummaryEvent } from "../../domain/run/event.ts";
import type { Metrics } from "../../domain/performance/metrics.ts";
import { TimeRange } from "../../domain/market/time_range.ts";
import { Money } from "../../domain/numbers/money.ts";
import { durationWords } from "../../domain/numbers/duration.ts";
import type { AveragesRecord } from "../../stages/average.ts";
import { type StrategyChoice, strategyWords } from "../../stages/strategies/known_strategies.ts";
import { assets, type NamedAssets } from "../terminal/assets.ts";
import { type Assumed, assumptions, type FillParameters, withSpacedLatency, wrapped } from "./assumptions.ts";
import { padRight, textWidth } from "../terminal/text_width.ts";
import {
  counted,
  exactly,
  grouped,
  hundredths,
  moment,
  money,
  NONE,
  percent,
  signedMoney,
  span,
  unsignedPercent,
} from "../terminal/figures.ts";

/** One column: a summary and its fill model. */
export interface ReportColumn {
  readonly title: string;
  readonly summary: Pick<SummaryEvent, "fills" | "refusals" | "position" | "equity" | "halt"> & {
    readonly metrics: Metrics;
  };
  readonly fillParameters: FillParameters;
  /** Refused orders by reason. */
  readonly refused: ReadonlyMap<string, number>;
}

/** The text above the columns. */
export interface ReportHead {
  readonly summary: SummaryEvent;
  readonly config: Assumed & StrategyChoice & {
    /** The range of times asked for, as ISO 8601; null or absent for none. */
    readonly from?: string | null;
    readonly to?: string | null;
  };
  /** The exchange's names for the assets; absent if unknown. */
  readonly assets?: NamedAssets | null;
  /** What gaps and resets did to the averages. */
  readonly averages?: AveragesRecord;
}

type Outcome = ReportColumn["summary"] & Pick<ReportColumn, "refused">;
type Figures = Outcome & Pick<ReportColumn, "fillParameters">;
/** A row, with its label and its figure; or the heading of the rows below it. */
export type Row<Column = Figures> = readonly [label: string, figure: (column: Column) => string] | string;

/** The rows in which columns differ. */
const FILL_PARAMETERS: readonly Row[] = [
  "Fills",
  ["slippage, basis points", ({ fillParameters }) => fillParameters.slippage],
  ["latency", ({ fillParameters }) => durationWords(fillParameters.latencyMs)],
  ["trade filled at", ({ fillParameters }) => fillParameters.fill === "next" ? "next" : "signal's"],
];

/** The rows in sections, each under its name. `reasons` are the reasons of refused orders. */
export function figureRows(
  { base, quote }: { readonly base: string; readonly quote: string },
  reasons: readonly string[],
  when: (time: string | null) => string = moment,
): readonly Row<Outcome>[] {
  return [
    "Result",
    [`net profit, ${quote}`, ({ metrics }) => signedMoney(metrics.netProfit)],
    ["return", ({ metrics }) => percent(metrics.return)],
    ["buy and hold", ({ metrics }) => percent(metrics.buyAndHoldReturn)],
    ["against buy and hold", ({ metrics }) => percent(metrics.excessReturn)],
    ["exposure while holding", ({ metrics }) => unsignedPercent(metrics.exposure)],
    ["buy and hold, same exposure", ({ metrics }) => percent(metrics.buyAndHoldAtExposure)],
    ["against it, same exposure", ({ metrics }) => percent(metrics.excessAtExposure)],
    [`gross profit, ${quote}`, ({ metrics }) => signedMoney(metrics.grossProfit)],
    [`gross loss, ${quote}`, ({ metrics }) => signedMoney(metrics.grossLoss)],
    [`open profit, ${quote}`, ({ metrics }) => signedMoney(metrics.openProfit)],
    [`open position, ${base}`, ({ position }) => exactly(position)],
    [`fees, ${quote}`, ({ metrics }) => money(metrics.fees)],
    [`equity at the end, ${quote}`, ({ equity }) => money(equity)],
    "Trading",
    ["fills", ({ fills }) => grouped(fills)],
    ["refused orders", ({ refusals }) => grouped(refusals)],
    ...reasons.map((
      reason,
    ): Row<Outcome> => [`  ${reason}`, ({ refused }) => grouped(refused.get(reason) ?? 0)]),
    ["round trips", ({ metrics }) => grouped(metrics.roundTrips)],
    [
      "won / lost / even",
      ({ metrics: { wins, losses, breakEven } }) => [wins, losses, breakEven].map(grouped).join(" / "),
    ],
    ["win rate", ({ metrics }) => unsignedPercent(metrics.winRate)],
    [`average win, ${quote}`, ({ metrics }) => signedMoney(metrics.averageWin)],
    [`average loss, ${quote}`, ({ metrics }) => signedMoney(metrics.averageLoss)],
    [`largest win, ${quote}`, ({ metrics }) => signedMoney(metrics.largestWin)],
    [`largest loss, ${quote}`, ({ metrics }) => signedMoney(metrics.largestLoss)],
    ["profit factor", ({ metrics }) => ratio(metrics.profitFactor)],
    ["payoff ratio", ({ metrics }) => ratio(metrics.payoffRatio)],
    [`expectancy, ${quote} a round trip`, ({ metrics }) => signedMoney(metrics.expectancy)],
    ["longest winning streak", ({ metrics }) => grouped(metrics.longestWinningStreak)],
    ["longest losing streak", ({ metrics }) => grouped(metrics.longestLosingStreak)],
    ["holding time, mean", ({ metrics }) => span(metrics.holdingTimeMs?.mean ?? null)],
    ["holding time, shortest", ({ metrics }) => span(metrics.holdingTimeMs?.shortest ?? null)],
    ["holding time, longest", ({ metrics }) => span(metrics.holdingTimeMs?.longest ?? null)],
    ["time in the market", ({ metrics }) => unsignedPercent(metrics.timeInMarket)],
    "Risk",
    ["largest drawdown", ({ metrics }) => unsignedPercent(metrics.maxDrawdown?.fraction ?? null)],
    [`largest drawdown, ${quote}`, ({ metrics }) => money(metrics.maxDrawdown?.amount ?? null)],
    ["  from", ({ metrics }) => when(metrics.maxDrawdown?.from ?? null)],
    ["  to", ({ metrics }) => when(metrics.maxDrawdown?.to ?? null)],
    ["  length", ({ metrics }) => span(metrics.maxDrawdown?.lengthMs ?? null)],
    ["longest time under water", ({ metrics }) => span(metrics.longestUnderWaterMs)],
    ["annualized return", ({ metrics }) => percent(metrics.annualizedReturn)],
    ["annualized volatility", ({ metrics }) => unsignedPercent(metrics.annualizedVolatility)],
    ["Sharpe", ({ metrics }) => ratio(metrics.sharpe)],
    ["Sortino", ({ metrics }) => ratio(metrics.sortino)],
    ["Calmar", ({ metrics }) => ratio(metrics.calmar)],
    ["SQN", ({ metrics }) => ratio(metrics.sqn)],
  ];
}

/** The table. Amounts are rounded to hundredths; `--json` and `--out` have every digit. */
export function reportTable(head: ReportHead, columns: readonly ReportColumn[]): string {
  const { summary } = head;
  const reasons = [...new Set(columns.flatMap(({ refused }) => [...refused.keys()]))].sort();
  const rows: readonly Row[] = [
    ...(columns.length > 1 ? FILL_PARAMETERS : []),
    ...figureRows(
      assets(summary.symbol, head.assets),
      reasons,
      columns.length > 1 ? dated(summary) : moment,
    ),
  ];
  const figures = rows.map((row) =>
    typeof row === "string"
      ? null
      : columns.map(({ summary, refused, fillParameters }) => row[1]({ ...summary, refused, fillParameters }))
  );
  const left = Math.max(...rows.map((row) => typeof row === "string" ? 0 : textWidth(row[0])));
  const widths = columns.map(({ title }, at) =>
    Math.max(columns.length > 1 ? title.length : 0, ...figures.map((row) => row?.[at]?.length ?? 0))
  );
  const line = (label: string, cells: readonly string[]): string =>
    `  ${padRight(label, left)}${cells.map((cell, at) => `  ${cell.padStart(widths[at] ?? 0)}`).join("")}`
      .trimEnd();
  const lines = rows.flatMap((row, at) =>
    typeof row === "string" ? ["", row] : [line(row[0], figures[at] ?? [])]
  );
  const titles = columns.length > 1 ? ["", line("", columns.map(({ title }) => title))] : [];
  return ["", ...headOf(head, columns), ...titles, ...lines, ...notes(columns), ""].join("\n");
}

/** How to show times where space is scarce: without the year if the head of the table has it. */
function dated({ firstTime, lastTime }: SummaryEvent): typeof moment {
  const isOneYear = firstTime?.slice(0, 4) === lastTime?.slice(0, 4);
  return (time) => isOneYear && time !== null ? moment(time).slice("2025-".length) : moment(time);
}

function headOf(
  { summary, config, assets: named, averages }: ReportHead,
  columns: readonly ReportColumn[],
): string[] {
  const { symbol, trades, elapsedMs, firstTime, lastTime, gaps, duplicates, rejected, ended } = summary;
  const { outOfOrder, resets, outOfRange, countedUp = 0 } = summary;
  const none = countedUp > 0 ? "gaps cannot be detected" : "no gaps";
  const { from = null, to = null } = config;
  const halted = columns.flatMap(({ title, summary: { halt } }) =>
    halt === null
      ? []
      : [columns.length > 1 ? `${title} (${halt.reason})` : `${halt.reason}, since trade ${halt.tradeId}`]
  );
  const perSecond = summary.tradesPerSecond === undefined
    ? ""
    : `, ${grouped(summary.tradesPerSecond)} a second`;
  const stream = [
    gaps === 0 ? none : counted(gaps, "gap"),
    duplicates === 0 ? "" : `${counted(duplicates, "duplicate")} dropped`,
    outOfOrder === 0 ? "" : `${grouped(outOfOrder)} out of order`,
    resets === 0 ? "" : counted(resets, "reset"),
    rejected === 0 ? "" : `${grouped(rejected)} unusable`,
  ].filter((part) => part !== "").join(", ");
  return [
    `Backtest of ${symbol}, ${strategyWords(config)}, on paper`,
    `  ${counted(trades, "trade")}${
      summary.bars === undefined ? "" : `, ${counted(summary.bars, "bar")}`
    } in ${(elapsedMs / 1000).toFixed(2)} s${perSecond}; ${stream}`,
    ...(averages === undefined ? [] : gapLines(averages, summary)),
    ...(firstTime === null ? [] : [`  ${moment(firstTime)} to ${moment(lastTime)} UTC`]),
    ...(outOfRange === undefined
      ? []
      : [`  only trades ${new TimeRange(from, to).words}; ${grouped(outOfRange)} others skipped`]),
    ...assumptions(config, columns.length === 1, named).map(withSpacedLatency),
    ...(ended === "person" ? ["  stopped by you before the input ended"] : []),
    ...(ended === "for" ? ["  stopped by --for before the input ended"] : []),
    ...(halted.length === 0 ? [] : wrapped("halted at the end: ", halted)),
  ];
}

/** What gaps and resets did to the averages, if they did anything. */
function gapLines({ emptied, existed }: AveragesRecord, { gaps, resets }: SummaryEvent): string[] {
  if (emptied === 0) return [];
  const causes = [
    ...(gaps === 0 ? [] : [counted(gaps, "gap")]),
    ...(resets === 0 ? [] : [counted(resets, "reset")]),
  ];
  const times = emptied === 1 ? "once" : `${grouped(emptied)} times`;
  return [
    `  ${causes.join(" and ")} emptied the averages ${times}${
      existed ? "" : "; the averages were never complete"
    }`,
  ];
}

/** The notes that a reader needs to compare the ratios. */
function notes(columns: readonly ReportColumn[]): string[] {
  const sampling = columns[0]?.summary.metrics.sampling ?? null;
  const period = { "1d": "days", "1h": "hours", "1m": "minutes" };
  return [
    "",
    "  Exposure is the share of the money in the position while one is held.",
    ...(sampling === null
      ? [
        "  Annualized figures, Sharpe, Sortino and Calmar need a day of trades and 30",
        "  samples.",
      ]
      : [
        `  Volatility, Sharpe and Sortino are from equity at full ${period[sampling]},`,
        "  annualized to 365 days. Risk-free rate and target return are 0.",
      ]),
  ];
}

function ratio(value: string | null): string {
  return value === null ? NONE : hundredths(new Money(value));
}

/** The results of a live run as a table. */
import type { SummaryEvent } from "../../domain/run/event.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { assets, type NamedAssets } from "./assets.ts";
import { seconds, signed } from "./narration.ts";
import { counted, grouped, moment, money, percent, unsignedPercent } from "./figures.ts";

/**
 * A table of the run's results. `startCash` is the cash that the account started with, quote currency; `named` has the
 * exchange's names for the assets, or is null.
 */
export function summaryTable(
  summary: SummaryEvent,
  startCash: Money,
  named: NamedAssets | null = null,
): string {
  const { base, quote } = assets(summary.symbol, named);
  const equity = new Money(summary.equity);
  const profit = equity.minus(startCash);
  const held = summary.position === "0" ? "" : ` and ${summary.position} ${base}`;
  const rows: [string, string][] = [
    ["symbol", summary.symbol],
    ["trades seen", seen(summary)],
    ...(summary.bars === undefined ? [] : [["bars closed", grouped(summary.bars)] as [string, string]]),
    ["from", momentUtc(summary.firstTime)],
    ["to", momentUtc(summary.lastTime)],
    ["signals", `${summary.signals}`],
    ["fills", `${summary.fills}${summary.refusals > 0 ? `, ${summary.refusals} refused` : ""}`],
    ["fees", `${summary.fees} ${quote}`],
    ["realized", `${signed(summary.realized)} ${quote}`],
    ["result", `${signed(plain(profit))} ${quote} (${percent(plain(profit.div(startCash)))})`],
    ["largest drawdown", unsignedPercent(summary.maxDrawdown)],
    ...(summary.halt === null ? [] : [["halted", summary.halt.reason] as [string, string]]),
    [held === "" ? "cash" : "cash + position", `${summary.cash} ${quote}${held}`],
    ["equity", `${summary.equity} ${quote}`],
  ];
  const stream = [
    [summary.gaps, "gap"] as const,
    [summary.duplicates, "duplicate"] as const,
    [summary.resets, "reset"] as const,
    [summary.rejected, "unusable message"] as const,
    [summary.absent ?? 0, "empty id"] as const,
  ].flatMap(([n, what]) => n === 0 ? [] : [counted(n, what)]);
  if (summary.outOfOrder > 0) stream.push(`${summary.outOfOrder} out of order`);
  rows.push(["stream", stream.length === 0 ? "no gaps, no duplicates" : stream.join(", ")]);
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return ["", `Summary: on paper, ${headline(profit, quote)}`, ...lines, ""].join("\n");
}

function momentUtc(time: string | null): string {
  return time === null ? moment(time) : `${moment(time)} UTC`;
}

/** The trades of the whole run, and those of this process. */
function seen({ trades, resumedAfter = 0, elapsedMs }: SummaryEvent): string {
  const time = seconds(elapsedMs);
  return resumedAfter === 0
    ? `${grouped(trades)} in ${time}`
    : `${grouped(trades)}, ${grouped(trades - resumedAfter)} of them in these ${time}`;
}

function headline(profit: Money, quote: string): string {
  if (profit.isZero()) return "neither a gain nor a loss";
  return `${profit.isNegative() ? "a loss" : "a gain"} of ${money(plain(profit.abs()))} ${quote}`;
}

/** The result of a sweep as text: the best rows with their neighbours, a map of two options, and what it all means. */
import type { RankedRows } from "./ranked_rows.ts";
import type { SweepEvent } from "../../domain/run/sweep_result.ts";
import { counted, grouped, money, NONE, signedMoney } from "../terminal/figures.ts";
import { padLeft, padRight } from "../terminal/text_width.ts";
import { heatMap } from "./heat_map.ts";

/** What a sweep has found, as far as a table shows it. */
export interface SweepFindings {
  readonly event: SweepEvent;
  readonly ranked: RankedRows;
}

/** The same without what only an event has. */
export interface Ranked {
  readonly event: Omit<SweepEvent, "type">;
  readonly ranked: RankedRows;
}

/** The text, in whole lines. A map is drawn only with `colours`. */
export function sweepTable({ event, ranked }: SweepFindings, colours: boolean): string {
  const { head, lines } = rankedTable({ event, ranked });
  const parts = [
    titleOf(event),
    lines.length === 0
      ? `No row has the figure that rows are ranked by (${event.rank}).`
      : aligned([head, ...lines]),
    ...(colours ? heatMap(ranked) : []),
    ...walkText(event),
    event.sentences.join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The best rows as cells, each with its place first, and what heads them. */
export function rankedTable(
  { event, ranked: { rows, axes } }: Ranked,
): { readonly head: readonly string[]; readonly lines: readonly (readonly string[])[] } {
  const hasTest = rows.some(({ row }) => row.test !== null);
  const head = [
    "",
    ...axes.map(({ name }) => name),
    event.rank,
    "neighbours",
    "net profit",
    "return",
    "max drawdown",
    "round trips",
    "fills",
    ...(hasTest ? ["test profit", "test sharpe"] : []),
  ];
  const lines = rows.map(({ row, figure, neighbours }, at) => [
    `${at + 1}`,
    ...axes.map(({ name }) => `${row.options[name] ?? NONE}`),
    figure ?? NONE,
    neighbours === null ? NONE : neighbours.toPrecision(4),
    signedMoney(row.netProfit),
    percent(row.return),
    percent(row.maxDrawdown),
    grouped(row.roundTrips),
    grouped(row.fills),
    ...(hasTest ? [signedMoney(row.test!.netProfit), row.test!.sharpe ?? NONE] : []),
  ]);
  return { head, lines };
}

/** What was swept, and whether all of it was. */
export function titleOf(
  { configurations, refused, trades, symbol, partial, rank }: Ranked["event"],
): string {
  const without = refused === 0 ? "" : `, ${grouped(refused)} combinations refused`;
  const end = partial ? ". Stopped before the end: the others are missing" : "";
  return `${symbol}: ${counted(configurations, "configuration")} over ${
    counted(trades, "trade")
  }${without}, ` +
    `ranked by ${rank}${end}`;
}

function walkText({ walkForward, walkForwardNetProfit, walkForwardEfficiency }: SweepEvent): string[] {
  if (walkForward.length === 0) return [];
  const rows = walkForward.map(({ from, options, chosenProfit, netProfit }) => [
    from.slice(0, 19),
    Object.entries(options).map(([name, value]) => `${name} ${value}`).join(", "),
    signedMoney(chosenProfit),
    signedMoney(netProfit),
  ]);
  const table = aligned([["window from", "chosen before", "earned before", "earned here"], ...rows]);
  const efficiency = walkForwardEfficiency === null ? NONE : percent(walkForwardEfficiency);
  return [`${table}\nall windows ${money(walkForwardNetProfit)}, efficiency ${efficiency}`];
}

function percent(fraction: string | null): string {
  return fraction === null ? NONE : `${(Number(fraction) * 100).toFixed(2)} %`;
}

/** Rows in columns: the first row heads them, numbers are on the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = rows[0]!.map((_, column) => rows.slice(1).some((row) => /^[a-z]|, /.test(row[column]!)));
  return rows.map((row) =>
    row.map((cell, column) => (isText[column] ? padRight : padLeft)(cell, widths[column]!)).join("  ")
      .trimEnd()
  ).join("\n");
}

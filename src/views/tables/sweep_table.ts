/**
 * The result of a sweep as text: the best rows with their neighbours, a map of two options, and the figures against
 * luck.
 */
import type { RankedRows } from "./ranked_rows.ts";
import type { SweepEvent } from "../../domain/run/sweep_result.ts";
import { optionWord } from "../../domain/process/config_error.ts";
import { counted, grouped, money, NONE, signedMoney } from "../terminal/figures.ts";
import { padLeft, padRight } from "../terminal/text_width.ts";
import { heatMap } from "./heat_map.ts";
import { optionsText, optionText, rankWords } from "./option_words.ts";

/** The parts of a sweep's result that its table shows. */
export interface SweepFindings {
  /** The figure that rows should be ranked by. */
  readonly asked: string;
  readonly event: SweepEvent;
  readonly ranked: RankedRows;
}

/** Figures that rows may be ranked by and that every row shows anyway. */
const OWN_COLUMNS: readonly string[] = ["net-profit", "return", "max-drawdown"];

/** Decimals of a ratio. */
const RATIO_PLACES = 3;

/** A figure that rows are ranked by, with the same decimals in every row; NaN if there is none. */
export function figureText(figure: number, rank: string): string {
  if (Number.isNaN(figure)) return NONE;
  if (rank === "net-profit") return signedMoney(String(figure));
  const isShare = rank === "return" || rank === "max-drawdown" || rank === "win-rate";
  return isShare ? percent(String(figure)) : figure.toFixed(RATIO_PLACES);
}

/** The event of a sweep without its type, and its rows. */
export interface Ranked {
  readonly event: Omit<SweepEvent, "type">;
  readonly ranked: RankedRows;
}

/** The text, in whole lines. A map is drawn only with `colours`. */
export function sweepTable({ asked, event, ranked }: SweepFindings, colours: boolean): string {
  if (event.configurations === 0) return `${event.symbol}: stopped before a configuration was finished\n`;
  const { head, lines } = rankedTable({ event, ranked });
  const parts = [
    titleOf(event, asked),
    lines.length === 0
      ? `No row has a ${rankWords(event.rank)}: try --rank net-profit.`
      : aligned([head, ...lines]),
    ...(colours ? heatMap(ranked) : []),
    ...walkText(event),
    event.sentences.join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The best rows as cells, each with its place first, and their headings. */
export function rankedTable(
  { event, ranked: { rows, axes } }: Ranked,
): { readonly head: readonly string[]; readonly lines: readonly (readonly string[])[] } {
  // A figure that has its own column is not shown twice.
  const ranked = OWN_COLUMNS.includes(event.rank) ? [] : [event.rank];
  const hasTest = rows.some(({ row }) => row.test !== null);
  const head = [
    "",
    ...axes.map(({ name }) => optionWord(name)),
    ...ranked.map(rankWords),
    "neighbours",
    "net profit",
    "return",
    "max drawdown",
    "round trips",
    "fills",
    ...(hasTest ? ["test profit", "test Sharpe"] : []),
  ];
  const lines = rows.map(({ row, figure, neighbours }, at) => [
    `${at + 1}`,
    ...axes.map(({ name }) => optionText(name, row.options[name] ?? null)),
    ...ranked.map(() => figure === null ? NONE : figureText(Number(figure), event.rank)),
    neighbours === null ? NONE : figureText(neighbours, event.rank),
    signedMoney(row.netProfit),
    percent(row.return),
    percent(row.maxDrawdown),
    grouped(row.roundTrips),
    grouped(row.fills),
    ...(hasTest
      ? [signedMoney(row.test!.netProfit), figureText(Number(row.test!.sharpe ?? NaN), "sharpe")]
      : []),
  ]);
  return { head, lines };
}

/** What was swept, and whether all of it was; `asked` is the figure that rows should be ranked by. */
export function titleOf(
  { configurations, refused, trades, symbol, partial, rank, walkForward }: Ranked["event"],
  asked: string,
): string {
  const without = refused === 0 ? "" : `, ${counted(refused, "combination")} refused`;
  const end = partial ? ". Stopped before the end: the others are missing" : "";
  // Rows that have the figure over all trades may not have it in a window, where something has to be chosen too.
  const missing = walkForward.length > 0 ? "in some window no row has" : "no row has";
  const instead = rank === asked ? "" : `, because ${missing} a ${rankWords(asked)}`;
  return `${symbol}: ${counted(configurations, "configuration")} over ${
    counted(trades, "trade")
  }${without}, ranked by ${rankWords(rank)}${instead}${end}`;
}

function walkText({ walkForward, walkForwardNetProfit, walkForwardEfficiency }: SweepEvent): string[] {
  if (walkForward.length === 0) return [];
  const rows = walkForward.map(({ from, options, chosenProfit, netProfit }) => [
    from.slice(0, 19),
    optionsText(options),
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

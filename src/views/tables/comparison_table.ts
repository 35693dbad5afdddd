/** The result of a comparison, for people and for programs. */
import type {
  Comparison,
  ConfigurationDifference,
  EventComparison,
  SideHead,
} from "../../domain/comparison/comparison.ts";
import type { Figure, FigureRow, Figures } from "../../domain/comparison/figure_comparison.ts";
import { counted, exactly, grouped, NONE } from "../terminal/figures.ts";
import { printable, printableJson } from "../terminal/terminal.ts";
import { padLeft, padRight, textWidth } from "../terminal/text_width.ts";

/** At most this many configurations that differ are shown; the others are counted. */
const MOST_CONFIGURATIONS = 20;
/** Wider values, such as a hash, would push the other columns apart. */
const MOST_COLUMNS = 40;

/** One JSON object with everything. */
export function comparisonJson(comparison: Comparison, isSame: boolean): string {
  const { a, b, options, figures, events, configurations } = comparison;
  return printableJson({
    type: "comparison",
    same: isSame,
    a,
    b,
    options: options.map(({ name, a, b }) => ({ name, a, b })),
    figures: figures.rows,
    onlyInA: figures.onlyInA,
    onlyInB: figures.onlyInB,
    events,
    configurations,
  });
}

/** The text: one line for what is the same, columns for what differs. */
export function comparisonText(comparison: Comparison, isSame: boolean): string {
  const { a, b, options, figures, events, configurations } = comparison;
  const lines = [`A  ${headText(a)}`, `B  ${headText(b)}`, ""];
  if (isSame) {
    const parts = [
      ...(configurations === null ? [] : [counted(configurations.same, "configuration")]),
      counted(figures.rows.length, "figure"),
      ...(events === null ? [] : [counted(events.same, wordFor(events))]),
    ];
    lines.push(`The same: all options, ${parts.join(" and ")}.`);
  } else {
    if (options.length > 0) lines.push(...table("Options that differ", options, false), "");
    if (configurations !== null) {
      lines.push(...configurationLines(configurations.differing, configurations.same), "");
    }
    lines.push(...table("Figures", figures.rows, true), "");
    if (events !== null) lines.push(...eventLines(events), "");
    lines.pop();
  }
  const only = [["A", figures.onlyInA], ["B", figures.onlyInB]] as const;
  for (const [side, names] of only) {
    if (names.length > 0 && a.kind === b.kind) {
      lines.push("", `Not compared, because only ${side} has them: ${names.map(wordsOf).join(", ")}`);
    }
  }
  return lines.map(printable).join("\n");
}

function headText({ path, kind, version, symbol, run }: SideHead): string {
  const what = run === null ? kind : `${kind}, run ${run}`;
  return `${path}: ${what}${symbol === null ? "" : ` of ${symbol}`}, by Penstock ${version}`;
}

/** Rows under a title; with `differences`, a third column shows the differences. */
function table(title: string, rows: readonly FigureRow[], differences: boolean): string[] {
  const cells = [
    [title, "A", "B", ...(differences ? ["B − A"] : [])],
    ...rows.map(({ name, a, b, difference }) => [
      `  ${wordsOf(name)}`,
      shown(a, name),
      shown(b, name),
      ...(differences ? [a === b ? "" : difference === null ? "differs" : signed(difference)] : []),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => textWidth(row[column]!))));
  return cells.map((row) =>
    row.map((cell, column) => column === 0 ? padRight(cell, widths[0]!) : padLeft(cell, widths[column]!))
      .join("  ")
      .trimEnd()
  );
}

function configurationLines(differing: readonly ConfigurationDifference[], same: number): string[] {
  const lines = [
    `Configurations: ${grouped(same)} the same, ${grouped(differing.length)} not`,
    ...differing.slice(0, MOST_CONFIGURATIONS).map(({ options, figures, onlyIn }) =>
      `  ${optionsText(options)}: ${
        onlyIn !== null
          ? `only in ${onlyIn.toUpperCase()}`
          : figures.map(({ name, a, b }) => `${wordsOf(name)} ${shown(a, name)} and ${shown(b, name)}`).join(
            ", ",
          )
      }`
    ),
  ];
  const more = differing.length - MOST_CONFIGURATIONS;
  return more > 0 ? [...lines, `  and ${grouped(more)} more; --json has all`] : lines;
}

function eventLines({ kind, same, first }: EventComparison): string[] {
  const word = kind === "fills" ? "fill" : "decision";
  if (first === null) return [`All ${counted(same, word)} are the same.`];
  const { number, a, b } = first;
  const title = `The first ${word} that differs is number ${grouped(number)}`;
  if (a === null || b === null) {
    const [side, event] = a === null ? ["B", b] : ["A", a];
    return [`${title}: only ${side} has it, ${eventText(event!)}`];
  }
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const rows = names.map((name) => ({ name, a: a[name] ?? null, b: b[name] ?? null, difference: null }));
  const lines = table("", rows, false).map((line, at) => {
    const row = rows[at - 1];
    return row === undefined || row.a === row.b ? line : `${line}  differs`;
  });
  return [title, ...lines];
}

function eventText(event: Figures): string {
  const { time, type, side, price, quantity } = event;
  const parts = [type, side, quantity, price === undefined ? undefined : `at ${price}`, time];
  return parts.filter((part) => part !== undefined).join(" ");
}

function optionsText(options: Figures): string {
  return Object.entries(options).map(([name, value]) => `${wordsOf(name)} ${shown(value, name)}`).join(", ");
}

function wordFor({ kind }: EventComparison): string {
  return kind === "fills" ? "fill" : "decision";
}

/** `maxDrawdown.lengthMs` as `max drawdown: length, ms`, `holdingTimeMs.mean` as `holding time: mean, ms`. */
function wordsOf(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll(".", ": ");
  return words.replace(/ ms\b(.*)$/, "$1, ms");
}

const AMOUNT = /^-?\d+(\.\d+)?$/;

function shown(figure: Figure, name = ""): string {
  if (figure === null) return NONE;
  const text = String(figure);
  if (AMOUNT.test(text) && !name.endsWith("Id")) {
    return text.startsWith("-") ? `-${exactly(text.slice(1))}` : exactly(text);
  }
  return text.length > MOST_COLUMNS ? `${text.slice(0, MOST_COLUMNS - 1)}…` : text;
}

function signed(difference: string): string {
  return difference.startsWith("-") ? shown(difference) : `+${shown(difference)}`;
}

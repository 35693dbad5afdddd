/** `penstock compare`: two results, sweeps or journals side by side. */
import type { Started } from "../config/command.ts";
import { comparedOptions } from "../config/deciding_options.ts";
import { type Comparison, isAllTheSame } from "../domain/comparison/comparison.ts";
import { compareFigures, type Figures } from "../domain/comparison/figure_comparison.ts";
import type { Exit } from "../domain/process/exit.ts";
import { UnusableResult } from "../stores/results/result_reading.ts";
import { comparisonJson, comparisonText } from "../views/tables/comparison_table.ts";
import { writeText } from "../views/terminal/terminal.ts";
import { compareEvents } from "./compare/event_streams.ts";
import { openSide, type Side } from "./compare/side.ts";
import { compareConfigurations, type SweepRow } from "./compare/sweep_rows.ts";

/**
 * Prints what differs, as a table or with `--json` as one object, and returns whether anything does. Throws an
 * UnusableResult if a file cannot be compared at all or not with the other file, a ConfigError for a run that a journal
 * does not hold, and a JournalError if a journal cannot be read.
 */
export async function compare({ config: { run, json }, files }: Started): Promise<Exit> {
  const [pathA, pathB] = files as [string, string];
  await using a = await openSide(pathA, run);
  await using b = await openSide(pathB, run);
  const comparison = await comparisonOf(a, b);
  const isSame = isAllTheSame(comparison);
  writeText(
    Deno.stdout,
    json ? `${comparisonJson(comparison, isSame)}\n` : `${comparisonText(comparison, isSame)}\n`,
  );
  return isSame ? "done" : "difference";
}

async function comparisonOf(a: Side, b: Side): Promise<Comparison> {
  const heads = { a: a.head, b: b.head };
  if (a.rows !== null && b.rows !== null) {
    return {
      ...heads,
      options: optionRows(a.options, b.options, true),
      figures: compareFigures(...withoutTries(a.figures, b.figures)),
      events: null,
      configurations: compareConfigurations(
        { fixed: a.options, rows: a.rows },
        { fixed: b.options, rows: b.rows },
      ),
    };
  }
  if (a.rows !== null) return { ...heads, ...ofOneRow(rowFor(b, a, a.rows), b.figures) };
  if (b.rows !== null) return { ...heads, ...ofOneRow(a.figures, rowFor(a, b, b.rows)) };
  const kind = a.head.kind === "journal" && b.head.kind === "journal" ? "decisions" : "fills";
  return {
    ...heads,
    options: optionRows(a.options, b.options),
    figures: compareFigures(a.figures, b.figures),
    events: await compareEvents(kind, a.events(kind), b.events(kind)),
    configurations: null,
  };
}

/** The figures that depend on the number of tries. */
const OF_TRIES = ["tried", "deflatedSharpe", "expectedMaximumSharpe", "minimumBacktestYears", "verdict"];

/**
 * The comparable figures of two sweeps. Those that depend on tries change with any sweep of the same trades in between.
 */
function withoutTries(a: Figures, b: Figures): [a: Figures, b: Figures] {
  if (a["tried"] === b["tried"]) return [a, b];
  const rest = (figures: Figures) =>
    Object.fromEntries(Object.entries(figures).filter(([name]) => !OF_TRIES.includes(name)));
  return [rest(a), rest(b)];
}

/** Compares a configuration of a sweep with a run that has its options. */
function ofOneRow(a: Figures, b: Figures): Omit<Comparison, "a" | "b"> {
  return { options: [], figures: compareFigures(a, b), events: null, configurations: null };
}

function optionRows(a: Figures, b: Figures, areSweeps = false): Comparison["options"] {
  const [whole, other] = [comparedOptions(a, areSweeps), comparedOptions(b, areSweeps)];
  const names = [...new Set([...Object.keys(whole), ...Object.keys(other)])];
  const all = (options: Figures) => Object.fromEntries(names.map((name) => [name, options[name] ?? null]));
  return compareFigures(all(whole), all(other)).rows.filter((row) => row.a !== row.b);
}

/** The figures of the configuration that has the options of `run`. Throws an UnusableResult if there is none. */
function rowFor(run: Side, sweep: Side, rows: readonly SweepRow[]): Figures {
  const row = rows.find(({ options }) =>
    optionRows({ ...sweep.options, ...options }, run.options).length === 0
  );
  if (row !== undefined) return row.figures;
  throw new UnusableResult(
    `no configuration of the sweep ${sweep.head.path} has the options of ${run.head.path}: expected a ${run.head.kind} ` +
      "with the options of one of them. Two sweeps or two results are compared whatever their options are",
  );
}

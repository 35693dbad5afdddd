/** The report of a sweep that was read from its file. */
import { Grid } from "../../config/grid.ts";
import type { GivenOptions } from "../../config/configuration.ts";
import { OPTIONS } from "../../config/options.ts";
import { rowCommand, sweepCommand } from "../../config/sweep_commands.ts";
import { foldedSet } from "../../config/set_lists.ts";
import type { Rank } from "../../domain/run/sweep_rank.ts";
import type { ConfigurationEvent } from "../../domain/run/sweep_result.ts";
import { MOST_RUNS, type SweepReport } from "../../views/report/sweep_report.ts";
import { damaged, sweepResultIn } from "../../views/report/sweep_shape.ts";
import { Ranking } from "../../views/tables/ranking.ts";

/**
 * The report without the full reports of the best rows, because a sweep's file has none of their trades. The commands
 * that write them take their place. Throws a NoReport if the value is not a sweep's result, or contradicts itself.
 */
export function sweptResult(value: unknown): SweepReport {
  const result = sweepResultIn(value);
  const { options, grid, environment, files, configurations, sweep } = result;
  const { time, symbol, rank } = sweep;
  const lists = foldedSet(Object.fromEntries(grid.map(({ name, values }) => [name, values.join(",")])));
  const unknown = Object.keys(lists).find((name) => !(name in OPTIONS));
  if (unknown !== undefined) throw damaged(`its grid has "${unknown}", which is not an option`);
  const given = Object.fromEntries(
    Object.entries(lists).map(([name, text]) => [name, { text, source: "command line" }]),
  ) as GivenOptions;
  const mistakes: string[] = [];
  const placed = new Grid(given, mistakes);
  if (mistakes.length > 0) throw damaged(mistakes.join("; "));
  const ranking = new Ranking(placed, rank as Rank);
  const strategy = String(options["strategy"] ?? OPTIONS.strategy.default);
  for (const row of configurations) {
    const place = placed.placeOf(row.options, strategy);
    if (place === null) throw damaged(`its grid lacks the row with ${JSON.stringify(row.options)}`);
    ranking.add(place, { type: "configuration", time, symbol, ...row } satisfies ConfigurationEvent);
  }
  const ranked = ranking.shown;
  return {
    event: sweep,
    ranked,
    runs: [],
    origin: {
      version: environment.penstock,
      options,
      files,
      command: sweepCommand(result),
      commands: ranked.rows.slice(0, MOST_RUNS).map(({ row }, at) => rowCommand(result, row, at + 1)),
    },
  };
}

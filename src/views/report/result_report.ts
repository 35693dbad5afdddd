/** The report of a result file. */
import type { Metrics } from "../../domain/performance/metrics.ts";
import type { ModelEvent, StartedEvent } from "../../domain/run/event.ts";
import type { Pictures, RunReport, ShownDrawdown, ShownTotals } from "./run_report.ts";
import { headShape, resultShape } from "./result_shape.ts";
import { WrongShape } from "./shape.ts";

/** The JSON value is not a result that a page can show. The message continues a sentence that starts with the file. */
export class NoReport extends Error {
  override readonly name = "NoReport";
}

/** The schema of a result, and its version. */
export interface ResultKind {
  readonly schema: string;
  readonly version: number;
}

/** Makes the command line that repeats a run from its files and options. */
export type CommandOf = (files: readonly string[], options: StartedEvent["config"]) => string;

/** The parts of a result that its page shows. */
interface Result {
  readonly options: StartedEvent["config"];
  readonly environment: { readonly penstock: string };
  readonly files: readonly string[];
  readonly summary: ShownTotals;
  readonly metrics: Metrics;
  readonly drawdownPeriods: readonly ShownDrawdown[];
  readonly models: readonly ModelEvent[];
  readonly pictures: Pictures;
}

/** The report of a JSON value of this `kind`. Throws a NoReport for any other value. */
export function resultReport(value: unknown, kind: ResultKind, commandOf: CommandOf): RunReport {
  const { schema, version, ...rest } = typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
  if (schema !== kind.schema) {
    throw new NoReport(
      `is JSON, but not a result of Penstock: expected "schema" to be "${kind.schema}". Name a file that ` +
        "penstock backtest --out wrote, or a journal",
    );
  }
  if (version !== kind.version) {
    throw new NoReport(
      `is a result of version ${JSON.stringify(version) ?? "none"}, but this Penstock reads version ` +
        `${kind.version}: use the version that wrote it, or repeat the backtest`,
    );
  }
  try {
    headShape(rest, "");
    if (!("pictures" in rest)) {
      const { options, environment, files } = rest as unknown as Result;
      throw new NoReport(
        `was written by Penstock ${environment.penstock}, which kept nothing to draw in a result. Repeat the ` +
          `backtest with --report PAGE.html or --out: ${commandOf(files, options)}`,
      );
    }
    resultShape(rest, "");
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
    throw new NoReport(
      `is damaged, or was edited: ${error.message}. Restore it from a copy, or repeat the backtest`,
    );
  }
  const { options, environment, files, summary, metrics, drawdownPeriods, models, pictures } =
    rest as unknown as Result;
  return {
    kind: "Backtest",
    summary,
    metrics,
    models,
    drawdowns: drawdownPeriods,
    ...pictures,
    origin: {
      version: environment.penstock,
      options,
      files,
      command: commandOf(files, options),
      journal: null,
    },
  };
}

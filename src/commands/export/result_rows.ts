/** The rows of a result's tables. */
import { ConfigError } from "../../domain/process/config_error.ts";
import { timeIn } from "../../domain/numbers/time.ts";
import { exportedResult, resultFills } from "../../stores/results/result_export.ts";
import { equityRow, type ExportRow, fillRow, type TableName } from "../../views/tables/export_tables.ts";
import { closedRows, type TimedFill, tripRows } from "./closing.ts";

/** A result is one run, without a number. */
const RUN = { run: null };

/**
 * The rows of the result at `path`, in memory that does not grow with its fills. Throws a ConfigError for signals, which
 * a result does not have, an UnusableResult if it cannot be read, and a BooksError if its fills do not add up.
 */
export async function* resultRows(path: string, table: TableName): AsyncGenerator<ExportRow> {
  if (table === "signals") {
    throw new ConfigError([
      `--signals: a result has no signals. Repeat the backtest with --state FILE and export from that journal ` +
      `(${path} is a result)`,
    ]);
  }
  const { symbol, realized, equityCurve } = await exportedResult(path);
  if (table === "closed") yield* closedRows(timedFills(path), { ...RUN, realized });
  else if (table === "trips") yield* tripRows(timedFills(path), { ...RUN, realized });
  else if (table === "fills") {
    for await (const { event, time } of timedFills(path)) yield fillRow(event, time, RUN);
  } else {
    const unknown = { tradeId: null, price: null, cash: null, position: null };
    for (const [time, equity] of equityCurve) {
      yield equityRow({ event: "sample", time: timeIn(time)!, symbol, ...unknown, equity }, RUN);
    }
  }
}

async function* timedFills(path: string): AsyncGenerator<TimedFill> {
  for await (const event of resultFills(path)) yield { event, time: timeIn(event.time)! };
}

/** The options about recorded files: a part of the table in options.ts. */
import { type ColumnName, ownColumnsIn, TIME_UNITS } from "../domain/market/own_columns.ts";
import { NotAllowed, oneOf } from "./option_values.ts";
import { optionIn } from "./option.ts";

const BACKTEST = ["backtest", "sweep"] as const;
const input = optionIn("input");

/** A key is the option's name in the configuration file. */
export const FILE_OPTIONS = {
  columns: input({
    default: null,
    read: ownColumns,
    value: "NAME,...",
    commands: BACKTEST,
    help:
      "read CSV files whose columns hold time,price,quantity[,side][,id], in the order of the file; - skips one",
  }),
  timeUnit: input({
    default: null,
    read: oneOf(...TIME_UNITS),
    value: "UNIT",
    commands: BACKTEST,
    help: "how the times of --columns are written: s, ms, us, ns or iso (default: as their size shows)",
  }),
};

/** A reader of the columns of a file. */
function ownColumns(text: string): readonly ColumnName[] {
  const columns = ownColumnsIn(text);
  if (columns === null) {
    throw new NotAllowed(
      "time, price and quantity, each once, and side and id if the file has them, in the order of its columns, with - " +
        "for each column to skip, such as time,price,quantity or id,-,price,quantity,time,side",
    );
  }
  return columns;
}

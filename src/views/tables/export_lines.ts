/** The output of `penstock export` as lines of CSV or JSON. */
import type { ClosedTotals } from "../../domain/account/fifo_lots.ts";
import { plain } from "../../domain/numbers/money.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { printable, printableJson } from "../terminal/terminal.ts";
import { COLUMNS, type ExportRow, type OfRun, type TableName } from "./export_tables.ts";

/** The start of a formula or a command, even for a spreadsheet that trims text or accepts full-width characters. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** The text between tabs and line ends. A quoted cell may contain these two, although a terminal acts on them. */
const WITHIN_CELLS = /[^\t\r\n]+/g;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** The format of exported lines. */
export type LineFormat = "csv" | "json";

/** The first line before the rows; empty in JSON. */
export function headLine(format: LineFormat, table: TableName): string {
  return format === "csv" ? csvLine(Object.keys(COLUMNS[table])) : "";
}

/** One row of a table. */
export function rowLine(format: LineFormat, table: TableName, { cells, json }: ExportRow): string {
  if (format === "json") return `${printableJson(json)}\n`;
  const kinds = Object.values(COLUMNS[table]);
  return csvLine(
    cells.map((cell, at) => kinds[at] === "time" && cell !== null ? isoTime(Number(cell)) : cell),
  );
}

/** The totals of all closed positions or round trips, in words; `what` names one of them. */
export function closedSummary(
  { count, cost, proceeds, fees, profit }: ClosedTotals,
  { run, realized, isFlat, what }: OfRun & {
    readonly realized: string;
    readonly isFlat: boolean;
    readonly what: "closed position" | "round trip";
  },
): string {
  const sums = `cost ${plain(cost)}, proceeds ${plain(proceeds)}, fees ${plain(fees)}, profit ${
    plain(profit)
  }`;
  const agrees = profit.eq(realized);
  const source = run === null ? "result" : "journal";
  const booked = agrees
    ? `which is what the ${source} realized`
    : `the ${source} realized ${realized} at average cost`;
  const open = isFlat ? "" : "; a position is still open and not included";
  const head = run === null ? "" : `run ${run}: `;
  return `${head}${count} ${what}${count === 1 ? "" : "s"}: ${sums}, ${booked}${open}`;
}

/**
 * One line of CSV (RFC 4180), with its end. Numbers, and strings that are numbers, stay as they are, even negative
 * ones. Any other text that a spreadsheet might interpret as a formula gets an apostrophe in front, so that it is shown
 * as text. Null is an empty cell. Characters that could control a terminal or stay invisible are escaped as in
 * `printable`.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number | null): string {
  const text = value === null ? "" : String(value).replace(WITHIN_CELLS, printable);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

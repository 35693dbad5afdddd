/** Lines of CSV (RFC 4180) that are safe to open in a spreadsheet, and to see on a terminal. */
import { printable } from "../terminal/terminal.ts";

/** What a spreadsheet (even one that trims or widens characters) takes for the start of a formula or a command. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** What a line of CSV may have in it, as a cell is quoted then, though a terminal acts on it. */
const WITHIN_CELLS = /[^\t\r\n]+/g;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * One line, its end included. A number, or a text that is one, stays as it is, negative too. Any other text that a
 * spreadsheet might take for a formula gets an apostrophe before it, which shows it as text; null is an empty cell.
 * What could steer a terminal or stay invisible is escaped as `printable` does it.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number | null): string {
  const text = value === null ? "" : String(value).replace(WITHIN_CELLS, printable);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

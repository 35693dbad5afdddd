/** Lines of CSV (RFC 4180) that are safe to open in a spreadsheet. */

/** What a spreadsheet, or one that trims or widens characters, takes for the beginning of a formula or a command. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * One line, its end included. A number, or a text that is one, stays as it is, negative too. Any other text that a
 * spreadsheet might take for a formula gets an apostrophe before it, which shows it as text; null is an empty cell.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

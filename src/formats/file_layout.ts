/** Finds the layout of a recorded file from its first lines. */
import type { Layout } from "./trade_file.ts";
import { csvColumns, namesColumns } from "./csv_layout.ts";

const READABLE =
  "readable are Binance public data (CSV), recordings (<receive time> <frame>) and Binance messages, " +
  "one a line; plain, gzip or zip";

/** How files of other kinds start, and what to do with them. */
const OTHERS: readonly (readonly [magic: string, what: string])[] = [
  ["\x28\xb5\x2f\xfd", `it is packed with Zstandard: use "zstd -dc FILE | penstock backtest -"`],
  ["\xfd7zXZ\0", `it is packed with xz: use "xz -dc FILE | penstock backtest -"`],
  ["BZh", `it is packed with bzip2: use "bzip2 -dc FILE | penstock backtest -"`],
  ["7z\xbc\xaf\x27\x1c", `it is a 7z archive: use "7z x -so FILE | penstock backtest -"`],
  ["Rar!\x1a\x07", "it is a RAR archive: unpack it and give the files"],
  ["PAR1", "it is a Parquet file: export it as CSV in the columns of Binance public data"],
  ["SQLite format 3\0", "it is a database, such as a journal of Penstock's, expected recorded trades"],
  ["\xff\xfe", "it is text in UTF-16: save it as UTF-8"],
  ["\xfe\xff", "it is text in UTF-16: save it as UTF-8"],
  [
    "<",
    `it is a web page or XML: perhaps an error that was downloaded in place of a file, or a spreadsheet, which is ` +
    `to be saved as CSV; ${READABLE}`,
  ],
  ["[", `it is a JSON array, expected one message a line: use "jq -c '.[]' FILE | penstock backtest -"`],
];

const CHECKSUM = /^[0-9a-fA-F]{64}(\s|$)/;
const RECORDING = /^\d+ /;
// deno-lint-ignore no-control-regex -- these are what text does not hold
const NO_TEXT = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const SHOWN_BYTES = 8;

/** How many lines decide the layout of a file if its first line may be damaged. */
export const ENOUGH_LINES = 3;

/**
 * The layout of a file that starts with these lines, none of them blank, each as `layoutOf` takes it; or, in words,
 * what it is instead. Mostly the first line says so. One that is a row of CSV or nothing known may be damaged: if the
 * next two are rows of one layout, or have receive times, that is the file's layout. Null if more lines are needed
 * and `isAll` says that there are some.
 */
export function layoutOfLines(lines: readonly Uint8Array[], isAll: boolean): Layout | string | null {
  const [first = new Uint8Array(), ...next] = lines;
  const layout = layoutOf(first);
  if (!mayBeDamaged(first, layout)) return layout;
  if (lines.length < ENOUGH_LINES && !isAll) return null;
  const [second, third] = next.slice(0, ENOUGH_LINES - 1).map(layoutOf);
  if (!isRow(second) || !isRow(third) || !isSame(second, third) || isSame(second, layout)) return layout;
  return second.kind === "csv" ? { ...second, isBare: true } : second;
}

/** Whether a first line that shows `layout` may be another layout's, damaged. */
function mayBeDamaged(line: Uint8Array, layout: Layout | string): boolean {
  if (typeof layout !== "string") return layout.kind === "csv" && !isHeader(line);
  if (OTHERS.some(([magic]) => startsWith(line, magic))) return false;
  const text = textOf(line)?.trim() ?? "";
  return !CHECKSUM.test(text) && !isHeader(line);
}

/** Whether a line names columns, and none of its fields starts with a digit. */
function isHeader(line: Uint8Array): boolean {
  const text = textOf(line)?.trim() ?? "";
  return namesColumns(text) && text.includes(",") &&
    !text.split(",").some((field) => /^\s*[-+]?\d/.test(field));
}

function isRow(layout: Layout | string | undefined): layout is Layout {
  return typeof layout === "object" && layout.kind !== "messages";
}

function isSame(one: Layout, other: Layout | string): boolean {
  if (typeof other === "string" || one.kind !== other.kind) return false;
  return one.kind !== "csv" || other.kind !== "csv" || one.columns.name === other.columns.name;
}

/**
 * The layout of a file of which `line` is the first line that is not blank, or the start of it, without its line feed
 * and without a byte order mark; or, in words, what it is instead and what was expected.
 *
 * @example
 * ```ts
 * import { layoutOf } from "./file_layout.ts";
 * import { assertEquals } from "@std/assert";
 * const line = new TextEncoder().encode(`1723161253937085768 {"stream":"btcusdt@trade"}`);
 * assertEquals(layoutOf(line), { kind: "recording" });
 * ```
 */
export function layoutOf(line: Uint8Array): Layout | string {
  for (const [magic, what] of OTHERS) {
    if (startsWith(line, magic)) return what;
  }
  const text = textOf(line)?.trim();
  if (text === undefined || NO_TEXT.test(text)) return notText(line);
  if (text.startsWith("{")) return { kind: "messages" };
  if (RECORDING.test(text)) return { kind: "recording" };
  if (CHECKSUM.test(text)) {
    return "it is a checksum, which is read together with the file that it belongs to: leave it out";
  }
  const csv = csvColumns(text);
  return "unknown" in csv ? csv.unknown : { kind: "csv", columns: csv.columns };
}

function startsWith(line: Uint8Array, magic: string): boolean {
  for (let at = 0; at < magic.length; at++) {
    if (line[at] !== magic.charCodeAt(at)) return false;
  }
  return true;
}

function textOf(line: Uint8Array): string | undefined {
  try {
    // The line may have been cut, and then in the middle of a character.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line, { stream: true });
  } catch {
    return undefined;
  }
}

function notText(line: Uint8Array): string {
  const bytes = [...line.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `it is not text: its first line starts with the bytes ${bytes.join(" ")}; ${READABLE}`;
}

/** The table of file formats, and how the first lines of a file show its format. */
import type { ColumnName, TimeUnit } from "../domain/market/own_columns.ts";
import { binanceCsv } from "./binance_csv.ts";
import { binanceKlines } from "./binance_klines.ts";
import { namesColumns } from "./csv_layout.ts";
import { jsonTrades } from "./json_trades.ts";
import { messages, recordings } from "./message_files.ts";
import { ownCsv, suggestedColumns } from "./own_csv.ts";
import { parquet, parquetOf } from "./parquet.ts";
import type { Layout, ShownLine, TradeFile, Unreadable } from "./trade_file.ts";
import { venueCsv, venueNames } from "./venue_csv.ts";

/**
 * The formats that Penstock reads. The first that recognizes a line reads the file. If none does, the first that gives
 * a reason explains why the file cannot be read.
 */
export const TRADE_FILES: readonly TradeFile[] = [
  recordings,
  jsonTrades,
  messages,
  binanceCsv,
  binanceKlines,
  venueCsv,
  parquet,
];

/** The formats that a run reads: only the user's own CSV if `columns` are given, otherwise those of the table. */
export function formatsOf(
  { columns, timeUnit }: {
    readonly columns: readonly ColumnName[] | null;
    readonly timeUnit: TimeUnit | null;
  },
  table: readonly TradeFile[] = TRADE_FILES,
): readonly TradeFile[] {
  return columns === null ? table : [ownCsv(columns, timeUnit), parquetOf(columns, timeUnit)];
}

/** Files of other kinds: how they start, and what to do with them. */
const OTHERS: readonly (readonly [magic: string, what: () => string])[] = [
  ["\x28\xb5\x2f\xfd", () => `it is compressed with Zstandard: use "zstd -dc FILE | penstock backtest -"`],
  ["\xfd7zXZ\0", () => `it is compressed with xz: use "xz -dc FILE | penstock backtest -"`],
  ["BZh", () => `it is compressed with bzip2: use "bzip2 -dc FILE | penstock backtest -"`],
  ["7z\xbc\xaf\x27\x1c", () => `it is a 7z archive: use "7z x -so FILE | penstock backtest -"`],
  ["Rar!\x1a\x07", () => "it is a RAR archive: unpack it and give the files"],
  ["SQLite format 3\0", () => "it is a database, such as a Penstock journal: expected recorded trades"],
  ["\xff\xfe", () => "it is text in UTF-16: save it as UTF-8"],
  ["\xfe\xff", () => "it is text in UTF-16: save it as UTF-8"],
  [
    "<",
    () =>
      `it is a web page or XML: perhaps an error page that was downloaded in place of a file, or a spreadsheet: save ` +
      `that as CSV; ${readable()}`,
  ],
  [
    "[",
    () =>
      `it is a JSON array, expected one message per line: use "jq -c '.[]' FILE | penstock backtest -"; an array is read ` +
      `if it is ${jsonTrades.name}`,
  ],
];

const CHECKSUM = /^[0-9a-fA-F]{64}(\s|$)/;
// deno-lint-ignore no-control-regex -- text has none of these
const NO_TEXT = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const SHOWN_BYTES = 8;

/** How many lines decide the layout of a file if its first line may be damaged. */
export const ENOUGH_LINES = 3;

/**
 * The layout of a file that starts with these lines, none of them blank, each as `layoutOf` takes it; or a text that
 * says what else the file is. Usually the first line decides. But a row of data, or a line that no format knows, may be
 * damaged: if the next two lines agree on another layout, that is the layout of the file. Null if more lines are needed
 * to decide, unless `isAll` says that the file has no more.
 */
export function layoutOfLines(
  lines: readonly Uint8Array[],
  isAll: boolean,
  formats: readonly TradeFile[] = TRADE_FILES,
): Layout | string | null {
  const [first = new Uint8Array(), ...next] = lines;
  const layout = layoutOf(first, formats);
  if (!mayBeDamaged(first, layout)) return layout;
  if (lines.length < ENOUGH_LINES && !isAll) return null;
  const [second, third] = next.slice(0, ENOUGH_LINES - 1).map((line) => found(shown(line, false), formats));
  if (!isOutweighing(second) || !isOutweighing(third) || second.name !== third.name) return layout;
  return typeof layout === "object" && layout.name === second.name ? layout : second;
}

/** Whether a first line that shows `layout` may be a damaged line of another layout. */
function mayBeDamaged(line: Uint8Array, layout: Layout | string): boolean {
  if (typeof layout !== "string") return !layout.isCertain;
  if (OTHERS.some(([magic]) => startsWith(line, magic))) return false;
  const text = decoded(line)?.trim() ?? "";
  return !CHECKSUM.test(text) && !isHeader(text);
}

/** Whether a line names columns, and none of its fields starts with a digit. */
function isHeader(text: string): boolean {
  return namesColumns(text) && /[,;\t]/.test(text) &&
    !text.split(/[,;\t]/).some((field) => /^\s*[-+]?\d/.test(field));
}

function isOutweighing(layout: Layout | Unreadable | null | undefined): layout is Layout {
  return isLayout(layout) && layout.outweighs;
}

function isLayout(layout: Layout | Unreadable | null | undefined): layout is Layout {
  return layout != null && "reader" in layout;
}

/**
 * The layout of a file. `line` is its first line that is not blank, or the start of that line, without the line feed
 * and without a byte order mark. If there is no layout for it, the text says what the file is and what was expected.
 *
 * @example
 * ```ts
 * import { layoutOf } from "./file_layout.ts";
 * import { assert, assertEquals } from "@std/assert";
 * const layout = layoutOf(new TextEncoder().encode(`1723161253937085768 {"stream":"btcusdt@trade"}`));
 * assert(typeof layout === "object");
 * assertEquals(layout.name, "recording");
 * ```
 */
export function layoutOf(line: Uint8Array, formats: readonly TradeFile[] = TRADE_FILES): Layout | string {
  const first = shown(line, true);
  const layout = found(first, formats);
  if (isLayout(layout)) return layout;
  const other = OTHERS.find(([magic]) => startsWith(line, magic));
  if (other !== undefined) return other[1]();
  if (first.text === null) return notText(line, formats);
  if (CHECKSUM.test(first.text)) {
    return "it is a checksum, which is read along with its file: leave it out";
  }
  const reason = layout?.unreadable ?? `no format is known for it; ${readable(formats)}`;
  return formats.includes(venueCsv) && !/candle/.test(reason) ? `${reason}; ${otherCsv(first.text)}` : reason;
}

/** The layout that the first few bytes of a file already show; null if they show none. */
export function layoutOfStart(bytes: Uint8Array, formats: readonly TradeFile[] = TRADE_FILES): Layout | null {
  const layout = found(shown(bytes, true), formats);
  return isLayout(layout) ? layout : null;
}

/** Advice about a file that looks like CSV, but is in no known format. */
function otherCsv(line: string): string {
  const suggested = isHeader(line) ? suggestedColumns(line.split(/[,;\t]/)) : null;
  return `the CSV files of ${venueNames()} are read as they are, with their headers; for any other CSV, say what its ` +
    `columns hold, such as --columns ${suggested ?? "time,price,quantity"}`;
}

/** The layout that a line shows, or why a format that looks right cannot read it; null if no format answers. */
function found(line: ShownLine, formats: readonly TradeFile[]): Layout | Unreadable | null {
  let unreadable: Unreadable | null = null;
  for (const format of formats) {
    const layout = format.layoutOf(line);
    if (isLayout(layout)) return layout;
    unreadable ??= layout;
  }
  return unreadable;
}

function shown(bytes: Uint8Array, isFirst: boolean): ShownLine {
  const text = decoded(bytes)?.trim();
  return { bytes, text: text === undefined || NO_TEXT.test(text) ? null : text, isFirst };
}

function startsWith(line: Uint8Array, magic: string): boolean {
  for (let at = 0; at < magic.length; at++) {
    if (line[at] !== magic.charCodeAt(at)) return false;
  }
  return true;
}

function decoded(line: Uint8Array): string | undefined {
  try {
    // The line may have been cut in the middle of a character.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line, { stream: true });
  } catch {
    return undefined;
  }
}

function notText(line: Uint8Array, formats: readonly TradeFile[]): string {
  const bytes = [...line.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `it is not text: its first line starts with the bytes ${bytes.join(" ")}; ${readable(formats)}`;
}

function readable(formats: readonly TradeFile[] = TRADE_FILES): string {
  const names = new Intl.ListFormat("en-GB").format(formats.map(({ name }) => name));
  return `Penstock reads ${names}, plain or in gzip or zip`;
}

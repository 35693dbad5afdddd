/** The seam between a file format and everything that reads recorded trades. */
import type { Complain, TradeReader } from "../domain/market/trade_reader.ts";
import { type Place, UnusableInput } from "../domain/market/unusable_input.ts";
import type { TimedNote } from "../domain/recording/recording_note.ts";
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";
import type { ParquetColumn, UsedColumn } from "./record_columns.ts";
import type { RowNumbers } from "./row_numbers.ts";

/** A file format. It recognizes its files and reads their bytes; it opens nothing itself. */
export interface TradeFile {
  /** Its name in the list of readable formats, such as "Binance public data (CSV)". */
  readonly name: string;
  /** The layout of a file that has `line` near its start; null if this format has no such line. */
  layoutOf(line: ShownLine): Layout | Unreadable | null;
}

/** One of the first lines of a file that are not blank; a long line may be cut short. */
export interface ShownLine {
  /** Without its line feed, and without a byte order mark. */
  readonly bytes: Uint8Array;
  /** The line without blanks around it; null if it is not UTF-8 text. */
  readonly text: string | null;
  /** Whether it is the first line. Only the first can name the columns. */
  readonly isFirst: boolean;
}

/** Why a file that looks like this format cannot be read: what was found, and what was expected. */
export interface Unreadable {
  readonly unreadable: string;
}

/** What one line shows about the whole file. */
export interface Layout {
  /** Such as "spot trades" or "recording". Two layouts with the same name are the same layout. */
  readonly name: string;
  /**
   * What a chunk never splits: a line, or the whole file if its format cannot be read from start to end. The chunks of
   * a file of records hold no bytes, but decoded columns.
   */
  readonly unit: "line" | "file" | "records";
  /** Whether one such line identifies the layout. A row of data does not: it may be a damaged row of another layout. */
  readonly isCertain: boolean;
  /** Whether two such lines outweigh a first line that shows something else and may be damaged. */
  readonly outweighs: boolean;
  /** Whether each trade names its symbol. If not, every trade counts as a trade of the symbol asked for. */
  readonly namesSymbol: boolean;
  /** Whether quantities are contracts where the market trades contracts. */
  readonly mayCountContracts?: boolean;
  /** Whether each record is a kline, which its reader returns as several trades. */
  readonly isOfKlines?: boolean;
  /** Whether Penstock wrote the file. Its last line may be torn, and `--sort` keeps its order. */
  readonly isOwn?: boolean;
  /** For a file of records: which of its columns are read, or why it cannot be read. */
  readonly columnsOf?: (schema: readonly ParquetColumn[]) => readonly UsedColumn[] | Unreadable;
  /**
   * A reader of one file in this layout. `decoder` names the symbol, and reads the frames of its exchange. When
   * `strict`, an unusable line makes `next` throw UnusableInput; otherwise `next` returns "rejected". Trades without
   * consecutive ids are counted in `numbers`, over all files.
   */
  reader(decoder: FrameDecoder, strict: boolean, numbers?: RowNumbers): FileReader;
}

/**
 * Reads one file. `open` a chunk, then call `next` until both `next` and `takeNote` return null.
 *
 * The result depends on the bytes of the file alone, never on where chunks end. Blank lines are skipped. The last line
 * feed of a file may be missing. The message about an unusable line starts with `name:line:column`.
 */
export interface FileReader extends TradeReader {
  /** The number of the line read last, from 1; in a file without lines, the number of the trade. */
  readonly line: number;
  /** Takes the next chunk of the file, and drops the unread rest of the last one. */
  open(chunk: Chunk): void;
  complain(): Complain;
  /** Other symbols whose trades were skipped, in order of appearance, at most 8. */
  readonly otherSymbols?: readonly string[];
  /** How many trades of other symbols were skipped, if the file holds nothing but trades. */
  readonly otherTrades?: number;
  /** Whether the first line says that Penstock wrote the file. */
  readonly isOwn?: boolean;
  /**
   * What each record of a file of klines covers, in µs, as soon as `open` has received a record that shows it; null
   * before. Absent for files of trades.
   */
  readonly interval?: number | null;
  /** The note that `next` stopped at, once; null at the end of the chunk. Absent if the format has no notes. */
  takeNote?(): TimedNote | null;
}

/** Where a chunk comes from: each file or archive member is one origin. */
export interface Origin {
  /** The name that the user knows: `trades.csv`, `trades.zip (trades.csv)`, `standard input`. */
  readonly name: string;
  readonly layout: Layout;
  /** It comes from an archive, and only the end of the archive shows whether it is whole. */
  readonly isCompressed?: boolean;
}

/**
 * Whole lines, or a whole file; the last line of a file may lack its line feed. The bytes are lent: the next chunk
 * overwrites them.
 */
export interface Chunk {
  readonly origin: Origin;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** It is the start of a line that is too long to be read; the rest of the line is dropped. */
  readonly isTooLong?: boolean;
  /** For a file of records; the chunk then lends no bytes. */
  readonly records?: Records;
}

/** Decoded columns, and which of their rows belong to a chunk. */
export interface Records {
  readonly columns: readonly UsedColumn[];
  /** The values of each of these columns. */
  readonly values: readonly ArrayLike<unknown>[];
  /** The first row, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** How many rows the file has before row 0. */
  readonly before: number;
}

/** Makes complaints about the trade at `place`. A strict reader's complaints carry an error. */
export function complainAt(place: Place, strict: boolean): Complain {
  return (what) => {
    const error = new UnusableInput(place, what);
    return { reason: error.message, error: strict ? error : null };
  };
}

/** The longest line that is read, without its line feed, in bytes. */
export const LINE_LIMIT = 1 << 20;

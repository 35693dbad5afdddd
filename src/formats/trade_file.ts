/** The seam between a file format and everything that reads recorded trades. */
import type { Complain, TradeReader } from "../domain/market/trade_reader.ts";
import type { TimedNote } from "../domain/recording/recording_note.ts";
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";

/** A format that files of trades have. It recognizes its files and reads their bytes; it opens nothing. */
export interface TradeFile {
  /** Its name in the list of what is readable, such as "Binance public data (CSV)". */
  readonly name: string;
  /** The layout of a file that holds `line`; null if that is not a line of this format. */
  layoutOf(line: ShownLine): Layout | Unreadable | null;
}

/** One of the first lines of a file that are not blank, from its start. A line cut short stands for the whole. */
export interface ShownLine {
  /** Without its line feed, and without a byte order mark. */
  readonly bytes: Uint8Array;
  /** The same without blanks around it; null if it is not text in UTF-8. */
  readonly text: string | null;
  /** Whether it is the first. Only that can name the columns. */
  readonly isFirst: boolean;
}

/** Why a file whose line looks like this format cannot be read: what was found, and what was expected. */
export interface Unreadable {
  readonly unreadable: string;
}

/** What one line of a file shows of all of it. */
export interface Layout {
  /** Such as "spot trades" or "recording". Lines that show the same name show the same layout. */
  readonly name: string;
  /** What chunks hold whole: lines; or the file, for a format whose parts do not stand in order. */
  readonly unit: "line" | "file";
  /** Whether the line leaves no doubt. A row of data may be one of another layout, damaged. */
  readonly isCertain: boolean;
  /** Whether two lines that show it outweigh a first line that shows something else, and may be damaged. */
  readonly outweighs: boolean;
  /** Whether each trade names its symbol. If not, all are taken to be of the symbol that was asked for. */
  readonly namesSymbol: boolean;
  /** Whether quantities are contracts in a market that counts them. */
  readonly mayCountContracts?: boolean;
  /** Whether Penstock wrote the file. Its end may be torn, and its notes stand in an order of their own. */
  readonly isOwn?: boolean;
  /**
   * A reader of one file in this layout. `decoder` names the symbol, and reads the frames of its exchange. When
   * `strict`, an unusable line makes `next` throw UnusableInput; otherwise `next` answers "rejected".
   */
  reader(decoder: FrameDecoder, strict: boolean): FileReader;
}

/**
 * Reads one file. `open` a chunk, then call `next` until it answers null and `takeNote` has nothing either.
 *
 * What it reads depends on the bytes of the file alone, never on where chunks end. Blank lines are skipped, and a
 * line feed at the end of the file may be missing. The message for an unusable line starts with `name:line:column`.
 */
export interface FileReader extends TradeReader {
  /** The number of the line read last, from 1; of the trade where there are no lines. */
  readonly line: number;
  /** Takes the next chunk of the file. What was not read of the last one is dropped. */
  open(chunk: Chunk): void;
  complain(): Complain;
  /** Other symbols whose trades were skipped, in the order of their appearance, at most 8. */
  readonly otherSymbols?: readonly string[];
  /** Whether the first line says that Penstock wrote the file. */
  readonly isOwn?: boolean;
  /** The note that `next` stopped at, once; null at the end of the chunk. Absent if the format has no notes. */
  takeNote?(): TimedNote | null;
}

/** Where a chunk comes from: one for each file or archive member. */
export interface Origin {
  /** The name that the user knows: `trades.csv`, `trades.zip (trades.csv)`, `standard input`. */
  readonly name: string;
  readonly layout: Layout;
  /** It comes from an archive; only its end shows whether the archive is whole. */
  readonly isPacked?: boolean;
}

/**
 * Whole lines, of which the last of a file may lack its line feed; or a whole file. The bytes are lent: they are
 * overwritten once the next chunk is asked for.
 */
export interface Chunk {
  readonly origin: Origin;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** It is the start of a line that is too long to be read; the rest of the line is dropped. */
  readonly isTooLong?: boolean;
}

/** The longest line that is read, without its line feed, in bytes. */
export const LINE_LIMIT = 1 << 20;

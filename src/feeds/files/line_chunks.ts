/** Cuts the bytes of a source into chunks of whole lines. A file whose format cannot be cut is one chunk. */
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { ENOUGH_LINES, layoutOf, layoutOfLines } from "../../formats/file_layout.ts";
import { frameOf } from "../../formats/message_files.ts";
import { type Chunk, LINE_LIMIT, type Origin, type TradeFile } from "../../formats/trade_file.ts";
import type { ByteSource } from "./byte_source.ts";
import { TruncatedInput } from "./inflate_source.ts";
import { EMPTY_INPUT } from "./input_file.ts";

/** The least that is read at a time, because a source's size is not guaranteed. */
const LEAST_BYTES = 4 << 10;
const LINE_FEED = 10, RETURN = 13, SPACE = 32, TAB = 9;
const MARK = [0xef, 0xbb, 0xbf];
/** How much of an overlong line is returned, to be shown. */
const SHOWN_BYTES = 1 << 10;
/** The largest file that is read whole, in bytes: a larger array does not fit everywhere. */
const FILE_LIMIT = 1 << 30;

/** How lines are cut. */
export interface LineOptions {
  /** How much is read at a time, in bytes, at least 1. */
  readonly chunkBytes: number;
  /** Called with warnings that do not stop the reading. */
  readonly onWarning: (text: string) => void;
  /** As in Origin. */
  readonly isCompressed?: boolean;
  /** The formats that are read. Default: those of the table. */
  readonly formats?: readonly TradeFile[];
}

/**
 * Yields the lines of a source, named `name`, and closes it at the end. Drops a byte order mark, but no blank lines and
 * no header. A line longer than LINE_LIMIT is its own chunk that is marked and holds only the beginning. A file in a
 * layout that cannot be cut is one chunk. After the lines that could be read, throws UnusableInput if the rest of the
 * source cannot be read, or if its first lines are too long or of no known layout. If a crash tore one of Penstock's
 * own recordings, it is read up to the tear, with a warning.
 *
 * The next chunk is read while the caller processes this one.
 */
export async function* lineChunks(
  name: string,
  source: ByteSource,
  { chunkBytes: mostBytes, onWarning, isCompressed = false, formats }: LineOptions,
): AsyncGenerator<Chunk> {
  // Otherwise, thousands of small members would take gigabytes.
  const chunkBytes = Math.min(mostBytes, Math.max(LEAST_BYTES, source.size ?? Infinity));
  let bytes = new Uint8Array(chunkBytes);
  let spare = new Uint8Array(chunkBytes);
  let filled = 0;
  /** Where the bytes start that have not been returned yet: after a byte order mark. */
  let start = 0;
  let origin: Origin | null = null;
  let cut: TruncatedInput | null = null;
  let reading: Promise<number | null> = source.read(bytes);
  try {
    for (;;) {
      const count = await untilCut(reading);
      if (count === null) break;
      const read = filled;
      filled += count;
      let end = read + bytes.subarray(read, filled).lastIndexOf(LINE_FEED) + 1;
      if (end === read) end = start;
      if (origin === null) {
        start = hasMark(bytes, filled) ? MARK.length : 0;
        const whole = bytes.subarray(start, filled).lastIndexOf(LINE_FEED) + 1;
        const isAll = filled - start > LINE_LIMIT;
        origin = originOf(bytes.subarray(start, start + whole), isAll);
        // Blank lines wait for the line that shows the layout, and that line waits for those that confirm it.
        if (origin === null) end = start;
      }
      const isWhole = origin?.layout.unit === "file";
      const long = !isWhole && filled - start > LINE_LIMIT ? longLine(bytes, start, filled) : null;
      if (origin === null && filled - start > LINE_LIMIT) origin = longOriginOf(long, filled);
      if (origin?.layout.unit === "file") {
        if (filled > FILE_LIMIT) throw tooLarge(name);
        bytes = withRoom(bytes, filled, chunkBytes);
        reading = source.read(bytes.subarray(filled, filled + chunkBytes));
        continue;
      }
      if (origin !== null && long !== null) {
        if (long > start) yield { origin, bytes, start, end: long };
        yield { origin, bytes: beginningAt(bytes, long), start: 0, end: SHOWN_BYTES + 1, isTooLong: true };
        // Continues as if what follows the line had just been read.
        reading = passOver(long, filled);
        filled = start = 0;
        continue;
      }
      if (origin === null || end === start) {
        bytes = withRoom(bytes, filled, chunkBytes);
        reading = source.read(bytes.subarray(filled, filled + chunkBytes));
        continue;
      }
      const tail = filled - end;
      if (spare.length < tail + chunkBytes) spare = new Uint8Array(2 * tail + chunkBytes);
      spare.set(bytes.subarray(end, filled));
      reading = source.read(spare.subarray(tail, tail + chunkBytes));
      // A caller that stops here need not learn what is wrong with the next chunk.
      reading.catch(() => {});
      yield { origin, bytes, start, end };
      [bytes, spare] = [spare, bytes];
      filled = tail;
      start = 0;
    }
    yield* lastChunk();
  } finally {
    await source.close();
  }

  /** The result of a read. Null also if the source turns out to be cut off. */
  function untilCut(read: Promise<number | null>): Promise<number | null> {
    return read.catch((error) => {
      if (!(error instanceof TruncatedInput)) throw error;
      cut = error;
      return null;
    });
  }

  /**
   * Skips the line at `from`, however long it is, and moves the bytes read after it, up to `end`, to the front.
   * Returns how many these are, or null if the input ends with the line.
   */
  async function passOver(from: number, end: number): Promise<number | null> {
    for (;;) {
      const feed = bytes.subarray(from, end).indexOf(LINE_FEED);
      if (feed >= 0) {
        bytes.copyWithin(0, from + feed + 1, end);
        return end - (from + feed + 1);
      }
      const count = await untilCut(source.read(bytes));
      if (count === null) return null;
      from = 0;
      end = count;
    }
  }

  /** Yields what follows the last line feed. */
  function* lastChunk(): Generator<Chunk> {
    let found = origin;
    if (found === null) {
      start = hasMark(bytes, filled) ? MARK.length : 0;
      try {
        found = originOf(bytes.subarray(start, filled), true);
      } catch (error) {
        throw cut ?? error;
      }
    }
    const isOwn = found?.layout.isOwn === true;
    const rest = bytes.subarray(start, filled);
    const lastLine = start + rest.lastIndexOf(LINE_FEED) + 1;
    if (cut !== null && !isOwn) {
      // The first lines still wait for others that would confirm the layout.
      if (found?.layout.unit === "line" && lastLine > start) {
        yield { origin: found, bytes, start, end: lastLine };
      }
      throw cut;
    }
    if (found === null) throw new UnusableInput({ name }, EMPTY_INPUT);
    const isTorn = isOwn && !isWhole(bytes.subarray(lastLine, filled));
    const end = isTorn ? lastLine : filled;
    if (end > start) yield { origin: found, bytes, start, end };
    if (cut !== null || isTorn) {
      onWarning(`${name}: the recording was cut off while it was being written; it is read up to that point`);
    }
  }

  /**
   * The origin, with the layout that the first lines show. Null if all are blank, or if it takes more lines to decide
   * and these are not all. Throws UnusableInput if they are of no known layout.
   */
  function originOf(head: Uint8Array, isAll: boolean): Origin | null {
    const lines: Uint8Array[] = [];
    let blank = 0;
    for (let from = 0; from < head.length && lines.length < ENOUGH_LINES;) {
      const line = lineAt(head, from, head.length);
      from += line.length + 1;
      if (line.some((byte) => byte !== SPACE && byte !== TAB && byte !== RETURN)) lines.push(line);
      else if (lines.length === 0) blank++;
    }
    const layout = lines.length === 0 ? null : layoutOfLines(lines, isAll, formats);
    if (layout === null) return null;
    if (typeof layout === "string") throw new UnusableInput({ name, line: blank + 1 }, layout);
    return { name, layout, isCompressed };
  }

  /**
   * The origin if the limit was reached without a layout. The first overlong line starts at `first`; null if all lines
   * are blank. Throws UnusableInput unless the layout has no lines.
   */
  function longOriginOf(first: number | null, end: number): Origin {
    const limit = `${LINE_LIMIT >> 20} MiB`;
    if (first === null) throw new UnusableInput({ name }, `it starts with more than ${limit} of blank lines`);
    const layout = layoutOf(lineAt(bytes, first, end), formats);
    if (typeof layout === "object" && layout.unit === "file") return { name, layout, isCompressed };
    const what = typeof layout === "string"
      ? layout
      : `the first line is longer than ${limit}, expected one trade or message per line`;
    const line = 1 + bytes.subarray(0, first).filter((byte) => byte === LINE_FEED).length;
    throw new UnusableInput({ name, line }, what);
  }
}

function hasMark(bytes: Uint8Array, end: number): boolean {
  return end >= MARK.length && MARK.every((byte, at) => bytes[at] === byte);
}

/** The line at `from`, without its line feed. */
function lineAt(bytes: Uint8Array, from: number, end: number): Uint8Array {
  const rest = bytes.subarray(from, end);
  const feed = rest.indexOf(LINE_FEED);
  return feed < 0 ? rest : rest.subarray(0, feed);
}

/** Whether the last line of a recording lacks nothing but its line feed. */
function isWhole(line: Uint8Array): boolean {
  if (line.length === 0) return true;
  const frame = frameOf(line);
  try {
    // A torn receive time is JSON too.
    return frame.startsWith("{") && JSON.parse(frame) !== null;
  } catch {
    return false;
  }
}

/** Where the first overlong line starts, or null. */
function longLine(bytes: Uint8Array, start: number, end: number): number | null {
  for (let from = start; end - from > LINE_LIMIT;) {
    const { length } = lineAt(bytes, from, end);
    if (length > LINE_LIMIT) return from;
    from += length + 1;
  }
  return null;
}

/** The beginning of the line at `from`, with a line feed added so that its reader sees a whole line. */
function beginningAt(bytes: Uint8Array, from: number): Uint8Array {
  const line = new Uint8Array(SHOWN_BYTES + 1);
  line.set(bytes.subarray(from, from + SHOWN_BYTES));
  line[SHOWN_BYTES] = LINE_FEED;
  return line;
}

function tooLarge(name: string): UnusableInput {
  return new UnusableInput(
    { name },
    `it is larger than ${
      FILE_LIMIT >> 30
    } GiB, and its format has to be read whole: split it into several files`,
  );
}

/** The bytes, with room for `more` after the first `filled`. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, filled: number, more: number): Uint8Array<ArrayBuffer> {
  if (bytes.length - filled >= more) return bytes;
  const larger = new Uint8Array(2 * filled + more);
  larger.set(bytes.subarray(0, filled));
  return larger;
}

/** Cuts the bytes of a source into chunks of whole lines. */
import { type Chunk, LINE_LIMIT, type Origin } from "../../formats/trade_file.ts";
import { isNote } from "../../domain/recording/recording_note.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import type { ByteSource } from "./byte_source.ts";
import { ENOUGH_LINES, layoutOf, layoutOfLines } from "../../formats/file_layout.ts";
import { TruncatedInput } from "./inflate_source.ts";
import { NOTHING_IN_IT } from "./input_file.ts";

/** The size is not guaranteed: more may be read at a time. */
const LEAST_BYTES = 4 << 10;
const LINE_FEED = 10, RETURN = 13, SPACE = 32, TAB = 9;
const MARK = [0xef, 0xbb, 0xbf];
/** How much of a line that is too long is returned, to show it. */
const SHOWN_BYTES = 1 << 10;
const DECODER = new TextDecoder();

/** How lines are cut. */
export interface LineOptions {
  /** How much is read at a time, in bytes, at least 1. */
  readonly chunkBytes: number;
  /** Called with warnings that do not stop the reading. */
  readonly onWarning: (text: string) => void;
  /** As in Origin. */
  readonly isPacked?: boolean;
}

/** What the first lines show. */
interface Opening {
  readonly origin: Origin;
  /** Penstock wrote this recording; if it was killed meanwhile, the end is torn. */
  readonly isOwn: boolean;
}

/**
 * The lines of a source, named `name`, which is closed at the end. A byte order mark is dropped; blank lines and a
 * header are not. A line longer than LINE_LIMIT is a chunk of its own, marked, with its beginning only. Throws
 * UnusableInput, after the lines before, if nothing can be read, and if the first lines are of no known layout or too
 * long. A recording of Penstock's whose end was torn by a crash is read up to there, with a warning.
 *
 * The next chunk is read while the caller processes this one.
 */
export async function* lineChunks(
  name: string,
  source: ByteSource,
  { chunkBytes: mostBytes, onWarning, isPacked = false }: LineOptions,
): AsyncGenerator<Chunk> {
  // Thousands of small members would take gigabytes otherwise.
  const chunkBytes = Math.min(mostBytes, Math.max(LEAST_BYTES, source.size ?? Infinity));
  let bytes = new Uint8Array(chunkBytes);
  let spare = new Uint8Array(chunkBytes);
  let filled = 0;
  /** The start of what has not been returned yet: after a byte order mark. */
  let start = 0;
  let opening: Opening | null = null;
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
      if (opening === null) {
        start = hasMark(bytes, filled) ? MARK.length : 0;
        const whole = bytes.subarray(start, filled).lastIndexOf(LINE_FEED) + 1;
        const isAll = filled - start > LINE_LIMIT;
        opening = openingOf({ name, isPacked }, bytes.subarray(start, start + whole), isAll);
        // Blank lines at the start wait for the line that shows the layout, and that line for those that confirm it.
        if (opening === null) end = start;
      }
      const long = filled - start > LINE_LIMIT ? longLine(bytes, start, filled) : null;
      if (opening === null && filled - start > LINE_LIMIT) throw tooLong(name, bytes, long, filled);
      if (opening !== null && long !== null) {
        const { origin } = opening;
        if (long > start) yield { origin, bytes, start, end: long };
        yield { origin, bytes: beginningAt(bytes, long), start: 0, end: SHOWN_BYTES + 1, isTooLong: true };
        // Continues with what follows the line as if it had just been read.
        reading = passOver(long, filled);
        filled = start = 0;
        continue;
      }
      if (opening === null || end === start) {
        bytes = withRoom(bytes, filled, chunkBytes);
        reading = source.read(bytes.subarray(filled, filled + chunkBytes));
        continue;
      }
      const tail = filled - end;
      if (spare.length < tail + chunkBytes) spare = new Uint8Array(2 * tail + chunkBytes);
      spare.set(bytes.subarray(end, filled));
      reading = source.read(spare.subarray(tail, tail + chunkBytes));
      // A caller that asks for nothing more does not learn what is wrong with it.
      reading.catch(() => {});
      yield { origin: opening.origin, bytes, start, end };
      [bytes, spare] = [spare, bytes];
      filled = tail;
      start = 0;
    }
    yield* lastChunk();
  } finally {
    await source.close();
  }

  /** The result of a read; null also if the source turns out to be cut off. */
  function untilCut(read: Promise<number | null>): Promise<number | null> {
    return read.catch((error) => {
      if (!(error instanceof TruncatedInput)) throw error;
      cut = error;
      return null;
    });
  }

  /**
   * Passes over the line at `from`, however long, and moves what was read behind it, up to `end`, to the front: so
   * many bytes, or null where the input ends with the line.
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

  /** What follows the last line feed. */
  function* lastChunk(): Generator<Chunk> {
    let found = opening;
    if (found === null) {
      start = hasMark(bytes, filled) ? MARK.length : 0;
      try {
        found = openingOf({ name, isPacked }, bytes.subarray(start, filled), true);
      } catch (error) {
        throw cut ?? error;
      }
    }
    if (cut !== null && !found?.isOwn) throw cut;
    if (found === null) throw new UnusableInput({ name }, NOTHING_IN_IT);
    const rest = bytes.subarray(start, filled);
    const lastLine = start + rest.lastIndexOf(LINE_FEED) + 1;
    const isTorn = found.isOwn && !isWhole(bytes.subarray(lastLine, filled));
    const end = isTorn ? lastLine : filled;
    if (end > start) yield { origin: found.origin, bytes, start, end };
    if (cut !== null || isTorn) {
      onWarning(`${name}: the recording was cut off while it was being written; it is read up to that point`);
    }
  }
}

function hasMark(bytes: Uint8Array, end: number): boolean {
  return end >= MARK.length && MARK.every((byte, at) => bytes[at] === byte);
}

/**
 * What the first lines that are not blank say; null when all are blank, and where it takes more to tell and these are
 * not all. Throws UnusableInput if no layout is known for them.
 */
function openingOf(
  { name, isPacked }: { readonly name: string; readonly isPacked: boolean },
  bytes: Uint8Array,
  isAll: boolean,
): Opening | null {
  const lines: Uint8Array[] = [];
  let blank = 0;
  for (let from = 0; from < bytes.length && lines.length < ENOUGH_LINES;) {
    const line = lineAt(bytes, from, bytes.length);
    from += line.length + 1;
    if (line.some((byte) => byte !== SPACE && byte !== TAB && byte !== RETURN)) lines.push(line);
    else if (lines.length === 0) blank++;
  }
  const [first] = lines;
  if (first === undefined) return null;
  const layout = layoutOfLines(lines, isAll);
  if (layout === null) return null;
  if (typeof layout === "string") throw new UnusableInput({ name, line: blank + 1 }, layout);
  const isOwn = layout.kind !== "csv" && isNote(frameOf(first));
  return { origin: { name, layout, isPacked, isOwn }, isOwn };
}

/** Without its line feed. */
function lineAt(bytes: Uint8Array, from: number, end: number): Uint8Array {
  const rest = bytes.subarray(from, end);
  const feed = rest.indexOf(LINE_FEED);
  return feed < 0 ? rest : rest.subarray(0, feed);
}

/** What follows the receive time. */
function frameOf(line: Uint8Array): string {
  return DECODER.decode(line).replace(/^\d* /, "");
}

/** Whether the last line of a recording, which lacks its line feed, lacks nothing else. */
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

/** Where the first line longer than the limit starts, or null. */
function longLine(bytes: Uint8Array, start: number, end: number): number | null {
  for (let from = start; end - from > LINE_LIMIT;) {
    const { length } = lineAt(bytes, from, end);
    if (length > LINE_LIMIT) return from;
    from += length + 1;
  }
  return null;
}

/** The beginning of the line at `from` with a line feed of its own, so that it is a whole line to its reader. */
function beginningAt(bytes: Uint8Array, from: number): Uint8Array {
  const line = new Uint8Array(SHOWN_BYTES + 1);
  line.set(bytes.subarray(from, from + SHOWN_BYTES));
  line[SHOWN_BYTES] = LINE_FEED;
  return line;
}

function isFeed(byte: number): boolean {
  return byte === LINE_FEED;
}

/** Why a file's layout is still unknown after more than the limit: its first line, or blank lines. */
function tooLong(name: string, bytes: Uint8Array, first: number | null, end: number): UnusableInput {
  const limit = `${LINE_LIMIT >> 20} MiB`;
  if (first === null) return new UnusableInput({ name }, `it begins with more than ${limit} of blank lines`);
  const layout = layoutOf(lineAt(bytes, first, end));
  const what = typeof layout === "string"
    ? layout
    : `the first line is longer than ${limit}, expected one trade or message a line`;
  return new UnusableInput({ name, line: 1 + bytes.subarray(0, first).filter(isFeed).length }, what);
}

/** The bytes, with room for `more` after the first `filled` of them. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, filled: number, more: number): Uint8Array<ArrayBuffer> {
  if (bytes.length - filled >= more) return bytes;
  const larger = new Uint8Array(2 * filled + more);
  larger.set(bytes.subarray(0, filled));
  return larger;
}

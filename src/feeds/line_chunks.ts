/** Cuts what a source gives into chunks of whole lines. */
import type { Chunk, Origin } from "../domain/chunk.ts";
import { isNote } from "../domain/recording_note.ts";
import { UnusableInput } from "../domain/unusable_input.ts";
import type { ByteSource } from "./byte_source.ts";
import { layoutOf } from "./file_layout.ts";
import { TruncatedInput } from "./inflate_source.ts";

/** The longest line that is read, without its line feed, in bytes. */
export const LINE_LIMIT = 1 << 20;

const LINE_FEED = 10, RETURN = 13, SPACE = 32, TAB = 9;
const MARK = [0xef, 0xbb, 0xbf];
const DECODER = new TextDecoder();

/** How lines are cut. */
export interface LineOptions {
  /** How much is read at a time, in bytes, at least 1. */
  readonly chunkBytes: number;
  /** Told what the person should know although the reading goes on. */
  readonly onWarning: (text: string) => void;
}

/** What the first line says. */
interface Opening {
  readonly origin: Origin;
  /** Penstock wrote this recording; when it was killed at it, the end is torn. */
  readonly isOwn: boolean;
}

/**
 * The lines of a source, named `name`, which is closed at the end. A byte order mark is left out; blank lines
 * and a header are not. Throws UnusableInput where nothing can be read, where the first line is of no known
 * layout and where a line is longer than LINE_LIMIT, each time behind the lines before. A recording of
 * Penstock's whose end was torn by a crash is read up to there, with a warning.
 *
 * While a chunk is worked off the next one is being read.
 */
export async function* lineChunks(
  name: string,
  source: ByteSource,
  { chunkBytes, onWarning }: LineOptions,
): AsyncGenerator<Chunk> {
  let bytes = new Uint8Array(chunkBytes);
  let spare = new Uint8Array(chunkBytes);
  let filled = 0;
  /** Where what has not been handed out begins: behind a byte order mark. */
  let start = 0;
  /** Of the first byte in `bytes`, counted from 0 within the file. */
  let position = 0;
  let opening: Opening | null = null;
  let cut: TruncatedInput | null = null;
  let reading: Promise<number | null> = source.read(bytes);
  try {
    for (;;) {
      const count = await reading.catch((error) => {
        if (!(error instanceof TruncatedInput)) throw error;
        cut = error;
        return null;
      });
      if (count === null) break;
      const read = filled;
      filled += count;
      let end = read + bytes.subarray(read, filled).lastIndexOf(LINE_FEED) + 1;
      if (end === read) end = start;
      if (opening === null) {
        start = hasMark(bytes, filled) ? MARK.length : 0;
        opening = openingOf(name, bytes, start, end);
        // Blank lines at the beginning wait for the line that says what they are in.
        if (opening === null) end = start;
      }
      if (filled - start > LINE_LIMIT) {
        const long = longLine(bytes, start, filled);
        if (opening !== null && long > start) yield { origin: opening.origin, bytes, start, end: long };
        if (long >= 0) {
          throw tooLong(name, position + long, opening === null ? lineAt(bytes, long, filled) : null);
        }
        if (opening === null) throw tooBlank(name);
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
      // Whoever asks for nothing more does not learn of what is wrong with it.
      reading.catch(() => {});
      yield { origin: opening.origin, bytes, start, end };
      [bytes, spare] = [spare, bytes];
      position += end;
      filled = tail;
      start = 0;
    }
    yield* lastChunk();
  } finally {
    await source.close();
  }

  /** What stands behind the last line feed. */
  function* lastChunk(): Generator<Chunk> {
    let found = opening;
    if (found === null) {
      start = hasMark(bytes, filled) ? MARK.length : 0;
      try {
        found = openingOf(name, bytes, start, filled);
      } catch (error) {
        throw cut ?? error;
      }
    }
    if (cut !== null && !found?.isOwn) throw cut;
    if (found === null) throw new UnusableInput({ name }, "it is empty, expected recorded trades");
    const rest = bytes.subarray(start, filled);
    const lastLine = start + rest.lastIndexOf(LINE_FEED) + 1;
    const isTorn = found.isOwn && !isWhole(bytes.subarray(lastLine, filled));
    const end = isTorn ? lastLine : filled;
    if (end > start) yield { origin: found.origin, bytes, start, end };
    if (cut !== null || isTorn) {
      onWarning(`${name}: the recording was cut off while it was being written; it is read up to there`);
    }
  }
}

function hasMark(bytes: Uint8Array, end: number): boolean {
  return end >= MARK.length && MARK.every((byte, at) => bytes[at] === byte);
}

/**
 * What the first line that is not blank says, of those between `start` and `end`; null when all are blank.
 * Throws UnusableInput when that is nothing known.
 */
function openingOf(name: string, bytes: Uint8Array, start: number, end: number): Opening | null {
  let from = start;
  for (let number = 1; from < end; number++) {
    const line = lineAt(bytes, from, end);
    if (line.some((byte) => byte !== SPACE && byte !== TAB && byte !== RETURN)) {
      const layout = layoutOf(line);
      if (typeof layout === "string") throw new UnusableInput({ name, line: number }, layout);
      return { origin: { name, layout }, isOwn: layout.kind !== "csv" && isNote(frameOf(line)) };
    }
    from += line.length + 1;
  }
  return null;
}

/** Without its line feed. */
function lineAt(bytes: Uint8Array, from: number, end: number): Uint8Array {
  const rest = bytes.subarray(from, end);
  const feed = rest.indexOf(LINE_FEED);
  return feed < 0 ? rest : rest.subarray(0, feed);
}

/** What stands behind the receive time. */
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

/** Where the first line longer than the limit begins, or -1. */
function longLine(bytes: Uint8Array, start: number, end: number): number {
  for (let from = start; end - from > LINE_LIMIT;) {
    const { length } = lineAt(bytes, from, end);
    if (length > LINE_LIMIT) return from;
    from += length + 1;
  }
  return -1;
}

/** `position` is where the line begins; `first` is the first line's beginning, if it is the first one. */
function tooLong(name: string, position: number, first: Uint8Array | null): UnusableInput {
  const layout = first === null ? null : layoutOf(first);
  if (typeof layout === "string") return new UnusableInput({ name }, layout);
  return new UnusableInput(
    { name },
    `the line at byte ${position} is longer than ${
      LINE_LIMIT >> 20
    } MiB, expected one trade or message a line`,
  );
}

function tooBlank(name: string): UnusableInput {
  return new UnusableInput({ name }, `it begins with more than ${LINE_LIMIT >> 20} MiB of blank lines`);
}

/** The bytes, with room for `more` behind the first `filled` of them. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, filled: number, more: number): Uint8Array<ArrayBuffer> {
  if (bytes.length - filled >= more) return bytes;
  const larger = new Uint8Array(2 * filled + more);
  larger.set(bytes.subarray(0, filled));
  return larger;
}

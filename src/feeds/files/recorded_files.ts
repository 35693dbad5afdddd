/** Recorded files as one stream of lines: opened, unpacked, recognized and cut into chunks. */
import type { Chunk, Origin, TradeFile } from "../../formats/trade_file.ts";
import { TRADE_FILES } from "../../formats/file_layout.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { bufferArchive, membersOf } from "./archive.ts";
import { type ByteSource, PeekedSource, readUpTo } from "./byte_source.ts";
import { verifyChecksum } from "./checksum.ts";
import { InflateSource } from "./inflate_source.ts";
import { findInput, type InputFile, openInput, STANDARD_INPUT } from "./input_file.ts";
import { lineChunks } from "./line_chunks.ts";

/** How far the reading is. May be read at any time. */
export interface ReadProgress {
  /** Bytes of the files as they lie on disk; up to one chunk more than what was handed out. */
  bytesRead: number;
  /** Of all files; null while they have not been looked at and when one of them is a pipe. */
  bytesTotal: number | null;
}

/** How recorded files are read; everything has a default. */
export interface ReadOptions {
  /** How much is read at a time, in bytes, from 1; 256 KiB unless given. No result depends on it. */
  readonly chunkBytes?: number;
  /** Kept up to date while reading. */
  readonly progress?: ReadProgress;
  /** Ends the reading: the chunks end as if the input had. */
  readonly signal?: AbortSignal;
  /** Called with warnings that do not stop the reading: one sentence that names the file. */
  readonly onWarning?: (text: string) => void;
  /** The formats that are read; those of the table unless given. */
  readonly formats?: readonly TradeFile[];
}

/** Where a file starts in time, for `sortByFirstTrade`. */
export interface FirstTrade {
  /** In the same unit for all files. */
  readonly time: number;
  readonly id: number;
}

/** A file to read, or one of the members of an archive. */
export interface Part {
  readonly path: string;
  /** The member's name as in Origin; null for all that is in the file. */
  readonly member: string | null;
}

const CHUNK_BYTES = 256 << 10;
const ONCE = "it can be read only once, so it cannot be sorted among other files: give it alone or as a file";
/** The longest start that shows how something is packed. */
const HEAD_BYTES = 4;
/** Files that unpack to themselves exist. */
const PACKING_LIMIT = 4;

/**
 * The lines of one file, or of standard input when `path` is `-`, in chunks: plain, gzip or zip, recognized by
 * content. Each file and each member of an archive is an Origin of its own; members come in the order of their names,
 * `part2` before `part10`.
 *
 * Throws UnusableInput, after the lines that could be read, for anything that cannot be: nothing there, no
 * permission, packed data that is cut off or damaged, a checksum that does not agree, nothing in it, no known layout.
 * A recording of Penstock's whose end was torn by a crash is read up to there, with a warning.
 *
 * @example
 * ```ts ignore
 * import { chunksOf } from "./recorded_files.ts";
 * for await (const { origin, bytes, start, end } of chunksOf("BTCUSDT-trades-2025-01-01.zip")) {
 *   console.log(origin.name, origin.layout.name, new TextDecoder().decode(bytes.subarray(start, end)));
 * }
 * ```
 */
export function chunksOf(path: string, options: ReadOptions = {}): AsyncGenerator<Chunk> {
  return recordedChunks([path], options);
}

/**
 * The lines of several files, or of parts of them, as one stream, in the given order. All files are looked for, and compared with the
 * checksums beside them, before the first chunk. Throws as `chunksOf` does.
 */
export async function* recordedChunks(
  named: readonly (string | Part)[],
  options: ReadOptions = {},
): AsyncGenerator<Chunk> {
  const { chunkBytes = CHUNK_BYTES, signal, onWarning = () => {} } = options;
  const progress = options.progress ?? { bytesRead: 0, bytesTotal: null };
  if (!(Number.isInteger(chunkBytes) && chunkBytes > 0)) {
    throw new RangeError(`chunkBytes is ${chunkBytes}: expected a whole number above 0`);
  }
  try {
    const parts = named.map((part): Part => typeof part === "string" ? { path: part, member: null } : part);
    const isWhole = parts.every(({ member }) => member === null);
    // A file that is read in parts still counts as one file.
    const paths = isWhole ? parts.map(({ path }) => path) : [...new Set(parts.map(({ path }) => path))];
    const files = await findInputs(paths);
    progress.bytesRead = 0;
    progress.bytesTotal = totalOf(files);
    for (const file of files) {
      signal?.throwIfAborted();
      await verifyChecksum(file, onWarning, signal);
    }
    let before = 0;
    for (const [at, { path, member }] of parts.entries()) {
      const file = isWhole ? files[at]! : files.find((file) => file.path === path)!;
      let bytes = 0;
      // An archive's table of contents is read besides its members, so that counting alone may go too far.
      const count = (read: number): void => {
        bytes += read;
        progress.bytesRead = Math.min(
          before + Math.min(bytes, file.size ?? bytes),
          progress.bytesTotal ?? Infinity,
        );
      };
      yield* linesOf(file, options, count, member);
      before += member === null ? file.size ?? bytes : Math.min(bytes, file.size ?? bytes);
      progress.bytesRead = Math.min(before, progress.bytesTotal ?? Infinity);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/**
 * What is wrong with the archive that a chunk of `origin` came from, found by reading the rest of it, to be asked
 * when a line in it is of no use; null if it is whole, or no archive. Ends the chunks.
 */
export async function damageBehind(
  chunks: AsyncGenerator<Chunk>,
  origin: Origin,
): Promise<UnusableInput | null> {
  if (origin.isPacked !== true) return null;
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      if (next.value.origin !== origin) break;
    }
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    // Any other error is about a later place.
    return error.place.name === origin.name && error.place.line === undefined ? error : null;
  } finally {
    await chunks.return(undefined);
  }
  return null;
}

/**
 * The files, and the members of those that are archives, in the order of their first trades: by time, then by id, then
 * as given; those without a trade come last. `firstTrade` is given one chunk after the other of each until it finds a
 * trade. A single pipe is returned as it is. Throws UnusableInput as `chunksOf` does, and when one of several inputs is
 * standard input or another pipe, which can be read only once.
 */
export async function sortByFirstTrade(
  paths: readonly string[],
  firstTrade: (chunk: Chunk) => FirstTrade | null,
  { signal, formats = TRADE_FILES }: Pick<ReadOptions, "signal" | "formats"> = {},
): Promise<Part[]> {
  const found: { readonly part: Part; readonly time: number; readonly id: number }[] = [];
  const files = await findInputs(paths);
  const pipe = files.find(({ size }) => size === null);
  if (pipe !== undefined && files.length > 1) throw new UnusableInput({ name: pipe.name }, ONCE);
  if (pipe !== undefined) return [{ path: pipe.path, member: null }];
  for (const file of files) {
    const source = await openInput(file, signal);
    try {
      for await (const text of unpacked(file.name, source, 0, null)) {
        let first: FirstTrade | null = null;
        // Reading the file will give the same warnings again.
        const options = { chunkBytes: CHUNK_BYTES, onWarning: () => {}, isPacked: text.isPacked, formats };
        for await (const chunk of lineChunks(text.name, text.source, options)) {
          signal?.throwIfAborted();
          first = firstTrade(chunk);
          if (first !== null) break;
        }
        const part = { path: file.path, member: text.name === file.name ? null : text.name };
        found.push({ part, time: first?.time ?? Infinity, id: first?.id ?? Infinity });
      }
    } finally {
      await source.close();
    }
    signal?.throwIfAborted();
  }
  const order = (a: number, b: number): number => a < b ? -1 : a > b ? 1 : 0;
  return found.sort((a, b) => order(a.time, b.time) || order(a.id, b.id)).map(({ part }) => part);
}

/**
 * Looks for all files, so that a missing last file is noticed before the first one has been processed. Throws what is
 * wrong with the first that cannot be used, and with it what is wrong with the others.
 */
async function findInputs(paths: readonly string[]): Promise<InputFile[]> {
  if (paths.indexOf(STANDARD_INPUT) !== paths.lastIndexOf(STANDARD_INPUT)) {
    throw new UnusableInput({ name: "standard input" }, `it can be read only once: give "-" only once`);
  }
  const files: InputFile[] = [];
  const unusable: UnusableInput[] = [];
  for (const path of paths) {
    try {
      files.push(await findInput(path));
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
      unusable.push(error);
    }
  }
  const [first, ...others] = unusable;
  if (first === undefined) return files;
  first.others = others;
  throw first;
}

function totalOf(files: readonly InputFile[]): number | null {
  let total = 0;
  for (const { size } of files) {
    if (size === null) return null;
    total += size;
  }
  return total;
}

/** The lines of one file, which is closed at the end. */
async function* linesOf(
  file: InputFile,
  { chunkBytes = CHUNK_BYTES, signal, onWarning = () => {}, formats = TRADE_FILES }: ReadOptions,
  count: (bytes: number) => void,
  member: string | null,
): AsyncGenerator<Chunk> {
  const source = await openInput(file, signal, count);
  try {
    for await (const text of unpacked(file.name, source, 0, member)) {
      const { name, isPacked } = text;
      for await (const chunk of lineChunks(name, text.source, { chunkBytes, onWarning, isPacked, formats })) {
        signal?.throwIfAborted();
        yield chunk;
      }
    }
  } finally {
    await source.close();
  }
}

/** What is in a source, unpacked as often as it was packed: all of it, or the `wanted` member alone. */
async function* unpacked(
  name: string,
  source: ByteSource,
  depth: number,
  wanted: string | null,
): AsyncGenerator<{ readonly name: string; readonly source: ByteSource; readonly isPacked: boolean }> {
  if (depth > PACKING_LIMIT) {
    throw new UnusableInput({ name }, `it is packed more than ${PACKING_LIMIT} times: unpack it first`);
  }
  const head = await readUpTo(source, HEAD_BYTES);
  const whole = new PeekedSource(head, source);
  switch (packingOf(head)) {
    case "gzip": {
      const text = new InflateSource(name, "gzip", whole);
      try {
        yield* unpacked(name, text, depth + 1, wanted);
      } finally {
        await text.close();
      }
      break;
    }
    case "zip": {
      const parts = source.parts ?? await bufferArchive(name, whole);
      for await (const member of membersOf(name, parts)) {
        try {
          // The name of a member of an archive in an archive starts with that of the archive.
          if (wanted === null || wanted.startsWith(member.name)) {
            yield* unpacked(member.name, member.source, depth + 1, wanted);
          }
        } finally {
          await member.source.close();
        }
      }
      break;
    }
    case "none":
      yield { name, source: whole, isPacked: depth > 0 };
  }
}

/** How a file that starts with these bytes is packed. */
function packingOf([first, second, third, fourth]: Uint8Array): "gzip" | "zip" | "none" {
  // After the mark come the method, of which there is one, and flags, of which three are never set.
  const isGzip = first === 0x1f && second === 0x8b && (third ?? 8) === 8 && (fourth ?? 0) < 0x20;
  if (isGzip) return "gzip";
  if (first !== 0x50 || second !== 0x4b) return "none";
  const isZip = third === 3 && fourth === 4 || third === 5 && fourth === 6 || third === 7 && fourth === 8;
  return isZip ? "zip" : "none";
}

/** Recorded files as one stream of chunks: opens, decompresses, recognizes and cuts them. */
import type { Chunk, Origin, TradeFile } from "../../formats/trade_file.ts";
import { layoutOfStart, TRADE_FILES } from "../../formats/file_layout.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { type ByteParts, type ByteSource, PeekedSource } from "./byte_source.ts";
import { verifyChecksum } from "./checksum.ts";
import { InflateSource, TruncatedInput } from "./inflate_source.ts";
import { findInput, type InputFile, openInput, STANDARD_INPUT } from "./input_file.ts";
import { lineChunks, type LineOptions } from "./line_chunks.ts";

/** How much has been read. May be read at any time. */
export interface ReadProgress {
  /** Bytes of the files as they are on disk; up to one chunk more than was handed out. */
  bytesRead: number;
  /** The bytes of all files; null until they have been found, and if one of them is a pipe. */
  bytesTotal: number | null;
}

/** How recorded files are read. Every option has a default. */
export interface ReadOptions {
  /** How much is read at a time, in bytes, 1 or more. Default 256 KiB. No result depends on it. */
  readonly chunkBytes?: number;
  /** Updated while reading. */
  readonly progress?: ReadProgress;
  /** Stops the reading: the chunks end as if the input had ended. */
  readonly signal?: AbortSignal;
  /** Called with warnings that do not stop the reading: one sentence that names the file. */
  readonly onWarning?: (text: string) => void;
  /** The formats that are read. Default: those of the table. */
  readonly formats?: readonly TradeFile[];
}

/** The first trade of a file, for `sortByFirstTrade`. */
export interface FirstTrade {
  /** In the same unit for all files. */
  readonly time: number;
  readonly id: number;
}

/** A file to read, or one of the members of an archive. */
export interface Part {
  readonly path: string;
  /** The member's name as in Origin; null for the whole file. */
  readonly member: string | null;
}

const CHUNK_BYTES = 256 << 10;
const ONCE = "it can be read only once, so it cannot be sorted among other files: give it alone or as a file";
/** How many bytes show how a file is compressed. */
const HEAD_BYTES = 4;
/** A limit, because some files decompress to themselves. */
const NESTING_LIMIT = 4;

/**
 * The chunks of one file, or of standard input if `path` is `-`. The content shows whether it is plain, gzip or zip.
 * Each file and each member of an archive is its own Origin. Members come in the order of their names, `part2`
 * before `part10`.
 *
 * Throws UnusableInput, after all that could be read, if the file is missing, empty or of no known layout, if the
 * program may not read it, if compressed data is cut off or damaged, or if a checksum does not match. One of Penstock's
 * own recordings, torn by a crash, is read up to the tear, with a warning.
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
 * The chunks of several files, or of parts of them, in the given order. Finds all files, and compares them with the
 * checksums next to them, before the first chunk. Throws as `chunksOf` does.
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
      // An archive's table of contents is read in addition to its members, so the count alone may be too high.
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
 * What is wrong with the archive that a chunk of `origin` came from; null if it is whole, or no archive. Reads the rest
 * of the archive to find out, and ends the chunks. Call it after an unusable line.
 */
export async function archiveDamage(
  chunks: AsyncGenerator<Chunk>,
  origin: Origin,
): Promise<UnusableInput | null> {
  if (origin.isCompressed !== true) return null;
  try {
    for await (const chunk of chunks) if (chunk.origin !== origin) break;
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    // Any other error is about a later file or line.
    return error.place.name === origin.name && error.place.line === undefined ? error : null;
  }
  return null;
}

/**
 * The files, and the members of archives, in the order of their first trades: by time, then by id, then as given. Those
 * without a trade come last. `firstTrade` gets the chunks of each until it finds a trade. A single pipe is returned as
 * it is. Throws UnusableInput as `chunksOf` does, and if one of several inputs is standard input or another pipe,
 * because a pipe can be read only once.
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
      for await (const text of decompressed(file.name, source, 0, null)) {
        let first: FirstTrade | null = null;
        // The same warnings will come again when the file is read.
        const options = {
          chunkBytes: CHUNK_BYTES,
          onWarning: () => {},
          isCompressed: text.isCompressed,
          formats,
        };
        for await (const chunk of chunksIn(text, options, signal)) {
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
 * Finds all files, so that a missing last file is noticed before the first is processed. Throws the error of the first
 * unusable file, with the errors of the others in it.
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

/** The chunks of one file. Closes it at the end. */
async function* linesOf(
  file: InputFile,
  { chunkBytes = CHUNK_BYTES, signal, onWarning = () => {}, formats = TRADE_FILES }: ReadOptions,
  count: (bytes: number) => void,
  member: string | null,
): AsyncGenerator<Chunk> {
  const source = await openInput(file, signal, count);
  try {
    for await (const text of decompressed(file.name, source, 0, member)) {
      const { isCompressed } = text;
      for await (const chunk of chunksIn(text, { chunkBytes, onWarning, isCompressed, formats }, signal)) {
        signal?.throwIfAborted();
        yield chunk;
      }
    }
  } finally {
    await source.close();
  }
}

/** A decompressed file. */
interface Decompressed {
  readonly name: string;
  readonly source: ByteSource;
  readonly isCompressed: boolean;
  /** Its first bytes. */
  readonly head: Uint8Array;
  /** Any part of it; absent where it can only be read from its start to its end. */
  readonly parts?: ByteParts | undefined;
}

/** The chunks of a decompressed file, which this closes unless it is read in parts. */
async function* chunksIn(
  { name, source, isCompressed, head, parts }: Decompressed,
  options: LineOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk> {
  const layout = layoutOfStart(head, options.formats);
  if (layout?.unit !== "records") {
    yield* lineChunks(name, source, options);
    return;
  }
  const { bufferParquet, parquetChunks } = await import("./parquet_file.ts");
  yield* parquetChunks(name, parts ?? await bufferParquet(name, source), {
    layout,
    isCompressed,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The first bytes of a source. A source that is cut off within them throws at the next read. */
async function headOf(source: ByteSource): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  try {
    while (filled < HEAD_BYTES) {
      const count = await source.read(head.subarray(filled));
      if (count === null) break;
      filled += count;
    }
  } catch (error) {
    if (!(error instanceof TruncatedInput)) throw error;
  }
  return head.subarray(0, filled);
}

/** The content of a source, decompressed as often as it was compressed: all of it, or only the `wanted` member. */
async function* decompressed(
  name: string,
  source: ByteSource,
  depth: number,
  wanted: string | null,
): AsyncGenerator<Decompressed> {
  if (depth > NESTING_LIMIT) {
    throw new UnusableInput(
      { name },
      `it is compressed more than ${NESTING_LIMIT} times: decompress it first`,
    );
  }
  const head = await headOf(source);
  const whole = new PeekedSource(head, source);
  switch (compressionOf(head)) {
    case "gzip": {
      const text = await InflateSource.open(name, "gzip", whole);
      try {
        yield* decompressed(name, text, depth + 1, wanted);
      } finally {
        await text.close();
      }
      break;
    }
    case "zip": {
      const { bufferArchive, membersOf } = await import("./archive.ts");
      const parts = source.parts ?? await bufferArchive(name, whole);
      for await (const member of membersOf(name, parts)) {
        try {
          // In a nested archive, a member's name starts with the name of its archive.
          if (wanted === null || wanted.startsWith(member.name)) {
            yield* decompressed(member.name, member.source, depth + 1, wanted);
          }
        } finally {
          await member.source.close();
        }
      }
      break;
    }
    case "none":
      yield { name, source: whole, isCompressed: depth > 0, head, parts: source.parts };
  }
}

/** How a file that starts with these bytes is compressed. */
function compressionOf([first, second, third, fourth]: Uint8Array): "gzip" | "zip" | "none" {
  // After the mark come the method, which is always 8, and the flags, of which three are never set.
  const isGzip = first === 0x1f && second === 0x8b && (third ?? 8) === 8 && (fourth ?? 0) < 0x20;
  if (isGzip) return "gzip";
  if (first !== 0x50 || second !== 0x4b) return "none";
  const isZip = third === 3 && fourth === 4 || third === 5 && fourth === 6 || third === 7 && fourth === 8;
  return isZip ? "zip" : "none";
}

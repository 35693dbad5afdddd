/** The members of zip archives. */
import type { FileEntry, ZipReader } from "@zip.js/zip.js";
import { crc32 } from "node:zlib";
import { naturalOrder } from "./natural_order.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { InflateSource } from "./inflate_source.ts";
import { type ByteParts, BytesInMemory, type ByteSource, readUpTo } from "./byte_source.ts";

/** Far more members than any archive of trades has, and the largest table of contents: each entry costs memory. */
const MOST_MEMBERS = 100_000;
const LARGEST_TABLE = 32 << 20;
/** The size of the header before a member's bytes, without the name and the extra field at its end. */
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;

/** The largest archive that is kept in memory because it comes through a pipe, in MiB. */
const BUFFER_LIMIT = 64;

/** What the library reads at a time; it keeps several pieces. */
const PIECE_BYTES = 64 << 10;

/** Names of members that hold no trades: those that macOS adds, and checksums. */
const SKIPPED = /^__MACOSX\/|(^|\/)(\._[^/]*|\.DS_Store)$|\.CHECKSUM$/i;

/** Compression methods, by their numbers in the format. */
const STORED = 0, DEFLATE = 8, DEFLATE64 = 9;
/** The methods that are not supported. */
const OTHER_METHODS: Readonly<Record<number, string>> = {
  1: "shrinking",
  6: "imploding",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "xz",
  98: "PPMd",
};

/** A file in an archive. */
export interface Member {
  /** `archive.zip (member.csv)` */
  readonly name: string;
  /** Close it before asking for the next member. */
  readonly source: ByteSource;
}

/**
 * The files in the zip archive of this name, in the order of their names, `part2` before `part10`. Files that archivers
 * add on their own are skipped. The table of contents is checked before the first member is returned. Throws
 * UnusableInput if the archive is cut off, damaged or empty, has more than 100,000 members or members that overlap, or
 * if a member is encrypted or compressed by an unsupported method. A wrong checksum is found at the end of its member.
 */
export async function* membersOf(name: string, parts: ByteParts): AsyncGenerator<Member> {
  // Most inputs are not archives, so this is loaded only when needed.
  const { Reader, ZipReader } = await zipLibrary();
  // The library's source for an archive.
  class Parts extends Reader<ByteParts> {
    override size = parts.size;
    override readUint8Array(index: number, length: number): Promise<Uint8Array> {
      if (length > LARGEST_TABLE) throw tooMuch(name, `a table of contents of ${length} bytes`);
      return parts.readPart(index, length);
    }
  }
  // No file is ever written under a member's name, so any name is safe.
  const reader = new ZipReader(new Parts(parts), { filenameValidation: "tolerant" });
  try {
    for (const file of await filesOf(name, reader)) {
      const member = `${name} (${file.filename})`;
      yield { name: member, source: new CheckedSource(member, file, await sourceOf(member, file, parts)) };
    }
  } finally {
    await reader.close();
  }
}

/**
 * Reads a whole archive into memory. This is for an archive that comes through a pipe or is compressed again, because
 * its table of contents is at its end. Throws UnusableInput above 64 MiB.
 */
export async function bufferArchive(name: string, source: ByteSource): Promise<ByteParts> {
  const limit = BUFFER_LIMIT << 20;
  const bytes = await readUpTo(source, limit + 1);
  if (bytes.length <= limit) return new BytesInMemory(bytes);
  throw new UnusableInput(
    { name },
    `the zip archive is larger than ${BUFFER_LIMIT} MiB and comes through a pipe or compressed again, but its ` +
      `table of contents is at its end: give it as a file, or use "unzip -p FILE | penstock backtest -"`,
  );
}

async function zipLibrary(): Promise<typeof import("@zip.js/zip.js")> {
  // This entry point uses the decompression that the runtime has built in.
  const zip = await import("@zip.js/zip.js/lib/zip-core-native.js");
  zip.configure({ useWebWorkers: false, chunkSize: PIECE_BYTES });
  return zip;
}

/** A file in the table of contents, without the rest of what the library keeps. */
interface Listed {
  readonly filename: string;
  /** The offset of its local header. */
  readonly offset: number;
  readonly method: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly checksum: number;
  /** The library's entry if only the library can decompress the file, otherwise null. */
  readonly entry: FileEntry | null;
}

async function filesOf(name: string, reader: ZipReader<ByteParts>): Promise<Listed[]> {
  const files: Listed[] = [];
  let members = 0;
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (++members > MOST_MEMBERS) throw tooMuch(name, `more than ${MOST_MEMBERS} members`);
      if (!entry.directory && !SKIPPED.test(entry.filename)) files.push(listed(name, entry));
    }
  } catch (error) {
    throw await unusableArchive(name, error);
  }
  if (files.length === 0) throw new UnusableInput({ name }, "the zip archive holds no file with trades");
  refuseOverlaps(name, files);
  return files.sort((a, b) => naturalOrder(a.filename, b.filename));
}

function listed(name: string, entry: FileEntry): Listed {
  const { filename, offset, encrypted, compressionMethod: method } = entry;
  const place = { name: `${name} (${filename})` };
  if (encrypted) throw new UnusableInput(place, "it is encrypted: unpack the archive and give the files");
  if (method !== STORED && method !== DEFLATE && method !== DEFLATE64) {
    const compression = OTHER_METHODS[method] ?? `method ${method}`;
    throw new UnusableInput(
      place,
      `it is compressed with ${compression}, expected deflate: unpack the archive and give the files`,
    );
  }
  return {
    filename,
    offset,
    method,
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    checksum: entry.crc32 ?? 0,
    entry: method === DEFLATE64 ? entry : null,
  };
}

/** An archive of a megabyte whose members share their bytes can decompress to any size. No archiver makes one. */
function refuseOverlaps(name: string, files: readonly Listed[]): void {
  let end = 0;
  for (const { filename, offset, compressedSize } of files.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < end) {
      throw new UnusableInput(
        { name: `${name} (${filename})` },
        "it shares bytes with another member, which no archiver does: the archive is damaged or malicious",
      );
    }
    end = offset + LOCAL_HEADER_BYTES + compressedSize;
  }
}

function tooMuch(name: string, what: string): UnusableInput {
  return new UnusableInput({ name }, `the zip archive has ${what}: unpack it and give the files`);
}

/** A member's bytes, decompressed. */
async function sourceOf(name: string, file: Listed, parts: ByteParts): Promise<ByteSource> {
  // zlib is faster than the library and returns all data before the damage, but cannot decompress Deflate64.
  if (file.entry !== null) return new MemberSource(name, file.entry);
  const { offset, compressedSize, size } = file;
  const header = await parts.readPart(offset, LOCAL_HEADER_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (header.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== LOCAL_HEADER) {
    throw await unusableArchive(name, new RangeError("there is no member where its table of contents says"));
  }
  const start = offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const bytes = new PartSource(parts, start, compressedSize);
  return file.method === DEFLATE ? await InflateSource.open(name, "zip", bytes, size) : bytes;
}

/** A part of an archive, not decompressed. */
class PartSource implements ByteSource {
  readonly #parts: ByteParts;
  #at: number;
  #left: number;

  constructor(parts: ByteParts, start: number, size: number) {
    this.#parts = parts;
    this.#at = start;
    this.#left = size;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#left === 0) return null;
    const bytes = await this.#parts.readPart(this.#at, Math.min(this.#left, into.length));
    if (bytes.length === 0) return null;
    into.set(bytes);
    this.#at += bytes.length;
    this.#left -= bytes.length;
    return bytes.length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A member. At its end, its size and checksum are compared with those in the table of contents. */
class CheckedSource implements ByteSource {
  readonly size: number;
  readonly #name: string;
  readonly #file: Listed;
  readonly #source: ByteSource;
  #size = 0;
  #checksum = 0;

  constructor(name: string, file: Listed, source: ByteSource) {
    this.size = file.size;
    this.#name = name;
    this.#file = file;
    this.#source = source;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#source.read(into);
    if (count !== null) {
      this.#size += count;
      this.#checksum = crc32(into.subarray(0, count), this.#checksum);
      return count;
    }
    const { size, checksum } = this.#file;
    if (this.#size === size && this.#checksum === checksum) return null;
    const found = `${this.#size} bytes with the CRC-32 ${this.#checksum.toString(16).padStart(8, "0")}`;
    const expected = `${size} with ${checksum.toString(16).padStart(8, "0")}`;
    throw await unusableArchive(this.#name, new RangeError(`it holds ${found}, expected ${expected}`));
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/** A member's bytes as the library decompresses them, a piece at a time as they are read. */
class MemberSource implements ByteSource {
  readonly #name: string;
  readonly #file: FileEntry;
  readonly #stream: TransformStream<Uint8Array, Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #fail: (error: unknown) => void = () => {};
  /** Settled once the library is done; null before the first read. */
  #decompressing: Promise<unknown> | null = null;
  #piece: Uint8Array = new Uint8Array();

  constructor(name: string, file: FileEntry) {
    this.#name = name;
    this.#file = file;
    this.#stream = new TransformStream({
      start: (controller) => {
        this.#fail = (error) => controller.error(error);
      },
    });
    this.#reader = this.#stream.readable.getReader();
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#decompressing ??= this.#file.getData(this.#stream.writable).catch(this.#fail);
    while (this.#piece.length === 0) {
      const { value } = await this.#reader.read().catch(async (error) => {
        throw await unusableArchive(this.#name, error);
      });
      if (value === undefined) return null;
      this.#piece = value;
    }
    const count = Math.min(this.#piece.length, into.length);
    into.set(this.#piece.subarray(0, count));
    this.#piece = this.#piece.subarray(count);
    return count;
  }

  async close(): Promise<void> {
    await this.#reader.cancel(new Deno.errors.Interrupted(`${this.#name} was closed`)).catch(() => {});
    await this.#decompressing;
  }
}

/** The library's error about an archive, as UnusableInput. */
async function unusableArchive(name: string, error: unknown): Promise<UnusableInput> {
  if (error instanceof UnusableInput) return error;
  const { ERR_BAD_FORMAT, ERR_EOCDR_NOT_FOUND, ERR_SPLIT_ZIP_FILE } = await zipLibrary();
  const message = error instanceof Error ? error.message : String(error);
  const what = message === ERR_SPLIT_ZIP_FILE
    ? "it is one part of a zip archive in several parts: put them together or give the files in it"
    : message === ERR_EOCDR_NOT_FOUND || message === ERR_BAD_FORMAT
    ? "the zip archive is cut off: the table of contents at its end is missing. Fetch or copy the file again"
    : `the zip archive is damaged: ${message}. Fetch or copy the file again`;
  return new UnusableInput({ name }, what, { cause: error });
}

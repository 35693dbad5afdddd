/**
 * The list of objects in a journal's file, read from its pages. SQLite reads that whole list at the first statement,
 * whatever its length, and nothing can stop it. So it is checked here first, in no more steps than a Penstock journal
 * needs. Pages in the log beside the file replace the file's own.
 */
import { damaged, type Operation, refused } from "../journal_error.ts";
import { failed, realPath } from "./journal_file.ts";
import type { ListedObject } from "./journal_tables.ts";

/** The start of a database, before anything in it is checked. */
export interface FileStart {
  readonly applicationId: number;
  /** The version that its application gave its tables. */
  readonly version: number;
  /** Its objects; empty if the application is not `applicationId`. */
  readonly objects: readonly ListedObject[];
}

const MAGIC = "SQLite format 3\0";
const FILE_HEADER = 100;
/** Offsets in the file's header. */
const [PAGE_SIZE_AT, RESERVED_AT, ENCODING_AT, VERSION_AT, APPLICATION_AT] = [16, 20, 56, 60, 68];
const UTF_8 = 1;
/** The kinds of table pages: one holds the numbers of further pages, the other rows. */
const [INNER, LEAF] = [5, 13];
/** A journal has at most eleven objects, on three pages; its longest statement has 400 characters. */
const MOST_PAGES = 16;
const MOST_OBJECTS = 64;
const MOST_BYTES = 2000;
/** The bytes of a page that none of its rows can use. */
const BESIDE_ROW = 35;

const LOG_HEADER = 32;
const FRAME_HEADER = 24;
const LOG_MAGIC = 0x377f0682;
const LOG_VERSION = 3_007_000;
/** A run keeps its log near a megabyte, but it grows during a long read by another process. */
const MOST_LOG = 1 << 30;
const CHUNK = 1 << 20;
/** A run restarts its log every few minutes, and several times a second only while it decides constantly. */
const TRIES = 10;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns the start of the journal at `path`; null if it is not a database. Throws a JournalError if it has more
 * objects than a journal or they cannot be read, or if there is a file beside it from which SQLite would overwrite it.
 */
export function fileStartOf(path: string, applicationId: number, operation: Operation): FileStart | null {
  const place = realPath(path);
  const logHead = () => {
    using log = openLog(`${place}-wal`);
    return log === null ? null : bytesAt(log, 0, LOG_HEADER)?.toHex() ?? null;
  };
  for (let left = TRIES;; left--) {
    try {
      refuseOldLog(path, `${place}-journal`);
      const before = logHead();
      const read = fileStartIn(path, place, applicationId);
      if (left <= 1 || logHead() === before) return read();
    } catch (error) {
      throw failed(operation, path, error);
    }
  }
}

/**
 * Reads the start, and returns a function that returns it or throws the error. The caller can then discard either,
 * because a run may have restarted its log during the read.
 */
function fileStartIn(path: string, place: string, applicationId: number): () => FileStart | null {
  using file = Deno.openSync(place);
  using log = openLog(`${place}-wal`);
  try {
    const pages = new Pages(path, file, log);
    const first = pages.first();
    if (first === null) return () => null;
    const header = viewOf(first);
    const found = { applicationId: header.getInt32(APPLICATION_AT), version: header.getInt32(VERSION_AT) };
    if (found.applicationId !== applicationId) return () => ({ ...found, objects: [] });
    if (header.getUint32(ENCODING_AT) !== UTF_8) throw damaged(path, "its texts are not in UTF-8");
    const objects = listed(pages, path, header.getUint8(RESERVED_AT));
    return () => ({ ...found, objects });
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Throws a JournalError for the log of an interrupted change, from which SQLite would overwrite the journal. */
function refuseOldLog(path: string, log: string): void {
  if ((statOf(log)?.size ?? 0) === 0) return;
  throw refused(
    path,
    `${log} is beside it: SQLite would overwrite it from that file, which Penstock never leaves behind. ` +
      "Move that file away, and check with `penstock verify` that the journal is intact.",
  );
}

/** The pages of a database: those in its log, up to the last whole commit, otherwise those in the file. */
class Pages {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #log: Deno.FsFile | null;
  readonly #frames: ReadonlyMap<number, number>;
  #size = 0;

  constructor(path: string, file: Deno.FsFile, log: Deno.FsFile | null) {
    const { size, frames } = log === null ? { size: 0, frames: new Map() } : framesOf(log, path);
    this.#path = path;
    this.#file = file;
    this.#log = log;
    this.#frames = frames;
    this.#size = size;
  }

  /** The first page; null if this is not a database. */
  first(): Uint8Array | null {
    const header = this.#frames.has(1) ? this.page(1) : bytesAt(this.#file, 0, FILE_HEADER);
    if (header === null || new TextDecoder().decode(header.subarray(0, MAGIC.length)) !== MAGIC) return null;
    const stated = viewOf(header).getUint16(PAGE_SIZE_AT);
    const size = stated === 1 ? 1 << 16 : stated;
    if (!isPageSize(size) || this.#frames.size > 0 && size !== this.#size) {
      throw damaged(this.#path, `its pages have ${size} bytes, but those of its log have ${this.#size}`);
    }
    this.#size = size;
    return this.page(1);
  }

  /** Page `number`. Throws a JournalError if it is incomplete. */
  page(number: number): Uint8Array {
    const frame = this.#frames.get(number);
    const bytes = new Uint8Array(this.#size);
    const count = frame === undefined
      ? fill(this.#file, (number - 1) * this.#size, bytes)
      : fill(this.#log!, frame, bytes);
    if (count < this.#size) throw damaged(this.#path, `page ${number} of the file is cut short or missing`);
    return bytes;
  }
}

/** Lists the objects of the database, from its first page on. */
function listed(pages: Pages, path: string, reserved: number): ListedObject[] {
  const flawed = (what: string) => damaged(path, `the list of its tables ${what}`);
  const objects: ListedObject[] = [];
  const seen = new Set<number>();
  const numbers = [1];
  for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
    if (seen.has(number)) throw flawed(`refers to page ${number} twice`);
    if (seen.add(number).size > MOST_PAGES) throw flawed(`takes more than ${MOST_PAGES} pages`);
    const bytes = pages.page(number);
    const page = viewOf(bytes);
    const at = number === 1 ? FILE_HEADER : 0;
    const [kind, count] = [page.getUint8(at), page.getUint16(at + 3)];
    if (kind !== INNER && kind !== LEAF) throw flawed(`has a page of the wrong kind, ${number}`);
    if (count > MOST_OBJECTS || objects.length + count > MOST_OBJECTS) {
      throw flawed(`has more than ${MOST_OBJECTS} rows`);
    }
    try {
      if (kind === INNER) numbers.push(page.getUint32(at + 8));
      for (let cell = 0; cell < count; cell++) {
        const from = page.getUint16(at + (kind === INNER ? 12 : 8) + 2 * cell);
        if (kind === INNER) numbers.push(page.getUint32(from));
        else objects.push(objectAt(page, from, bytes.length - reserved));
      }
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      throw flawed(`has a row that cannot be read, on page ${number}`);
    }
  }
  return objects;
}

/**
 * Returns the row at an offset of a page of which `usable` bytes are in use. Throws a RangeError if it is not a row, or
 * too long.
 */
function objectAt(page: DataView, from: number, usable: number): ListedObject {
  let at = from;
  const next = (): number => {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = page.getUint8(at++);
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
    throw new RangeError("a number that no journal has");
  };
  const bytes = next();
  if (bytes > MOST_BYTES || bytes > usable - BESIDE_ROW) throw new RangeError("a row that no journal has");
  next();
  const start = at;
  const rows = start + next();
  const types: number[] = [];
  while (at < rows) types.push(next());
  if (at !== rows || types.length !== 5) throw new RangeError("a row with the wrong columns");
  const [type, name, table, root, sql] = types.map((serial) => {
    const length = serial > 11 ? (serial - 12) >> 1 : [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][serial]!;
    const value = new Uint8Array(page.buffer, page.byteOffset + at, length);
    at += length;
    if (serial > 12) return serial % 2 === 1 ? DECODER.decode(value) : null;
    if (serial === 8 || serial === 9) return serial - 8;
    return serial > 0 && serial < 5 ? value.reduce((sum, byte) => sum * 256 + byte, 0) : null;
  });
  if (at !== start + bytes || at > usable) throw new RangeError("a row of the wrong length");
  const text = (value: string | number | null | undefined) => typeof value === "string" ? value : null;
  return {
    ...{ type: text(type), name: text(name), table: text(table), sql: text(sql) },
    root: typeof root === "number" ? root : null,
  };
}

/** Finds the pages in a log up to its last commit, and their size. SQLite uses the same ones. */
function framesOf(log: Deno.FsFile, path: string): { size: number; frames: Map<number, number> } {
  const none = { size: 0, frames: new Map<number, number>() };
  const head = bytesAt(log, 0, LOG_HEADER);
  if (head === null) return none;
  const header = viewOf(head);
  const [magic, size] = [header.getUint32(0), header.getUint32(8)];
  if ((magic & ~1) !== LOG_MAGIC || header.getUint32(4) !== LOG_VERSION || !isPageSize(size)) return none;
  const isLittle = (magic & 1) === 0;
  const sums = new Checksum(isLittle);
  sums.add(header, 0, LOG_HEADER - 8);
  if (!sums.is(header, LOG_HEADER - 8)) return none;
  const frames = new Map<number, number>();
  let open: [page: number, at: number][] = [];
  const bytes = FRAME_HEADER + size;
  const most = Math.max(1, Math.floor(CHUNK / bytes));
  const chunk = new Uint8Array(most * bytes);
  for (let start = LOG_HEADER;; start += chunk.length) {
    const count = Math.floor(fill(log, start, chunk) / bytes);
    const view = viewOf(chunk);
    for (let frame = 0; frame < count; frame++) {
      const at = frame * bytes;
      const [page, commits] = [view.getUint32(at), view.getUint32(at + 4)];
      const isOfThisLog = view.getUint32(at + 8) === header.getUint32(16) &&
        view.getUint32(at + 12) === header.getUint32(20);
      if (!isOfThisLog || page === 0) return { size, frames };
      sums.add(view, at, 8);
      sums.add(view, at + FRAME_HEADER, size);
      if (!sums.is(view, at + 16)) return { size, frames };
      open.push([page, start + at + FRAME_HEADER]);
      if (commits > 0) {
        for (const [number, place] of open) frames.set(number, place);
        open = [];
      }
    }
    if (count < most) return { size, frames };
    if (start > MOST_LOG) {
      throw refused(
        path,
        `the log beside it, -wal, has more than ${MOST_LOG} bytes that are not in it yet, but Penstock keeps that ` +
          "near a megabyte. Stop whatever reads the journal all the time, then start again, or restore it from a copy.",
      );
    }
  }
}

/** SQLite's checksum of a log, which continues from one frame to the next. */
class Checksum {
  readonly #isLittle: boolean;
  #one = 0;
  #two = 0;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /** Adds bytes; their number must be a multiple of 8. */
  add(view: DataView, from: number, length: number): void {
    let [one, two] = [this.#one, this.#two];
    for (let at = from; at < from + length; at += 8) {
      one = (one + view.getUint32(at, this.#isLittle) + two) >>> 0;
      two = (two + view.getUint32(at + 4, this.#isLittle) + one) >>> 0;
    }
    [this.#one, this.#two] = [one, two];
  }

  /** Whether it equals the checksum at an offset. */
  is(view: DataView, at: number): boolean {
    return view.getUint32(at) === this.#one && view.getUint32(at + 4) === this.#two;
  }
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 1 << 16 && (size & (size - 1)) === 0;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Returns this many bytes from an offset; null if there are fewer. */
function bytesAt(file: Deno.FsFile, offset: number, length: number): Uint8Array | null {
  const bytes = new Uint8Array(length);
  return fill(file, offset, bytes) === length ? bytes : null;
}

/** Reads from an offset until `bytes` is full or the file ends. Returns how many bytes it read. */
function fill(file: Deno.FsFile, offset: number, bytes: Uint8Array): number {
  file.seekSync(offset, Deno.SeekMode.Start);
  let count = 0;
  while (count < bytes.length) {
    const read = file.readSync(bytes.subarray(count));
    if (read === null || read === 0) break;
    count += read;
  }
  return count;
}

function openLog(path: string): Deno.FsFile | null {
  return statOf(path) === null ? null : Deno.openSync(path);
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The file behind a journal: finding it, connecting to it, and the errors when that fails. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { outwardLink, outwardText } from "../../../domain/process/outward_link.ts";
import { asSentence, grantAdvice } from "../../../domain/process/permission_advice.ts";
import { NO_SPACE } from "../../files/data_folder.ts";
import { JournalError, JournalUnreadable, type Operation, refused, RESTORE } from "../journal_error.ts";

declare module "node:sqlite" {
  /** Deno 2.9 has these, but its types do not declare them yet. */
  interface DatabaseSyncOptions {
    limits?: { readonly length: number; readonly sqlLength: number; readonly attach: number };
  }
  /** Deno 2.9 has this method, but its types do not declare it yet. */
  interface StatementSync {
    setReturnArrays(enabled: boolean): void;
  }
}

/** One row, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** The part of node:sqlite's StatementSync that a journal uses. Only `run` writes. */
export interface JournalStatement {
  run(...values: SQLInputValue[]): unknown;
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  /** Whether rows come as lists of their values, which takes less than half the time. */
  setReturnArrays(isList: boolean): void;
}

/** The part of node:sqlite's DatabaseSync that a journal uses; tests replace it with one that fails on demand. */
export interface JournalDatabase {
  prepare(sql: string): JournalStatement;
  close(): void;
}

/** Opens the database at `path`; for writing, it is created if it is missing. */
export type Connect = (path: string, readOnly: boolean) => JournalDatabase;

/** How long a statement waits for another program that has the database locked, ms. */
const PATIENCE_MS = 1000;
/** How many times a commit tries to lock the database, waiting that long each time. */
const TRIES = 10;
/** SQLite's smallest page; it treats a shorter file as an empty database. */
const LEAST_BYTES = 512;

/**
 * SQLite's own limits for a journal. The longest value is the closes of a million bars, 8 MB; nothing longer can be
 * written or read.
 */
const LIMITS = { length: 1 << 24, sqlLength: 10_000, attach: 0 };
/**
 * SQLite runs nothing from the file, and checks its pages before it uses them. It sorts in memory, because its own
 * files would be in the system's temporary folder, where the permissions do not reach.
 */
const CAUTION = ["trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY"];

/** Opens the database at `path` through node:sqlite. A statement is prepared once, however often it is asked for. */
export const connect: Connect = (path, readOnly) => {
  const database = openDatabase(path, readOnly);
  const statements = new Map<string, JournalStatement>();
  return {
    prepare(sql) {
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      return statement;
    },
    close: () => database.close(),
  };
};

/** The same, with the whole interface of node:sqlite. */
export function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly, timeout: PATIENCE_MS, limits: LIMITS });
  for (const setting of CAUTION) database.prepare(`PRAGMA ${setting}`).run();
  return database;
}

/**
 * Whether a file exists at `path`. Throws a JournalError for what cannot be a journal: a folder, a device, side files
 * without their journal, a file that is too short. It also throws for links that lead elsewhere, as `refuseLinks` does,
 * and, unless the journal is only read, for a file with several names.
 */
export function journalExists(path: string, operation: Operation): boolean {
  let info: Deno.FileInfo;
  try {
    refuseLinks(path, operation);
    info = Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw failed(operation, path, error);
    // SQLite would treat these as part of the new journal.
    for (const side of [`${path}-wal`, `${path}-journal`, `${path}-shm`]) {
      if ((infoAt(side)?.size ?? 0) === 0 || side.endsWith("-shm") && isLogIndex(side)) continue;
      const advice = "Put the journal back, or move that file away to start a new one.";
      throw refused(path, `it is missing, but ${side} exists and holds its latest entries. ${advice}`);
    }
    return false;
  }
  if (info.isDirectory) throw refused(path, "it is a folder. Name a file in it.");
  if (!info.isFile) throw refused(path, "it is not a file. Choose another name.");
  if (info.size < LEAST_BYTES) {
    const has = info.size === 0
      ? "it is empty"
      : `it was cut short to ${info.size} bytes, or never was a journal`;
    throw refused(path, `${has}. ${RESTORE}`);
  }
  // SQLite and the lock would keep separate files beside it under each name.
  if (operation === "open" && (info.nlink ?? 1) > 1) {
    const advice = "Put a copy of it in its place, or remove the other names.";
    const names = `its file has ${info.nlink} names (hard links)`;
    throw refused(path, `${names}, and another may be in use. ${advice}`);
  }
  return true;
}

/** The index of a log consists of parts of this size, and starts with this number. */
const INDEX_BYTES = 32_768;
const INDEX_VERSION = 3_007_000;

/**
 * Whether a file is the index that SQLite makes of a log. It holds no entries, and a process that only reads, such as
 * `watch`, leaves it beside a journal that was removed.
 *
 * Source: https://www.sqlite.org/walformat.html, "The WAL-Index File Format".
 */
function isLogIndex(path: string): boolean {
  using file = Deno.openSync(path);
  if (file.statSync().size % INDEX_BYTES !== 0) return false;
  const start = new Uint32Array(1);
  // The machine's own byte order.
  return file.readSync(new Uint8Array(start.buffer)) === 4 && start[0] === INDEX_VERSION;
}

/** Turns any error from opening, reading or writing the journal at `path` into a JournalError. */
export function failed(operation: Operation, path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  // A number that no journal can hold, or an invalid page.
  const isUnreadable = error instanceof RangeError || resultCode(error) === 11;
  return new (isUnreadable ? JournalUnreadable : JournalError)(
    `Cannot ${operation} the journal ${path}: ${reasonOf(error, operation, path)}`,
    { cause: error },
  );
}

/** SQLite's primary result code of an error; null if it is not SQLite's. */
export function resultCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
}

/** Starts a transaction during which nobody else can write; the caller ends it. */
export function prepareToWrite(database: JournalDatabase, path: string): void {
  // A link may have taken the journal's place before it was opened.
  refuseLinks(path, "write to");
  database.prepare("PRAGMA synchronous = FULL").run();
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") {
    throw refused(path, `its place does not allow a write-ahead log (${mode}). Choose another place.`);
  }
  database.prepare("BEGIN IMMEDIATE").run();
}

/**
 * Starts a transaction with the statement `begin`, once nobody else has a transaction open. A process that files a
 * request has one open for a few µs. Only a process that was suspended in that time, or another program, makes this
 * wait longer than SQLite itself waits.
 */
export function beginPatiently(begin: JournalStatement): void {
  for (let left = TRIES;; left--) {
    try {
      begin.run();
      return;
    } catch (error) {
      if (left <= 1 || !isBusy(error)) throw error;
    }
  }
}

/** Whether an error says that another connection has the database locked. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === 5;
}

function reasonOf(error: unknown, operation: Operation, path: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    const folder = folderOf(path);
    const missing = operation === "read" ? { read: folder } : { read: folder, write: folder };
    return `it is not allowed. ${asSentence(grantAdvice(missing, Deno.build.standalone))}.`;
  }
  if (error instanceof Deno.errors.NotFound) {
    return `the folder ${folderOf(path)} does not exist. Create it, or choose another place.`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = resultCode(error) ?? (NO_SPACE.test(message) ? 13 : null);
  // SQLite's code is 8 for a folder whose mode forbids new files, and 14 for one on a read-only disk.
  if (code === 14 || code === 8 && operation === "read") {
    return `the files beside it, -wal and -shm, cannot be created or opened (${message}). ` +
      "Copy it, and them if they exist, to a folder that may be written to, and open it there.";
  }
  switch (code) {
    case 5:
    case 6:
    case 15:
      return "another program has it locked. Close that program, then start again.";
    case 8:
      return `the file or its folder is read-only (${message}). Allow writing there, or choose another place.`;
    case 10:
      return `the disk failed (${message}). Check that it works and has room, then start again.`;
    case 11:
      return `the file is damaged, perhaps cut short (${message}). ${RESTORE}`;
    case 13:
      return `the disk is full (${message}). Make room, then start again.`;
    case 18:
      return `a value in it is longer than any that Penstock writes (${message}). ${RESTORE}`;
    case 26:
      return `it is not a SQLite database, or its start was overwritten. ${RESTORE}`;
    default:
      return `${message}. Check that the file and its folder may be read and written, or choose another place.`;
  }
}

/**
 * Throws a JournalError if a link leads out of `./data`, or, unless the journal is only read, out of its folder. Also
 * throws if a file that SQLite has beside it is a link or has other names: SQLite would empty the target of a link, and
 * it refuses files with other names.
 */
export function refuseLinks(path: string, operation: Operation): void {
  const found = outwardLink(path, Deno, operation !== "read");
  if (found !== null) throw refused(path, `${outwardText(found)}.`);
  for (const side of ["-wal", "-shm", "-journal"].map((end) => realPath(path) + end)) {
    const odd = oddity(side);
    if (odd !== null) throw notOurs(path, side, odd);
    if (hasOtherNames(infoAt(side))) throw notOurs(path, side, OTHER_NAMES);
  }
}

export const OTHER_NAMES = "has other names (hard links)";

export function hasOtherNames(info: Deno.FileInfo | null): boolean {
  return (info?.nlink ?? 1) > 1;
}

/**
 * Why whatever is at `path` cannot be used, as a clause; null for a file, or if nothing exists there. It is examined
 * without being opened, because opening a pipe would block until the process is killed.
 */
export function oddity(path: string): string | null {
  try {
    const { isSymlink, isFile } = Deno.lstatSync(path);
    return isSymlink ? "is a link" : isFile ? null : "is not a file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The error for a file beside the journal at `path` that may not be Penstock's: it is left alone. */
export function notOurs(path: string, beside: string, why: string): JournalError {
  return refused(
    path,
    `${beside}, which it needs for itself, ${why}. Move that away, or choose another name for the journal.`,
  );
}

/** The path with all links followed; unchanged if nothing exists there yet. */
export function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

function infoAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The folder of a file; the working folder if the path names none. */
export function folderOf(path: string): string {
  return /^(.*)[\\/]/.exec(path)?.[1] || (path.startsWith("/") ? "/" : ".");
}

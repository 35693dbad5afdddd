/** The objects in a journal's database: creates them, checks them, and migrates older versions. */
import { damaged, type Operation, refused } from "../journal_error.ts";
import { type Connect, type JournalDatabase, notOurs, oddity } from "./journal_file.ts";
import { fileStartOf } from "./journal_pages.ts";
import {
  FIRST_READABLE,
  type ListedObject,
  OBJECTS,
  SCHEMA_VERSION,
  tablesDiffer,
} from "./journal_tables.ts";
import { OWNERS_FILE } from "../../files/owner_only.ts";

/** "PNST", which marks the header of a file as Penstock's. */
export const APPLICATION_ID = 0x504e5354;

const LISTED = 'SELECT type, name, tbl_name AS "table", rootpage AS root, sql FROM sqlite_schema LIMIT ?';
const MOST_LISTED = 64;

/** Migrates a database by one version, within a transaction that the caller starts and ends. */
export type Migration = (database: JournalDatabase) => void;

/** Migrations by the version that they start from. */
export type Migrations = ReadonlyMap<number, Migration>;

/** How older versions are migrated. */
export const MIGRATIONS: Migrations = new Map([
  // Version 1 had no heartbeat; the table is still the one that came with version 2.
  [1, (database) => void database.prepare(OBJECTS["life"]!).run()],
  [2, (database) => {
    keepStatesApart(database);
    addRequests(database);
  }],
]);

/** Version 2 had no requests. */
function addRequests(database: JournalDatabase): void {
  database.prepare(OBJECTS["requests"]!).run();
}

/**
 * Creates an empty journal at `path`, where nothing may exist. It has another name until it is finished, so that there
 * is a whole journal or none, whatever happens.
 */
export function createJournal(path: string, connect: Connect): void {
  const draft = `${path}.new`;
  // A process that was killed may have left a draft.
  refuseOthers(path, draft);
  removeDraft(draft);
  // SQLite gives the files beside it the same mode.
  Deno.openSync(draft, { write: true, createNew: true, mode: OWNERS_FILE }).close();
  try {
    const database = connect(draft, false);
    try {
      database.prepare("BEGIN IMMEDIATE").run();
      for (const sql of Object.values(OBJECTS)) database.prepare(sql).run();
      database.prepare("INSERT INTO head VALUES (1, 0, zeroblob(32))").run();
      database.prepare(`PRAGMA application_id = ${APPLICATION_ID}`).run();
      setVersion(database, SCHEMA_VERSION);
      database.prepare("COMMIT").run();
      database.prepare("PRAGMA journal_mode = WAL").run();
    } finally {
      database.close();
    }
    // If a journal is removed after `watch` has read it, an empty log and its index remain.
    for (const side of ["-wal", "-shm"]) removeIfExists(path + side);
    Deno.renameSync(draft, path);
  } catch (error) {
    removeDraft(draft);
    throw error;
  }
}

/** A journal that is open for reading, and the version of its tables. */
export interface Connected<D extends JournalDatabase> {
  readonly database: D;
  readonly version: number;
}

/**
 * Opens the journal at `path` for reading, after checking that its objects are exactly those that Penstock creates:
 * once before SQLite reads the file, and again as SQLite reads it. Throws a JournalError if they are not, for another
 * program's database and for a version that is not known.
 */
export function connectToRead<D extends JournalDatabase>(
  path: string,
  operation: Operation,
  connect: (path: string, readOnly: boolean) => D,
): Connected<D> {
  const start = fileStartOf(path, APPLICATION_ID, operation);
  if (start !== null) {
    mustBeKnown(start, path);
    mustConsistOf(start.objects, path, start.version);
  }
  const database = connect(path, true);
  try {
    const version = versionOf(database, path);
    mustBeAsMade(database, path, version);
    return { database, version };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Removes a draft and SQLite's files beside it. */
export function removeDraft(draft: string): void {
  // The draft goes last: without it, nothing shows that the others are Penstock's.
  for (const side of ["-journal", "-wal", "-shm", ""]) removeIfExists(draft + side);
}

/**
 * The version of a journal's tables, up to the current one. Throws a JournalError for another program's database and
 * for a version that is not known.
 */
export function versionOf(database: JournalDatabase, path: string): number {
  const version = pragma(database, "user_version");
  mustBeKnown({ applicationId: pragma(database, "application_id"), version }, path);
  return version;
}

/** Throws a JournalError unless a database is exactly what Penstock creates in `version` of the tables. */
export function mustBeAsMade(database: JournalDatabase, path: string, version: number): void {
  const rows = database.prepare(LISTED).all(MOST_LISTED);
  mustConsistOf(rows as unknown as ListedObject[], path, version);
}

function mustConsistOf(objects: readonly ListedObject[], path: string, version: number): void {
  const difference = tablesDiffer(objects, version);
  if (difference !== null) throw damaged(path, difference);
}

function mustBeKnown(
  { applicationId: id, version }: { readonly applicationId: number; readonly version: number },
  path: string,
): void {
  if (id !== APPLICATION_ID) {
    const whose = id === 0
      ? "it does not say which program it belongs to"
      : `its application id is ${id}, not ${APPLICATION_ID}`;
    throw refused(path, `it is another program's database: ${whose}. Choose another name.`);
  }
  if (version > SCHEMA_VERSION) {
    throw refused(
      path,
      `a newer Penstock wrote it (version ${version}; this one knows up to ${SCHEMA_VERSION}). Use that Penstock.`,
    );
  }
  if (version < FIRST_READABLE) throw outdated(path, version);
}

/** Migrates the tables from `version` to the current one; throws a JournalError if it does not know how. */
export function migrate(
  database: JournalDatabase,
  path: string,
  version: number,
  migrations: Migrations,
): void {
  for (let from = version; from < SCHEMA_VERSION; from++) {
    const step = migrations.get(from);
    if (step === undefined) throw outdated(path, from);
    step(database);
  }
  setVersion(database, SCHEMA_VERSION);
}

/** The error for a journal of a `version` that cannot be migrated. */
function outdated(path: string, version: number): Error {
  return refused(
    path,
    `its tables are of version ${version}, but this Penstock knows ${FIRST_READABLE} to ${SCHEMA_VERSION}. ` +
      "Open it for writing with a Penstock that knows both.",
  );
}

/**
 * From 2 to 3: the state gets its own row. The last checkpoints of version 2 hold it in their entries, where it stays;
 * the next one that is written has a row. The tables that repeated parts of them are no longer needed.
 */
function keepStatesApart(database: JournalDatabase): void {
  const steps = [
    "DROP TABLE account",
    "DROP TABLE positions",
    OBJECTS["states"]!,
    "ALTER TABLE checkpoint_prices RENAME TO older_prices",
    OBJECTS["checkpoint_prices"]!,
    "INSERT INTO checkpoint_prices SELECT seq, decimals, fresh, prices, NULL, NULL FROM older_prices",
    "DROP TABLE older_prices",
    "DROP INDEX entries_by_type",
    OBJECTS["entries_by_type"]!,
  ];
  for (const sql of steps) database.prepare(sql).run();
}

function pragma(database: JournalDatabase, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function setVersion(database: JournalDatabase, version: number): void {
  database.prepare(`PRAGMA user_version = ${version}`).run();
}

/** SQLite's header: its length, where it has the application's number, and how it starts. */
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;
const HEADER = "SQLite format 3\0";

/** Throws a JournalError if the files that a draft needs exist and are not a draft of Penstock's. */
export function refuseOthers(path: string, draft: string): void {
  const sides = ["", "-journal", "-wal", "-shm"].map((side) => draft + side);
  for (const side of sides) {
    const odd = oddity(side);
    if (odd !== null) throw notOurs(path, side, odd);
  }
  const found = sides.find((name) => sizeOf(name) !== null);
  if (found !== undefined && (found !== draft || !isDraft(draft))) {
    throw notOurs(path, found, "is not a draft of Penstock's");
  }
}

/**
 * Whether a file is an unfinished journal: an empty file, one of Penstock's databases, or one whose first page is still
 * missing, beside the file from which SQLite would restore the others.
 */
function isDraft(path: string): boolean {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(HEADER_BYTES);
  const count = file.readSync(bytes) ?? 0;
  if (count === 0) return true;
  if (bytes.every((byte) => byte === 0)) return sizeOf(`${path}-journal`) !== null;
  const id = new DataView(bytes.buffer).getUint32(APPLICATION_ID_AT);
  return new TextDecoder().decode(bytes.subarray(0, HEADER.length)) === HEADER && id === APPLICATION_ID;
}

/** The size of a file in bytes; null if it does not exist. */
function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

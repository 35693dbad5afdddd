/** What a journal's database consists of, how it is made, and how one of an older version becomes a present one. */
import { type Connect, isLink, type JournalDatabase, notOurs, refused } from "./journal_file.ts";
import { REQUESTS_TABLE } from "./journal_requests.ts";
import { OWNERS_FILE } from "./owner_only.ts";

/** "PNST": says in the file's header that it is Penstock's. */
export const APPLICATION_ID = 0x504e5354;
/** The version of the tables. */
export const SCHEMA_VERSION = 3;
/** The oldest version that can be read as it is. */
export const FIRST_READABLE = 1;
/** The first version with the table `life`. */
export const FIRST_WITH_LIFE = 2;
/** The first version in which the state is a row of its own, and no part of an entry. */
export const FIRST_WITH_STATES = 3;

/** Brings a database one version on, within a transaction that its caller begins and ends. */
export type Migration = (database: JournalDatabase) => void;

/** By the version from which it starts. */
export type Migrations = ReadonlyMap<number, Migration>;

/** How older versions become present ones. */
export const MIGRATIONS: Migrations = new Map([
  // 1 had no heartbeat; its table is still the one that came with 2.
  [1, (database) => void database.prepare(OBJECTS["life"]!).run()],
  [2, (database) => {
    keepStatesApart(database);
    addRequests(database);
  }],
]);

/** 2 had no requests. */
function addRequests(database: JournalDatabase): void {
  database.prepare(REQUESTS_TABLE).run();
}

/** By name. The tables besides `entries` derive from it and change in the same transaction; `life` and `requests` do not. */
const OBJECTS: Readonly<Record<string, string>> = {
  // time: µs since 1970. content: JSON. hash: SHA-256, see journal_chain.ts.
  entries: `CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    type TEXT NOT NULL,
    time INTEGER NOT NULL,
    content TEXT NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  // Runs follow one another, so that within one the index is in the order of seq.
  // There is a checkpoint for every commit, and only the last one is looked for: that is near the end.
  entries_by_type: `CREATE INDEX entries_by_type ON entries (type, run) WHERE type <> 'checkpoint'`,
  entries_follow: `CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'entries of a journal follow one another without a hole'); END`,
  entries_stand: `CREATE TRIGGER entries_stand BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never changed'); END`,
  entries_stay: `CREATE TRIGGER entries_stay BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never removed'); END`,
  // Without it entries removed at the end would not be missed.
  head: `CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  // Each run at its last checkpoint, at the entry seq. content: state, account, positions. prices: where they are.
  states: `CREATE TABLE states (
    run INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    content TEXT NOT NULL,
    prices TEXT NOT NULL
  ) STRICT`,
  // prices: float64, little-endian, integers in units of 10^-decimals. before: the checkpoint with those before.
  // state: SHA-256 of the content that this checkpoint had in states; null where its entry holds it (version 2).
  checkpoint_prices: `CREATE TABLE checkpoint_prices (
    seq INTEGER PRIMARY KEY,
    decimals INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    prices BLOB NOT NULL,
    before INTEGER,
    state BLOB
  ) STRICT`,
  // What the process that writes says of itself, see journal_life.ts. Times: µs since 1970.
  life: `CREATE TABLE life (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    trades INTEGER NOT NULL,
    trades_per_second INTEGER NOT NULL,
    lag_ms INTEGER,
    price TEXT,
    price_time INTEGER
  ) STRICT`,
  requests: REQUESTS_TABLE,
};
/** By name, the version with which an object came, where that was not the first. */
const SINCE: Readonly<Record<string, number>> = {
  life: FIRST_WITH_LIFE,
  states: FIRST_WITH_STATES,
  requests: FIRST_WITH_STATES,
};

/**
 * Makes an empty journal at `path`, where nothing may be. It is made under another name first: whatever happens in
 * between, there is a whole one or none.
 */
export function createJournal(path: string, connect: Connect): void {
  const draft = `${path}.new`;
  const remove = () => {
    // The draft last: without it nobody could tell whose the others are.
    for (const side of ["-journal", "-wal", "-shm", ""]) removeIfThere(draft + side);
  };
  // A process that was killed may have left one.
  refuseOthers(path, draft);
  remove();
  try {
    // SQLite gives its files beside it the same rights.
    Deno.openSync(draft, { write: true, createNew: true, mode: OWNERS_FILE }).close();
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
    Deno.renameSync(draft, path);
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * The version of a journal's tables, up to the present one. Throws a JournalError for another program's database and
 * for a newer version.
 */
export function versionOf(database: JournalDatabase, path: string): number {
  const id = pragma(database, "application_id");
  if (id !== APPLICATION_ID) {
    const whose = id === 0
      ? "it does not say whose it is"
      : `its application id is ${id}, not ${APPLICATION_ID}`;
    throw refused(path, `it is another program's database: ${whose}. Choose another name.`);
  }
  const version = pragma(database, "user_version");
  if (version > SCHEMA_VERSION) {
    throw refused(
      path,
      `a newer Penstock wrote it (version ${version}; this one knows up to ${SCHEMA_VERSION}). Use that one.`,
    );
  }
  return version;
}

/** Brings the tables from `version` to the present one; throws a JournalError where that is not known. */
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

/** The error for a journal of `version`, which has to be brought on first or cannot be. */
export function outdated(path: string, version: number): Error {
  return refused(
    path,
    `its tables are of version ${version}, and this Penstock knows ${FIRST_READABLE} to ${SCHEMA_VERSION}. ` +
      "Open it for writing with a Penstock that knows both.",
  );
}

/** Which of the tables, indexes and triggers of the journal's version is missing; null when none is. */
export function missingObject(database: JournalDatabase): string | null {
  const version = pragma(database, "user_version");
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL").all();
  const names = new Set(rows.map(({ name }) => name));
  const expected = Object.keys(OBJECTS).filter((name) => (SINCE[name] ?? 1) <= version);
  return [...expected, ...tablesByRun(version)].find((name) => !names.has(name)) ?? null;
}

/** The tables of a version that have rows for every run, made from its last checkpoint. */
export function tablesByRun(version: number): readonly string[] {
  return version < FIRST_WITH_STATES ? ["account", "positions"] : ["states"];
}

/**
 * From 2 to 3: the state is a row of its own. The last checkpoints of version 2 hold theirs in their entries, where it
 * stays; the first one that is written from now on has a row. What repeated them is not needed any more.
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

/** Where SQLite's header has an application's number, and how it starts. */
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;
const HEADER = "SQLite format 3\0";

/** Throws a JournalError where the files that a draft needs are there and no draft of Penstock's. */
function refuseOthers(path: string, draft: string): void {
  const sides = ["", "-journal", "-wal", "-shm"].map((side) => draft + side);
  const link = sides.find(isLink);
  if (link !== undefined) throw notOurs(path, link, "is a link");
  const found = sides.find((name) => sizeOf(name) !== null);
  if (found !== undefined && (found !== draft || !isDraft(draft))) {
    throw notOurs(path, found, "is no draft of Penstock's");
  }
}

/** Whether a file is a journal that was not finished: empty, or of Penstock's databases. */
function isDraft(path: string): boolean {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(HEADER_BYTES);
  const count = file.readSync(bytes) ?? 0;
  if (count === 0) return true;
  const id = new DataView(bytes.buffer).getUint32(APPLICATION_ID_AT);
  return new TextDecoder().decode(bytes.subarray(0, HEADER.length)) === HEADER && id === APPLICATION_ID;
}

/** In bytes; null where there is nothing. */
function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

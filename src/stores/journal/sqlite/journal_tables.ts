/** The exact tables, indexes and triggers of a journal, in every version, and how a database differs from them. */
import { REQUESTS_TABLE } from "./journal_requests.ts";

/** The version of the tables. */
export const SCHEMA_VERSION = 3;
/** The oldest version that can be read as it is. */
export const FIRST_READABLE = 1;
/** The first version with the table `life`, which holds the heartbeat. */
export const FIRST_WITH_HEARTBEAT = 2;
/** The first version in which a state has its own row and is not part of an entry. */
export const FIRST_WITH_STATES = 3;

/** A row of the list that a database keeps of its objects. A value of the wrong type is null. */
export interface ListedObject {
  /** `table`, `index`, `trigger` or `view`. */
  readonly type: string | null;
  readonly name: string | null;
  /** The table that it belongs to. */
  readonly table: string | null;
  /** The page that it starts at; 0 for an object without rows. */
  readonly root: number | null;
  /** The statement that created it, as it was written. */
  readonly sql: string | null;
}

/**
 * The objects of the current version, by name. The tables besides `entries` derive from it and change in the same
 * transaction; `life` and `requests` do not.
 */
export const OBJECTS: Readonly<Record<string, string>> = {
  // time: µs since 1970. content: JSON. hash: SHA-256, see journal_chain.ts.
  entries: `CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    type TEXT NOT NULL,
    time INTEGER NOT NULL,
    content TEXT NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  // Runs follow one another, so within one run the index is in the order of seq. Checkpoints are left out: there is one
  // for each commit, and only the last is ever searched, near the end.
  entries_by_type: `CREATE INDEX entries_by_type ON entries (type, run) WHERE type <> 'checkpoint'`,
  entries_follow: `CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'entries of a journal follow one another without a hole'); END`,
  entries_stand: `CREATE TRIGGER entries_stand BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never changed'); END`,
  entries_stay: `CREATE TRIGGER entries_stay BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never removed'); END`,
  // Without it, the removal of entries at the end would go unnoticed.
  head: `CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  // Each run at its last checkpoint, at the entry seq. content: state, account, positions. prices: where its closes
  // are. The names on disk are older than the word closes. Other names would need another version of every journal.
  states: `CREATE TABLE states (
    run INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    content TEXT NOT NULL,
    prices TEXT NOT NULL
  ) STRICT`,
  // prices: the closes, float64, little-endian, integers in units of 10^-decimals. before: the checkpoint with the
  // closes before them.
  // state: SHA-256 of the content that this checkpoint had in states; null if its entry holds it (version 2).
  checkpoint_prices: `CREATE TABLE checkpoint_prices (
    seq INTEGER PRIMARY KEY,
    decimals INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    prices BLOB NOT NULL,
    before INTEGER,
    state BLOB
  ) STRICT`,
  // The report of the writing process about itself, see journal_heartbeat.ts. Times: µs since 1970.
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

/** The objects of version 1, in which the account and the positions repeated a part of the last checkpoint. */
const OLDEST: Readonly<Record<string, string>> = {
  ...only("entries", "entries_follow", "entries_stand", "entries_stay", "head"),
  entries_by_type: "CREATE INDEX entries_by_type ON entries (type, run)",
  account: `CREATE TABLE account (
    run INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    cash TEXT NOT NULL,
    fees TEXT NOT NULL,
    realized TEXT NOT NULL
  ) STRICT`,
  positions: `CREATE TABLE positions (
    run INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    PRIMARY KEY (run, symbol)
  ) STRICT, WITHOUT ROWID`,
  checkpoint_prices: `CREATE TABLE checkpoint_prices (
    seq INTEGER PRIMARY KEY,
    decimals INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    prices BLOB NOT NULL
  ) STRICT`,
};

const CHARACTERS = 60;
const CREATED = /^CREATE (\w+) \w+(?:.*? ON (\w+))?/;

/** The tables of a version that have rows for every run, made from its last checkpoint. */
export function tablesByRun(version: number): readonly string[] {
  return version < FIRST_WITH_STATES ? ["account", "positions"] : ["states"];
}

/**
 * The first difference between `found` and what Penstock creates in `version` of the tables, as a clause; null if there
 * is none: the same objects of the same kinds, created with the same statements.
 */
export function tablesDiffer(found: readonly ListedObject[], version: number): string | null {
  const expected = objectsOf(version);
  const names = new Map(found.map((object) => [object.name, object]));
  for (const [name, sql] of Object.entries(expected)) {
    const object = names.get(name);
    const difference = object === undefined
      ? `${name} is missing from its tables`
      : objectDiffers(object, name, sql);
    if (difference !== null) return difference;
  }
  const other = found.find(({ name }) => name === null || !Object.hasOwn(expected, name));
  if (other !== undefined) {
    return `it has ${kindOf(other.type)} ${quoted(other.name)}, which Penstock does not create`;
  }
  const roots = found.map(({ root }) => root).filter((root) => root !== 0);
  return names.size === found.length && new Set(roots).size === roots.length
    ? null
    : "two of its tables have the same name or the same place";
}

function objectDiffers({ type, table, root, sql }: ListedObject, name: string, made: string): string | null {
  const [, kind = "", on = name] = CREATED.exec(made)!;
  const wanted = kind.toLowerCase();
  if (type !== wanted) {
    return `${name} is ${kindOf(type)}, but Penstock creates ${kindOf(wanted)} of that name`;
  }
  if (table !== on) return `the ${wanted} ${name} belongs to ${quoted(table)}, not to ${on}`;
  if (sql !== made) {
    return `the ${wanted} ${name} was created differently: ${firstDifference(sql ?? "", made)}`;
  }
  const hasPlace = root !== null && (wanted === "trigger" ? root === 0 : root > 1);
  return hasPlace ? null : `the ${wanted} ${name} has no place in the file`;
}

function objectsOf(version: number): Readonly<Record<string, string>> {
  if (version >= FIRST_WITH_STATES) return OBJECTS;
  return version < FIRST_WITH_HEARTBEAT ? OLDEST : { ...OLDEST, ...only("life") };
}

function only(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, OBJECTS[name]!]));
}

/** The kind of an object, with its article. */
function kindOf(type: string | null): string {
  if (type === "index") return "an index";
  return type !== null && /^(table|trigger|view)$/.test(type)
    ? `a ${type}`
    : `an object of type ${quoted(type)}`;
}

/** Where two statements differ, and how each continues from there. */
function firstDifference(found: string, expected: string): string {
  let at = 0;
  while (at < expected.length && found[at] === expected[at]) at++;
  return `from character ${at + 1} on ${quoted(found.slice(at))}, expected ${quoted(expected.slice(at))}`;
}

/** Quotes a text from outside, kept on one line and short enough to read. */
function quoted(text: string | null): string {
  if (text === null) return "(none)";
  return text.length > CHARACTERS ? `${JSON.stringify(text.slice(0, CHARACTERS))}…` : JSON.stringify(text);
}

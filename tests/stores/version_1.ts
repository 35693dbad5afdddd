/** Journals as the first version of the tables had them. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { connect } from "../../src/stores/journal_file.ts";
import { writeSample } from "./sample_journal.ts";

/** The statements of version 1, to the letter. */
const STATEMENTS = [
  `CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    type TEXT NOT NULL,
    time INTEGER NOT NULL,
    content TEXT NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  "CREATE INDEX entries_by_type ON entries (type, run)",
  `CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`,
  `CREATE TABLE account (
    run INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    cash TEXT NOT NULL,
    fees TEXT NOT NULL,
    realized TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE positions (
    run INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    PRIMARY KEY (run, symbol)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE checkpoint_prices (
    seq INTEGER PRIMARY KEY,
    decimals INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    prices BLOB NOT NULL
  ) STRICT`,
];
const TRIGGERS = [
  `CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'entries of a journal follow one another without a hole'); END`,
  `CREATE TRIGGER entries_stand BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never changed'); END`,
  `CREATE TRIGGER entries_stay BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never removed'); END`,
];
const TABLES = ["entries", "head", "account", "positions", "checkpoint_prices"];

/** A closed journal of version 1 with the content of `writeSample`. */
export function writeVersion1(path: string, commits?: number): void {
  const present = `${path}.present`;
  writeSample(present, commits);
  const from = connect(present, true);
  const database = new DatabaseSync(path);
  for (const sql of STATEMENTS) database.exec(sql);
  for (const table of TABLES) {
    for (const row of from.prepare(`SELECT * FROM ${table}`).all()) {
      const values = Object.values(row) as SQLInputValue[];
      database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join(", ")})`).run(...values);
    }
  }
  for (const sql of TRIGGERS) database.exec(sql);
  database.exec("PRAGMA application_id = 1347310420; PRAGMA user_version = 1; PRAGMA journal_mode = WAL");
  database.close();
  from.close();
  Deno.removeSync(present);
}

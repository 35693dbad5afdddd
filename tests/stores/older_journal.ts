/** Journals with older versions of the tables. */
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { entryHash, GENESIS } from "../../src/stores/journal/journal_chain.ts";
import { checkpoint, draft, REMEMBERS, TIME } from "./sample_journal.ts";

/** The exact statements of version 1. */
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
  `CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'entries of a journal follow one another without a hole'); END`,
  `CREATE TRIGGER entries_stand BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never changed'); END`,
  `CREATE TRIGGER entries_stay BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of a journal are never removed'); END`,
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
/** The table that version 2 added. */
const HEARTBEAT = `CREATE TABLE life (
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
  ) STRICT`;

/** A closed journal with the content of `writeSample`, as `version` wrote it. */
export function writeOlder(path: string, version: 1 | 2, commits = 5): void {
  const database = new DatabaseSync(path);
  for (const sql of version === 1 ? STATEMENTS : [...STATEMENTS, HEARTBEAT]) database.exec(sql);
  const entry = database.prepare("INSERT INTO entries VALUES (?, 1, ?, ?, ?, ?)");
  let seq = 0;
  let hash = GENESIS;
  const add = (type: string, time: number, content: object) => {
    const text = JSON.stringify(content);
    hash = entryHash(hash, { seq: ++seq, run: 1, type, time }, text);
    entry.run(seq, type, time, text, hash);
  };
  database.exec("BEGIN");
  add("started", TIME, { config: { long: 10 } });
  let before: number | null = null;
  for (let number = 1; number <= commits; number++) {
    for (const { type, time, content } of [draft(number, "signal"), draft(number)]) add(type, time, content);
    const values = [number, number + 1, number + 2];
    const { time, state, account, positions } = checkpoint(number);
    const bytes = new Uint8Array(Float64Array.from(values).buffer);
    const fresh = before === null;
    const pricesHash = createHash("sha256").update(bytes).digest("hex");
    const prices = { decimals: 2, fresh, count: values.length, hash: pricesHash, before };
    add("checkpoint", time, { state, account, positions, prices });
    before = seq;
    database.prepare("INSERT INTO checkpoint_prices VALUES (?, 2, ?, ?)").run(seq, Number(fresh), bytes);
    if (number < commits) continue;
    const kept = Math.ceil(REMEMBERS / values.length);
    database.prepare("DELETE FROM checkpoint_prices WHERE seq <= ?").run(seq - 3 * kept);
    const { cash, fees, realized } = account;
    database.prepare("INSERT INTO account VALUES (1, ?, ?, ?, ?)").run(seq, cash, fees, realized);
    for (const { symbol, quantity, cost } of positions) {
      database.prepare("INSERT INTO positions VALUES (1, ?, ?, ?)").run(symbol, quantity, cost);
    }
  }
  database.prepare("INSERT INTO head VALUES (1, ?, ?)").run(seq, hash);
  database.exec("COMMIT");
  database.exec(
    `PRAGMA application_id = 1347310420; PRAGMA user_version = ${version}; PRAGMA journal_mode = WAL`,
  );
  database.close();
}

/** The journal and recordings of a run of two processes, kept by a Penstock of version 2. */
export async function writeRunOfVersion2(folder: string): Promise<{ journal: string; recordings: string[] }> {
  const decompress = async (name: string): Promise<string> => {
    const compressed = await Deno.readFile(new URL(`version_2/${name}.gz`, import.meta.url));
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const path = `${folder}/${name}`;
    await Deno.writeFile(path, stream);
    return path;
  };
  const journal = await decompress("journal.db");
  return { journal, recordings: [await decompress("1.txt"), await decompress("2.txt")] };
}

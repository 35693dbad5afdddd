/** Support for tests of the journal: journals in folders of their own, and a database that fails on demand. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { Journal, type JournalOptions } from "../../src/stores/journal/journal.ts";
import { entryHash, GENESIS } from "../../src/stores/journal/journal_chain.ts";
import type { CheckpointDraft } from "../../src/stores/journal/journal_checkpoint.ts";
import type { Draft, Entry } from "../../src/stores/journal/journal_entry.ts";
import type { Connect, JournalDatabase } from "../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { type SqliteOptions, sqliteStore } from "../../src/stores/journal/sqlite/sqlite_store.ts";
import { unsynced } from "../support/unsynced.ts";
import { stateHash, stateProof } from "../../src/stores/journal/journal_state.ts";

export const TIME = 1_723_161_255_342_123;
/** The number of closes that a resume needs in these tests. */
export const REMEMBERS = 10;
const ROOT = new URL("../../", import.meta.url);
const TRIGGERS = ["entries_follow", "entries_stand", "entries_stay"];

/** Calls `use` with a new folder, and removes it afterwards. */
export async function inFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
  try {
    await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Options of a journal and of the SQLite behind it. */
export type SampleOptions = Partial<JournalOptions> & SqliteOptions;

/** Opens a journal which, unless it is told how to connect, does not wait for the disk. */
export function openJournal(
  path: string,
  { connect = unsynced, migrations, ...options }: SampleOptions = {},
): Promise<Journal> {
  const store = sqliteStore({
    connect,
    ...(migrations === undefined ? {} : { migrations }),
  });
  return Journal.open(path, { now: () => performance.now(), remembers: REMEMBERS, store, ...options });
}

export function draft(number: number, type: Draft["type"] = "fill"): Draft {
  return { type, time: TIME + number, content: { number, price: "61607.85", note: "é\n\u0000\ufffd\ud800" } };
}

export function checkpoint(number: number, values: readonly number[] = [], fresh = false): CheckpointDraft {
  return {
    time: TIME + number,
    state: { number },
    account: { cash: `${10_000 - number}`, fees: "0.5", realized: "-3.25" },
    positions: number % 2 === 0 ? [] : [{ symbol: "BTCUSDT", quantity: "0.01", cost: `${number}.5` }],
    closes: { decimals: 2, fresh, values },
  };
}

/** Writes a closed journal with a run of `commits` commits of three entries, all but the first after a checkpoint. */
export async function writeSample(path: string, commits = 5): Promise<void> {
  await using journal = await openJournal(path);
  await journal.startRun({ time: TIME, content: { remembers: REMEMBERS } });
  for (let number = 1; number <= commits; number++) {
    await journal.commit({
      entries: [draft(number, "signal"), draft(number)],
      checkpoint: checkpoint(number, [number, number + 1, number + 2]),
    });
  }
}

/** The contents of a journal, as a reader sees them. */
export async function contentsOf(path: string) {
  await using reader = await JournalReader.open(path);
  const entries: Entry[] = await Array.fromAsync(reader.entries());
  return {
    entries,
    account: await reader.account(),
    positions: await reader.positions(),
    counts: await reader.counts(),
  };
}

/** The state in a run's last checkpoint. */
export async function stateOf(path: string, run?: number): Promise<Readonly<Record<string, unknown>>> {
  await using reader = await JournalReader.open(path);
  return (await reader.checkpoint(run))!.state;
}

/** The content of a row of the states. */
export interface StateContent {
  readonly state: Record<string, unknown>;
  readonly account: Record<string, string>;
}

/** Changes the state at a run's last checkpoint and the proof in its entry, as a forger would; see `rehash`. */
export function forgeState(
  database: DatabaseSync,
  run: number,
  change: (content: StateContent, prices: Record<string, unknown>) => void,
): void {
  const row = database.prepare("SELECT seq, content, prices FROM states WHERE run = ?").get(run)!;
  const [content, prices] = [JSON.parse(String(row["content"])), JSON.parse(String(row["prices"]))];
  change(content, prices);
  const text = JSON.stringify(content);
  const seq = Number(row["seq"]);
  database.prepare("UPDATE states SET content = ?, prices = ? WHERE run = ?")
    .run(text, JSON.stringify(prices), run);
  const { trades, digest } = content.state;
  const proof = stateProof(stateHash(text), prices, digest);
  database.prepare("UPDATE entries SET content = ? WHERE seq = ?")
    .run(JSON.stringify({ trades, state: proof }), seq);
  database.prepare("UPDATE checkpoint_prices SET state = ? WHERE seq = ?")
    .run(Uint8Array.fromHex(stateHash(text)), seq);
}

/** Computes all hashes again, as a forger would. */
export function rehash(database: DatabaseSync): void {
  let before = GENESIS;
  let last = 0;
  database.exec("BEGIN");
  const put = database.prepare("UPDATE entries SET hash = ? WHERE seq = ?");
  for (
    const row of database.prepare("SELECT seq, run, type, time, content FROM entries ORDER BY seq").all()
  ) {
    const { seq, run, type, time } = row as { seq: number; run: number; type: string; time: number };
    before = entryHash(before, { seq, run, type, time }, String(row["content"]));
    put.run(before, seq);
    last = seq;
  }
  database.prepare("UPDATE head SET seq = ?, hash = ?").run(last, before);
  database.exec("COMMIT");
}

/** Whether and where a journal is flawed, as a reader sees it. */
export async function chainResultOf(path: string) {
  await using reader = await JournalReader.open(path);
  return await reader.verifyChain();
}

/** Changes a closed journal by hand, past its triggers. */
export function tamper(path: string, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path);
  // A test's changes need not survive a crash of the machine.
  database.exec("PRAGMA synchronous = OFF");
  const saved = TRIGGERS.map((name) =>
    String(database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)!["sql"])
  );
  for (const name of TRIGGERS) database.exec(`DROP TRIGGER ${name}`);
  change(database);
  for (const sql of saved) database.exec(sql);
  database.close();
}

/** The bytes of a journal and of the files beside it, to check that nothing changes. */
export function bytesOf(path: string): (Uint8Array | null)[] {
  return [path, `${path}-wal`].map((file) => {
    try {
      const bytes = Deno.readFileSync(file);
      return bytes.length === 0 ? null : bytes;
    } catch {
      return null;
    }
  });
}

/** The message with which `open` refuses the journal. Asserts that the files at and beside the path do not change. */
export async function refusal(path: string, options: SampleOptions = {}): Promise<string> {
  const before = bytesOf(path);
  const { message } = await assertRejects(
    async () => (await openJournal(path, options)).close(),
    JournalError,
  );
  assertEquals(bytesOf(path), before);
  assert(message.includes(path), message);
  return message;
}

/** The names of everything in a folder. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Copies a journal as it is on disk, with its log and, if wanted, its shared memory. */
export function copyJournal(from: string, to: string, withMemory = false): void {
  for (const side of withMemory ? ["", "-wal", "-shm"] : ["", "-wal"]) {
    try {
      Deno.copyFileSync(from + side, to + side);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Called before and after every write, with its number; it may throw instead. */
export type OnWrite = (number: number, moment: "before" | "after", sql: string) => void;

/** Real databases with a hook around every write, of which none waits for the disk. */
export function watched(onWrite: OnWrite): Connect {
  let number = 0;
  return (path, readOnly): JournalDatabase => {
    const database = unsynced(path, readOnly);
    return {
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          run(...values) {
            const at = number++;
            onWrite(at, "before", sql);
            const result = statement.run(...values);
            onWrite(at, "after", sql);
            return result;
          },
          get: (...values) => statement.get(...values),
          all: (...values) => statement.all(...values),
          setReturnArrays: (isList) => statement.setReturnArrays(isList),
        };
      },
      close: () => database.close(),
    };
  };
}

/** The error with which node:sqlite reports a failing disk. */
export function diskError(): Error {
  return Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 778 });
}

/** Databases that never wait for a lock. */
export const impatient: Connect = (path, readOnly) => new DatabaseSync(path, { readOnly, timeout: 0 });

/** Runs `body`, with `Journal` and `JournalReader`, as a process with the permissions in `flags`. */
export function journalProcess(folder: string, body: string, flags: readonly string[]): Deno.ChildProcess {
  const from = (file: string) => JSON.stringify(new URL(`src/stores/journal/${file}`, ROOT).href);
  const script = `import { Journal } from ${from("journal.ts")};
    import { JournalReader } from ${from("journal_reader.ts")};\n${body}`;
  const path = `${folder}/process.js`;
  Deno.writeTextFileSync(path, script);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--config", new URL("deno.json", ROOT).pathname, ...flags, path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** The lines that a process prints. */
export async function* linesOf(process: Deno.ChildProcess): AsyncGenerator<string> {
  let rest = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Makes the journal at `path`, which a run may have open, refuse all entries of `type`. */
export function refuseEntries(path: string, type: string): void {
  const database = new DatabaseSync(path);
  const refuse = `SELECT RAISE(ABORT, '${type} refused')`;
  database.exec(
    `CREATE TRIGGER refuse_${type} BEFORE INSERT ON entries WHEN NEW.type = '${type}' BEGIN ${refuse}; END`,
  );
  database.close();
}

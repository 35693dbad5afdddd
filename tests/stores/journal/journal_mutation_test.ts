/**
 * Every field of a journal, changed one at a time: what the chain reveals, and what only the recordings reveal once all
 * hashes are computed again.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { SqliteLog } from "../../../src/stores/journal/sqlite/sqlite_log.ts";
import { verifyAll } from "../../../src/stores/journal/journal_inspection.ts";
import { configure, shownConfig } from "../../../src/config/config.ts";
import { releaseHalt } from "../../../src/stores/journal/halt_release.ts";
import type { ShownOptions } from "../../../src/stores/journal/run_journal.ts";
import { HandRun } from "../../support/hand_run.ts";
import { SeededRandom } from "../../support/random.ts";
import { outcomeOf } from "../../support/recorded_run.ts";
import { writeRunOfVersion2 } from "../older_journal.ts";
import { contentsOf, copyJournal, inFolder, openJournal, rehash, tamper, TIME } from "../sample_journal.ts";

/** A kept and recorded run with many faults, halted and released while it ran. */
const KNOWN_JOURNAL = new URL("../../commands/known_run/journal.db.gz", import.meta.url);
/** Tables through which the run and other processes communicate. They are not part of the books. */
const BESIDE_THE_BOOKS = ["life", "requests"];
const MOST_LEAVES = 4;
const TRIGGERS = ["entries_follow", "entries_stand", "entries_stay"];

type Row = Readonly<Record<string, unknown>>;
type Value = string | number | null | Uint8Array;

/** The journal of the known run. */
function knownJournal(folder: string): string {
  const path = `${folder}/journal.db`;
  Deno.writeFileSync(path, gunzipSync(Deno.readFileSync(KNOWN_JOURNAL)));
  return path;
}

/** Values one step away from a value. */
function changesOf(value: unknown): Value[] {
  if (value === null) return ["1", 1, new Uint8Array([1])];
  if (typeof value === "number") return [value + 1, -value - 1];
  if (value instanceof Uint8Array) {
    const flipped = value.slice();
    flipped[value.length >> 1]! ^= 1;
    return [flipped, value.subarray(1), new Uint8Array()];
  }
  const text = String(value);
  return [`${text} `, "x", "", ...leavesOf(text).map((change) => JSON.stringify(change))];
}

/** Variants of a JSON text, each with one value changed or added, for a few values; none if it is not JSON. */
function leavesOf(text: string): unknown[] {
  const changes: unknown[] = [];
  const visit = (tree: unknown, put: (changed: unknown) => unknown): void => {
    if (typeof tree === "object" && tree !== null) {
      for (const [name, value] of Object.entries(tree)) {
        visit(
          value,
          (changed) => put(Object.assign(Array.isArray(tree) ? [...tree] : { ...tree }, { [name]: changed })),
        );
      }
      if (!Array.isArray(tree)) changes.push(put({ ...tree, more: 1 }));
    } else if (typeof tree === "number") changes.push(put(tree + 1));
    else if (typeof tree === "boolean") changes.push(put(!tree));
    else {changes.push(
        put(tree === null ? "1" : /\d/.test(String(tree)) ? nextDigit(String(tree)) : `${tree}x`),
      );}
  };
  try {
    visit(JSON.parse(text), (changed) => changed);
  } catch {
    // Then it is changed as text.
  }
  // A start has all options; a few of them are enough.
  const step = Math.ceil(changes.length / MOST_LEAVES);
  return changes.filter((_, at) => at % step === 0);
}

/** The text with its last digit changed, so that an amount stays an amount. */
function nextDigit(text: string): string {
  return text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
}

/** The rows to change: the first entry, the last of each type and a random one, and all rows of the other tables. */
function rowsOf(
  database: DatabaseSync,
  leftOut: readonly string[],
): [table: string, key: string, row: Row][] {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    .map(({ name }) => String(name)).filter((name) => !leftOut.includes(name));
  const random = new SeededRandom(11);
  return tables.flatMap((table) => {
    const keys = database.prepare(`SELECT name FROM pragma_table_info('${table}') WHERE pk = 1`).all();
    const key = String(keys[0]!["name"]);
    const rows: Row[] = database.prepare(`SELECT * FROM ${table} ORDER BY ${key}`).all();
    const last = new Map(rows.map((row) => [row["type"], row]));
    const chosen = table === "entries" ? [rows[0]!, ...last.values(), random.pick(rows)] : rows;
    return chosen.map((row): [string, string, Row] => [table, key, row]);
  });
}

/**
 * Makes each single change to the journal at `path`, and undoes it; returns the changes that `verify` does not find.
 */
async function unfound(
  path: string,
  leftOut = BESIDE_THE_BOOKS,
): Promise<{ tried: number; unfound: string[] }> {
  const database = new DatabaseSync(path);
  const triggers = TRIGGERS.map((name) =>
    String(database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)!["sql"])
  );
  const missed: string[] = [];
  let tried = 0;
  const attempt = async (what: string, change: () => void) => {
    database.exec("BEGIN");
    try {
      for (const name of TRIGGERS) database.exec(`DROP TRIGGER ${name}`);
      try {
        change();
      } catch {
        // SQLite itself refuses it: another row has this key, or the column does not accept such a value.
        return;
      }
      for (const sql of triggers) database.exec(sql);
      tried++;
      if ((await verifyAll(new SqliteLog(database, path))).isWhole) missed.push(what);
    } finally {
      database.exec("ROLLBACK");
    }
  };
  for (const [table, key, row] of rowsOf(database, leftOut)) {
    const at = `${table} ${key}=${row[key]} ${row["type"] ?? ""}`;
    for (const [column, value] of Object.entries(row)) {
      const put = database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`);
      for (const change of changesOf(value)) {
        await attempt(`${at} ${column}: ${change}`, () => put.run(change, row[key] as Value));
      }
    }
    await attempt(
      `${at} removed`,
      () => void database.exec(`DELETE FROM ${table} WHERE ${key} = ${row[key]}`),
    );
    const columns = Object.keys(row).map((name) =>
      name === key ? `(SELECT max(${key}) + 1 FROM ${table})` : name
    );
    await attempt(`${at} twice`, () => {
      database.exec(`INSERT INTO ${table} SELECT ${columns} FROM ${table} WHERE ${key} = ${row[key]}`);
    });
  }
  for (const version of [1, 2]) {
    await attempt(`version ${version}`, () => void database.exec(`PRAGMA user_version = ${version}`));
  }
  assert((await verifyAll(new SqliteLog(database, path))).isWhole);
  database.close();
  return { tried, unfound: missed };
}

Deno.test("verifyChain() finds any changed field and any removed or doubled row of any table in a run with many faults", async () => {
  await inFolder(async (folder) => {
    const journal = knownJournal(folder);
    const { tried, unfound: missed } = await unfound(journal);
    assertEquals(missed, []);
    assertGreater(tried, 250);
    // The same once another run has started that has no checkpoint yet.
    {
      await using next = await openJournal(journal);
      await next.commit({ entries: [{ type: "stopped", time: TIME, content: { reason: "new run" } }] });
      await next.startRun({ time: TIME, content: (await contentsOf(journal)).entries[0]!.content });
    }
    assertEquals((await unfound(journal, [...BESIDE_THE_BOOKS, "entries"])).unfound, []);
  });
});

Deno.test("verifyChain() finds the same in a journal that was upgraded from an older version", async () => {
  await inFolder(async (folder) => {
    const { journal } = await writeRunOfVersion2(folder);
    await (await openJournal(journal, { remembers: 1_000 })).close();
    const { tried, unfound: missed } = await unfound(journal);
    assertEquals(missed, []);
    assertGreater(tried, 150);
  });
});

const OPTIONS: ShownOptions = {
  ...shownConfig(configure({}).config),
  ...{ short: 3, long: 9, cash: "10000", cooldown: "50ms" },
};

/** A run of two processes in `folder`: halted, released by hand while no process ran, and stopped. */
async function releasedRun(folder: string): Promise<{ journal: string; recordings: string[] }> {
  const journal = `${folder}/a.db`;
  const recordings = [`${folder}/1.txt`, `${folder}/2.txt`];
  const random = new SeededRandom(5);
  for (const [part, recording] of recordings.entries()) {
    {
      await using run = await HandRun.open(journal, recording, OPTIONS, TIME + part * 10_000_000);
      const printed = new Set<string>();
      for (let [price, trades] = [60_000, 0]; !(printed.has("fill") && printed.has("refusal")); trades++) {
        assert(trades < 300, `${[...printed]}`);
        price += random.whole(-50, 50);
        for (const { type } of await run.trade(price)) printed.add(type);
      }
      if (part === 0) await run.halt();
      // A checkpoint by the clock occurs while trades decide nothing.
      while ((await run.trade(60_000)).length > 0);
      await run.journal.checkpoint(TIME + part * 10_000_000 + 7_777);
      await run.stop();
    }
    if (part > 0) break;
    const note = { time: TIME + 5_000_000, text: "looked into it" };
    const { how } = await releaseHalt(journal, note, { waitMs: 0, signal: new AbortController().signal });
    assertEquals(how, "here");
  }
  return { journal, recordings };
}

/** Makes each single change to an entry and computes all hashes again; returns the changes that are not found. */
async function unfoundForgeries(journal: string, recordings: readonly string[]): Promise<string[]> {
  const { entries } = await contentsOf(journal);
  const last = new Map(entries.map((entry) => [entry.type, entry]));
  // A checkpoint by the clock, and one with a decision.
  const checkpoints = entries.filter(({ type }) => type === "checkpoint");
  const chosen = new Set([...last.values(), checkpoints[0]!, checkpoints.at(-2)!]);
  const forged = `${journal}.forged`;
  const missed: string[] = [];
  for (const { seq, type, content } of chosen) {
    const changes: [string, string, Value][] = [
      ["time", "time + ?", 1],
      ["run", "run + ?", 1],
      ["type", "?", type === "gap" ? "reset" : "gap"],
      ...leavesOf(JSON.stringify(content)).map((
        change,
      ): [string, string, Value] => ["content", "?", JSON.stringify(change)]),
    ];
    for (const [column, value, by] of changes) {
      copyJournal(journal, forged);
      tamper(forged, (database) => {
        database.prepare(`UPDATE entries SET ${column} = ${value} WHERE seq = ?`).run(by, seq);
        rehash(database);
      });
      const outcome = await outcomeOf(forged, recordings);
      if (outcome.type === "verified") {
        missed.push(`${seq === checkpoints.at(-1)!.seq ? "checkpoint by the clock" : type} ${column}`);
      }
    }
  }
  return missed;
}

/** A recording of an older Penstock, whose lines name entries without their hashes. */
function withoutHashes(recording: string): string {
  const older = `${recording}.older.txt`;
  const text = Deno.readTextFileSync(recording);
  Deno.writeTextFileSync(older, text.replace(/("event":"kept","entry":\d+),"hash":"\w+"/g, "$1"));
  return older;
}

Deno.test("Verification finds any changed field of any entry despite new hashes, from what the recordings derive or name", async () => {
  await inFolder(async (folder) => {
    const { journal, recordings } = await releasedRun(folder);
    const types = new Set((await contentsOf(journal)).entries.map(({ type }) => type));
    for (
      const type of [
        "started",
        "resumed",
        "connected",
        "refusal",
        "fill",
        "halt",
        "released",
        "checkpoint",
        "stopped",
      ] as const
    ) {
      assert(types.has(type), type);
    }
    assertEquals((await outcomeOf(journal, recordings)).type, "verified");
    assertEquals(await unfoundForgeries(journal, recordings), []);
    // Without hashes in the recordings, changes that nothing derives stay hidden. The later start covers everything
    // before it.
    const older = recordings.map(withoutHashes);
    assertEquals((await outcomeOf(journal, older)).type, "verified");
    const missed = new Set(await unfoundForgeries(journal, older));
    assertEquals([...missed].sort(), ["checkpoint by the clock time", "stopped content", "stopped time"]);
  });
});

Deno.test("Verification names the entries between which a journal was rewritten if nothing derives the change", async () => {
  await inFolder(async (folder) => {
    const { journal, recordings } = await releasedRun(folder);
    const { entries } = await contentsOf(journal);
    const stopped = entries.findLast(({ type }) => type === "stopped")!.seq;
    const before = entries.findLast(({ seq, type }) => seq < stopped && type !== "checkpoint")!.seq + 1;
    tamper(journal, (database) => {
      database.exec(`UPDATE entries SET content = '{"reason":"all was well"}' WHERE seq = ${stopped}`);
      rehash(database);
    });
    const outcome = await outcomeOf(journal, recordings);
    assert(outcome.type === "difference");
    assertEquals(
      outcome.what,
      `Entry ${stopped} has a different hash from the one it had when the recording was made: from entry ${
        before + 1
      } to ` +
        `${stopped} something was changed that no recording leads to, and the hashes were computed again.`,
    );
    // If the recording is rewritten too, only derived entries can be checked.
    assertEquals((await outcomeOf(journal, recordings.map(withoutHashes))).type, "verified");
  });
});

/** What `status`, `export` and a resumed run do with a journal whose rows were changed by hand. */
import { assert, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import { entryHash } from "../../../src/stores/journal/journal_chain.ts";
import type { Draft } from "../../../src/stores/journal/journal_entry.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { extentOf, fillsOf, readPulse, readRun } from "../../../src/stores/journal/run_reading.ts";
import { FLAGS, Penstock } from "../../support/penstock.ts";
import { copyJournal, inFolder, openJournal, tamper, TIME } from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";

const FILL = {
  ...{
    symbol: "BTCUSDT",
    side: "buy",
    price: "100",
    quantity: "2",
    fee: "0.2",
    cash: "9799.8",
    position: "2",
  },
  signalTradeId: 7,
};
const HALT = { reason: "manual", limit: "released", value: "halted", tradeId: 8, action: "hold" };
const SYMBOL = "BTCUSDT";
/** The numbers of the entries that `writeHalted` writes. */
const AT = { started: 1, connected: 2, refusal: 4, fill: 5, halt: 7, quiet: 200, checkpoint: 308, last: 458 };

/** Commits entries with a checkpoint after them, in a run that is halted or not. */
function kept(number: number, entries: readonly Draft[], isHalted: boolean) {
  return {
    entries,
    checkpoint: {
      time: TIME + number,
      state: {
        trades: number,
        last: { id: number, time: TIME, price: 1015, decimals: 1 },
        gate: { waiting: [], halt: isHalted ? HALT : null },
        ...{ fills: 1, refusals: 1, gaps: 0, crossover: { signals: 2 } },
      },
      account: { cash: "9799.8", fees: "0.2", realized: "0" },
      positions: [{ symbol: SYMBOL, quantity: "2", cost: "200.2" }],
      closes: { decimals: 1, fresh: false, values: [1000 + number] },
    },
  };
}

/**
 * Writes a run that bought once and was halted long ago, with hundreds of checkpoints since, and a hundred and fifty
 * lost connections after the last one.
 */
async function writeHalted(path: string): Promise<void> {
  await using journal = await openJournal(path);
  const options = { symbol: SYMBOL, cash: "10000", short: 2, long: 5 };
  await journal.startRun({ time: TIME, content: { version: "1", options } });
  const note = (type: Draft["type"], content: object): Draft => ({ type, time: TIME, content });
  await journal.commit({ entries: [note("connected", { endpoint: "ws://h", attempt: 1 })] });
  const signal = { symbol: SYMBOL, side: "buy", tradeId: 7 };
  const refusal = { symbol: SYMBOL, side: "buy", reason: "min-notional", limit: "5", value: "4", tradeId: 6 };
  await journal.commit(kept(1, [
    note("signal", signal),
    note("refusal", refusal),
    note("fill", { ...FILL, tradeId: 7 }),
    note("signal", signal),
    note("halt", HALT),
  ], true));
  for (let number = 2; number <= 301; number++) await journal.commit(kept(number, [], true));
  for (let number = 0; number < 150; number++) {
    await journal.commit({ entries: [note("disconnected", { reason: `try ${number}`, retryInMs: 1 })] });
  }
  assertEquals(journal.head.seq, AT.last);
}

/** Changes one entry together with its hash, but none of the later hashes. */
function changeWithHash(database: DatabaseSync, seq: number, content: string): void {
  const hashOf = (at: number) => database.prepare("SELECT hash FROM entries WHERE seq = ?").get(at)!["hash"];
  const { run, type, time } = database.prepare("SELECT run, type, time FROM entries WHERE seq = ?").get(
    seq,
  ) as { readonly run: number; readonly type: string; readonly time: number };
  const hash = entryHash(hashOf(seq - 1) as Uint8Array, { seq, run, type, time }, content);
  database.prepare("UPDATE entries SET content = ?, hash = ? WHERE seq = ?").run(content, hash, seq);
}

/** The error message for a changed copy of the journal, or null. */
async function refusedAfter(
  path: string,
  change: (database: DatabaseSync) => void,
  read: (reader: JournalReader) => unknown,
): Promise<string | null> {
  const changed = `${path}.changed`;
  copyJournal(path, changed);
  tamper(changed, change);
  await using reader = await JournalReader.open(changed);
  try {
    await read(reader);
    return null;
  } catch (error) {
    assert(error instanceof JournalError && error.damage !== null, String(error));
    return error.damage;
  }
}

Deno.test("readRun() and readPulse() refuse any change to an entry that they show, however old, or to one since the last checkpoint", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeHalted(path);
    {
      await using reader = await JournalReader.open(path);
      assertEquals((await readRun(reader, 1)).checked, { from: AT.checkpoint, to: AT.last, isCut: false });
      assertEquals((await readPulse(reader, 1)).halt?.reason, "manual");
    }
    const sql = (text: string) => (database: DatabaseSync) => database.exec(text);
    const both: readonly (readonly [string, (database: DatabaseSync) => void, RegExp])[] = [
      [
        "the halt's value",
        sql(`UPDATE entries SET content = replace(content, '"halted"', '"x"') WHERE seq = 7`),
        /^entry 7 /,
      ],
      ["the halt's time", sql(`UPDATE entries SET time = time - 1 WHERE seq = ${AT.halt}`), /^entry 7 /],
      [
        "the halt removed",
        sql(`DELETE FROM entries WHERE seq = ${AT.halt}`),
        /^run 1 is halted \(manual\), but no entry/,
      ],
      [
        "the halt as something else",
        sql(`UPDATE entries SET type = 'note' WHERE seq = ${AT.halt}`),
        /but no entry says so$/,
      ],
      [
        "a halt that is released",
        sql(`UPDATE states SET content = replace(content, '"halt":{', '"was":{')`),
        /^the state of run 1 /,
      ],
      ["the state of another checkpoint", sql(`UPDATE states SET seq = seq - 1`), /^the state of run 1 /],
      [
        "the proof of the state",
        sql(`UPDATE entries SET content = '{"trades":1,"state":"."}' WHERE seq = ${AT.checkpoint}`),
        /^entry 308 /,
      ],
      [
        "the time of the start",
        sql(`UPDATE entries SET time = time + 1 WHERE seq = ${AT.started}`),
        /^entry 1 /,
      ],
      [
        "a reason after the checkpoint",
        sql(`UPDATE entries SET content = replace(content, 'try 3', 'x') WHERE seq = 312`),
        /^entry 312 /,
      ],
      [
        "the last entry removed",
        sql(`DELETE FROM entries WHERE seq = ${AT.last}`),
        /^entry 458 is missing at the end$/,
      ],
      [
        "all since the checkpoint removed",
        sql(`DELETE FROM entries WHERE seq > ${AT.checkpoint}`),
        /missing at the end$/,
      ],
      [
        "a wrong end",
        sql(`UPDATE head SET seq = seq - 1`),
        /^entry 458 .* was added after the journal's end at 457$/,
      ],
      [
        "a stop at the end",
        sql(
          `INSERT INTO entries SELECT seq + 1, run, 'stopped', time, content, hash FROM entries WHERE seq = ${AT.last}`,
        ),
        /^entry 459 /,
      ],
      [
        "another run at the end",
        sql(`UPDATE entries SET run = 0 WHERE seq = ${AT.last}`),
        /^entry 458,? /,
      ],
    ];
    for (const [name, change, expected] of both) {
      for (const read of [readRun, readPulse]) {
        const found = await refusedAfter(path, change, (reader) => read(reader, 1));
        assertMatch(found ?? "it was accepted", expected, `${name}, ${read.name}`);
      }
    }
    const shown: readonly (readonly [string, (database: DatabaseSync) => void, RegExp])[] = [
      [
        "a fill's price",
        sql(`UPDATE entries SET content = replace(content, '"100"', '"90"') WHERE seq = ${AT.fill}`),
        /^entry 5 \(fill\) does not match its hash/,
      ],
      ["a fill with its hash", (database) => {
        changeWithHash(database, AT.fill, JSON.stringify({ ...FILL, price: "90", tradeId: 7 }));
      }, /^entry 5 \(fill\) does not fit entry 6 after it/],
      [
        "a refusal's reason",
        sql(`UPDATE entries SET content = replace(content, 'min-', 'x') WHERE seq = ${AT.refusal}`),
        /^entry 4 /,
      ],
      [
        "the address",
        sql(`UPDATE entries SET content = replace(content, 'ws:', 'wss:') WHERE seq = ${AT.connected}`),
        /^entry [12] /,
      ],
    ];
    for (const [name, change, expected] of shown) {
      assertMatch(
        await refusedAfter(path, change, (reader) => readRun(reader, 1)) ?? "it was accepted",
        expected,
        name,
      );
    }
    // Entries that neither shows are not checked here; `export` and `verify` check them.
    const quiet = sql(`UPDATE entries SET time = time + 1 WHERE seq = ${AT.quiet}`);
    assertEquals(await refusedAfter(path, quiet, (reader) => readRun(reader, 1)), null);
    assertMatch(
      (await refusedAfter(
        path,
        quiet,
        async (reader) => await Array.fromAsync(fillsOf(reader, await extentOf(reader, 1))),
      ))!,
      /^entry 200 /,
    );
  });
});

Deno.test("readRun() reports more entries since the last checkpoint than it checks", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: { options: { symbol: SYMBOL, cash: "10000" } } });
    await journal.commit(kept(1, [], false));
    const lost: Draft = { type: "disconnected", time: TIME, content: { reason: "x", retryInMs: 1 } };
    await journal.commit({ entries: Array.from({ length: 9_999 }, () => lost) });
    await using reader = await JournalReader.open(path);
    assertEquals((await readRun(reader, 1)).checked, { from: 2, to: 10_001, isCut: false });
    await journal.commit({ entries: [lost] });
    assertEquals((await readRun(reader, 1)).checked, { from: 3, to: 10_002, isCut: true });
  });
});

Deno.test("fillsOf() stops at the first changed, removed or inserted entry of the run, whatever its type", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      for (let run = 1; run <= 2; run++) {
        await journal.startRun({ time: TIME, content: { options: { symbol: SYMBOL, cash: "10000" } } });
        for (let number = 1; number <= 200; number++) {
          const fill: Draft = { type: "fill", time: TIME, content: { ...FILL, tradeId: number } };
          await journal.commit(kept(number, [fill], false));
        }
      }
    }
    const taken: number[] = [];
    const read = async (reader: JournalReader, run: number) => {
      taken.length = 0;
      for await (const { event } of fillsOf(reader, await extentOf(reader, run))) taken.push(event.tradeId);
    };
    const cases: readonly (readonly [string, number, RegExp, number])[] = [
      [
        "UPDATE entries SET content = replace(content, '\"100\"', '\"90\"') WHERE seq = 20",
        1,
        /^entry 20 \(fill\)/,
        9,
      ],
      ["DELETE FROM entries WHERE seq = 20", 1, /^entry 20 is missing$/, 9],
      ["UPDATE entries SET run = 2 WHERE seq = 20", 1, /^entry 20 \(fill\) /, 9],
      ["UPDATE entries SET type = 'gap' WHERE seq = 20", 1, /^entry 20 \(gap\) /, 9],
      ["UPDATE entries SET time = 1 WHERE seq = 21", 1, /^entry 21 \(checkpoint\) /, 10],
      ["UPDATE entries SET run = 1 WHERE seq BETWEEN 402 AND 803", 1, /./, 0],
      ["DELETE FROM entries WHERE seq = 401", 1, /^entry 401 is missing/, 0],
      ["UPDATE entries SET time = 1 WHERE seq = 500", 2, /^entry 500 /, 49],
    ];
    for (const [sql, run, expected, before] of cases) {
      const found = await refusedAfter(path, (database) => database.exec(sql), (reader) => read(reader, run));
      assertMatch(found ?? "it was accepted", expected, sql);
      assertEquals(taken.length, before, sql);
    }
    // A run is checked by itself; changes to another run do not matter.
    assertEquals(
      await refusedAfter(path, (database) => database.exec(cases[0]![0]), (reader) => read(reader, 2)),
      null,
    );
    assertEquals(taken.length, 200);
  });
});

Deno.test("Journal.open() and last() refuse any changed entry that a resumed run would use, however old", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeHalted(path);
    const changed = `${folder}/b.db`;
    const after = async (sql: string) => {
      copyJournal(path, changed);
      tamper(changed, (database) => database.exec(sql));
      return (await assertRejects(async () => {
        await using journal = await openJournal(changed);
        await journal.last();
        await journal.lastCloses();
      }, JournalError)).message;
    };
    // More than a hundred entries before the end, and still after the last checkpoint.
    assertStringIncludes(
      await after(`UPDATE entries SET time = 1 WHERE seq = ${AT.checkpoint + 1}`),
      "is damaged: entry 309 (disconnected) does not match its hash",
    );
    assertStringIncludes(
      await after(
        `UPDATE entries SET content = replace(content, '"10000"', '"99999"') WHERE seq = ${AT.started}`,
      ),
      "entry 1 (started) does not match its hash",
    );
    // The closes of an earlier checkpoint, with an entry that proves them.
    assertStringIncludes(
      await after(`UPDATE entries SET content = '{"trades":1,"state":"."}' WHERE seq = ${AT.checkpoint - 2}`),
      "entry 306 (checkpoint) does not match its hash",
    );
  });
});

Deno.test("penstock status, export and run end with 3 on a changed journal, and name the entry", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeHalted(path);
    tamper(path, (database) => {
      database.exec(`UPDATE entries SET content = replace(content, '"100"', '"90"') WHERE seq = ${AT.fill};
        UPDATE entries SET time = 1 WHERE seq = ${AT.started}`);
    });
    for (
      const [args, says] of [
        [["status", path, "--fail-on-halt"], "entry 1 (started) does not match its hash"],
        [["export", path], "entry 1 (started) does not match its hash"],
        [
          ["run", "--state", path, "--endpoint=ws://127.0.0.1:9"],
          "entry 1 (started) does not match its hash",
        ],
      ] as const
    ) {
      await using program = Penstock.start([...args], [...FLAGS, `--allow-write=${folder}`]);
      const { code, stderr } = await program.finished();
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, says);
      assertStringIncludes(stderr, "Restore it from a copy");
    }
  });
});

Deno.test("readRun(), readPulse() and a resumed run refuse a journal whose index omits entries that they need", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeHalted(path);
    for (const type of ["fill", "refusal", "halt", "disconnected"]) {
      const hide = (database: DatabaseSync) => {
        const name = "entries_by_type";
        const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)!;
        database.exec(`DROP INDEX ${name}`);
        // The rows of one index with the statement of another.
        database.exec(`${sql} AND type <> '${type}'`);
        (database as DatabaseSync & { enableDefensive(enabled: boolean): void }).enableDefensive(false);
        database.exec("PRAGMA writable_schema = ON");
        database.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = ?").run(sql!, name);
      };
      const why = `the index of its entries leaves out some of type "${type}"`;
      assertEquals(await refusedAfter(path, hide, (reader) => readRun(reader, 1)), why);
      assertEquals(await refusedAfter(path, hide, (reader) => readPulse(reader, 1)), why);
      await assertRejects(() => openJournal(`${path}.changed`), JournalError, why);
    }
  });
});

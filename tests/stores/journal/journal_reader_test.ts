import { assert, assertGreater, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { entryHash } from "../../../src/stores/journal/journal_chain.ts";
import { type Draft, type EntryType } from "../../../src/stores/journal/journal_entry.ts";
import { ofTypeInRun } from "../../../src/stores/journal/sqlite/entry_rows.ts";
import { type Connect, connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { sqliteStore } from "../../../src/stores/journal/sqlite/sqlite_store.ts";
import { SqliteLog } from "../../../src/stores/journal/sqlite/sqlite_log.ts";
import { lastOfType } from "../../../src/stores/journal/linked_entry.ts";
import { SeededRandom } from "../../support/random.ts";
import {
  chainResultOf,
  checkpoint,
  contentsOf,
  copyJournal,
  draft,
  inFolder,
  journalProcess,
  linesOf,
  openJournal,
  tamper,
  TIME,
  writeSample,
} from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";

/** Writes two runs with all types of entries, more than one page; returns the path. */
async function writeRuns(folder: string): Promise<string> {
  const path = `${folder}/a.db`;
  const random = new SeededRandom(3);
  await using journal = await openJournal(path);
  for (let run = 0; run < 2; run++) {
    await journal.startRun({ time: TIME, content: { run } });
    for (let number = 0; number < 40; number++) {
      const types = Array.from(
        { length: 20 },
        () => random.pick<Draft["type"]>(["signal", "fill", "refusal", "gap"]),
      );
      await journal.commit({
        entries: types.map((type) => draft(number, type)),
        checkpoint: checkpoint(number),
      });
    }
  }
  await journal.commit({ entries: [draft(99, "stopped")] });
  return path;
}

Deno.test("JournalReader.entries() returns the selected entries in order, as a naive filter does", async () => {
  await inFolder(async (folder) => {
    await using reader = await JournalReader.open(await writeRuns(folder));
    const all = await Array.fromAsync(reader.entries());
    assertEquals(all.map(({ seq }) => seq), Array.from({ length: 2 * (1 + 40 * 21) + 1 }, (_, at) => at + 1));
    const anyType = fc.constantFrom<EntryType>(
      "signal",
      "fill",
      "gap",
      "checkpoint",
      "started",
      "stopped",
      "halt",
    );
    const anyQuery = fc.record({
      afterSeq: fc.nat(all.length + 5),
      types: fc.uniqueArray(anyType, { maxLength: 4 }),
      run: fc.integer({ min: 0, max: 3 }),
    }, { requiredKeys: [] });
    await fc.assert(fc.asyncProperty(anyQuery, async (query) => {
      const { afterSeq = 0, types, run } = query;
      const expected = all.filter((entry) =>
        entry.seq > afterSeq && (types?.includes(entry.type) ?? true) && (run ?? entry.run) === entry.run
      );
      assertEquals(
        (await Array.fromAsync(reader.entries(query))).map(({ seq }) => seq),
        expected.map(({ seq }) => seq),
      );
    }));
    for (const run of [1, 2]) {
      const counts: Record<string, number> = {};
      for (const { run: of, type } of all) {
        if (of === run && type !== "checkpoint") counts[type] = (counts[type] ?? 0) + 1;
      }
      assertEquals(await reader.counts(run), counts);
      const fills = all.filter((entry) => entry.type === "fill" && entry.run === run);
      assertEquals(await reader.latest("fill", 7, run), fills.slice(-7));
    }
    assertEquals([(await reader.counts()).started, (await reader.counts()).checkpoint], [2, undefined]);
    assertEquals((await reader.latest("checkpoint", 3, 1)).map(({ seq }) => seq), [799, 820, 841]);
    assertEquals(await reader.latest("gap", 1), all.filter(({ type }) => type === "gap").slice(-1));
    assertEquals([await reader.lastRun(), await reader.lastEntryTime()], [2, TIME + 99]);
    assertEquals(await reader.account(1), checkpoint(39).account);
    assertEquals(await reader.positions(), [...checkpoint(39).positions]);
  });
});

Deno.test("JournalReader finds entries of one type by the index, and a run's last checkpoint within that run", async () => {
  await inFolder(async (folder) => {
    const path = await writeRuns(folder);
    const database = connect(path, true);
    const planOf = (sql: string) =>
      database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => detail).join("; ");
    assertStringIncludes(
      planOf(`SELECT * FROM entries WHERE ${ofTypeInRun("fill")} ORDER BY seq DESC LIMIT 1`),
      "USING INDEX entries_by_type (type=? AND run=?",
    );
    for (const [run, seq] of [[1, 841], [2, 1682], [3, undefined]] as const) {
      assertEquals((await lastOfType(new SqliteLog(database, path), run, "checkpoint"))?.seq, seq);
    }
    database.close();
  });
});

Deno.test("JournalReader reads an empty journal, and reports a missing one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await assertRejects(
      () => JournalReader.open(path),
      JournalError,
      "there is none yet. Start a run that keeps its journal there",
    );
    await (await openJournal(path)).close();
    await using reader = await JournalReader.open(path);
    assertEquals([await reader.lastRun(), await reader.lastEntryTime(), await reader.account()], [
      0,
      null,
      null,
    ]);
    assertEquals([
      await Array.fromAsync(reader.entries()),
      await reader.latest("fill", 5),
      await reader.counts(),
    ], [
      [],
      [],
      {},
    ]);
    assertEquals(await reader.verifyChain(), { isWhole: true, entries: 0, from: null, to: null });
    await reader.close();
    await reader.close();
  });
});

Deno.test("JournalReader.entries() and verifyChain() hold a few hundred entries at a time, however many there are", async () => {
  await inFolder(async (folder) => {
    const path = await writeRuns(folder);
    let most = 0;
    let read = 0;
    const counting: Connect = (at, readOnly) => {
      const database = connect(at, readOnly);
      return {
        prepare(sql) {
          const statement = database.prepare(sql);
          const all = (...values: Parameters<typeof statement.all>) => {
            const rows = statement.all(...values);
            most = Math.max(most, rows.length);
            read += rows.length;
            return rows;
          };
          return {
            run: statement.run.bind(statement),
            get: statement.get.bind(statement),
            all,
            setReturnArrays: statement.setReturnArrays.bind(statement),
          };
        },
        close: () => database.close(),
      };
    };
    await using reader = await JournalReader.open(path, { store: sqliteStore({ connect: counting }) });
    read = 0;
    for await (const _ of reader.entries()) if (read > 0) break;
    assertEquals(read, 500);
    assertEquals((await Array.fromAsync(reader.entries())).length, 1683);
    assert((await reader.verifyChain()).isWhole);
    assertEquals(most, 1000);
  });
});

Deno.test("JournalReader reads while a run writes, and what a killed run left", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const body = `
      const journal = await Journal.open(${JSON.stringify(path)}, { now: () => 0, remembers: 5 });
      await journal.startRun({ time: 1, content: {} });
      console.log("1");
      for (let number = 1;; number++) {
        const entries = Array.from({ length: 10 }, () => ({ type: "signal", time: number, content: { number } }));
        console.log(await journal.commit({ entries }));
      }
    `;
    const writer = journalProcess(folder, body, [`--allow-read=${folder}`, `--allow-write=${folder}`]);
    let confirmed = 0;
    const following = (async () => {
      for await (const line of linesOf(writer)) confirmed = Number(line);
    })();
    while (confirmed === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    {
      await using reader = await JournalReader.open(path);
      let seen = 0;
      for (let time = 0; time < 12 || seen < 100; time++) {
        const known = confirmed;
        const chain = await reader.verifyChain();
        assert(chain.isWhole && chain.entries >= known && chain.entries % 10 === 1);
        for await (const { seq } of reader.entries({ afterSeq: seen })) assertEquals(seq, ++seen);
        assert(seen >= chain.entries);
        // Lets the printed lines arrive.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    writer.kill("SIGKILL");
    await writer.status;
    await following;
    copyJournal(path, `${folder}/copy.db`);
    for (const left of [path, `${folder}/copy.db`]) {
      await using reader = await JournalReader.open(left);
      const chain = await reader.verifyChain();
      assert(chain.isWhole);
      assertGreater(chain.entries, confirmed - 1);
    }
  });
});

/** Moves whole entries from their numbers to new ones. */
function renumber(database: DatabaseSync, places: ReadonlyMap<number, number>): void {
  for (const from of places.keys()) database.exec(`UPDATE entries SET seq = ${-from} WHERE seq = ${from}`);
  for (const [from, to] of places) database.exec(`UPDATE entries SET seq = ${to} WHERE seq = ${-from}`);
}

/** Puts an entry at the end, with the right hash or a wrong one. */
function append(database: DatabaseSync, isRight: boolean, content = "{}"): Uint8Array {
  const { seq, hash } = database.prepare("SELECT seq, hash FROM head").get()!;
  const entry = { seq: Number(seq) + 1, run: 1, type: "fill", time: TIME };
  const right = entryHash(hash as Uint8Array, entry, content);
  database.prepare("INSERT INTO entries VALUES (?, 1, 'fill', ?, ?, ?)")
    .run(entry.seq, TIME, content, isRight ? right : new Uint8Array(32));
  return right;
}

Deno.test("JournalReader.verifyChain() names the entry that was changed, removed, added or moved", async () => {
  await inFolder(async (folder) => {
    const sample = `${folder}/sample.db`;
    await writeSample(sample, 10);
    const edit = async (change: (database: DatabaseSync) => void) => {
      const path = `${folder}/edited.db`;
      copyJournal(sample, path);
      tamper(path, change);
      const chain = await chainResultOf(path);
      return chain.isWhole ? "whole" : `${chain.seq} ${chain.flaw}: ${chain.what}`;
    };
    const sql = (text: string) => edit((database) => database.exec(text));
    const changed = "does not match its hash: it was changed, or the one before it was removed";
    assertEquals(await edit(() => {}), "whole");
    assertEquals(
      await sql("UPDATE entries SET time = time + 1 WHERE seq = 9"),
      `9 hash: entry 9 (fill) ${changed}`,
    );
    assertEquals(
      await sql("UPDATE entries SET run = 2 WHERE seq = 31"),
      `31 hash: entry 31 (checkpoint) ${changed}`,
    );
    assertEquals(
      await sql("UPDATE entries SET type = 'halt' WHERE seq = 1"),
      `1 hash: entry 1 (halt) ${changed}`,
    );
    assertEquals(
      await sql("UPDATE entries SET hash = zeroblob(32) WHERE seq = 5"),
      `5 hash: entry 5 (signal) ${changed}`,
    );
    assertEquals(
      await sql("UPDATE entries SET hash = x'00' WHERE seq = 5"),
      "5 unreadable: entry 5 cannot be read",
    );
    assertEquals(
      await sql(`UPDATE entries SET time = ${2n ** 60n} WHERE seq = 5`),
      "5 unreadable: entry 5 cannot be read",
    );
    assertEquals(await sql("DELETE FROM entries WHERE seq = 1"), "1 hole: entry 1 is missing");
    assertEquals(await sql("DELETE FROM entries WHERE seq IN (7, 8)"), "7 hole: entries 7 to 8 are missing");
    assertEquals(
      await sql("DELETE FROM entries WHERE seq = 31"),
      "31 removed: entry 31 is missing at the end",
    );
    assertEquals(await sql("DELETE FROM entries"), "1 removed: entries 1 to 31 are missing at the end");
    const swap = (a: number, b: number) => edit((database) => renumber(database, new Map([[a, b], [b, a]])));
    assertEquals(
      await swap(4, 20),
      "4 moved: entry 4 (signal) was moved: its place was 20",
    );
    assertEquals(
      await swap(4, 5),
      "4 moved: entry 4 (signal) was moved: its place was 5",
    );
    const shift = new Map([[6, 9], [7, 6], [8, 7], [9, 8]]);
    assertStringIncludes(
      await edit((database) => renumber(database, shift)),
      "6 moved: entry 6 (checkpoint) was moved: its place was 7",
    );
    assertEquals(
      await edit((database) => append(database, true)),
      "32 added: entry 32 (fill) was added after the journal's end at 31",
    );
    assertEquals(
      await edit((database) => append(database, false)),
      "32 added: entry 32 (fill) was added after the journal's end at 31",
    );
    assertStringIncludes(
      await edit((database) => {
        renumber(database, new Map(Array.from({ length: 20 }, (_, at) => [12 + at, 13 + at])));
        database.exec(
          "INSERT INTO entries SELECT 12, run, type, time, '{}', hash FROM entries WHERE seq = 11",
        );
      }),
      "12 added: entry 12 (signal) was inserted",
    );
    assertEquals(
      await sql("INSERT INTO entries VALUES (0, 1, 'fill', 1, '{}', zeroblob(32))"),
      "0 added: entry 0 comes before the first",
    );
    assertStringIncludes(
      await sql("UPDATE head SET hash = zeroblob(32)"),
      "31 hash: entry 31 is not the one that the record",
    );
    assertStringIncludes(
      await sql(`UPDATE states SET content = replace(content, '"realized":"-3.25"', '"realized":"5"')`),
      "31 derived: the state of run 1 does not match entry 31 (checkpoint)",
    );
    assertStringIncludes(
      await sql("INSERT INTO states SELECT 2, seq, content, prices FROM states"),
      "31 derived: the states table names run 2, which has no entry",
    );
    assertStringIncludes(
      await sql("INSERT INTO states SELECT 0, seq, content, prices FROM states"),
      "31 derived: the states table names run 0, which has no entry",
    );
  });
});

Deno.test("JournalReader.verifyChain() distinguishes bytes that decode to the same text", async () => {
  await inFolder(async (folder) => {
    const sample = `${folder}/sample.db`;
    {
      await using journal = await openJournal(sample);
      await journal.startRun({ time: TIME, content: {} });
      const lost = (reason: string) => ({ type: "disconnected", time: TIME, content: { reason } } as const);
      await journal.commit({ entries: [lost("lost \ufffd"), lost("déconnecté 断")] });
    }
    assertEquals((await chainResultOf(sample)).isWhole, true);
    const hexOf = (text: string) => new TextEncoder().encode(text).toHex();
    const replaced = (to: string) =>
      `content = CAST(unhex(replace(hex(content), 'EFBFBD', '${to}')) AS TEXT) WHERE seq = 2`;
    const edits: readonly (readonly [number, string])[] = [
      // Invalid UTF-8 decodes to U+FFFD: one byte, and as many bytes as U+FFFD has.
      [2, replaced("FF")],
      [2, replaced("F09F98")],
      [1, "content = content || char(0) || 'x' WHERE seq = 1"],
      [2, "content = content || char(0) WHERE seq = 2"],
      [1, "type = type || char(0) || 'x' WHERE seq = 1"],
      [1, `type = CAST(x'${hexOf("\ufeff")}' AS TEXT) || type WHERE seq = 1`],
      [2, `content = CAST(x'${hexOf("\ufeff")}' AS TEXT) || content WHERE seq = 2`],
    ];
    for (const [at, [seq, edit]] of edits.entries()) {
      const path = `${folder}/${at}.db`;
      copyJournal(sample, path);
      tamper(path, (database) => database.exec(`UPDATE entries SET ${edit}`));
      const chain = await chainResultOf(path);
      assert(
        !chain.isWhole && chain.seq === seq && chain.flaw === "hash",
        `${edit}: ${JSON.stringify(chain)}`,
      );
    }
  });
});

Deno.test("JournalReader.entries() stops at an entry that cannot be read, and names it", async () => {
  await inFolder(async (folder) => {
    const contents = [`'x'`, `'1'`, `CAST(x'7b2261223a22ff227d' AS TEXT)`];
    for (const [at, content] of contents.entries()) {
      const path = `${folder}/${at}.db`;
      await writeSample(path);
      tamper(path, (database) => database.exec(`UPDATE entries SET content = ${content} WHERE seq = 3`));
      await using reader = await JournalReader.open(path);
      const entries = reader.entries();
      assertEquals([(await entries.next()).value?.seq, (await entries.next()).value?.seq], [1, 2]);
      await assertRejects(() => entries.next(), JournalError, `${path} is damaged: entry 3 cannot be read`);
    }
  });
});

Deno.test("JournalReader.verifyChain() finds the first of any entries edited by hand", async () => {
  await inFolder(async (folder) => {
    const sample = `${folder}/sample.db`;
    await writeSample(sample, 10);
    const anySeq = fc.integer({ min: 1, max: 31 });
    const anyEdit = fc.record({
      verb: fc.constantFrom("content", "byte", "time", "type", "hash", "remove", "swap"),
      seq: anySeq,
      other: anySeq,
      byte: fc.nat(1000),
      bit: fc.nat(7),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const path = `${folder}/edited.db`;
        copyJournal(sample, path);
        tamper(path, (database) => {
          for (const { verb, seq, other, byte, bit } of edits) {
            const set = (what: string) => database.exec(`UPDATE entries SET ${what} WHERE seq = ${seq}`);
            if (verb === "content") set(`content = content || ' '`);
            else if (verb === "time") set("time = time - 1");
            else if (verb === "type") set(`type = type || char(${bit === 0 ? 0 : 120})`);
            else if (verb === "hash") set("hash = randomblob(32)");
            else if (verb === "remove") database.exec(`DELETE FROM entries WHERE seq = ${seq}`);
            else if (verb === "swap") renumber(database, new Map([[seq, other], [other, seq]]));
            else {
              const row = database.prepare("SELECT CAST(content AS BLOB) AS bytes FROM entries WHERE seq = ?")
                .get(seq);
              const bytes = row?.["bytes"] as Uint8Array | undefined;
              if (bytes === undefined) continue;
              bytes[byte % bytes.length]! ^= 1 << bit;
              database.prepare("UPDATE entries SET content = CAST(? AS TEXT) WHERE seq = ?").run(bytes, seq);
            }
          }
        });
        // The first changed row, compared byte for byte.
        const first = firstDifference(sample, path);
        const chain = await chainResultOf(path);
        if (first === null) assert(chain.isWhole);
        else assert(!chain.isWhole && chain.seq === first, `${JSON.stringify(chain)}, not ${first}`);
      }),
      { numRuns: 150 },
    );
  });
});

function firstDifference(a: string, b: string): number | null {
  const [rowsA, rowsB] = [a, b].map((path) => {
    const database = connect(path, true);
    const rows = database.prepare(
      "SELECT seq, hex(run || '/' || type || '/' || time || '/' || hex(content) || hex(hash)) AS all_of_it FROM entries",
    ).all();
    database.close();
    return new Map(rows.map(({ seq, all_of_it }) => [Number(seq), all_of_it]));
  });
  for (let seq = 1; seq <= 31; seq++) if (rowsA!.get(seq) !== rowsB!.get(seq)) return seq;
  return null;
}

Deno.test("JournalReader finds any changed byte in the file, unless nothing reads it", async () => {
  await inFolder(async (folder) => {
    const sample = `${folder}/sample.db`;
    await writeSample(sample, 100);
    const was = await contentsOf(sample);
    const bytes = Deno.readFileSync(sample);
    // Most of the rest is unused space.
    const used = Array.from(bytes.keys()).filter((at) => bytes[at] !== 0);
    const random = new SeededRandom(9);
    let unnoticed = 0;
    for (let time = 0; time < 300; time++) {
      const path = `${folder}/${time}.db`;
      const changed = bytes.slice();
      const at = random.pick(used);
      changed[at]! ^= random.whole(1, 255);
      Deno.writeFileSync(path, changed);
      try {
        if (!(await chainResultOf(path)).isWhole) continue;
      } catch (error) {
        assert(error instanceof JournalError, `${at}: ${error}`);
        continue;
      }
      assertEquals(await contentsOf(path), was, `byte ${at}`);
      unnoticed++;
    }
    assertLess(unnoticed, 60);
  });
});

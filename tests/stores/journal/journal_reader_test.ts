import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { entryHash } from "../../../src/stores/journal/journal_chain.ts";
import { type Draft, type EntryType, ofTypeInRun } from "../../../src/stores/journal/journal_entry.ts";
import { type Connect, connect, JournalError } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { lastOfType } from "../../../src/stores/journal/linked_entry.ts";
import { SeededRandom } from "../../support/random.ts";
import {
  chainResultOf,
  checkpoint,
  contentsOf,
  copyJournal,
  draft,
  inFolder,
  inFolderAsync,
  journalProcess,
  linesOf,
  openJournal,
  tamper,
  TIME,
  writeSample,
} from "../sample_journal.ts";

/** Two runs of all kinds of entries, more than are read at once; returns where it is. */
function writeRuns(folder: string): string {
  const path = `${folder}/a.db`;
  const random = new SeededRandom(3);
  using journal = openJournal(path);
  for (let run = 0; run < 2; run++) {
    journal.startRun({ time: TIME, content: { run } });
    for (let number = 0; number < 40; number++) {
      const types = Array.from(
        { length: 20 },
        () => random.pick<Draft["type"]>(["signal", "fill", "refusal", "gap"]),
      );
      journal.commit({ entries: types.map((type) => draft(number, type)), checkpoint: checkpoint(number) });
    }
  }
  journal.commit({ entries: [draft(99, "stopped")] });
  return path;
}

Deno.test("JournalReader.entries() gives what is wanted, in order, as leaving the rest out by hand does", () => {
  inFolder((folder) => {
    using reader = JournalReader.open(writeRuns(folder));
    const all = [...reader.entries()];
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
    const anyWish = fc.record({
      afterSeq: fc.nat(all.length + 5),
      types: fc.uniqueArray(anyType, { maxLength: 4 }),
      run: fc.integer({ min: 0, max: 3 }),
    }, { requiredKeys: [] });
    fc.assert(fc.property(anyWish, (wish) => {
      const { afterSeq = 0, types, run } = wish;
      const expected = all.filter((entry) =>
        entry.seq > afterSeq && (types?.includes(entry.type) ?? true) && (run ?? entry.run) === entry.run
      );
      assertEquals([...reader.entries(wish)].map(({ seq }) => seq), expected.map(({ seq }) => seq));
    }));
    for (const run of [1, 2]) {
      const counts: Record<string, number> = {};
      for (const { run: of, type } of all) {
        if (of === run && type !== "checkpoint") counts[type] = (counts[type] ?? 0) + 1;
      }
      assertEquals(reader.counts(run), counts);
      const fills = all.filter((entry) => entry.type === "fill" && entry.run === run);
      assertEquals(reader.latest("fill", 7, run), fills.slice(-7));
    }
    assertEquals([reader.counts().started, reader.counts().checkpoint], [2, undefined]);
    assertEquals(reader.latest("checkpoint", 3, 1).map(({ seq }) => seq), [799, 820, 841]);
    assertEquals(reader.latest("gap", 1), all.filter(({ type }) => type === "gap").slice(-1));
    assertEquals([reader.lastRun, reader.lastEntryTime], [2, TIME + 99]);
    assertEquals(reader.account(1), checkpoint(39).account);
    assertEquals(reader.positions(), [...checkpoint(39).positions]);
  });
});

Deno.test("JournalReader finds entries of one type by the index, and a run's last checkpoint within that run", () => {
  inFolder((folder) => {
    const path = writeRuns(folder);
    const database = connect(path, true);
    const planOf = (sql: string) =>
      database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => detail).join("; ");
    assertStringIncludes(
      planOf(`SELECT * FROM entries WHERE ${ofTypeInRun("fill")} ORDER BY seq DESC LIMIT 1`),
      "USING INDEX entries_by_type (type=? AND run=?",
    );
    for (const [run, seq] of [[1, 841], [2, 1682], [3, undefined]] as const) {
      assertEquals(lastOfType(database, path, run, "checkpoint")?.seq, seq);
    }
    database.close();
  });
});

Deno.test("JournalReader reads an empty journal, and says where there is none", () => {
  inFolder((folder) => {
    const path = `${folder}/a.db`;
    assertThrows(
      () => JournalReader.open(path),
      JournalError,
      "there is none. Name the file that a run keeps its",
    );
    openJournal(path).close();
    using reader = JournalReader.open(path);
    assertEquals([reader.lastRun, reader.lastEntryTime, reader.account()], [0, null, null]);
    assertEquals([[...reader.entries()], reader.latest("fill", 5), reader.counts()], [[], [], {}]);
    assertEquals(reader.verifyChain(), { isWhole: true, entries: 0, from: null, to: null });
    reader.close();
    reader.close();
  });
});

Deno.test("JournalReader.entries() and verifyChain() hold a few hundred entries at a time, however many there are", () => {
  inFolder((folder) => {
    const path = writeRuns(folder);
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
    using reader = JournalReader.open(path, { connect: counting });
    read = 0;
    for (const _ of reader.entries()) if (read > 0) break;
    assertEquals(read, 500);
    assertEquals([...reader.entries()].length, 1683);
    assert(reader.verifyChain().isWhole);
    assertEquals(most, 1000);
  });
});

Deno.test("JournalReader reads while a run writes, and what a run left that was killed", async () => {
  await inFolderAsync(async (folder) => {
    const path = `${folder}/a.db`;
    const body = `
      const journal = Journal.open(${JSON.stringify(path)}, { now: () => 0, window: 5 });
      journal.startRun({ time: 1, content: {} });
      console.log("1");
      for (let number = 1;; number++) {
        const entries = Array.from({ length: 10 }, () => ({ type: "signal", time: number, content: { number } }));
        console.log(journal.commit({ entries }));
      }
    `;
    const writer = journalProcess(folder, body, [`--allow-read=${folder}`, `--allow-write=${folder}`]);
    let confirmed = 0;
    const following = (async () => {
      for await (const line of linesOf(writer)) confirmed = Number(line);
    })();
    while (confirmed === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    {
      using reader = JournalReader.open(path);
      let seen = 0;
      for (let time = 0; time < 12 || seen < 100; time++) {
        const known = confirmed;
        const chain = reader.verifyChain();
        assert(chain.isWhole && chain.entries >= known && chain.entries % 10 === 1);
        for (const { seq } of reader.entries({ afterSeq: seen })) assertEquals(seq, ++seen);
        assert(seen >= chain.entries);
        // Lets what was printed come in.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    writer.kill("SIGKILL");
    await writer.status;
    await following;
    copyJournal(path, `${folder}/copy.db`);
    for (const left of [path, `${folder}/copy.db`]) {
      using reader = JournalReader.open(left);
      const chain = reader.verifyChain();
      assert(chain.isWhole);
      assertGreater(chain.entries, confirmed - 1);
    }
  });
});

/** Moves whole entries to new numbers, by the number that they have. */
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

Deno.test("JournalReader.verifyChain() names the entry that was changed, removed, added or moved", () => {
  inFolder((folder) => {
    const sample = `${folder}/sample.db`;
    writeSample(sample, 10);
    const edit = (change: (database: DatabaseSync) => void) => {
      const path = `${folder}/edited.db`;
      copyJournal(sample, path);
      tamper(path, change);
      const chain = chainResultOf(path);
      return chain.isWhole ? "whole" : `${chain.seq} ${chain.flaw}: ${chain.what}`;
    };
    const sql = (text: string) => edit((database) => database.exec(text));
    const changed = "does not match its hash: it was changed, or the one before it was removed";
    assertEquals(edit(() => {}), "whole");
    assertEquals(
      sql("UPDATE entries SET time = time + 1 WHERE seq = 9"),
      `9 hash: entry 9 (fill) ${changed}`,
    );
    assertEquals(
      sql("UPDATE entries SET run = 2 WHERE seq = 31"),
      `31 hash: entry 31 (checkpoint) ${changed}`,
    );
    assertEquals(sql("UPDATE entries SET type = 'halt' WHERE seq = 1"), `1 hash: entry 1 (halt) ${changed}`);
    assertEquals(
      sql("UPDATE entries SET hash = zeroblob(32) WHERE seq = 5"),
      `5 hash: entry 5 (signal) ${changed}`,
    );
    assertEquals(
      sql("UPDATE entries SET hash = x'00' WHERE seq = 5"),
      "5 unreadable: entry 5 cannot be read",
    );
    assertEquals(
      sql(`UPDATE entries SET time = ${2n ** 60n} WHERE seq = 5`),
      "5 unreadable: entry 5 cannot be read",
    );
    assertEquals(sql("DELETE FROM entries WHERE seq = 1"), "1 hole: entry 1 is missing");
    assertEquals(sql("DELETE FROM entries WHERE seq IN (7, 8)"), "7 hole: entries 7 to 8 are missing");
    assertEquals(sql("DELETE FROM entries WHERE seq = 31"), "31 removed: entry 31 is missing at the end");
    assertEquals(sql("DELETE FROM entries"), "1 removed: entries 1 to 31 are missing at the end");
    const swap = (a: number, b: number) => edit((database) => renumber(database, new Map([[a, b], [b, a]])));
    assertEquals(
      swap(4, 20),
      "4 moved: entry 4 (signal) was moved: it stood at 20",
    );
    assertEquals(
      swap(4, 5),
      "4 moved: entry 4 (signal) was moved: it stood at 5",
    );
    const shift = new Map([[6, 9], [7, 6], [8, 7], [9, 8]]);
    assertStringIncludes(
      edit((database) => renumber(database, shift)),
      "6 moved: entry 6 (checkpoint) was moved: it stood at 7",
    );
    assertEquals(
      edit((database) => append(database, true)),
      "32 added: entry 32 (fill) was added after the journal's end at 31",
    );
    assertEquals(
      edit((database) => append(database, false)),
      "32 added: entry 32 (fill) was added after the journal's end at 31",
    );
    assertStringIncludes(
      edit((database) => {
        renumber(database, new Map(Array.from({ length: 20 }, (_, at) => [12 + at, 13 + at])));
        database.exec(
          "INSERT INTO entries SELECT 12, run, type, time, '{}', hash FROM entries WHERE seq = 11",
        );
      }),
      "12 added: entry 12 (signal) was inserted",
    );
    assertEquals(
      sql("INSERT INTO entries VALUES (0, 1, 'fill', 1, '{}', zeroblob(32))"),
      "0 added: entry 0 comes before the first",
    );
    assertStringIncludes(
      sql("UPDATE head SET hash = zeroblob(32)"),
      "31 hash: entry 31 is not the one that the record",
    );
    assertStringIncludes(
      sql(`UPDATE states SET content = replace(content, '"realized":"-3.25"', '"realized":"5"')`),
      "31 derived: the state of run 1 is not the one that entry 31 (checkpoint) was made with",
    );
    assertStringIncludes(
      sql("INSERT INTO states SELECT 2, seq, content, prices FROM states"),
      "31 derived: the states table names run 2, which has no entry",
    );
    assertStringIncludes(
      sql("INSERT INTO states SELECT 0, seq, content, prices FROM states"),
      "31 derived: the states table names run 0, which has no entry",
    );
  });
});

Deno.test("JournalReader.verifyChain() distinguishes bytes that read as the same text", () => {
  inFolder((folder) => {
    const sample = `${folder}/sample.db`;
    {
      using journal = openJournal(sample);
      journal.startRun({ time: TIME, content: {} });
      const lost = (reason: string) => ({ type: "disconnected", time: TIME, content: { reason } } as const);
      journal.commit({ entries: [lost("lost \ufffd"), lost("déconnecté 断")] });
    }
    assertEquals(chainResultOf(sample).isWhole, true);
    const hexOf = (text: string) => new TextEncoder().encode(text).toHex();
    const replaced = (to: string) =>
      `content = CAST(unhex(replace(hex(content), 'EFBFBD', '${to}')) AS TEXT) WHERE seq = 2`;
    const edits: readonly (readonly [number, string])[] = [
      // What is not UTF-8 reads as U+FFFD: one byte, and as many as U+FFFD has.
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
      const chain = chainResultOf(path);
      assert(
        !chain.isWhole && chain.seq === seq && chain.flaw === "hash",
        `${edit}: ${JSON.stringify(chain)}`,
      );
    }
  });
});

Deno.test("JournalReader.entries() stops at an entry that cannot be read, and names it", () => {
  inFolder((folder) => {
    const contents = [`'x'`, `'1'`, `CAST(x'7b2261223a22ff227d' AS TEXT)`];
    for (const [at, content] of contents.entries()) {
      const path = `${folder}/${at}.db`;
      writeSample(path);
      tamper(path, (database) => database.exec(`UPDATE entries SET content = ${content} WHERE seq = 3`));
      using reader = JournalReader.open(path);
      const entries = reader.entries();
      assertEquals([entries.next().value?.seq, entries.next().value?.seq], [1, 2]);
      assertThrows(() => entries.next(), JournalError, `${path} is damaged: entry 3 cannot be read`);
    }
  });
});

Deno.test("JournalReader.verifyChain() finds the first of any entries edited by hand", () => {
  inFolder((folder) => {
    const sample = `${folder}/sample.db`;
    writeSample(sample, 10);
    const anySeq = fc.integer({ min: 1, max: 31 });
    const anyEdit = fc.record({
      verb: fc.constantFrom("content", "byte", "time", "type", "hash", "remove", "swap"),
      seq: anySeq,
      other: anySeq,
      byte: fc.nat(1000),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), (edits) => {
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
        // The first row that is not what it was, compared byte for byte.
        const first = firstDifference(sample, path);
        const chain = chainResultOf(path);
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

Deno.test("JournalReader finds any byte changed in the file, unless it changes nothing that is read", () => {
  inFolder((folder) => {
    const sample = `${folder}/sample.db`;
    writeSample(sample, 100);
    const was = contentsOf(sample);
    const bytes = Deno.readFileSync(sample);
    // Most of the rest is room that is not used yet.
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
        if (!chainResultOf(path).isWhole) continue;
      } catch (error) {
        assert(error instanceof JournalError, `${at}: ${error}`);
        continue;
      }
      assertEquals(contentsOf(path), was, `byte ${at}`);
      unnoticed++;
    }
    assertLess(unnoticed, 60);
  });
});

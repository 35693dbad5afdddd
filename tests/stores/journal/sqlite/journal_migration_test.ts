import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../../src/stores/journal/journal_reader.ts";
import { SCHEMA_VERSION } from "../../../../src/stores/journal/sqlite/journal_tables.ts";
import type { ShownOptions } from "../../../../src/stores/journal/run_journal.ts";
import { HandRun } from "../../../support/hand_run.ts";
import { SeededRandom } from "../../../support/random.ts";
import { outcomeOf } from "../../../support/recorded_run.ts";
import {
  bytesOf,
  chainResultOf,
  checkpoint,
  contentsOf,
  copyJournal,
  diskError,
  draft,
  inFolder,
  openJournal,
  refusal,
  tamper,
  TIME,
  watched,
  writeSample,
} from "../../sample_journal.ts";
import { writeOlder, writeRunOfVersion2 } from "../../older_journal.ts";

/** The statements that created every table, index and trigger. */
function schemaOf(path: string): Record<string, unknown> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    .all();
  const version = database.prepare("PRAGMA user_version").get()!["user_version"];
  database.close();
  return { version, ...Object.fromEntries(rows.map(({ name, sql }) => [name, sql])) };
}

const OLDER = [1, 2] as const;

Deno.test("JournalReader reads journals of older versions unchanged, and finds tampering in them", async () => {
  await inFolder(async (folder) => {
    for (const version of OLDER) {
      const path = `${folder}/${version}.db`;
      writeOlder(path, version, 60);
      const before = bytesOf(path);
      const { entries, account, positions } = await contentsOf(path);
      assertEquals([entries.length, account, positions], [181, checkpoint(60).account, []]);
      await using reader = await JournalReader.open(path);
      assertEquals([await reader.heartbeat(), (await reader.checkpoint())!.state], [null, { number: 60 }]);
      assert((await chainResultOf(path)).isWhole);
      assertEquals(bytesOf(path), before);
      for (
        const [sql, what] of [
          [
            "UPDATE account SET cash = '1'",
            "the account table disagrees with the checkpoint of run 1",
          ],
          ["INSERT INTO positions VALUES (1, 'X', '1', '1')", "the positions table disagrees"],
          ["INSERT INTO account VALUES (2, 1, '1', '1', '1')", "the account table names run 2"],
          [
            "UPDATE checkpoint_prices SET prices = zeroblob(24) WHERE seq = 178",
            "the closes of entry 178 are not",
          ],
        ] as const
      ) {
        const changed = `${folder}/changed.db`;
        copyJournal(path, changed);
        tamper(changed, (database) => database.exec(sql));
        const chain = await chainResultOf(changed);
        assert(!chain.isWhole && chain.what.includes(what), `${sql}: ${JSON.stringify(chain)}`);
      }
    }
  });
});

Deno.test("Journal.open() upgrades a journal of an older version with everything in it, and continues it", async () => {
  await inFolder(async (folder) => {
    const present = `${folder}/present.db`;
    await writeSample(present, 60);
    for (const version of OLDER) {
      const old = `${folder}/${version}.db`;
      writeOlder(old, version, 60);
      const held = await contentsOf(old);
      await (await openJournal(old)).close();
      assertEquals(schemaOf(old), schemaOf(present));
      assertEquals(await contentsOf(old), held);
      assert((await chainResultOf(old)).isWhole);
      {
        await using journal = await openJournal(old, { verify: true });
        await journal.heartbeat({
          time: TIME,
          pid: 5,
          trades: 1,
          tradesPerSecond: 0,
          lagMs: null,
          last: null,
        });
        assertEquals(await journal.commit({ entries: [draft(1)] }), 182);
        const { values } = await journal.lastCloses();
        assertEquals(values.slice(-3), [60, 61, 62]);
        assertEquals(values.length, 10);
        // The first closes of the current version follow those of the older one.
        await journal.commit({ checkpoint: checkpoint(61, [7]) });
        assertEquals((await journal.lastCloses()).values, [...values.slice(1), 7]);
      }
      assert((await chainResultOf(old)).isWhole);
      await using again = await openJournal(old, { verify: true });
      assertEquals((await again.lastCloses()).values.at(-1), 7);
      assertEquals((await again.last())!.checkpoint!.state, { number: 61 });
    }
  });
});

Deno.test("A run of version 2 verifies, is resumed by the current version, and verifies again", async () => {
  await inFolder(async (folder) => {
    const { journal, recordings } = await writeRunOfVersion2(folder);
    const before = await outcomeOf(journal, recordings);
    assert(before.type === "verified" && before.fills === 11, JSON.stringify(before));
    assertEquals(schemaOf(journal).version, 2);
    const { entries } = await contentsOf(journal);
    const options = entries[0]!.content["options"] as ShownOptions;
    const next = `${folder}/3.txt`;
    {
      await using run = await HandRun.open(journal, next, options, entries.at(-1)!.time);
      const random = new SeededRandom(6);
      const printed: string[] = [];
      for (let price = 60_000; printed.filter((type) => type === "fill").length < 4;) {
        price += random.whole(-50, 50);
        printed.push(...(await run.trade(price)).map(({ type }) => type));
      }
      await run.stop();
    }
    assertEquals(schemaOf(journal).version, SCHEMA_VERSION);
    const after = await outcomeOf(journal, [...recordings, next]);
    assert(after.type === "verified" && after.fills >= 15, JSON.stringify(after));
  });
});

Deno.test("Journal.open() does not upgrade a journal of an older version that was changed", async () => {
  await inFolder(async (folder) => {
    for (const version of OLDER) {
      const path = `${folder}/${version}.db`;
      writeOlder(path, version, 60);
      tamper(path, (database) => database.exec(`UPDATE entries SET content = '{"x":1}' WHERE seq = 180`));
      const before = schemaOf(path);
      assertStringIncludes(await refusal(path), "entry 180 (fill) does not match its hash");
      assertEquals(schemaOf(path), before);
    }
  });
});

Deno.test("Journal.open() upgrades an older journal completely or not at all, whichever write fails", async () => {
  await inFolder(async (folder) => {
    for (const old of OLDER) {
      const from = `${folder}/${old}.db`;
      writeOlder(from, old);
      const held = await contentsOf(from);
      let hasFailed = true;
      let failing = 0;
      for (; hasFailed; failing++) {
        hasFailed = false;
        for (const moment of ["before", "after"] as const) {
          const path = `${folder}/${old}_${failing}_${moment}.db`;
          copyJournal(from, path);
          const connection = watched((at, when) => {
            if (at !== failing || when !== moment) return;
            hasFailed = true;
            throw diskError();
          });
          try {
            await (await openJournal(path, { connect: connection })).close();
          } catch (error) {
            assert(error instanceof JournalError);
          }
          const { version } = schemaOf(path);
          assert(version === old || version === SCHEMA_VERSION);
          assertEquals(await contentsOf(path), held);
          await (await openJournal(path, { verify: true })).close();
          assertEquals(await contentsOf(path), held);
          assertEquals(schemaOf(path).version, SCHEMA_VERSION);
        }
      }
      // Preparing to write, the tables, the version, and the commit.
      assert(failing > 10, `${failing} writes`);
    }
  });
});

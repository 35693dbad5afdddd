import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../../src/stores/journal_file.ts";
import { JournalReader } from "../../src/stores/journal_reader.ts";
import { SCHEMA_VERSION } from "../../src/stores/journal_schema.ts";
import {
  contentsOf,
  copyJournal,
  diskError,
  draft,
  inFolder,
  openJournal,
  refusal,
  tamper,
  TIME,
  verdictOf,
  watched,
  writeSample,
} from "./sample_journal.ts";
import { writeVersion1 } from "./version_1.ts";

/** Every table, index and trigger, as it was made. */
function schemaOf(path: string): Record<string, unknown> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    .all();
  const version = database.prepare("PRAGMA user_version").get()!["user_version"];
  database.close();
  return { version, ...Object.fromEntries(rows.map(({ name, sql }) => [name, sql])) };
}

Deno.test("Journal.open() brings a journal of version 1 on, with all that it holds, and goes on with it", () => {
  inFolder((folder) => {
    const [old, present] = [`${folder}/old.db`, `${folder}/present.db`];
    writeVersion1(old, 60);
    writeSample(present, 60);
    assertThrows(
      () => JournalReader.open(old),
      JournalError,
      `its tables are of version 1, and this Penstock reads ${SCHEMA_VERSION}. Open it for writing`,
    );
    openJournal(old).close();
    assertEquals(schemaOf(old), schemaOf(present));
    assertEquals(contentsOf(old), contentsOf(present));
    assert(verdictOf(old).isWhole);
    {
      using journal = openJournal(old, { verify: true });
      journal.beat({ time: TIME, pid: 5, trades: 1, tradesPerSecond: 0, lagMs: null, last: null });
      assertEquals(journal.commit({ entries: [draft(1)] }), 182);
      assertEquals(journal.lastPrices().values.length, 10);
    }
    assert(verdictOf(old).isWhole);
  });
});

Deno.test("Journal.open() leaves a journal of version 1 alone that is not as Penstock left it", () => {
  inFolder((folder) => {
    const path = `${folder}/old.db`;
    writeVersion1(path, 60);
    tamper(path, (database) => database.exec(`UPDATE entries SET content = '{"x":1}' WHERE seq = 180`));
    const before = schemaOf(path);
    assertStringIncludes(refusal(path), "entry 180 (fill) does not match its hash");
    assertEquals(schemaOf(path), before);
  });
});

Deno.test("Journal.open() brings a journal of version 1 on as a whole or not at all, whichever write fails", () => {
  inFolder((folder) => {
    const old = `${folder}/old.db`;
    writeVersion1(old);
    const held = contentsAsVersion1(old);
    let hasFailed = true;
    let failing = 0;
    for (; hasFailed; failing++) {
      hasFailed = false;
      for (const moment of ["before", "after"] as const) {
        const path = `${folder}/${failing}_${moment}.db`;
        copyJournal(old, path);
        const connection = watched((at, when) => {
          if (at !== failing || when !== moment) return;
          hasFailed = true;
          throw diskError();
        });
        try {
          openJournal(path, { connect: connection }).close();
        } catch (error) {
          assert(error instanceof JournalError);
        }
        const { version } = schemaOf(path);
        assert(version === 1 || version === SCHEMA_VERSION);
        if (version === 1) assertEquals(contentsAsVersion1(path), held);
        openJournal(path, { verify: true }).close();
        assertEquals(contentsAsVersion1(path), held);
        assertEquals(schemaOf(path).version, SCHEMA_VERSION);
      }
    }
    // Getting ready to write, the table, the version, and the end.
    assert(failing > 4, `${failing} writes`);
  });
});

/** What both versions hold. */
function contentsAsVersion1(path: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = ["entries", "head", "account", "positions", "checkpoint_prices"]
    .map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  database.close();
  return rows;
}

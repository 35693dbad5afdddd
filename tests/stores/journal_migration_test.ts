import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../../src/stores/journal_file.ts";
import { JournalReader } from "../../src/stores/journal_reader.ts";
import { SCHEMA_VERSION } from "../../src/stores/journal_schema.ts";
import {
  contentsOf,
  draft,
  inFolder,
  openJournal,
  refusal,
  tamper,
  TIME,
  verdictOf,
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

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { releaseHalt } from "../../src/stores/journal/halt_release.ts";
import { copyJournal } from "../../src/stores/journal/sqlite/journal_copy.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { openDatabase } from "../../src/stores/journal/sqlite/journal_file.ts";
import { fileStartOf } from "../../src/stores/journal/sqlite/journal_pages.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { sqliteStore } from "../../src/stores/journal/sqlite/sqlite_store.ts";
import { APPLICATION_ID } from "../../src/stores/journal/sqlite/journal_schema.ts";
import { haltRun } from "../../src/stores/journal/run_halt.ts";
import { change, endless, MANY_VIEWS, patch, relist } from "./hostile_journal.ts";
import { writeOlder } from "./older_journal.ts";
import {
  bytesOf,
  chainResultOf,
  contentsOf,
  copyJournal as copyFiles,
  inFolder,
  namesIn,
  openJournal,
  refusal,
  tamper,
  TIME,
  writeSample,
} from "./sample_journal.ts";

const VIEW = ["ALTER TABLE entries RENAME TO kept", "CREATE VIEW entries AS SELECT * FROM kept"];

/** Changes to a journal, with the expected message. */
const FORGED: readonly [name: string, statements: readonly string[], message: string][] = [
  ["a view for the entries", VIEW, "entries is a view, but Penstock creates a table of that name"],
  [
    "an endless heartbeat",
    ["DROP TABLE life", endless("life", "one", "run", "seq")],
    "life is a view, but Penstock creates a table of that name",
  ],
  [
    "an endless head",
    ["DROP TABLE head", endless("head", "one", "seq", "hash")],
    "head is a view, but Penstock creates a table of that name",
  ],
  [
    "a trigger that fills the disk",
    ["CREATE TRIGGER more AFTER UPDATE ON head BEGIN INSERT INTO requests SELECT * FROM requests; END"],
    'it has a trigger "more", which Penstock does not create',
  ],
  ["an extra table", ["CREATE TABLE more (x)"], 'it has a table "more", which Penstock does not create'],
  ["an extra index", ["CREATE INDEX more ON entries (time)"], 'it has an index "more"'],
  ["an extra view", [endless("more", "x")], 'it has a view "more"'],
  ["a table of a module", ["CREATE VIRTUAL TABLE more USING fts5(x)"], 'it has a table "more'],
  ["statistics", ["ANALYZE"], 'it has a table "sqlite_stat1"'],
  ["a table with its own index", ["CREATE TABLE more (x UNIQUE)"], "which Penstock does not create"],
  ["a missing table", ["DROP TABLE requests"], "requests is missing from its tables"],
  ["a missing trigger", ["DROP TRIGGER entries_stay"], "entries_stay is missing from its tables"],
  [
    "a trigger in place of an index",
    [
      "DROP INDEX entries_by_type",
      "CREATE TRIGGER entries_by_type AFTER DELETE ON head BEGIN SELECT 1; END",
    ],
    "entries_by_type is a trigger, but Penstock creates an index of that name",
  ],
  [
    "a trigger on another table",
    [relist("entries_stay", "tbl_name = 'head'")],
    'the trigger entries_stay belongs to "head", not to entries',
  ],
  [
    "columns of a different type",
    [relist("entries", "sql = replace(sql, 'time INTEGER', 'time TEXT')")],
    'the table entries was created differently: from character 112 on "TEXT NOT NULL,',
  ],
  [
    "columns of any type",
    [relist("entries", "sql = replace(sql, ' STRICT', '')")],
    'the table entries was created differently: from character 183 on "", expected " STRICT"',
  ],
  [
    "a computed column",
    [relist("head", "sql = replace(sql, 'seq INTEGER NOT NULL', 'seq INTEGER AS (one + 6)')")],
    "the table head was created differently",
  ],
  [
    "an index on an expression",
    ["DROP INDEX entries_by_type", "CREATE INDEX entries_by_type ON entries (type, abs(run))"],
    "the index entries_by_type was created differently",
  ],
  [
    "no statement",
    [relist("requests", "sql = NULL, rootpage = 2")],
    "the table requests was created differently",
  ],
  [
    "two tables in one place",
    [relist("head", "rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'life')")],
    "two of its tables have the same name or the same place",
  ],
  ["a table without a place", [relist("head", "rootpage = 0")], "the table head has no place in the file"],
  [
    "an object of no kind",
    [relist("entries_stay", "type = x'00'")],
    "entries_stay is an object of type (none), but",
  ],
  [
    "a name that moves the cursor",
    ['CREATE TABLE "\u001b[2J\u009b" (x)'],
    `it has a table ${JSON.stringify("\u001b[2J\u009b")}, which`,
  ],
  [
    "an overlong name",
    [`CREATE TABLE "${"x".repeat(500)}" (y)`],
    `it has a table "${"x".repeat(60)}"…, which`,
  ],
  [
    "an overlong statement",
    [relist("entries_stay", "sql = sql || hex(zeroblob(5000000))")],
    "the list of its tables has a row that cannot be read",
  ],
  [
    "more tables than SQLite reads in a minute",
    [MANY_VIEWS],
    "the list of its tables ",
  ],
];

Deno.test("Every way to open a journal refuses one with anything that Penstock does not create", async () => {
  await inFolder(async (folder) => {
    const asking = { waitMs: 0, signal: new AbortController().signal };
    await writeSample(`${folder}/sample.db`);
    for (const [at, [name, statements, message]] of FORGED.entries()) {
      const path = `${folder}/${at}.db`;
      copyFiles(`${folder}/sample.db`, path);
      change(path, ...statements);
      const before = bytesOf(path);
      await assertRejects(() => JournalReader.open(path), JournalError, message, name);
      assertStringIncludes(await refusal(path), message, name);
      if (at > 0) continue;
      await assertRejects(() => copyJournal(path, `${folder}/copy.db`), JournalError, message, name);
      await assertRejects(() => releaseHalt(path, { time: TIME, text: "x" }, asking), JournalError, message);
      await assertRejects(
        () => haltRun(path, { action: "hold", time: TIME, text: null }, asking),
        JournalError,
        message,
        name,
      );
      assertEquals(bytesOf(path), before, name);
    }
  });
});

Deno.test("JournalReader refuses older journals with extra, missing or different tables for their version", async () => {
  await inFolder(async (folder) => {
    for (const version of [1, 2] as const) {
      for (
        const [sql, message] of [
          ["DROP TABLE account", "account is missing from its tables"],
          ["CREATE TABLE states (run INTEGER)", 'it has a table "states"'],
          [
            "DROP TABLE positions; CREATE TABLE positions (run, symbol, quantity, cost)",
            "the table positions was created differently",
          ],
          ["DROP INDEX entries_by_type", "entries_by_type is missing from its tables"],
          [
            `PRAGMA user_version = ${3 - version}`,
            version === 1 ? "life is missing" : 'has a table "life"',
          ],
          ["PRAGMA user_version = 3", "the index entries_by_type was created differently"],
        ] as const
      ) {
        const path = `${folder}/older.db`;
        Deno.removeSync(folder, { recursive: true });
        Deno.mkdirSync(folder);
        writeOlder(path, version);
        change(path, sql);
        await assertRejects(() => JournalReader.open(path), JournalError, message);
        assertStringIncludes(await refusal(path), message);
      }
    }
  });
});

/** The names of a database's objects, according to SQLite. */
function namesOf(database: DatabaseSync): string[] {
  return database.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => String(name));
}

Deno.test("JournalReader reads a schema from the write-ahead log, and ignores incomplete commits", async () => {
  await inFolder(async (folder) => {
    const [path, copy] = [`${folder}/a.db`, `${folder}/b.db`];
    await writeSample(path);
    const database = new DatabaseSync(path);
    // More than one read of a log.
    database.exec(`PRAGMA wal_autocheckpoint = 0;
      WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 300)
        INSERT INTO requests SELECT n, 1, '', 1, CAST(zeroblob(8000) AS TEXT) FROM more;
      DELETE FROM requests`);
    database.exec("CREATE TRIGGER more AFTER UPDATE ON head BEGIN SELECT 1; END");
    copyFiles(path, copy);
    await assertRejects(() => JournalReader.open(copy), JournalError, 'it has a trigger "more"');
    const listed = () => fileStartOf(copy, APPLICATION_ID, "read")!.objects.map(({ name }) => name);
    assertEquals(listed(), namesOf(database));
    // A wrong byte in its last commit, which SQLite then ignores.
    patch(`${copy}-wal`, Deno.statSync(`${copy}-wal`).size - 2000, 7);
    assertEquals(listed(), namesOf(database).filter((name) => name !== "more"));
    assert((await chainResultOf(copy)).isWhole);
    // After the trigger is removed again, the list lacks it.
    database.exec("DROP TRIGGER more");
    copyFiles(path, copy);
    assert((await chainResultOf(copy)).isWhole);
    database.close();
    // Pages of another size.
    patch(path, 16, 2, 0);
    await assertRejects(() => JournalReader.open(path), JournalError);
  });
});

Deno.test("JournalReader refuses a list of tables whose pages point in a circle, outside the file or to other pages", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const LEFT_OF_HEADER = 100;
    for (
      const [bytes, message] of [
        // An inner page with only its last pointer.
        [[5, 0, 0, 0, 0, 15, 255, 0, 0, 0, 0, 1], "the list of its tables refers to page 1 twice"],
        [[5, 0, 0, 0, 0, 15, 255, 0, 127, 0, 0, 0], "page 2130706432 of the file is cut short or missing"],
        [[5, 0, 0, 0, 0, 15, 255, 0, 0, 0, 0, 3], "the list of its tables has a page of the wrong kind, 3"],
        [[10], "the list of its tables has a page of the wrong kind, 1"],
        [[13, 0, 0, 255], "the list of its tables has more than 64 rows"],
      ] as const
    ) {
      await writeSample(path);
      patch(path, LEFT_OF_HEADER, ...bytes);
      await assertRejects(() => JournalReader.open(path), JournalError, message);
      assertStringIncludes(await refusal(path), message);
      Deno.removeSync(path);
    }
  });
});

Deno.test("JournalReader refuses UTF-16 text, and a file beside the journal that would overwrite it or is not a file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const whole = Deno.readFileSync(path);
    patch(path, 59, 2);
    await assertRejects(() => JournalReader.open(path), JournalError, "its texts are not in UTF-8");
    Deno.writeFileSync(path, whole);
    Deno.writeTextFileSync(`${path}-journal`, "");
    assert((await chainResultOf(path)).isWhole);
    Deno.writeFileSync(`${path}-journal`, whole);
    await assertRejects(
      () => JournalReader.open(path),
      JournalError,
      "-journal is beside it: SQLite would overwrite it",
    );
    assertStringIncludes(await refusal(path), "-journal is beside it");
    Deno.removeSync(`${path}-journal`);
    for (const side of ["-wal", "-shm"]) {
      if (namesIn(folder).includes(`a.db${side}`)) Deno.removeSync(path + side);
      Deno.mkdirSync(path + side);
      await assertRejects(
        () => JournalReader.open(path),
        JournalError,
        `${side}, which it needs for itself, is not a file`,
      );
      assertStringIncludes(await refusal(path), "is not a file");
      Deno.removeSync(path + side);
    }
    if (Deno.build.os === "windows") return;
    // A pipe without a writer: opening it would wait forever.
    assert(new Deno.Command("mkfifo", { args: [`${path}-wal`] }).outputSync().success);
    await assertRejects(
      () => JournalReader.open(path),
      JournalError,
      "-wal, which it needs for itself, is not a file",
    );
  });
});

Deno.test("JournalReader reads no more of a file of a hundred gigabytes than of any other", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const before = await contentsOf(path);
    Deno.truncateSync(path, 1e11);
    Deno.writeFileSync(`${path}-wal`, new Uint8Array());
    Deno.truncateSync(`${path}-wal`, 1e11);
    assertEquals(await contentsOf(path), before);
  });
});

Deno.test("copyJournal() refuses a journal whose file is one hole after its start", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    await copyJournal(path, `${folder}/copy.db`);
    Deno.truncateSync(path, 4096 * 20_000_000);
    // As if it had always had this many pages.
    patch(path, 28, 1, 0x31, 0x2d, 0);
    await assertRejects(
      () => copyJournal(path, `${folder}/other.db`),
      JournalError,
      "it says that it has 81920000000 bytes, but its file takes",
    );
    assert(!namesIn(folder).some((name) => name.startsWith("other.db")));
  });
});

Deno.test("JournalReader searches no further back for a checkpoint than one can be", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path, 1);
    tamper(path, (database) => {
      database.exec("DELETE FROM entries WHERE type = 'checkpoint'");
      database.exec("INSERT INTO entries VALUES (2000000, 1, 'disconnected', 1, '{}', zeroblob(32))");
    });
    await using reader = await JournalReader.open(path);
    await assertRejects(
      () => reader.checkpoint(),
      JournalError,
      "none of the last 1000000 entries of run 1 is a checkpoint",
    );
  });
});

Deno.test("Reading a journal refuses values longer than Penstock writes", async () => {
  await inFolder(async (folder) => {
    let number = 0;
    let path = "";
    await writeSample(`${folder}/sample.db`);
    const forged = (...statements: string[]): void => {
      path = `${folder}/${++number}.db`;
      copyFiles(`${folder}/sample.db`, path);
      tamper(path, (database) => {
        for (const sql of ["PRAGMA ignore_check_constraints = ON", ...statements]) database.exec(sql);
      });
    };
    for (const bytes of [200_000, 17_000_000]) {
      const long = `CAST(zeroblob(${bytes}) AS TEXT)`;
      forged(
        `UPDATE entries SET content = '{"x":"' || replace(hex(zeroblob(${bytes} / 2)), 'x', '') || '"}' WHERE seq = 9`,
      );
      await assertRejects(() => contentsOf(path), JournalError, "entry 9 cannot be read");
      assertEquals((await chainResultOf(path)).isWhole, false);
      forged(`UPDATE entries SET type = ${long} WHERE seq = 9`);
      await assertRejects(() => contentsOf(path), JournalError, "entry 9 cannot be read");
      await using counting = await JournalReader.open(path);
      await assertRejects(() => counting.counts(), JournalError, "the type of an entry cannot be read");
      forged(`UPDATE entries SET hash = zeroblob(${bytes}) WHERE seq = 9`);
      await assertRejects(() => contentsOf(path), JournalError, "entry 9 cannot be read");
      forged(`INSERT INTO requests VALUES (1, 1, ${long}, 1, ${long})`);
      await using journal = await openJournal(path);
      assertEquals(await journal.requests(), [{ id: 1, run: 1, kind: "null", time: 1, request: null }]);
    }
    forged("UPDATE states SET content = CAST(zeroblob(17000000) AS TEXT)");
    await assertRejects(
      () => contentsOf(path),
      JournalError,
      "a value in it is longer than any that Penstock writes",
    );
    forged(`INSERT INTO life VALUES (1, 1, 1, 1, 1, 1, 1, 1, '1${"0".repeat(50)}', 1)`);
    await using reader = await JournalReader.open(path);
    await assertRejects(() => reader.heartbeat(), JournalError, "its heartbeat cannot be read");
    for (const run of [2n ** 53n - 1n, 2n ** 62n, 0n, -1n, 1_000_001n]) {
      forged(`UPDATE entries SET run = ${run} WHERE seq = 16`);
      await using reader = await JournalReader.open(path);
      await assertRejects(() => reader.lastRun(), JournalError);
      assert((await refusal(path)).includes("journal"));
    }
  });
});

Deno.test("Journal.commit() writes only content that can be read again, and refuses longer content", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: {} });
    const entryOf = (bytes: number) => {
      const note = "é".repeat((bytes - '{"note":""}'.length - 1) / 2) + "x";
      return { entries: [{ type: "gap", time: TIME, content: { note } }] } as const;
    };
    await journal.commit(entryOf(1 << 17));
    await assertRejects(
      () => journal.commit(entryOf((1 << 17) + 2)),
      RangeError,
      "must have at most 131072 bytes",
    );
    assertEquals((await contentsOf(path)).entries.length, 2);
  });
});

Deno.test("openDatabase() trusts nothing in the file, sorts in memory, and accepts no value above the limit", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    using database = openDatabase(path, false);
    const settings = ["trusted_schema", "cell_size_check", "mmap_size", "temp_store"];
    assertEquals(settings.map((name) => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]), [
      0,
      1,
      0,
      2,
    ]);
    assertThrows(() => database.prepare("SELECT zeroblob(17000000)").get(), Error, "too big");
  });
});

Deno.test("JournalReader.entries() stops at entries that do not ascend, as in pages that point in a circle", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path, 400);
    const circle = (at: string, readOnly: boolean) => {
      const database = new DatabaseSync(at, { readOnly });
      return {
        prepare(sql: string) {
          const statement = database.prepare(sql);
          // A reader that asks for the entries after one gets the first ones again.
          const all = (...values: SQLInputValue[]) =>
            statement.all(...values.map((value) => typeof value === "number" ? 0 : value));
          return {
            run: statement.run.bind(statement),
            get: statement.get.bind(statement),
            all: sql.includes("seq > ?") ? all : statement.all.bind(statement),
            setReturnArrays: statement.setReturnArrays.bind(statement),
          };
        },
        close: () => database.close(),
      };
    };
    await using reader = await JournalReader.open(path, { store: sqliteStore({ connect: circle as never }) });
    await assertRejects(
      async () => await Array.fromAsync(reader.entries()),
      JournalError,
      "entry 1 comes after entry 500",
    );
  });
});

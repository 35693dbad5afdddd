import { assert, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../src/stores/journal/sqlite/journal_schema.ts";
import { SCHEMA_VERSION } from "../../../src/stores/journal/sqlite/journal_tables.ts";
import { SeededRandom } from "../../support/random.ts";
import { writeOlder } from "../older_journal.ts";
import {
  bytesOf,
  chainResultOf,
  checkpoint,
  contentsOf,
  copyJournal,
  draft,
  inFolder,
  namesIn,
  openJournal,
  refusal,
  tamper,
  writeSample,
} from "../sample_journal.ts";
import { canMount, mount, run } from "../../support/small_disk.ts";
import { assertEquals } from "../../support/equals.ts";

/** Whether a folder's mode can forbid writing; not for root, and not on Windows. */
const modesCount = Deno.build.os !== "windows" && (() => {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
  try {
    Deno.chmodSync(folder, 0o555);
    Deno.mkdirSync(`${folder}/x`);
    return false;
  } catch {
    return true;
  } finally {
    Deno.chmodSync(folder, 0o755);
    Deno.removeSync(folder, { recursive: true });
  }
})();

Deno.test("Journal.open() creates a journal and its folder, and closing leaves one file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/data/penstock.db`;
    await (await openJournal(path)).close();
    assertEquals(namesIn(`${folder}/data`), ["penstock.db"]);
    const database = new DatabaseSync(path);
    assertEquals(database.prepare("PRAGMA application_id").get()!["application_id"], APPLICATION_ID);
    assertEquals(database.prepare("PRAGMA user_version").get()!["user_version"], SCHEMA_VERSION);
    assertEquals(database.prepare("PRAGMA journal_mode").get()!["journal_mode"], "wal");
    database.close();
    const deep = `${folder}/a/b/penstock.db`;
    assertStringIncludes(
      await refusal(deep),
      `the folder ${folder}/a/b does not exist. Create it, or choose`,
    );
    assertEquals(namesIn(folder), ["data"]);
  });
});

Deno.test("Journal.open() refuses a file that is not a journal, and says what to do", async () => {
  await inFolder(async (folder) => {
    const at = (name: string, content: string | Uint8Array) => {
      const path = `${folder}/${name}`;
      if (typeof content === "string") Deno.writeTextFileSync(path, content);
      else Deno.writeFileSync(path, content);
      return path;
    };
    assertStringIncludes(await refusal(folder), "it is a folder. Name a file in it.");
    assertStringIncludes(
      await refusal(at("empty.db", "")),
      "it is empty. Nothing was changed. Restore it",
    );
    assertStringIncludes(
      await refusal(at("text.db", "x".repeat(9000))),
      "it is not a SQLite database, or its start",
    );
    assertStringIncludes(await refusal(at("short.db", "x")), "it was cut short to 1 bytes, or never was a");
    assertStringIncludes(await refusal(`${at("file", "x")}/a.db`), "Not a directory");
    const orphan = at("orphan.db-wal", "x");
    const missing = `${folder}/orphan.db`;
    assertStringIncludes(
      await refusal(missing),
      `it is missing, but ${orphan} exists and holds its latest entries. Put`,
    );
    for (const mode of ["wal", "delete"]) {
      const path = `${folder}/${mode}.db`;
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE notes (text)`);
      database.exec(mode === "wal" ? "PRAGMA application_id = 77" : "");
      database.close();
      const whose = mode === "wal"
        ? "its application id is 77, not 1347310420"
        : "it does not say which program it belongs to";
      assertStringIncludes(
        await refusal(path),
        `it is another program's database: ${whose}. Choose another name.`,
      );
    }
    assertEquals(namesIn(folder).filter((name) => name.endsWith(".lock") || name.includes(".new")), []);
  });
});

Deno.test("Journal.open() refuses a newer version, and upgrades an older one or leaves it unchanged", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const setVersion = (version: number) => {
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
    };
    const newer = SCHEMA_VERSION + 1;
    setVersion(newer);
    assertStringIncludes(
      await refusal(path),
      `a newer Penstock wrote it (version ${newer}; this one knows up to ${SCHEMA_VERSION}). Use that`,
    );
    setVersion(0);
    assertStringIncludes(
      await refusal(path),
      `its tables are of version 0, but this Penstock knows 1 to ${SCHEMA_VERSION}`,
    );
    await assertRejects(() => JournalReader.open(path), JournalError, "its tables are of version 0");
    Deno.removeSync(path);
    writeOlder(path, 1);
    const failing = new Map([...MIGRATIONS, [1, () => {
      throw new Error("it went wrong");
    }]]);
    assertStringIncludes(await refusal(path, { migrations: failing }), "it went wrong");
    const forgetful = new Map([...MIGRATIONS, [1, () => {}]]);
    assertStringIncludes(await refusal(path, { migrations: forgetful }), "life is missing from its tables");
    await (await openJournal(path)).close();
    await (await openJournal(path, { verify: true })).close();
    assertEquals((await contentsOf(path)).entries.length, 16);
  });
});

Deno.test("Journal.open() refuses a journal that was changed, and names the entry", async () => {
  await inFolder(async (folder) => {
    let number = 0;
    const after = async (sql: string, options = {}) => {
      const path = `${folder}/${++number}.db`;
      await writeSample(path, 60);
      tamper(path, (database) => database.exec(sql));
      return refusal(path, options);
    };
    const change = (seq: number) => `UPDATE entries SET content = '{"x":1}' WHERE seq = ${seq}`;
    assertStringIncludes(await after(change(180)), "is damaged: entry 180 (fill) does not match its hash");
    assertStringIncludes(
      await after(change(3), { verify: true }),
      "is damaged: entry 3 (fill) does not match its hash",
    );
    assertStringIncludes(
      await after("DELETE FROM entries WHERE seq = 90"),
      "is damaged: entry 90 is missing. Nothing was",
    );
    assertStringIncludes(
      await after("DELETE FROM entries WHERE seq > 179"),
      "entries 180 to 181 are missing at the end",
    );
    assertStringIncludes(await after("DELETE FROM head"), "the record of where it ends cannot be read");
    const altered = "the state of run 1 does not match entry 181 (checkpoint)";
    for (
      const change of [
        `content = replace(content, '"cash":"9940"', '"cash":"9941"')`,
        `content = replace(content, '"positions":[]', '"positions":[{}]')`,
        `content = replace(content, '"number":60', '"number":61')`,
        `content = '{"x":1}'`,
        "content = 'x'",
        `prices = replace(prices, '"count":3', '"count":4')`,
        "prices = '[]'",
        "seq = 178",
      ]
    ) assertStringIncludes(await after(`UPDATE states SET ${change}`), altered, change);
    assertStringIncludes(await after("DELETE FROM states"), "the state at entry 181 (checkpoint) is missing");
    assertStringIncludes(
      await after("DROP TABLE checkpoint_prices"),
      "checkpoint_prices is missing from its tables",
    );
    // To start fast, older entries are checked only on request.
    const path = `${folder}/old.db`;
    await writeSample(path, 60);
    tamper(path, (database) => database.exec(change(3)));
    await (await openJournal(path)).close();
    assertStringIncludes(await refusal(path, { verify: true }), "entry 3 (fill)");
  });
});

Deno.test("Journal.open() does not change a damaged journal or the log that a killed writer left", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const killed = `${folder}/killed.db`;
    await writeSample(path);
    {
      await using journal = await openJournal(path);
      await journal.commit({ entries: [draft(1)] });
      const database = new DatabaseSync(path);
      database.exec("UPDATE states SET seq = 1");
      database.close();
      copyJournal(path, killed);
    }
    assert(bytesOf(killed)[1] !== null);
    assertStringIncludes(await refusal(killed), "the state of run 1 does not match entry 16");
  });
});

Deno.test("Journal.open() refuses a file cut short at any length, or returns an older intact state", async () => {
  await inFolder(async (folder) => {
    const random = new SeededRandom(4);
    const path = `${folder}/a.db`;
    await writeSample(path, 40);
    const bytes = Deno.readFileSync(path);
    const lengths = Array.from({ length: 50 }, () => random.whole(0, bytes.length - 1));
    for (const length of [0, 1, 15, 16, 99, 100, 4096, bytes.length - 1, ...lengths]) {
      Deno.writeFileSync(path, bytes.subarray(0, length));
      assertMatch(
        await refusal(path),
        /: it (is empty|was cut short to|is not a SQLite)|: the file is damaged, perhaps cut short|is damaged: (entry|page)/,
      );
    }
    // The same with the log of a killed writer: a torn commit at its end is lost, whole commits are not.
    Deno.writeFileSync(path, bytes);
    const copy = `${folder}/b.db`;
    {
      await using journal = await openJournal(path);
      for (let number = 0; number < 20; number++) {
        await journal.commit({ entries: [draft(number)], checkpoint: checkpoint(number) });
      }
      copyJournal(path, copy);
    }
    const log = Deno.readFileSync(`${copy}-wal`);
    const whole = (await contentsOf(path)).entries;
    for (let time = 0; time < 50; time++) {
      Deno.writeFileSync(copy, bytes);
      Deno.writeFileSync(`${copy}-wal`, log.subarray(0, random.whole(0, log.length - 1)));
      await (await openJournal(copy, { verify: true })).close();
      const { entries } = await contentsOf(copy);
      assertEquals(entries, whole.slice(0, entries.length));
      assert(entries.length >= 121 && entries.length % 2 === 1);
    }
  });
});

Deno.test("Journal.open() refuses a file whose start was overwritten", async () => {
  await inFolder(async (folder) => {
    const random = new SeededRandom(5);
    const path = `${folder}/a.db`;
    await writeSample(path);
    const bytes = Deno.readFileSync(path);
    for (let time = 0; time < 30; time++) {
      const length = random.whole(1, 4096);
      const damaged = bytes.slice();
      for (let at = 0; at < length; at++) damaged[at] = random.whole(0, 255);
      Deno.writeFileSync(path, damaged);
      assertMatch(
        await refusal(path),
        /: it is not a SQLite database, or its start was overwritten|cut short/,
      );
    }
    Deno.writeFileSync(path, bytes);
    assert((await chainResultOf(path)).isWhole);
  });
});

Deno.test({
  name: "Journal.open() and JournalReader.open() report a read-only folder",
  ignore: !modesCount && !canMount,
  fn: async () => {
    await inFolder(async (folder) => {
      const disk = `${folder}/disk`;
      Deno.mkdirSync(disk);
      if (!modesCount) assert(mount(disk, "size=4m"));
      try {
        const path = `${disk}/a.db`;
        const killed = `${disk}/killed.db`;
        await writeSample(path);
        {
          await using journal = await openJournal(path);
          await journal.commit({ entries: [draft(1)] });
          copyJournal(path, killed, true);
        }
        if (!modesCount) assert(run("mount", "-o", "remount,ro", disk));
        else Deno.chmodSync(disk, 0o555);
        const advice = "Check that the file and its folder may be read and written, or choose another place.";
        assertStringIncludes(await refusal(path), advice);
        assertStringIncludes(await refusal(`${disk}/new.db`), advice);
        await assertRejects(() => JournalReader.open(path), JournalError, "a folder that may be written to");
        assertEquals((await contentsOf(killed)).entries.length, 17);
      } finally {
        if (!modesCount) assert(run("umount", disk));
        else Deno.chmodSync(disk, 0o755);
      }
    });
  },
});

Deno.test("Journal.open() refuses a file that it may read but not write", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    // Root may write any file. SQLite fails the same way on a connection that is read-only.
    const message = await refusal(path, { connect: (at) => connect(at, true) });
    assertStringIncludes(
      message,
      "the file or its folder is read-only (attempt to write a readonly database)",
    );
    assert((await chainResultOf(path)).isWhole);
  });
});

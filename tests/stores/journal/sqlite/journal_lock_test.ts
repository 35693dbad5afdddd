import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { copyJournal } from "../../../../src/stores/journal/sqlite/journal_copy.ts";
import { JournalLock } from "../../../../src/stores/journal/sqlite/journal_lock.ts";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import {
  contentsOf,
  draft,
  impatient,
  inFolder,
  journalProcess,
  linesOf,
  namesIn,
  openJournal,
  refusal,
  writeSample,
} from "../../sample_journal.ts";

Deno.test("Journal.open() lets one process write, names it to others, and ignores the lock of a killed one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/data/a.db`;
    const body = `
      const journal = await Journal.open(${JSON.stringify(path)}, { now: () => 0, remembers: 5 });
      await journal.startRun({ time: 1, content: {} });
      console.log("open");
      setInterval(() => {}, 1000);
    `;
    Deno.mkdirSync(`${folder}/data`);
    const flags = [`--allow-read=${folder}/data`, `--allow-write=${folder}/data`];
    const holder = journalProcess(folder, body, flags);
    const lines = linesOf(holder);
    assertEquals((await lines.next()).value, "open");
    const why = `process ${holder.pid} has it open, and only one may write to it. Stop that one, or choose`;
    assertStringIncludes(await refusal(path), why);
    if (Deno.build.os !== "windows") {
      Deno.symlinkSync(path, `${folder}/link.db`);
      assertStringIncludes(await refusal(`${folder}/link.db`), why);
    }
    assertEquals((await contentsOf(path)).entries.length, 1);
    holder.kill("SIGKILL");
    await holder.status;
    await lines.return(undefined);
    {
      await using journal = await openJournal(path);
      assertEquals(journal.run, 1);
      assertStringIncludes(await refusal(path), `process ${Deno.pid} has it open`);
      assertEquals(await journal.commit({ entries: [draft(1)] }), 2);
    }
    await (await openJournal(path)).close();
    assertEquals(namesIn(`${folder}/data`), ["a.db"]);
  });
});

Deno.test({
  name: "Journal.open() refuses a file with several names, because each name would have its own lock",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const [path, other] = [`${folder}/a.db`, `${folder}/b.db`];
      await writeSample(path);
      Deno.linkSync(path, other);
      for (const name of [path, other]) {
        assertStringIncludes(await refusal(name), "its file has 2 names (hard links)");
      }
      assertEquals(await contentsOf(other), await contentsOf(path));
      Deno.removeSync(path);
      await (await openJournal(other)).close();
    }),
});

Deno.test("Journal.open() notices that the lock file was removed and made again while it took the lock", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const first = JournalLock.take(path);
    const { tryLockSync } = Deno.FsFile.prototype;
    let second = first;
    // Between opening and locking the file, the first process ends and another takes the lock.
    Deno.FsFile.prototype.tryLockSync = function (...values) {
      Deno.FsFile.prototype.tryLockSync = tryLockSync;
      first[Symbol.dispose]();
      second = JournalLock.take(path);
      return tryLockSync.apply(this, values);
    };
    try {
      assertStringIncludes(await refusal(path), "has it open, and only one may write to it");
      assert(second !== first);
    } finally {
      Deno.FsFile.prototype.tryLockSync = tryLockSync;
      second[Symbol.dispose]();
    }
    await (await openJournal(path)).close();
  });
});

Deno.test("Journal.open() needs permission to read and write the folder, and names the flags", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/data/a.db`;
    const body = `
      const report = async (name, use) => {
        try { await (await use()).close(); console.log(name, "ok"); } catch ({ name, message }) { console.log(name, message); }
      };
      await report("journal", () => Journal.open(${JSON.stringify(path)}, { now: () => 0, remembers: 5 }));
      await report("reader", () => JournalReader.open(${JSON.stringify(path)}));
    `;
    const read = `--allow-read=${folder}/data`;
    const write = `--allow-write=${folder}/data`;
    const logged = async (...flags: string[]) => {
      const { stdout } = await journalProcess(folder, body, flags).output();
      return new TextDecoder().decode(stdout).trim().split("\n");
    };
    const place = "before main.ts, or in deno.json.";
    const writing =
      `JournalError Cannot open the journal ${path}: it is not allowed. Allow it with ${read} ${write} ${place}`;
    const reading =
      `JournalError Cannot read the journal ${path}: it is not allowed. Allow it with ${read} ${place}`;
    const none =
      `JournalError Cannot open the journal ${path}: there is none yet. Start a run that keeps its journal there, or name the file of another run.`;
    assertEquals(await logged(), [writing, reading]);
    assertEquals(await logged(read), [writing, none]);
    assertEquals(await logged(write), [writing, reading]);
    assertEquals(await logged(read, write), ["journal ok", "reader ok"]);
    assertEquals(await logged(read), [writing, "reader ok"]);
  });
});

Deno.test("Journal.open() and commit() report that another program has the database locked", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const locked = "another program has it locked. Close that program, then start again.";
    assertStringIncludes(await refusal(path, { connect: impatient }), locked);
    other.exec("ROLLBACK");
    {
      await using journal = await openJournal(path, { connect: impatient });
      other.exec("BEGIN IMMEDIATE");
      const { message } = await assertRejects(() => journal.commit({ entries: [draft(1)] }), JournalError);
      assertEquals(message, `Cannot write to the journal ${path}: ${locked}`);
      other.exec("ROLLBACK");
      await assertRejects(
        () => journal.commit({ entries: [draft(1)] }),
        JournalError,
        "It accepts nothing more",
      );
    }
    other.close();
    assertEquals((await contentsOf(path)).entries.length, 16);
  });
});

Deno.test("Journal.open() neither empties nor removes somebody else's files beside it", async () => {
  const notes = "not yours\n";
  const other = (path: string): void => {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE notes (text TEXT); PRAGMA application_id = 7");
    database.close();
  };
  const text = (path: string): void => Deno.writeTextFileSync(path, notes);
  const link = (path: string): void => {
    Deno.writeTextFileSync(`${path}-target`, notes);
    Deno.symlinkSync(`${path}-target`, path);
  };
  type Case = readonly [side: string, make: (path: string) => void, why: string];
  const cases: readonly Case[] = [
    [".lock", text, "is not a lock file of Penstock's"],
    [".lock", (path) => Deno.writeTextFileSync(path, "1".repeat(40)), "is not a lock file of Penstock's"],
    [".new", text, "is not a draft of Penstock's"],
    [".new", other, "is not a draft of Penstock's"],
    [".new-wal", text, "is not a draft of Penstock's"],
    [".new-journal", text, "is not a draft of Penstock's"],
    ...(Deno.build.os === "windows"
      ? []
      : [[".lock", link, "is a link"], [".new", link, "is a link"]] as const),
  ];
  for (const [side, make, why] of cases) {
    await inFolder(async (folder) => {
      const path = `${folder}/deno`;
      make(path + side);
      const before = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      const content = Deno.readFileSync(path + side);
      assertStringIncludes(
        await refusal(path),
        `${path}${side}, which it needs for itself, ${why}. Move that away`,
      );
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), before, side);
      assertEquals(Deno.readFileSync(path + side), content, side);
    });
  }
});

Deno.test({
  name:
    "Journal.open() and copyJournal() refuse a pipe beside a journal instead of waiting for its other end",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const side of [".lock", ".new", "-wal"]) {
      await inFolder(async (folder) => {
        const path = `${folder}/a.db`;
        await new Deno.Command("mkfifo", { args: [path + side] }).output();
        const why = `${path}${side}, which it needs for itself, is not a file.`;
        await assertRejects(() => openJournal(path), JournalError, why);
      });
    }
    await inFolder(async (folder) => {
      await (await openJournal(`${folder}/a.db`)).close();
      await new Deno.Command("mkfifo", { args: [`${folder}/b.db.copy`] }).output();
      await assertRejects(
        () => copyJournal(`${folder}/a.db`, `${folder}/b.db`),
        JournalError,
        "b.db.copy, which it needs for itself, is not a file.",
      );
    });
  },
});

Deno.test("Journal.open() removes files that a killed Penstock process left beside it", async () => {
  for (const [side, content] of [[".lock", "4711\n"], [".lock", ""], [".new", ""], [".new", null]] as const) {
    await inFolder(async (folder) => {
      const path = `${folder}/a.db`;
      if (content === null) {
        await (await openJournal(path)).close();
        Deno.renameSync(path, path + side);
      } else Deno.writeTextFileSync(path + side, content);
      await (await openJournal(path)).close();
      assertEquals(namesIn(folder), ["a.db"]);
    });
  }
});

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CopyExists } from "../../../../src/stores/journal/entry_log.ts";
import { copyJournal } from "../../../../src/stores/journal/sqlite/journal_copy.ts";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import { JournalLock } from "../../../../src/stores/journal/sqlite/journal_lock.ts";
import { JournalReader } from "../../../../src/stores/journal/journal_reader.ts";
import { writeOlder } from "../../older_journal.ts";
import {
  chainResultOf,
  checkpoint,
  contentsOf,
  draft,
  inFolder,
  journalProcess,
  linesOf,
  namesIn,
  openJournal,
  tamper,
  TIME,
  writeSample,
} from "../../sample_journal.ts";

Deno.test("copyJournal() includes the write-ahead log, and the copy opens, is intact and accepts commits", async () => {
  await inFolder(async (folder) => {
    const [path, copy] = [`${folder}/a.db`, `${folder}/copy.db`];
    const journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: {} });
    for (let number = 1; number <= 20; number++) {
      await journal.commit({ entries: [draft(number)], checkpoint: checkpoint(number, [number]) });
    }
    const { bytes, ...copied } = await copyJournal(path, copy);
    assertEquals(copied, { run: 1, entry: 41, type: "checkpoint", time: TIME + 20 });
    const { size, mode } = Deno.statSync(copy);
    assertEquals(bytes, size);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
    assertEquals(namesIn(folder).filter((name) => name.startsWith("copy")), ["copy.db"]);
    const held = await contentsOf(path);
    await journal.commit({ entries: [draft(21)] });
    await journal.close();
    assertEquals(await contentsOf(copy), held);
    assert((await chainResultOf(copy)).isWhole);
    await using again = await openJournal(copy, { verify: true });
    assertEquals((await again.lastCloses()).values, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    assertEquals(await again.commit({ entries: [draft(1)] }), 42);
  });
});

Deno.test("copyJournal() makes consistent copies while a process keeps writing", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/data/a.db`;
    Deno.mkdirSync(`${folder}/data`);
    const body = `
      const journal = await Journal.open(${JSON.stringify(path)}, { now: () => 0, remembers: 5 });
      await journal.startRun({ time: 1, content: {} });
      for (let number = 1;; number++) {
        const entries = [{ type: "fill", time: 1, content: { number, filler: "x".repeat(2000) } }];
        const account = { cash: String(number), fees: "0", realized: "0" };
        const closes = { decimals: 2, fresh: false, values: [number] };
        await journal.commit({ entries, checkpoint: { time: 1, state: { number }, account, positions: [], closes } });
        if (number % 50 === 0) console.log(number);
      }
    `;
    const flags = [`--allow-read=${folder}/data`, `--allow-write=${folder}/data`];
    const process = journalProcess(folder, body, flags);
    const lines = linesOf(process);
    let before = 0;
    for (let copies = 0; copies < 5; copies++) {
      const { value: line } = await lines.next();
      const copy = `${folder}/${copies}.db`;
      const { entry } = await copyJournal(path, copy);
      assert(entry >= 2 * Number(line) + 1 && entry >= before, `${entry} after ${line}`);
      before = entry;
      assert((await chainResultOf(copy)).isWhole);
      await using reader = await JournalReader.open(copy);
      assertEquals(await reader.lastSeq(), entry);
      assertEquals((await reader.checkpoint())!.state, { number: (entry - 1) / 2 });
    }
    process.kill("SIGKILL");
    await process.status;
    await lines.return(undefined);
  });
});

Deno.test("copyJournal() replaces no file, and leaves none behind if it fails", async () => {
  await inFolder(async (folder) => {
    const [path, copy] = [`${folder}/a.db`, `${folder}/copy.db`];
    await writeSample(path);
    Deno.writeTextFileSync(copy, "mine");
    await assertRejects(() => copyJournal(path, copy), CopyExists, `${copy} already exists`);
    assertEquals(Deno.readTextFileSync(copy), "mine");
    await assertRejects(() => copyJournal(path, path), CopyExists, "already exists");
    await assertRejects(() => copyJournal(path, folder), CopyExists, "already exists");
    if (Deno.build.os !== "windows") {
      Deno.symlinkSync(`${folder}/nowhere`, `${folder}/link.db`);
      await assertRejects(() => copyJournal(path, `${folder}/link.db`), CopyExists, "already exists");
      Deno.removeSync(`${folder}/link.db`);
    }
    Deno.removeSync(copy);
    await assertRejects(() => copyJournal(`${folder}/none.db`, copy), JournalError, "there is none");
    await assertRejects(() => copyJournal(path, `${folder}/x/y/copy.db`), JournalError, "does not exist");
    {
      // Another copy is being made to the same name, or a run starts there.
      using _lock = JournalLock.take(copy);
      await assertRejects(() => copyJournal(path, copy), JournalError, `process ${Deno.pid} has it open`);
    }
    // What a killed copy left.
    Deno.writeFileSync(`${copy}.copy`, new Uint8Array(8192));
    Deno.writeTextFileSync(`${copy}.copy-journal`, "");
    await copyJournal(path, copy);
    assertEquals(await contentsOf(copy), await contentsOf(path));
    const damaged = `${folder}/damaged.db`;
    await writeSample(damaged);
    tamper(damaged, (database) => database.exec("UPDATE states SET seq = 1"));
    const { message } = await assertRejects(() => copyJournal(damaged, `${folder}/c.db`), JournalError);
    assertStringIncludes(message, "is damaged: the state of run 1 does not match");
    const names = namesIn(folder).filter((name) => !/-(wal|shm)$/.test(name));
    assertEquals(names, ["a.db", "copy.db", "damaged.db"]);
    for (const others of [new TextEncoder().encode("mine"), new Uint8Array(8192)]) {
      Deno.writeFileSync(`${folder}/d.db.copy`, others);
      const why = "d.db.copy, which it needs for itself, is not a draft of Penstock's";
      await assertRejects(() => copyJournal(path, `${folder}/d.db`), JournalError, why);
      assertEquals(Deno.readFileSync(`${folder}/d.db.copy`), others);
    }
  });
});

Deno.test("copyJournal() leaves nothing behind on a disk that takes a name and no content", async () => {
  await inFolder(async (folder) => {
    const [path, copy] = [`${folder}/a.db`, `${folder}/copy.db`];
    await writeSample(path);
    const { writeSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.writeSync = () => {
      throw new Error("No space left on device (os error 28)");
    };
    try {
      await assertRejects(() => copyJournal(path, copy), JournalError, "No space left on device");
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    assertEquals(namesIn(folder).filter((name) => !/-(wal|shm)$/.test(name)), ["a.db"]);
    await copyJournal(path, copy);
    assertEquals(await contentsOf(copy), await contentsOf(path));
  });
});

Deno.test("copyJournal() copies a journal of an older version as it is", async () => {
  await inFolder(async (folder) => {
    const [path, copy] = [`${folder}/a.db`, `${folder}/copy.db`];
    writeOlder(path, 2);
    assertEquals((await copyJournal(path, copy)).entry, 16);
    assertEquals(await contentsOf(copy), await contentsOf(path));
    assert((await chainResultOf(copy)).isWhole);
  });
});

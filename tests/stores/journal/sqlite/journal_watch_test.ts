import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { Heartbeat } from "../../../../src/stores/journal/entry_log.ts";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import { JournalLock } from "../../../../src/stores/journal/sqlite/journal_lock.ts";
import {
  contentsOf,
  draft,
  inFolder,
  namesIn,
  openJournal,
  TIME,
  writeSample,
} from "../../sample_journal.ts";

const HEARTBEAT: Heartbeat = { time: TIME, pid: 5, trades: 1, tradesPerSecond: 0, lagMs: null, last: null };
const GONE = "a.db was removed, moved or renamed";
const REPLACED = "a.db was replaced by another file";

/** Ways to damage a journal in `folder`, with the expected message. */
const CASES: Readonly<
  Record<string, readonly [(path: string, folder: string) => void | Promise<void>, string]>
> = {
  "removed": [(path) => Deno.removeSync(path), GONE],
  "replaced": [async (path, folder) => {
    await writeSample(`${folder}/other.db`);
    Deno.renameSync(`${folder}/other.db`, path);
  }, REPLACED],
  "moved away": [(path) => Deno.renameSync(path, `${path}.old`), GONE],
  "moved away, with a copy in its place": [(path) => {
    Deno.renameSync(path, `${path}.old`);
    Deno.copyFileSync(`${path}.old`, path);
  }, REPLACED],
  "in a folder that was removed": [
    (_path, folder) => Deno.removeSync(`${folder}/data`, { recursive: true }),
    GONE,
  ],
  "in a folder that was moved": [
    (_path, folder) => Deno.renameSync(`${folder}/data`, `${folder}/moved`),
    GONE,
  ],
  "without its log": [(path) => Deno.removeSync(`${path}-wal`), "-wal was removed"],
  "without the log's index": [(path) => Deno.removeSync(`${path}-shm`), "-shm was removed"],
  "without its lock": [(path) => Deno.removeSync(`${path}.lock`), ".lock was removed"],
};

Deno.test({
  name:
    "Journal.heartbeat() notices that a file of the journal was removed or replaced, and accepts nothing more",
  // Windows neither removes nor replaces open files.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const [name, [change, what]] of Object.entries(CASES)) {
      await inFolder(async (folder) => {
        const path = `${folder}/data/a.db`;
        const journal = await openJournal(path);
        try {
          await journal.startRun({ time: TIME, content: {} });
          for (let heartbeats = 0; heartbeats < 3; heartbeats++) await journal.heartbeat(HEARTBEAT);
          await change(path, folder);
          const { message } = await assertRejects(
            () => journal.heartbeat(HEARTBEAT),
            JournalError,
            what,
            name,
          );
          assert(message.startsWith(`Cannot keep using the journal ${path}: `), message);
          assertStringIncludes(
            message,
            "Put the files back, or restore the journal from a copy, and start again.",
          );
          await assertRejects(() => journal.commit({ entries: [draft(1)] }), JournalError, what, name);
        } finally {
          await journal.close();
        }
      });
    }
  },
});

Deno.test("Journal.heartbeat() finds nothing wrong if all files are in place, even behind a link or beside readers", async () => {
  await inFolder(async (folder) => {
    const [path, link] = [`${folder}/a.db`, `${folder}/link.db`];
    await writeSample(path);
    if (Deno.build.os !== "windows") Deno.symlinkSync(path, link);
    const journal = await openJournal(Deno.build.os === "windows" ? path : link);
    for (let heartbeats = 0; heartbeats < 5; heartbeats++) {
      await journal.heartbeat(HEARTBEAT);
      await journal.commit({ entries: [draft(heartbeats)] });
      assertEquals((await contentsOf(path)).entries.length, 17 + heartbeats);
    }
    await journal.mustBeInPlace();
    await journal.close();
    assertEquals(namesIn(folder).filter((name) => name !== "link.db"), ["a.db"]);
  });
});

Deno.test({
  name: "JournalLock does not remove the lock that another process took after its own was removed",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder((folder) => {
      const path = `${folder}/a.db`;
      const first = JournalLock.take(path);
      Deno.removeSync(`${path}.lock`);
      const second = JournalLock.take(path);
      first[Symbol.dispose]();
      assertEquals(namesIn(folder), ["a.db.lock"]);
      assertThrows(() => JournalLock.take(path), JournalError, "has it open");
      second[Symbol.dispose]();
      assertEquals(namesIn(folder), []);
    }),
});

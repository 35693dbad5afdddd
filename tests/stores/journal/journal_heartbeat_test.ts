import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import type { Heartbeat } from "../../../src/stores/journal/entry_log.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import {
  chainResultOf,
  contentsOf,
  draft,
  inFolder,
  openJournal,
  TIME,
  writeSample,
} from "../sample_journal.ts";

const HEARTBEAT: Heartbeat = {
  ...{ time: TIME, pid: 4711, trades: 12, tradesPerSecond: 3, lagMs: -5 },
  last: { price: "61607.85", time: TIME - 1 },
};

async function heartbeatIn(path: string) {
  await using reader = await JournalReader.open(path);
  return await reader.heartbeat();
}

Deno.test("Journal.heartbeat() keeps only the last heartbeat, and changes nothing else", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const before = await contentsOf(path);
    await using journal = await openJournal(path);
    assertEquals(await heartbeatIn(path), null);
    await journal.heartbeat(HEARTBEAT);
    assertEquals(await heartbeatIn(path), { ...HEARTBEAT, run: 1, seq: 16 });
    assertEquals(await contentsOf(path), before);
    assert((await chainResultOf(path)).isWhole);
    assertEquals(await journal.commit({ entries: [draft(1)] }), 17);
    const later = { ...HEARTBEAT, time: TIME + 5_000_000, lagMs: null, last: null };
    await journal.heartbeat(later);
    assertEquals(await heartbeatIn(path), { ...later, run: 1, seq: 17 });
    assert((await chainResultOf(path)).isWhole);
  });
});

Deno.test("Journal.heartbeat() does not wait for the disk, and every commit after it does", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const modes: string[] = [];
    await using journal = await openJournal(path, {
      connect: (at, readOnly) => {
        const database = connect(at, readOnly);
        return {
          prepare(sql) {
            const statement = database.prepare(sql);
            const what = /life|COMMIT/.exec(sql)?.[0];
            return {
              run(...values) {
                const mode = database.prepare("PRAGMA synchronous").get()!["synchronous"];
                if (what !== undefined && at === path) {
                  modes.push(`${what} ${mode === 1 ? "NORMAL" : mode === 2 ? "FULL" : mode}`);
                }
                return statement.run(...values);
              },
              get: (...values) => statement.get(...values),
              all: (...values) => statement.all(...values),
              setReturnArrays: (isList) => statement.setReturnArrays(isList),
            };
          },
          close: () => database.close(),
        };
      },
    });
    await journal.startRun({ time: TIME, content: {} });
    await journal.heartbeat(HEARTBEAT);
    await journal.commit({ entries: [draft(1)] });
    await journal.heartbeat(HEARTBEAT);
    await journal.heartbeat(HEARTBEAT);
    await journal.commit({ entries: [draft(2)] });
    assertEquals(modes, [
      ...["COMMIT FULL", "life NORMAL", "COMMIT FULL", "life NORMAL", "life NORMAL", "COMMIT FULL"],
    ]);
  });
});

Deno.test("Journal.heartbeat() needs a started run, and counts in `spent`", async () => {
  await inFolder(async (folder) => {
    let clock = 0;
    await using journal = await openJournal(`${folder}/a.db`, { now: () => clock += 2 });
    await assertRejects(() => journal.heartbeat(HEARTBEAT), Error, "has no run yet: call startRun() first");
    await journal.startRun({ time: TIME, content: {} });
    await journal.heartbeat(HEARTBEAT);
    assertEquals(journal.spent, { commits: 2, totalMs: 4, worstMs: 2 });
    await journal.close();
    await assertRejects(() => journal.heartbeat(HEARTBEAT), Error, "is closed");
  });
});

Deno.test("JournalReader refuses a heartbeat that makes no sense", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    {
      await using journal = await openJournal(path);
      await journal.heartbeat(HEARTBEAT);
    }
    for (const change of ["price = '=1+1'", "time = 9223372036854775807", "price = '-1'"]) {
      const database = new DatabaseSync(path);
      database.exec(`UPDATE life SET ${change}`);
      database.close();
      await assertRejects(() => heartbeatIn(path), JournalError);
    }
  });
});

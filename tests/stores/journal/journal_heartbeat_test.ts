import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { connect, JournalError } from "../../../src/stores/journal/sqlite/journal_file.ts";
import type { Heartbeat } from "../../../src/stores/journal/sqlite/journal_heartbeat.ts";
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

function heartbeatIn(path: string) {
  using reader = JournalReader.open(path);
  return reader.heartbeat;
}

Deno.test("Journal.heartbeat() leaves one heartbeat, the last, and nothing else", () => {
  inFolder((folder) => {
    const path = `${folder}/a.db`;
    writeSample(path);
    const before = contentsOf(path);
    using journal = openJournal(path);
    assertEquals(heartbeatIn(path), null);
    journal.heartbeat(HEARTBEAT);
    assertEquals(heartbeatIn(path), { ...HEARTBEAT, run: 1, seq: 16 });
    assertEquals(contentsOf(path), before);
    assert(chainResultOf(path).isWhole);
    assertEquals(journal.commit({ entries: [draft(1)] }), 17);
    const later = { ...HEARTBEAT, time: TIME + 5_000_000, lagMs: null, last: null };
    journal.heartbeat(later);
    assertEquals(heartbeatIn(path), { ...later, run: 1, seq: 17 });
    assert(chainResultOf(path).isWhole);
  });
});

Deno.test("Journal.heartbeat() does not wait for the disk, and every commit after it does", () => {
  inFolder((folder) => {
    const path = `${folder}/a.db`;
    const modes: string[] = [];
    using journal = openJournal(path, {
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
    journal.startRun({ time: TIME, content: {} });
    journal.heartbeat(HEARTBEAT);
    journal.commit({ entries: [draft(1)] });
    journal.heartbeat(HEARTBEAT);
    journal.heartbeat(HEARTBEAT);
    journal.commit({ entries: [draft(2)] });
    assertEquals(modes, [
      ...["COMMIT FULL", "life NORMAL", "COMMIT FULL", "life NORMAL", "life NORMAL", "COMMIT FULL"],
    ]);
  });
});

Deno.test("Journal.heartbeat() comes after the beginning of a run, and is counted in `spent`", () => {
  inFolder((folder) => {
    let clock = 0;
    using journal = openJournal(`${folder}/a.db`, { now: () => clock += 2 });
    assertThrows(() => journal.heartbeat(HEARTBEAT), Error, "has no run yet: startRun() comes first");
    journal.startRun({ time: TIME, content: {} });
    journal.heartbeat(HEARTBEAT);
    assertEquals(journal.spent, { commits: 2, totalMs: 4, worstMs: 2 });
    journal.close();
    assertThrows(() => journal.heartbeat(HEARTBEAT), Error, "is closed");
  });
});

Deno.test("JournalReader.life refuses a heartbeat that makes no sense", () => {
  inFolder((folder) => {
    const path = `${folder}/a.db`;
    writeSample(path);
    {
      using journal = openJournal(path);
      journal.heartbeat(HEARTBEAT);
    }
    for (const change of ["price = '=1+1'", "time = 9223372036854775807", "price = '-1'"]) {
      const database = new DatabaseSync(path);
      database.exec(`UPDATE life SET ${change}`);
      database.close();
      assertThrows(() => heartbeatIn(path), JournalError);
    }
  });
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { statusOf } from "../../../src/domain/run/run_status.ts";
import { JournalFollower } from "../../../src/stores/journal/journal_follower.ts";
import type { Journal } from "../../../src/stores/journal/journal.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { lastRunIn, readRun } from "../../../src/stores/journal/run_reading.ts";
import { connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { sqliteStore } from "../../../src/stores/journal/sqlite/sqlite_store.ts";
import { checkpoint, copyJournal, inFolder, openJournal, rehash, tamper, TIME } from "../sample_journal.ts";

const OPTIONS = { symbol: "BTCUSDT", cash: "10000" };
/** Long after everything that these tests write, so that all files have settled. */
const NOW = Date.now() + 3_600_000;
const now = () => NOW;

function startRun(journal: Journal, time = TIME, options: object = OPTIONS): Promise<number> {
  return journal.startRun({ time, content: { version: "1", options } });
}

async function connected(journal: Journal, number = 1): Promise<void> {
  await journal.commit({
    entries: [{ type: "connected", time: TIME + number, content: { endpoint: "ws://h", attempt: number } }],
    checkpoint: checkpoint(number, [number, number + 1], true),
  });
}

let changes = 0;

/** Gives the log of a journal a time of change of its own: those of two writes may be the same. */
function settle(path: string): void {
  const time = NOW - 60_000 + ++changes;
  Deno.utimeSync(`${path}-wal`, new Date(time), new Date(time));
}

async function statusIn(path: string) {
  await using reader = await JournalReader.open(path);
  return statusOf(await readRun(reader, await lastRunIn(reader)), NOW * 1000);
}

Deno.test("JournalFollower.poll() returns the status of the last run and the events since the previous poll", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await startRun(journal);
    await using follower = await JournalFollower.open(path, null, { now });
    const first = await follower.poll();
    assertEquals(first.status, await statusIn(path));
    assertEquals([first.events, first.problem, first.isBehind, first.isReplaced], [[], null, false, false]);
    assertEquals(first.place?.seq, 1);
    await connected(journal);
    settle(path);
    const { status, events, place } = await follower.poll();
    assertEquals(status, await statusIn(path));
    assertEquals(events, [{
      ...{ run: 1, seq: 2, time: TIME + 1 },
      event: { type: "connected", time: "2024-08-08T23:54:15.342124Z", endpoint: "ws://h", attempt: 1 },
    }]);
    // The checkpoint is no event.
    assertEquals(place, { seq: 3, hash: journal.head.hash.toHex() });
    assertEquals((await follower.poll()).events, []);
  });
});

Deno.test("JournalFollower.poll() opens nothing while nothing changes, and sees a heartbeat and a request", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    let opened = 0;
    const store = sqliteStore({
      connect: (at, readOnly) => {
        opened++;
        return connect(at, readOnly);
      },
    });
    await using journal = await openJournal(path);
    await startRun(journal);
    await using follower = await JournalFollower.open(path, null, { store, now });
    await follower.poll();
    assertEquals(opened, 1);
    for (let times = 0; times < 3; times++) await follower.poll();
    assertEquals(opened, 1);
    await journal.heartbeat({ time: TIME, pid: 7, trades: 3, tradesPerSecond: 1, lagMs: 2, last: null });
    settle(path);
    assertEquals((await follower.poll()).status?.trades, 3);
    await using box = await sqliteStore().requestBox(path);
    await box.file({ run: 1, time: TIME, request: { kind: "halt", action: "hold", text: "night" } });
    settle(path);
    assertEquals((await follower.poll()).status?.requests.length, 1);
    assertEquals(opened, 3);
  });
});

Deno.test("JournalFollower.poll() reads a file again that changed so recently that it may have changed since", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await startRun(journal);
    const changed = Deno.statSync(`${path}-wal`).mtime!;
    let opened = 0;
    const store = sqliteStore({ connect: (at, readOnly) => (opened++, connect(at, readOnly)) });
    await using follower = await JournalFollower.open(path, null, { store, now: () => changed.getTime() });
    await follower.poll();
    await follower.poll();
    assertEquals(opened, 2);
  });
});

Deno.test("JournalFollower.open() continues after an entry, in bounded polls, and misses none", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await startRun(journal);
    const count = 1_100;
    await journal.commit({
      entries: Array.from({ length: count }, (_, at) => ({
        ...{ type: "disconnected" as const, time: TIME + at },
        content: { reason: `try ${at}`, retryInMs: 1 },
      })),
      checkpoint: checkpoint(1),
    });
    await using follower = await JournalFollower.open(path, { seq: 1 }, { now });
    const first = await follower.poll();
    assertEquals([first.events.length, first.isBehind], [1_000, true]);
    const second = await follower.poll();
    assertEquals([second.events.length, second.isBehind], [count - 1_000, false]);
    assertEquals(
      [...first.events, ...second.events].map(({ seq }) => seq),
      Array.from({ length: count }, (_, at) => at + 2),
    );
    assertEquals(second.status, first.status);
  });
});

Deno.test("JournalFollower.poll() waits for a journal that does not exist yet, and returns all its events", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using follower = await JournalFollower.open(path, null, { now: () => TIME / 1000 + 1 });
    const before = await follower.poll();
    assertEquals([before.status, before.place, before.events], [null, null, []]);
    assertMatch(before.problem!, /Cannot open the journal .*a\.db: there is none/);
    {
      await using journal = await openJournal(path);
      assertMatch((await follower.poll()).problem!, /it holds no run yet/);
      await startRun(journal, TIME + 2_000);
      await connected(journal);
      const { events, problem } = await follower.poll();
      assertEquals([events.map(({ event }) => event.type), problem], [["started", "connected"], null]);
    }
    // Its writer has tidied up behind itself, as nobody else had it open.
    assert(![...Deno.readDirSync(folder)].some(({ name }) => name === "a.db-wal"));
    assertEquals((await follower.poll()).status?.run, 1);
  });
});

Deno.test("JournalFollower.poll() says that a journal vanished, and that another took its place", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal);
      await connected(journal);
    }
    await using follower = await JournalFollower.open(path, null, { now: () => TIME / 1000 + 1 });
    await follower.poll();
    for (const { name } of [...Deno.readDirSync(folder)]) {
      Deno.renameSync(`${folder}/${name}`, `${folder}/${name.replace("a.db", "old.db")}`);
    }
    const gone = await follower.poll();
    assertEquals([gone.status, gone.events, gone.place?.seq], [null, [], 3]);
    assertMatch(gone.problem!, /there is none/);
    {
      await using journal = await openJournal(path);
      await startRun(journal, TIME + 2_000);
      await connected(journal, 2);
    }
    // A chain that began after the follower did is returned whole.
    const { isReplaced, events, problem } = await follower.poll();
    assertEquals([isReplaced, events.map(({ seq }) => seq), problem], [true, [1, 2], null]);
    // The old one comes back: what it holds is no news.
    for (const side of ["", "-wal", "-shm"]) Deno.removeSync(path + side);
    copyJournal(`${folder}/old.db`, path);
    const back = await follower.poll();
    assertEquals([back.isReplaced, back.events, back.place?.seq], [true, [], 3]);
  });
});

Deno.test("Journal.open() creates a journal in place of a removed one whose index a follower has left behind", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal);
    }
    await using follower = await JournalFollower.open(path, null, { now: () => TIME / 1000 + 1 });
    await follower.poll();
    Deno.removeSync(path);
    const left = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
    assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.db-shm", "a.db-wal"]);
    assertMatch((await follower.poll()).problem!, /there is none/);
    await using journal = await openJournal(path);
    await startRun(journal, TIME + 2_000);
    const { isReplaced, events, problem } = await follower.poll();
    assertEquals([isReplaced, events.map(({ seq }) => seq), problem], [true, [1], null]);
  });
});

Deno.test("JournalFollower.poll() says what is damaged, shows nothing of it, and recovers", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal);
      await connected(journal);
    }
    copyJournal(path, `${folder}/whole.db`);
    await using follower = await JournalFollower.open(path, { seq: 1 }, { now });
    tamper(path, (database) => database.exec("UPDATE entries SET content = '{}' WHERE seq = 2"));
    const { status, problem, events } = await follower.poll();
    assertEquals([status, events], [null, []]);
    assertMatch(problem!, /is damaged: entry 1 \(started\) does not fit entry 2 after it/);
    copyJournal(`${folder}/whole.db`, path);
    const { problem: none, events: read } = await follower.poll();
    assertEquals([none, read.map(({ seq }) => seq)], [null, [2]]);
  });
});

Deno.test("JournalFollower.poll() shows each heartbeat at once, and checks the entries again after five seconds at most", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    let clock = NOW;
    await using journal = await openJournal(path);
    await startRun(journal);
    await connected(journal);
    await connected(journal, 2);
    await using follower = await JournalFollower.open(path, null, { now: () => clock });
    await follower.poll();
    tamper(path, (database) => database.exec("UPDATE entries SET content = '{}' WHERE seq = 4"));
    const after = async (ms: number, trades: number) => {
      clock = NOW + ms;
      await journal.heartbeat({ time: TIME, pid: 7, trades, tradesPerSecond: 1, lagMs: 2, last: null });
      settle(path);
      return await follower.poll();
    };
    const { status, problem } = await after(4_999, 9);
    assertEquals([status?.trades, problem], [9, null]);
    assertMatch((await after(5_000, 10)).problem!, /entry 4 .* does not match its hash/);
    // Once something was wrong, every look checks them.
    assertMatch((await after(5_001, 11)).problem!, /entry 4 .* does not match its hash/);
  });
});

Deno.test("JournalFollower.poll() shows a run without its averages if only these cannot be read", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal, TIME, { ...OPTIONS, short: 1, long: 2 });
      await connected(journal);
    }
    const averages = async () => {
      await using follower = await JournalFollower.open(path, { seq: 1 }, { now });
      const { status, figures, problem, events } = await follower.poll();
      assertEquals([status, problem, events.length], [await statusIn(path), null, 1]);
      return figures?.averages;
    };
    assertEquals({ ...await averages() }, { shortAverage: "0.02", longAverage: "0.015" });
    tamper(path, (database) => database.exec("DELETE FROM checkpoint_prices"));
    assertEquals(await averages(), {});
  });
});

Deno.test("JournalFollower.poll() refuses an entry whose hash is right but whose content does not fit its type", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal);
      await connected(journal);
    }
    await using follower = await JournalFollower.open(path, { seq: 1 }, { now });
    // The last one is whole, but should be taken for a fill.
    for (const content of [`{"endpoint":{}}`, `{"endpoint":"ws://h","attempt":1,"type":"fill"}`]) {
      tamper(path, (database) => {
        database.exec(`UPDATE entries SET content = '${content}' WHERE seq = 2`);
        rehash(database);
      });
      assertMatch((await follower.poll()).problem!, /entry 2 is not a connected/);
    }
  });
});

Deno.test("JournalFollower.poll() follows a journal that an older Penstock wrote", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/old.db`;
    using compressed = Deno.openSync(new URL("../version_2/journal.db.gz", import.meta.url));
    await Deno.writeFile(path, compressed.readable.pipeThrough(new DecompressionStream("gzip")));
    await using follower = await JournalFollower.open(path, { seq: 0 }, { now });
    const { status, problem, events, figures } = await follower.poll();
    assertEquals([status, problem], [await statusIn(path), null]);
    assertEquals(events[0]?.event.type, "started");
    assertEquals(Object.keys(figures!.averages), ["shortAverage", "longAverage"]);
  });
});

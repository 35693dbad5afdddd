import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import { ConfigError } from "../../../src/domain/process/config_error.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import type { Journal } from "../../../src/stores/journal/journal.ts";
import { type Connect, connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import type { Heartbeat } from "../../../src/stores/journal/entry_log.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { sqliteStore } from "../../../src/stores/journal/sqlite/sqlite_store.ts";
import { fileRequest } from "../../../src/stores/journal/sqlite/journal_requests.ts";
import {
  chosenRun,
  chosenRuns,
  extentOf,
  fillsOf,
  readPulse,
  readRun,
} from "../../../src/stores/journal/run_reading.ts";
import { forgeState, impatient, inFolder, openJournal, rehash, tamper, TIME } from "../sample_journal.ts";

const OPTIONS = { symbol: "BTCUSDT", cash: "10000" };
const FILL: Omit<FillEvent, "type" | "time"> = {
  ...{
    symbol: "BTCUSDT",
    side: "buy",
    price: "100",
    quantity: "2",
    fee: "0.2",
    cash: "9799.8",
    position: "2",
  },
  ...{ tradeId: 7, signalTradeId: 7 },
};

function heartbeat(time: number, over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    time,
    pid: 77,
    trades: 9,
    tradesPerSecond: 3,
    lagMs: 5,
    last: { price: "103", time: time - 1 },
    ...over,
  };
}

/** Keeps a fill of trade 7 with a checkpoint after it, stamped with the trade's time. */
async function keepFill(journal: Journal, time: number, fill: object = FILL): Promise<void> {
  await journal.commit({
    entries: [{ type: "fill", time, content: fill }],
    checkpoint: {
      time,
      state: {
        trades: 8,
        last: { id: 8, time, price: 1015, decimals: 1 },
        gate: { waiting: [], halt: null },
      },
      account: { cash: "9799.8", fees: "0.2", realized: "0" },
      positions: [{ symbol: "BTCUSDT", quantity: "2", cost: "200.2" }],
      closes: { decimals: 1, fresh: false, values: [1000, 1015] },
    },
  });
}

/** Calls `use` with a journal whose run 1 started at TIME, and its reader. */
async function withRun(use: (journal: Journal, reader: JournalReader) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: { version: "1", options: OPTIONS } });
    await using reader = await JournalReader.open(path);
    await use(journal, reader);
  });
}

Deno.test("readRun() of a run that has just started returns its initial cash and nothing else", async () => {
  await withRun(async (_journal, reader) => {
    const { journal: _, ...run } = await readRun(reader, 1);
    assertEquals(run, {
      ...{
        run: 1,
        symbol: "BTCUSDT",
        started: TIME,
        resumed: null,
        stopped: null,
        lastAlive: TIME,
        pid: null,
      },
      ...{
        connection: null,
        trades: 0,
        throughput: null,
        last: null,
        startCash: "10000",
        halt: null,
        awaitsRules: false,
        requests: [],
      },
      account: { cash: "10000", fees: "0", realized: "0" },
      position: { quantity: "0", cost: "0" },
      counts: { signals: 0, fills: 0, refusals: 0, gaps: 0 },
      ...{ lastFills: [], lastRefusals: [], lastGaps: [], checked: { from: 1, to: 1, isCut: false } },
    });
  });
});

Deno.test("readRun() takes the last write by the wall clock as the heartbeat, even if the clock was set back", async () => {
  await withRun(async (journal, reader) => {
    const last = async () => (await readRun(reader, 1)).lastAlive - TIME;
    await journal.heartbeat(heartbeat(TIME + 50));
    assertEquals(await last(), 50);
    // A trade's time is not a heartbeat, however late it is.
    await keepFill(journal, TIME + 1_000_000);
    assertEquals(await last(), 50);
    await journal.commit({
      entries: [{ type: "connected", time: TIME + 60, content: { endpoint: "ws://h", attempt: 1 } }],
    });
    assertEquals(await last(), 60);
    // The clock was set back, but the later write still counts.
    await journal.heartbeat(heartbeat(TIME - 500));
    assertEquals(await last(), -500);
    await journal.commit({
      entries: [{ type: "stopped", time: TIME + 70, content: { reason: "asked to" } }],
    });
    await keepFill(journal, TIME + 1_000_001);
    assertEquals(await last(), 70);
    assertEquals((await readRun(reader, 1)).stopped, { time: TIME + 70, reason: "asked to" });
    await journal.commit({ entries: [{ type: "resumed", time: TIME + 80, content: {} }] });
    const { lastAlive, resumed, stopped } = await readRun(reader, 1);
    assertEquals([lastAlive - TIME, resumed! - TIME, stopped], [80, 80, null]);
  });
});

Deno.test("readRun() takes trades and price from the checkpoint or the heartbeat, whichever has seen more", async () => {
  await withRun(async (journal, reader) => {
    const seen = async () => {
      const { trades, last } = await readRun(reader, 1);
      return [trades, last?.price ?? null];
    };
    await journal.heartbeat(heartbeat(TIME, { trades: 7, last: { price: "99", time: TIME } }));
    assertEquals(await seen(), [7, "99"]);
    await keepFill(journal, TIME);
    assertEquals(await seen(), [8, "101.5"]);
    await journal.heartbeat(heartbeat(TIME));
    assertEquals(await seen(), [9, "103"]);
    assertEquals((await readRun(reader, 1)).position, { quantity: "2", cost: "200.2" });
    assertEquals((await readRun(reader, 1)).account.cash, "9799.8");
    assertEquals((await readRun(reader, 1)).lastFills, [{ type: "fill", time: isoTime(TIME), ...FILL }]);
  });
});

Deno.test("readRun() returns since when the current process is connected or not, from the first failed try", async () => {
  await withRun(async (journal, reader) => {
    const note = (type: "connected" | "disconnected" | "resumed", at: number) =>
      journal.commit({
        entries: [{ type, time: TIME + at, content: { reason: `${at}`, endpoint: "ws://h" } }],
      });
    const found = async () => {
      const connection = (await readRun(reader, 1)).connection;
      return connection === null ? null : [connection.event.type, connection.since - TIME];
    };
    assertEquals(await found(), null);
    note("disconnected", 1);
    note("disconnected", 2);
    assertEquals(await found(), ["disconnected", 1]);
    note("connected", 3);
    assertEquals(await found(), ["connected", 3]);
    for (const at of [4, 5, 6]) note("disconnected", at);
    assertEquals(await found(), ["disconnected", 4]);
    assertEquals(((await readRun(reader, 1)).connection!.event as { reason: string }).reason, "6");
    note("resumed", 7);
    assertEquals(await found(), null);
    note("disconnected", 8);
    note("disconnected", 9);
    assertEquals(await found(), ["disconnected", 8]);
  });
});

Deno.test("readRun() returns the halt in force, and none that has ended", async () => {
  await withRun(async (journal, reader) => {
    const halt = {
      symbol: "BTCUSDT",
      reason: "max-drawdown",
      limit: "0.2",
      value: "0.21",
      tradeId: 5,
      action: "hold",
    };
    const checkpoint = (isHalted: boolean) => ({
      time: TIME,
      state: { trades: 1, last: null, gate: { waiting: [], halt: isHalted ? halt : null } },
      account: { cash: "1", fees: "0", realized: "0" },
      positions: [],
      closes: { decimals: 0, fresh: false, values: [] },
    });
    await journal.commit({
      entries: [{ type: "halt", time: TIME + 5, content: halt }],
      checkpoint: checkpoint(true),
    });
    assertEquals((await readRun(reader, 1)).halt as unknown, {
      type: "halt",
      time: isoTime(TIME + 5),
      ...halt,
    });
    await journal.commit({ checkpoint: checkpoint(false) });
    assertEquals((await readRun(reader, 1)).halt, null);
  });
});

Deno.test("JournalReader.atOnce() blocks no writer, and sees one moment while others write", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path, { connect: impatient });
    await journal.startRun({ time: TIME, content: { options: OPTIONS } });
    await using reader = await JournalReader.open(path, { store: sqliteStore({ connect: impatient }) });
    const before = await readRun(reader, 1);
    await reader.atOnce(async () => {
      assertEquals(await reader.lastSeq(), 1);
      await keepFill(journal, TIME);
      await journal.heartbeat(heartbeat(TIME + 5));
      assertEquals([await reader.lastSeq(), await reader.heartbeat(), await reader.account()], [
        1,
        null,
        null,
      ]);
    });
    assertEquals([before.trades, (await readRun(reader, 1)).trades, await reader.lastSeq()], [0, 9, 3]);
    // And the other way round: an open write transaction blocks no reader.
    const writer = impatient(path, false);
    writer.prepare("BEGIN IMMEDIATE").run();
    writer.prepare("UPDATE life SET trades = 50").run();
    assertEquals((await readRun(reader, 1)).trades, 9);
    writer.prepare("COMMIT").run();
    writer.close();
    assertEquals((await readRun(reader, 1)).trades, 50);
  });
});

Deno.test("readRun() returns the unhandled requests to the run, and none to another run", async () => {
  await withRun(async (_journal, reader) => {
    const database = connect(reader.path, false);
    try {
      const halt = { kind: "halt", action: "hold", text: null } as const;
      const release = { kind: "release", halt: 3, text: "fine" } as const;
      fileRequest(database, { run: 1, time: TIME + 1, request: halt });
      fileRequest(database, { run: 2, time: TIME + 2, request: halt });
      fileRequest(database, { run: 1, time: TIME + 3, request: release });
      database.prepare("INSERT INTO requests (run, kind, time, content) VALUES (1, 'dance', 1, '{}')").run();
      assertEquals((await readRun(reader, 1)).requests, [{ ...halt, time: TIME + 1 }, {
        ...release,
        time: TIME + 3,
      }]);
    } finally {
      database.close();
    }
  });
});

Deno.test("readRun() ignores the heartbeat of another run", async () => {
  await withRun(async (journal, reader) => {
    await journal.startRun({ time: TIME + 100, content: { options: OPTIONS } });
    await journal.heartbeat(heartbeat(TIME + 200));
    const [first, second] = [await readRun(reader, 1), await readRun(reader, 2)];
    assertEquals([first.lastAlive - TIME, first.pid, first.trades, first.throughput], [0, null, 0, null]);
    assertEquals([second.lastAlive - TIME, second.pid, second.trades], [200, 77, 9]);
  });
});

Deno.test("chosenRuns() returns the last run by default, and refuses a run that does not exist", async () => {
  await withRun(async (journal, reader) => {
    const only = (await assertRejects(() => chosenRun(reader, 2), ConfigError)).message;
    assertEquals(only, `--run is "2": expected 1, the only run in ${reader.path}`);
    await journal.startRun({ time: TIME, content: { options: OPTIONS } });
    assertEquals(
      [await chosenRun(reader, null), await chosenRun(reader, 1), await chosenRuns(reader, "all")],
      [2, 1, [1, 2]],
    );
    await assertRejects(() => chosenRun(reader, 3), ConfigError, "expected one of the runs 1 to 2 in ");
  });
  await inFolder(async (folder) => {
    await (await openJournal(`${folder}/a.db`)).close();
    await using reader = await JournalReader.open(`${folder}/a.db`);
    await assertRejects(
      () => chosenRun(reader, null),
      JournalError,
      "it holds no run yet. Start a run with it",
    );
  });
});

Deno.test("fillsOf() returns the fills of a run up to its extent", async () => {
  await withRun(async (journal, reader) => {
    await keepFill(journal, TIME + 1);
    const extent = await extentOf(reader, 1);
    await keepFill(journal, TIME + 2);
    assertEquals(await Array.fromAsync(fillsOf(reader, extent)), [
      { time: TIME + 1, event: { type: "fill", time: isoTime(TIME + 1), ...FILL } },
    ]);
    assertEquals((await Array.fromAsync(fillsOf(reader, await extentOf(reader, 1)))).length, 2);
    assertEquals([extent.realized, extent.first, extent.until.seq], ["0", 1, 3]);
  });
});

Deno.test("readRun() and extentOf() refuse an account that makes no sense", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await journal.startRun({ time: TIME, content: { options: OPTIONS } });
      await keepFill(journal, TIME);
    }
    tamper(path, (database) => {
      forgeState(database, 1, ({ account }) => {
        account["realized"] = "=1+1";
      });
      rehash(database);
    });
    await using reader = await JournalReader.open(path);
    for (const read of [readRun, extentOf]) {
      await assertRejects(() => read(reader, 1), JournalError, "the account of run 1 cannot be read");
    }
  });
});

Deno.test("fillsOf() refuses an entry that is not a fill, and names its number", async () => {
  for (
    const change of [
      { price: "=1+1" },
      { side: "borrow" },
      { symbol: 5 },
      { quantity: 2 },
      { tradeId: "7" },
      { price: "9".repeat(101) },
    ]
  ) {
    await withRun(async (journal, reader) => {
      await keepFill(journal, TIME, { ...FILL, ...change });
      await assertRejects(
        async () => await Array.fromAsync(fillsOf(reader, await extentOf(reader, 1))),
        JournalError,
        "entry 2 is not a fill",
      );
    });
  }
});

/** SQLite's query plan for each statement that `read` makes. */
async function plansOf(
  path: string,
  read: (reader: JournalReader) => Promise<void>,
): Promise<Map<string, string[]>> {
  const made = new Set<string>();
  const watching: Connect = (at, readOnly) => {
    const database = connect(at, readOnly);
    return {
      prepare(sql) {
        made.add(sql);
        return database.prepare(sql);
      },
      close: () => database.close(),
    };
  };
  {
    await using reader = await JournalReader.open(path, { store: sqliteStore({ connect: watching }) });
    await read(reader);
  }
  const database = new DatabaseSync(path, { readOnly: true });
  const plans = [...made].filter((sql) => sql.startsWith("SELECT")).map((sql): [string, string[]] => [
    sql,
    database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail)),
  ]);
  database.close();
  return new Map(plans);
}

Deno.test("readPulse() and readRun() scan no more of a long journal than of a short one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await journal.startRun({ time: TIME, content: { version: "1", options: OPTIONS } });
      const halt = { reason: "manual", limit: "released", value: "halted", tradeId: 8, action: "hold" };
      await journal.commit({
        entries: [
          { type: "connected", time: TIME, content: { endpoint: "ws://h", attempt: 1 } },
          { type: "fill", time: TIME, content: FILL },
          { type: "halt", time: TIME, content: halt },
        ],
        checkpoint: {
          time: TIME,
          state: {
            ...{ trades: 8, gaps: 4, refusals: 5, fills: 6, crossover: { signals: 7 } },
            ...{ last: { id: 8, time: TIME, price: 1015, decimals: 1 }, gate: { halt } },
          },
          account: { cash: "9799.8", fees: "0.2", realized: "0" },
          positions: [],
          closes: { decimals: 1, fresh: false, values: [] },
        },
      });
      await journal.heartbeat(heartbeat(TIME));
    }
    const plans = await plansOf(path, async (reader) => {
      const run = await chosenRun(reader, null);
      assertEquals((await readPulse(reader, run)).halt?.reason, "manual");
      assertEquals((await readRun(reader, run)).counts, { signals: 7, fills: 6, refusals: 5, gaps: 4 });
    });
    assertGreater(plans.size, 3);
    for (const [sql, plan] of plans) {
      // A query for a few rows from one end stops after them.
      const isShort = /LIMIT|max\(seq\)|WHERE seq = \?|WHERE one = 1/.test(sql);
      const isLong = plan.some((step) => /entries/.test(step)) && !isShort;
      const isSorted = plan.some((step) => /TEMP B-TREE/.test(step));
      assert(!isLong && !isSorted && !/count\(/.test(sql), `${sql}: ${plan.join("; ")}`);
    }
  });
});

Deno.test("readRun() and readPulse() refuse a state with an impossible last trade, even if its entry proves it", async () => {
  for (
    const last of [-1, [], {}, { price: 1, decimals: 9, time: 1 }, { price: 1, decimals: 2, time: 1e308 }, {
      price: "1",
      decimals: 2,
      time: 1,
    }]
  ) {
    await withRun(async (journal, reader) => {
      await journal.commit({
        checkpoint: {
          time: TIME,
          state: { trades: 8, last },
          account: { cash: "9799.8", fees: "0.2", realized: "0" },
          positions: [],
          closes: { decimals: 1, fresh: false, values: [] },
        },
      });
      for (const read of [readRun, readPulse]) {
        await assertRejects(() => read(reader, 1), JournalError, "the last trade of run 1 cannot be read");
      }
    });
  }
});

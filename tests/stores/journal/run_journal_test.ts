import { assert, assertGreater, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { BooksError } from "../../../src/domain/account/account.ts";
import { configure } from "../../../src/config/config.ts";
import type { PipelineEvent } from "../../../src/domain/run/event.ts";
import { type InstrumentOrigin } from "../../../src/domain/market/instrument.ts";
import { settleInstrument } from "../../../src/config/instrument_settlement.ts";
import { Engine } from "../../../src/stages/engine.ts";
import type { PipelineSnapshot } from "../../../src/stages/pipeline_snapshot.ts";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { sqliteStore } from "../../../src/stores/journal/sqlite/sqlite_store.ts";
import { OtherRun, RunJournal, type ShownOptions } from "../../../src/stores/journal/run_journal.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../../support/pipeline_input.ts";
import type { PlainTrade } from "../../support/reference.ts";
import { UNSYNCED, unsynced } from "../../support/unsynced.ts";
import { SeededRandom } from "../../support/random.ts";
import { diskError, inFolder, TIME, watched } from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";

const OPTIONS = { ...DEFAULTS, short: 2, long: 5, latency: 1_500 };
const SHOWN: ShownOptions = { symbol: "BTCUSDT", short: 2, long: 5, cash: "10000", stale: 15_000 };
const ORIGIN = settledOrigin();
const BATCH = 15;

/** An instrument with nothing but the defaults. */
function settledOrigin(): InstrumentOrigin {
  return { sources: settleInstrument(configure({}), null).sources, exchangeInfo: null };
}

/** A random walk that crosses often, the same at every call. */
function walk(count: number): PlainTrade[] {
  const random = new SeededRandom(3);
  let cents = 6_000_000;
  return Array.from({ length: count }, (_, index) => {
    cents += random.whole(-900, 900);
    const id = index + 1;
    return { firstId: id, lastId: id, time: TIME + index * 1_000, price: (cents / 100).toFixed(2) };
  });
}

/** One process: opens the journal and runs the remaining trades in batches; returns the events it showed. */
async function process(
  path: string,
  trades: readonly PlainTrade[],
  printed: PipelineEvent[],
  connect = unsynced,
): Promise<void> {
  const engine = new Engine(optionsOf(OPTIONS));
  const options = { now: () => 0, remembers: OPTIONS.long, store: sqliteStore({ connect }) };
  await using journal = new RunJournal(await Journal.open(path, options), engine, "BTCUSDT");
  await journal.start({
    time: TIME,
    version: "1",
    options: SHOWN,
    market: "binance",
    instrument: ORIGIN,
    isNew: false,
  });
  const connected = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1, time: TIME } as const;
  await journal.keep([...engine.apply(connected)]);
  const rest = trades.filter(({ lastId }) => lastId > engine.state.lastId);
  for (let at = 0; at < rest.length; at += BATCH) {
    const messages = rest.slice(at, at + BATCH).map((trade) => messageOf(trade));
    const events = [...engine.apply({ event: "frames", trades: reading(messages) })] as PipelineEvent[];
    await journal.keep(events);
    printed.push(...events);
    if (at % (5 * BATCH) === 0) await journal.checkpoint(TIME + at);
  }
  await journal.stop(TIME, "asked to");
}

/** The decisions in a journal, as events, after a check that its chain is intact. */
async function decisionsOf(path: string): Promise<unknown[]> {
  await using reader = await JournalReader.open(path);
  const chain = await reader.verifyChain();
  assert(chain.isWhole, chain.isWhole ? "" : chain.what);
  return (await Array.fromAsync(reader.entries({ types: ["signal", "refusal", "fill"] }))).map((
    { type, content },
  ) => ({
    type,
    ...content,
  }));
}

function withoutTime(events: readonly PipelineEvent[]): unknown[] {
  return events.map(({ time: _time, ...event }) => event);
}

Deno.test("RunJournal keeps that a lost connection cut a purchase, even if no trade has come since the signal", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.db`;
    const trades = walk(200);
    const open = async () => {
      const engine = new Engine(optionsOf(OPTIONS));
      const store = sqliteStore({ connect: unsynced });
      const journal = await Journal.open(path, { now: () => 0, remembers: OPTIONS.long, store });
      const kept = new RunJournal(journal, engine, "BTCUSDT");
      await kept.start({
        ...{ time: TIME, version: "1", options: SHOWN, market: "binance", instrument: ORIGIN, isNew: false },
      });
      return { engine, kept };
    };
    const lose = {
      event: "disconnected",
      reason: "silent",
      retryInMs: 0,
      cause: "stale",
      time: TIME,
    } as const;
    /** Applies trades and keeps the events, which it returns. */
    const apply = async ({ engine, kept }: Awaited<ReturnType<typeof open>>, some: readonly PlainTrade[]) => {
      const trades = reading(some.map((trade) => messageOf(trade)));
      const events = [...engine.apply({ event: "frames", trades })] as PipelineEvent[];
      await kept.keep(events);
      return events;
    };
    // Up to a signal to buy, whose order waits.
    const first = await open();
    let at = 0;
    for (let bought = false; !bought; at++) {
      const events = await apply(first, [trades[at]!]);
      bought = events.some((event) => event.type === "signal" && event.side === "buy");
    }
    // Lost twice, as when the next attempt fails too; then the process is gone.
    for (const _ of [1, 2]) await first.kept.keep([...first.engine.apply(lose)]);
    const left = JSON.stringify(first.engine.state.snapshot());
    await first.kept.close();

    const second = await open();
    assertEquals(JSON.stringify(second.engine.state.snapshot()), left);
    const events = await apply(second, trades.slice(at));
    await second.kept.close();
    const refused = events.find(({ type }) => type === "refusal" || type === "fill");
    assertEquals([refused?.type, (refused as { reason?: string }).reason], ["refusal", "stale"]);
  }));

Deno.test("RunJournal keeps every emitted event, and the next process decides the same, whichever write fails", async () => {
  await inFolder(async (folder) => {
    const trades = walk(70);
    const whole: PipelineEvent[] = [];
    await process(`${folder}/whole.db`, trades, whole);
    assertEquals(await decisionsOf(`${folder}/whole.db`), withoutTime(whole));
    assertGreater(whole.filter(({ type }) => type === "fill").length, 10);

    // What fails while a journal is created, when there are no events yet, is a matter of the journal's own tests.
    const empty = `${folder}/empty.db`;
    await (await Journal.open(empty, { now: () => 0, remembers: OPTIONS.long, store: UNSYNCED })).close();
    let writes = 0;
    for (let failing = 0, hasFailed = true; hasFailed; failing++) {
      for (const moment of ["before", "after"] as const) {
        const path = `${folder}/${failing}_${moment}.db`;
        Deno.copyFileSync(empty, path);
        hasFailed = false;
        const connect = watched((at, when) => {
          if (at !== failing || when !== moment) return;
          hasFailed = true;
          throw diskError();
        });
        const printed: PipelineEvent[] = [];
        try {
          await process(path, trades, printed, connect);
        } catch (error) {
          assert(error instanceof JournalError && hasFailed, String(error));
          assertStringIncludes(error.message, "the disk failed");
          // Every shown event is kept; at most one kept commit was not shown.
          if (printed.length > 0) {
            assertEquals((await decisionsOf(path)).slice(0, printed.length), withoutTime(printed));
          }
        }
        if (!hasFailed) continue;
        writes++;
        await process(path, trades, printed);
        assertEquals(await decisionsOf(path), withoutTime(whole), `${moment} write ${failing}`);
      }
    }
    assertGreater(writes, 100);
  });
});

Deno.test("RunJournal.stop() keeps the stop of a run only together with its state, whichever write fails", async () => {
  const TRADES = 20;
  for (let failing = 0, isOver = false; !isOver; failing++) {
    await inFolder(async (folder) => {
      const path = `${folder}/run.db`;
      let left = Infinity;
      const connect = watched((_number, moment) => {
        if (moment === "before" && left-- === 0) throw diskError();
      });
      const engine = new Engine(optionsOf(OPTIONS));
      const store = sqliteStore({ connect });
      const opened = await Journal.open(path, { now: () => 0, remembers: OPTIONS.long, store });
      await using journal = new RunJournal(opened, engine, "BTCUSDT");
      const start = { time: TIME, version: "1", options: SHOWN, market: "binance", instrument: ORIGIN };
      await journal.start({ ...start, isNew: false });
      const messages = walk(TRADES).map((trade) => messageOf(trade));
      await journal.keep([...engine.apply({ event: "frames", trades: reading(messages.slice(0, -1)) })]);
      for (const _event of engine.apply({ event: "frames", trades: reading(messages.slice(-1)) }));
      left = failing;
      isOver = await journal.stop(TIME, "asked to").then(() => true, () => false);
      await using reader = await JournalReader.open(path);
      const stopped = await reader.latest("stopped", 1);
      const { trades } = (await reader.checkpoint())!.state;
      assertEquals([stopped.length, trades], isOver ? [1, TRADES] : [0, TRADES - 1], `write ${failing}`);
    });
  }
});

Deno.test("RunJournal.start() refuses to resume with other options, and starts a new run when asked to", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run.db`;
    const printed: PipelineEvent[] = [];
    await process(path, walk(60), printed);
    const start = async (options: ShownOptions, isNew: boolean) => {
      const engine = new Engine(optionsOf(OPTIONS));
      const kept = await Journal.open(path, { now: () => 0, remembers: OPTIONS.long, store: UNSYNCED });
      await using journal = new RunJournal(kept, engine, "BTCUSDT");
      return [
        await journal.start({
          time: TIME,
          version: "1",
          options,
          market: "binance",
          instrument: ORIGIN,
          isNew,
        }),
        engine.state.trades,
      ] as const;
    };
    const other = { ...SHOWN, short: 3, stale: 1_000 };
    const { message } = await assertRejects(() => start(other, false), OtherRun);
    assertStringIncludes(message, "cannot resume with other options: short was 2 and is 3. ");
    assertEquals(await start({ ...SHOWN, stale: 1_000 }, false), [true, 60]);
    // Before there was the option, every trade was a bar.
    assertEquals(await start({ ...SHOWN, bars: "trades" }, false), [true, 60]);
    const bars = await assertRejects(() => start({ ...SHOWN, bars: "1m" }, false), OtherRun);
    assertStringIncludes(bars.message, "cannot resume with other options: bars was trades and is 1m. ");
    assertEquals(await start(other, true), [false, 0]);
    assertEquals(await start(other, false), [true, 0]);
  });
});

Deno.test("RunJournal.start() refuses a state that no run can have, even with a valid proof, and names the flaw", async () => {
  const cases: readonly (readonly [change: (state: PipelineSnapshot) => object, why: string])[] = [
    [
      (state) => ({ ...state, account: { ...state.account, fees: "1e999999999" } }),
      "The books do not balance",
    ],
    [(state) => ({ ...state, drawdown: null }), "is not one that a run can have"],
    [(state) => ({ ...state, gate: "losses" }), "is not one that a run can have (Cannot use 'in'"],
    [(state) => ({ ...state, trades: "-1" }), "trades has a value that no run can have"],
    [(state) => ({ ...state, parse: { ...state.parse, counts: null } }), "is not one that a run can have"],
    [(state) => ({ ...state, last: { ...state.last, time: 1e300 } }), "is not one that a run can have"],
    [
      ({ account, ...state }) => ({ ...state, account: { ...account, more: [] } }),
      "account.more is [], but should be",
    ],
  ];
  await inFolder(async (folder) => {
    const sound = `${folder}/sound.db`;
    await process(sound, walk(60), []);
    for (const [number, [change, why]] of cases.entries()) {
      const path = `${folder}/${number}.db`;
      Deno.copyFileSync(sound, path);
      {
        await using journal = await Journal.open(path, {
          now: () => 0,
          remembers: OPTIONS.long,
          store: UNSYNCED,
        });
        const { time, state, account, positions, closes: { decimals } } = (await journal.last())!.checkpoint!;
        const closes = { decimals, fresh: false, values: [] };
        const forged = change(state as unknown as PipelineSnapshot);
        await journal.commit({ checkpoint: { time, state: forged, account, positions, closes } });
      }
      const error = await assertRejects(() => process(path, walk(90), []));
      assertStringIncludes(String(error), why);
      assert(error instanceof JournalError || error instanceof BooksError, String(error));
    }
  });
});

Deno.test("RunJournal refuses an engine with several symbols, of which it would keep only one", async () => {
  await inFolder(async (folder) => {
    await using journal = await Journal.open(`${folder}/run.db`, {
      now: () => 0,
      remembers: OPTIONS.long,
      store: UNSYNCED,
    });
    const engine = new Engine({ ...optionsOf(OPTIONS), others: { ETHUSDT: {} } });
    assertThrows(
      () => new RunJournal(journal, engine, OPTIONS.symbol),
      TypeError,
      "A journal keeps a run in one symbol: this one trades BTCUSDT, ETHUSDT",
    );
  });
});

/** The journal of a run with many waiting orders: its size, and the state after every interruption. */
import { assert, assertGreater, assertLess, assertRejects } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import { Engine, type EngineEvent, type EngineState } from "../../src/stages/engine.ts";
import type { Connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { sqliteStore } from "../../src/stores/journal/sqlite/sqlite_store.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { RunJournal, type ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import { unsynced } from "../support/unsynced.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { inFolder, stateOf, tamper, TIME } from "./sample_journal.ts";
import { assertEquals } from "../support/equals.ts";

const OPTIONS: ShownOptions = {
  ...shownConfig(configure({}).config),
  ...{ short: 1, long: 2, cash: "1000000", latency: 200 },
};

/** Prices that cross often, the same at every call. */
function walk(count: number): number[] {
  const random = new SeededRandom(11);
  let price = 60_000;
  return Array.from({ length: count }, () => price += random.whole(-9, 9));
}

/** The decisions of a run of these processes, each killed after its number of trades; one loses its connection. */
async function decisionsOf(
  folder: string,
  options: ShownOptions,
  prices: readonly number[],
  lengths: readonly number[],
  losesAt?: number,
): Promise<{ readonly journal: string; readonly recordings: string[]; readonly events: EngineEvent[] }> {
  const journal = `${folder}/${lengths.length}.db`;
  const recordings: string[] = [];
  const events: EngineEvent[] = [];
  for (const [number, length] of lengths.entries()) {
    const recording = `${folder}/${lengths.length}-${number}.txt`;
    recordings.push(recording);
    // The clock continues as if there were one process.
    const from = Math.max(0, lengths.slice(0, number).reduce((sum, each) => sum + each, 0));
    await using run = await HandRun.open(journal, recording, options, TIME + from * 1_000 + number * 2);
    assertEquals(run.engine.state.lastId, from === 0 ? -1 : from);
    for (let at = from; at < from + length; at++) {
      events.push(...await run.trade(prices[at]!));
      if (at === losesAt) events.push(...await run.reconnect());
    }
    await run.checkpoint();
  }
  return { journal, recordings, events };
}

Deno.test("a run with hundreds of waiting orders resumes after every interruption, and verifies", async () => {
  const prices = walk(1_400);
  const random = new SeededRandom(5);
  const lengths: number[] = [];
  while (lengths.reduce((sum, length) => sum + length, 0) < 1_250) lengths.push(random.whole(1, 125));
  const short = { ...OPTIONS, orderTtl: 5, participation: "1", stopLoss: "0.01%" };
  for (const [options, ends] of [[OPTIONS, "refusal"], [short, "expired"]] as const) {
    await inFolder(async (folder) => {
      const { journal, recordings, events } = await decisionsOf(folder, options, prices, lengths, 750);
      for (const expected of ["fill", ends]) {
        assertGreater(events.filter(({ type }) => type === expected).length, 50, expected);
      }
      const outcome = await outcomeOf(journal, recordings);
      assertEquals(outcome.type, "verified", JSON.stringify(outcome));
    });
  }
});

Deno.test("a run that is interrupted and resumed at any trade decides what a single process decides", async () => {
  await inFolder(async (folder) => {
    const prices = walk(900);
    const whole = await decisionsOf(`${folder}`, OPTIONS, prices, [900]);
    const parts = await decisionsOf(`${folder}`, OPTIONS, prices, [401, 1, 37, 261, 200]);
    const decided = (events: readonly EngineEvent[]) =>
      events.flatMap((event) => "tradeId" in event ? [{ ...event, time: "" }] : []);
    assertEquals(decided(parts.events), decided(whole.events));
    assertGreater(decided(whole.events).length, 400);
  });
});

/** A run kept like those of versions whose checkpoints had every waiting order. */
class OlderEngine extends Engine {
  override get state(): EngineState {
    const state = super.state;
    return new Proxy(state, {
      get(_state, name) {
        if (name === "snapshot") {
          return () => {
            const snapshot = state.snapshot();
            return { ...snapshot, gate: { ...snapshot.gate, waiting: state.orders.whole } };
          };
        }
        if (name === "orders") return { takeChanges: () => [] };
        const value = state[name as keyof EngineState];
        return typeof value === "function" ? value.bind(state) : value;
      },
    });
  }
}

/** One process of a run with a journal and no recording. */
async function process(
  path: string,
  engine: Engine,
  prices: readonly number[],
  onWrite: (sql: string, values: readonly unknown[]) => void = () => {},
): Promise<void> {
  const options = { now: () => 0, remembers: 2, store: sqliteStore({ connect: watching(onWrite) }) };
  await using journal = new RunJournal(await Journal.open(path, options), engine, "BTCUSDT");
  const instrument = { sources: {}, exchangeInfo: null } as never;
  await journal.start({
    time: TIME,
    version: "1",
    options: OPTIONS,
    market: "binance",
    instrument,
    isNew: false,
  });
  let id = Math.max(0, engine.state.lastId);
  for (const price of prices) {
    const trade = { firstId: ++id, lastId: id, time: TIME + id * 1_000, price: price.toFixed(2) };
    const events = [...engine.apply({ event: "frames", trades: reading([messageOf(trade)]) })];
    await journal.keep(events as never);
  }
  await journal.checkpoint(TIME + id * 1_000);
}

/** Databases that show what is written. */
function watching(onWrite: (sql: string, values: readonly unknown[]) => void): Connect {
  return (path, readOnly) => {
    const database = unsynced(path, readOnly);
    return {
      prepare(sql) {
        const statement = database.prepare(sql);
        const run = statement.run.bind(statement);
        statement.run = (...values: Parameters<typeof run>) => {
          onWrite(sql, values);
          return run(...values);
        };
        return statement;
      },
      close: () => database.close(),
    };
  };
}

const LONG_LATENCY = { ...DEFAULTS, short: 1, long: 2, cash: "1000000", latency: 100_000_000 };

Deno.test("RunJournal resumes a run of a version whose checkpoints contained every waiting order", async () => {
  await inFolder(async (folder) => {
    const prices = walk(2_000);
    const path = `${folder}/older.db`;
    const older = new OlderEngine(optionsOf(LONG_LATENCY));
    await process(path, older, prices.slice(0, 1_000));
    const { length } = ((await stateOf(path))["gate"] as { waiting: unknown[] }).waiting;
    assertGreater(length, 300);
    const resumed = new Engine(optionsOf(LONG_LATENCY));
    await process(path, resumed, prices.slice(1_000, 1_500));
    const again = new Engine(optionsOf(LONG_LATENCY));
    await process(path, again, prices.slice(1_500));
    const whole = new Engine(optionsOf(LONG_LATENCY));
    await process(`${folder}/whole.db`, whole, prices);
    assertEquals(again.state.orders.whole, whole.state.orders.whole);
    assertEquals([...again.end()], [...whole.end()]);
  });
});

Deno.test("a checkpoint's size does not depend on how many orders wait", async () => {
  await inFolder(async (folder) => {
    let written = 0;
    let commits = 0;
    const count = (sql: string, values: readonly unknown[]): void => {
      if (sql === "COMMIT") commits++;
      for (const value of values) {
        if (typeof value === "string" || value instanceof Uint8Array) written += value.length;
      }
    };
    const prices = walk(3_300);
    const engine = new Engine(optionsOf(LONG_LATENCY));
    const bytesOf = async (part: readonly number[]): Promise<number> => {
      [written, commits] = [0, 0];
      await process(`${folder}/a.db`, engine, part, count);
      return written / commits;
    };
    const few = await bytesOf(prices.slice(0, 300));
    await process(`${folder}/a.db`, engine, prices.slice(300, 3_000));
    assertGreater(engine.state.orders.whole.length, 1_250);
    const many = await bytesOf(prices.slice(3_000));
    assertLess(few, 2_500);
    assertLess(many, few * 1.05);
  });
});

Deno.test("RunJournal refuses a state whose waiting orders do not follow from its entries", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await process(path, new Engine(optionsOf(LONG_LATENCY)), walk(200));
    tamper(path, (database) => {
      const { seq, content } = database.prepare(
        "SELECT seq, content FROM entries WHERE content LIKE '%\"orders\":[%' ORDER BY seq LIMIT 1",
      ).get() as { seq: number; content: string };
      database.prepare("UPDATE entries SET content = ? WHERE seq = ?").run(
        content.replace(/(?<="orders":\[\["\w+",)\d+/, (id) => `${Number(id) + 1}`),
        seq,
      );
    });
    const error = await assertRejects(
      () => process(path, new Engine(optionsOf(LONG_LATENCY)), []),
      JournalError,
    );
    assert(/entry \d+ \(checkpoint\)/.test(error.message), error.message);
  });
});

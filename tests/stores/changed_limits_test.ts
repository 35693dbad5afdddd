/** A run that restarts with other limits. Limits may change; the strategy and the books may not. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { EngineEvent } from "../../src/stages/engine.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { SeededRandom } from "../support/random.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { inFolder, TIME } from "./sample_journal.ts";

const OPTIONS: ShownOptions = {
  ...shownConfig(configure({}).config),
  short: 2,
  long: 5,
  cash: "1000000",
};
const MINUTE = 60_000_000;

/** Runs one process after another, each with its limits and prices; returns the events and the recordings. */
class LimitedRun {
  readonly journal: string;
  readonly recordings: string[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.journal = `${folder}/a.db`;
  }

  async process(limits: ShownOptions, prices: readonly number[]): Promise<EngineEvent[]> {
    const number = this.recordings.length;
    const recording = `${this.#folder}/${number}.txt`;
    this.recordings.push(recording);
    await using run = await HandRun.open(
      this.journal,
      recording,
      { ...OPTIONS, ...limits },
      TIME + number * MINUTE,
    );
    const events: EngineEvent[] = [];
    for (const price of prices) events.push(...await run.trade(price));
    await run.stop();
    return events;
  }
}

Deno.test("a run resumes when any of its limits is set, changed or dropped, and verifies", async () => {
  const limits: readonly ShownOptions[] = [
    { maxDailyLoss: "5%", onHalt: "flatten" },
    { maxDailyLoss: "0.01%", maxDrawdown: "0.5%" },
    { maxDrawdown: null },
    { stopLoss: "1%", takeProfit: "2%" },
    { trailingStop: "0.3%" },
    { trailingStop: "0.2%", stopLoss: "1%" },
    { maxOrders: "3/1m", cooldown: 1_000, maxLag: 500 },
    { maxOrders: "1/1m", maxPosition: "500", takeProfit: "1%" },
  ];
  await inFolder(async (folder) => {
    const run = new LimitedRun(folder);
    const random = new SeededRandom(4);
    let price = 60_000;
    const events: EngineEvent[] = [];
    for (const chosen of limits.flatMap((chosen) => [{}, chosen]).concat(limits)) {
      const prices = Array.from({ length: 40 }, () => price += random.whole(-300, 300));
      events.push(...await run.process(chosen, prices));
    }
    const fills = events.filter(({ type }) => type === "fill");
    assertGreater(fills.length, 20);
    const outcome = await outcomeOf(run.journal, run.recordings);
    assertEquals(outcome.type, "verified", JSON.stringify(outcome));
  });
});

Deno.test("a trailing stop set while a run holds a position follows the prices from there on, and one that was set keeps its high", async () => {
  await inFolder(async (folder) => {
    // The highest price is 125 and the last one 113. At 91 the averages cross.
    const cases = [
      { earlier: null, due: 90, cause: "trailing-stop" },
      { earlier: null, due: 91, cause: undefined },
      { earlier: "20%", due: 100, cause: "trailing-stop" },
      { earlier: "15%", due: 100, cause: "trailing-stop" },
    ];
    for (const { earlier, due, cause } of cases) {
      const run = new LimitedRun(await Deno.makeTempDir({ dir: folder }));
      const rising = [11, 9, 8, 100, 100, 100, 100, 100, 101, 125, 113];
      await run.process({ maxDrawdown: null, trailingStop: earlier }, rising);
      const events = await run.process({ maxDrawdown: null, trailingStop: "20%" }, [113, due]);
      const fills = events.filter((event) => event.type === "fill");
      assertEquals(fills.map((fill) => [fill.side, fill.price, fill.cause]), [["sell", `${due}`, cause]]);
      const outcome = await outcomeOf(run.journal, run.recordings);
      assert(outcome.type === "verified", JSON.stringify(outcome));
    }
  });
});

Deno.test("a stop-loss and a take-profit set while a run holds a position use its entry price", async () => {
  const rising = [100, 100, 100, 100, 100, 101, 102];
  const exits = [
    { name: "takeProfit", cause: "take-profit", quiet: [102, 140, 149], due: 151 },
    { name: "stopLoss", cause: "stop-loss", quiet: [102, 103], due: 49 },
  ];
  await inFolder(async (folder) => {
    for (const { name, cause, quiet, due } of exits) {
      for (const isFirst of [true, false]) {
        const run = new LimitedRun(await Deno.makeTempDir({ dir: folder }));
        // Another position, at other prices, with its own exit.
        if (!isFirst) await run.process({ [name]: "80%" }, [10, 10, 10, 10, 10, 11, 11]);
        await run.process({ maxDrawdown: null }, [11, 9, 8, ...rising]);
        const events = await run.process({ maxDrawdown: null, [name]: "50%" }, [...quiet, due]);
        const fills = events.filter((event) => event.type === "fill");
        assertEquals(fills.map((fill) => [fill.side, fill.price, fill.cause]), [["sell", `${due}`, cause]]);
        const outcome = await outcomeOf(run.journal, run.recordings);
        assert(outcome.type === "verified", JSON.stringify(outcome));
      }
    }
  });
});

/** What a journal shows about a run besides its status, compared with the run itself. */
import { assertAlmostEquals, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import type { RunFigures } from "../../../src/domain/run/followed_moment.ts";
import type { SignalEvent } from "../../../src/domain/run/event.ts";
import { FigureReader } from "../../../src/stores/journal/run_figures.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import type { ShownOptions } from "../../../src/stores/journal/run_journal.ts";
import { HandRun } from "../../support/hand_run.ts";
import { inFolder, TIME } from "../sample_journal.ts";

const STRATEGIES: readonly ShownOptions[] = [
  { short: 2, long: 5 },
  { short: 2, long: 5, average: "ema" },
  { strategy: "rsi", period: 5, below: 45, above: 55 },
  { strategy: "macd", fast: 2, slow: 5, smooth: 2 },
  { strategy: "bollinger", period: 5, width: 1 },
  { strategy: "donchian", entry: 4, exit: 2 },
  { short: 2, long: 5, bars: "3t" },
];

/** Prices that go up and down, with two decimals at times. */
const PRICES = Array.from({ length: 150 }, (_, at) => 100 + 10 * Math.sin(at / 4) + (at % 7) / 4);

/** Calls `use` with a run of these options. */
async function withRun(
  options: ShownOptions,
  use: (run: HandRun, read: (equity: string) => Promise<RunFigures>) => Promise<void>,
  now: () => number = () => 0,
): Promise<void> {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using run = await HandRun.open(path, `${folder}/a.txt`, { symbol: "BTCUSDT", ...options }, TIME);
    await using reader = await JournalReader.open(path);
    const figures = new FigureReader(now);
    await use(run, (equity) => reader.atOnce(() => figures.read(reader, 1, equity)));
  });
}

for (const options of STRATEGIES) {
  const name = JSON.stringify(options).replaceAll('"', "");
  Deno.test(`FigureReader reads the values that a strategy ${name} had at its last decision`, async () => {
    await withRun(options, async (run, read) => {
      assertEquals((await read("10000")).averages, {});
      let compared = 0;
      for (const price of PRICES) {
        const signal = (await run.trade(price)).find((event): event is SignalEvent =>
          event.type === "signal"
        );
        if (signal === undefined) continue;
        const {
          type: _type,
          time: _time,
          symbol: _symbol,
          side: _side,
          price: _price,
          tradeId: _id,
          ...values
        } = signal;
        assertEquals({ ...(await read("1")).averages }, { ...values });
        compared++;
      }
      assertGreater(compared, 2);
    });
  });
}

Deno.test("FigureReader reads the drawdown from the peak that the limit counts from, and the limit in force", async () => {
  await withRun(
    { short: 1, long: 2, fee: "0", maxDrawdown: "0.25", cash: "1000", stake: "900" },
    async (run, read) => {
      assertEquals((await read("1000")).drawdown, "0");
      // Bought at 101, up to 202: equity has doubled, nearly.
      for (const price of [100, 101, 150, 202]) await run.trade(price);
      await run.checkpoint();
      const peak = 1_000 + (900 / 101) * (202 - 101);
      const { drawdown, drawdownLimit } = await read("1500");
      assertAlmostEquals(Number(drawdown), 1 - 1_500 / peak, 1e-5);
      assertEquals([drawdownLimit, (await read("99999")).drawdown], ["0.25", "0"]);
    },
  );
});

Deno.test("FigureReader reads the closes of long windows so seldom that it takes a fiftieth of the time", async () => {
  let time = 0;
  // Every look at the clock is 10 ms later, and so each reading takes as long.
  await withRun({ short: 2, long: 5 }, async (run, read) => {
    for (const price of PRICES.slice(0, 50)) await run.trade(price);
    await run.checkpoint();
    const { averages } = await read("1");
    await run.trade(50);
    await run.checkpoint();
    assertEquals((await read("1")).averages, averages);
    time += 500;
    assertNotEquals((await read("1")).averages, averages);
  }, () => time += 10);
});

Deno.test("FigureReader reads the heartbeat", async () => {
  await withRun({ short: 2, long: 5 }, async (run, read) => {
    await run.journal.heartbeat(TIME + 5, { tradesPerSecond: 1, lagMs: 7 });
    assertEquals((await read("1")).heartbeat, { time: TIME + 5, trades: 0, lagMs: 7 });
  });
});

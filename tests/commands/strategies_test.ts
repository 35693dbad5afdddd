/** Every strategy of the table, by its options: through files, through a journal and its resumption. */
import { assert, assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { GivenOptions } from "../../src/config/configuration.ts";
import { OtherRun } from "../../src/stores/journal/run_journal.ts";
import { inFolder, TIME } from "../stores/sample_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { SeededRandom } from "../support/random.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { backtest } from "./backtest_run.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";

const TRADES = walk(11, 3_000);
const PRICES = TRADES.map(({ price }) => Number(price));

async function signalsOf(options: readonly string[]): Promise<PrintedEvent[]> {
  let found: PrintedEvent[] = [];
  await inFolder(async (folder) => {
    const path = `${folder}/trades.csv`;
    Deno.writeTextFileSync(path, csvText(TRADES, "spot trades"));
    const { code, stdout, stderr } = await backtest(["--json", "--max-drawdown=99%", ...options, path]);
    assertEquals([code, stderr], [0, ""]);
    found = eventsOf(stdout).filter(({ type }) => type === "signal");
  });
  return found;
}

/** The trades at which a list of targets turns the stance, and the side of each signal. */
function turnsOf(targets: readonly number[]): [number, string][] {
  let isLong = false;
  return targets.flatMap((target, at): [number, string][] => {
    if (target === 0 || (target > 0) === isLong) return [];
    isLong = !isLong;
    return [[TRADES[at]!.lastId, isLong ? "buy" : "sell"]];
  });
}

const turned = (signals: readonly PrintedEvent[]) => signals.map(({ tradeId, side }) => [tradeId, side]);

/** An EMA after each price; NaN before its first value. */
function emas(window: number, values: readonly number[]): number[] {
  let value = NaN;
  return values.map((price, at) => {
    if (at + 1 === window) value = values.slice(0, window).reduce((sum, one) => sum + one, 0) / window;
    else if (at >= window) value += 2 / (window + 1) * (price - value);
    return value;
  });
}

Deno.test("penstock backtest --average ema trades where two exponential averages cross", async () => {
  const signals = await signalsOf(["--average=ema", "--short=5", "--long=12"]);
  const [short, long] = [emas(5, PRICES), emas(12, PRICES)];
  const expected = turnsOf(
    PRICES.map((_, at) => Number(short[at]! > long[at]!) - Number(short[at]! < long[at]!)),
  );
  assertEquals(turned(signals), expected);
  assertGreater(signals.length, 50);
  for (const { tradeId, shortAverage, longAverage } of signals) {
    const at = TRADES.findIndex(({ lastId }) => lastId === tradeId);
    assert(Math.abs(Number(shortAverage) - short[at]!) < 1e-8);
    assert(Math.abs(Number(longAverage) - long[at]!) < 1e-8);
  }
});

Deno.test("penstock backtest --strategy donchian trades where a close leaves the channel", async () => {
  const signals = await signalsOf(["--strategy=donchian", "--entry=15", "--exit=7"]);
  const targets = PRICES.map((price, at) => {
    if (at < 15) return 0;
    if (price > Math.max(...PRICES.slice(at - 15, at))) return 1;
    return price < Math.min(...PRICES.slice(at - 7, at)) ? -1 : 0;
  });
  assertEquals(turned(signals), turnsOf(targets));
  assertGreater(signals.length, 20);
  assertEquals(Object.keys(signals[0]!).slice(-3), ["close", "highest", "lowest"]);
});

Deno.test("penstock backtest --strategy hold buys at the first trade, once", async () => {
  const signals = await signalsOf(["--strategy=hold"]);
  assertEquals(turned(signals), [[TRADES[0]!.lastId, "buy"]]);
  assertEquals(signals[0]!["shortAverage"], undefined);
});

Deno.test("penstock backtest shows each strategy's own values with its signals", async () => {
  const names = {
    rsi: ["rsi"],
    macd: ["macd", "smoothed"],
    bollinger: ["close", "lowerBand", "upperBand"],
  };
  for (const [strategy, values] of Object.entries(names)) {
    const signals = await signalsOf([`--strategy=${strategy}`]);
    assertGreater(signals.length, 5, strategy);
    assertEquals(Object.keys(signals[0]!), ["type", "time", "symbol", "side", "price", "tradeId", ...values]);
  }
});

function shown(options: Readonly<Record<string, string>>): ReturnType<typeof shownConfig> {
  const given: GivenOptions = Object.fromEntries(
    Object.entries({ cash: "1000000", maxDrawdown: "99%", ...options }).map((
      [name, text],
    ) => [name, { text, source: "command line" }]),
  );
  return shownConfig(configure(given).config);
}

/** Options under which each strategy trades often. */
const OFTEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  crossover: { average: "ema", short: "2", long: "5" },
  rsi: { period: "3", below: "40", above: "60" },
  macd: { fast: "2", slow: "4", smooth: "3" },
  bollinger: { period: "4", width: "1" },
  donchian: { entry: "4", exit: "2" },
  hold: {},
};

for (const [strategy, options] of Object.entries(OFTEN)) {
  Deno.test(`a run of ${strategy} that stops and resumes decides like one that never stopped, and verifies`, () =>
    inFolder(async (folder) => {
      const config = shown({ strategy, ...options });
      const random = new SeededRandom(9);
      const prices = Array.from({ length: 120 }, () => random.whole(59_900, 60_100));
      const decided: unknown[][] = [];
      for (const [name, cuts] of [["whole", [120]], ["parts", [3, 4, 11, 60, 120]]] as const) {
        const recordings: string[] = [];
        const events: unknown[] = [];
        let from = 0;
        for (const to of cuts) {
          const recording = `${folder}/${name}${to}.txt`;
          recordings.push(recording);
          await using run = await HandRun.open(
            `${folder}/${name}.db`,
            recording,
            config,
            TIME + from * 1_000,
          );
          for (const price of prices.slice(from, to)) events.push(...await run.trade(price));
          await run.stop();
          from = to;
        }
        decided.push(events.filter((event) => (event as PrintedEvent).type !== "connected"));
        const outcome = await outcomeOf(`${folder}/${name}.db`, recordings);
        assert(outcome.type === "verified", JSON.stringify(outcome));
      }
      assertEquals(decided[1], decided[0]);
      assertGreater(decided[0]!.length, strategy === "hold" ? 1 : 10);
    }));
}

Deno.test("a run cannot resume with another strategy, nor with other options of the same one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const open = async (options: Readonly<Record<string, string>>) => {
      await using run = await HandRun.open(path, `${folder}/a.txt`, shown(options), TIME);
      await run.stop();
    };
    await open({ strategy: "rsi", below: "25" });
    const other = await assertRejects(() => open({}), OtherRun);
    assertStringIncludes(
      other.message,
      "strategy was RSI of 14 trades, long below 25, flat above 70 and is averages of 20 and 50 trades. Give",
    );
    const changed = await assertRejects(() => open({ strategy: "rsi", period: "9" }), OtherRun);
    assertStringIncludes(
      changed.message,
      "with other options: period was 14 and is 9, below was 25 and is 30. Give",
    );
    await open({ strategy: "rsi", below: "25" });
  }));

Deno.test("a run of simple averages cannot resume with exponential ones", () =>
  inFolder(async (folder) => {
    const open = async (options: Readonly<Record<string, string>>) => {
      await using run = await HandRun.open(`${folder}/a.db`, `${folder}/a.txt`, shown(options), TIME);
      await run.stop();
    };
    await open({});
    const { message } = await assertRejects(() => open({ average: "ema" }), OtherRun);
    assertStringIncludes(message, "average was sma and is ema");
  }));

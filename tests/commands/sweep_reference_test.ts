/**
 * The rows of a sweep against the naive reference, which shares no code with the program, and on recorded trades against
 * backtests. PENSTOCK_SWEPT sets how many random configurations are compared, PENSTOCK_SEED which.
 */
import type { ConfigurationEvent, ConfigurationFigures } from "../../src/domain/run/sweep_result.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf } from "../support/penstock.ts";
import { SeededRandom } from "../support/random.ts";
import { isRecorded, zipLines } from "../support/recorded_data.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { inFolder, sweptIn } from "../support/swept.ts";
import { assertEquals } from "../support/equals.ts";

const RECORDED = "futures-APEUSDT-aggTrades-2024-10-18.zip";
const COMPARED = Number(Deno.env.get("PENSTOCK_SWEPT") ?? 16);
const SEED = Number(Deno.env.get("PENSTOCK_SEED") ?? 1);
const TRADES = 4_000;

/** The figures of a row that a summary has, those that its metrics have, and those that the reference has. */
const TOTALS = [
  ...["trades", "signals", "fills", "refusals", "cash", "position", "equity", "fees", "realized"] as const,
  "maxDrawdown" as const,
];
const METRICS = [
  ...["netProfit", "return", "roundTrips", "winRate", "profitFactor", "sharpe", "sortino"] as const,
];

const DEFAULTS: Choices = {
  ...{ symbol: "BTCUSDT", short: 20, long: 50, cash: "10000", stake: "1000", fee: "0.001" },
  ...{ slippage: "0", latency: 0, lot: "0.00001", tick: "0.01", minNotional: "5", maxDrawdown: "0.2" },
};

/** The values of an option that a random grid may have; those that the reference has are shown as it takes them. */
const VALUES = {
  bars: ["trades", "10s", "1m", "20t"],
  stake: ["500", "1000", "2500"],
  fee: ["0", "0.0004", "0.001"],
  slippage: ["0", "2", "7.5"],
  latency: ["0", "250", "20000"],
  "stop-loss": ["0.003", "0.01"],
  "take-profit": ["0.004", "0.02"],
  "trailing-stop": ["0.005", "0.015"],
  "max-drawdown": ["0.01", "0.2"],
  "max-position": ["900", "1500"],
  "on-halt": ["hold", "flatten"],
  fill: ["signal", "next"],
} as const;

/** Other strategies, which the reference does not have. */
const STRATEGIES: readonly ((random: SeededRandom) => string[])[] = [
  (random) => [`--average=ema,sma`, ...windows(random)],
  (random) => ["--strategy=rsi", `--period=${pair(random, 2, 20)}`, `--below=${pair(random, 15, 40)}`],
  (random) => ["--strategy=bollinger", `--period=${pair(random, 5, 40)}`, `--width=1.5,2`],
  (random) => ["--strategy=donchian", `--entry=${pair(random, 10, 60)}`, `--exit=${pair(random, 3, 9)}`],
  (random) => ["--strategy=macd", `--fast=${pair(random, 3, 12)}`, `--slow=${pair(random, 15, 40)}`],
];

/** Two different whole numbers from `least` to `most`, the smaller one first. */
function pair(random: SeededRandom, least: number, most: number): string {
  const first = random.whole(least, most - 1);
  return `${first},${random.whole(first + 1, most)}`;
}

function windows(random: SeededRandom): string[] {
  return [`--short=${pair(random, 2, 25)}`, `--long=${pair(random, 26, 120)}`];
}

/** An option that varies between two values, and three that do not. */
function randomOptions(random: SeededRandom): string[] {
  const names = new Set<keyof typeof VALUES>();
  while (names.size < 4) names.add(random.pick(Object.keys(VALUES) as (keyof typeof VALUES)[]));
  return [...names].map((name, at) => {
    const values: readonly string[] = VALUES[name];
    const from = random.whole(0, values.length - 2);
    return `--${name}=${at === 0 ? `${values[from]},${values[from + 1]}` : random.pick(values)}`;
  });
}

/** The options of a row, those of the grid that do not vary first, by their words. */
function optionsOf(row: ConfigurationEvent, grid: readonly string[]): Record<string, string> {
  const fixed = grid.map((arg) => arg.slice(2).split("=")).filter(([, value]) => !value!.includes(","));
  const varying = Object.entries(row.options).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    `${value}`,
  ]);
  return Object.fromEntries([...fixed, ...varying]);
}

/** The same for the reference. */
function choicesOf(options: Record<string, string>, instrument: Partial<Choices>): Choices {
  const named = Object.entries(options).map(([word, value]) => [
    word.replaceAll(/-([a-z])/g, (_, letter) => letter.toUpperCase()),
    ["short", "long"].includes(word) ? Number(value) : word === "latency" ? Number(value) * 1_000 : value,
  ]);
  return { ...DEFAULTS, ...instrument, ...Object.fromEntries(named) };
}

function picked<N extends string>(figures: Readonly<Record<N, unknown>>, names: readonly N[]): object {
  return Object.fromEntries(names.map((name) => [name, figures[name]]));
}

/** The trades in `lines` of Binance's spot layout. */
function plainTrades(lines: readonly string[]): PlainTrade[] {
  return lines.map((line) => {
    const [id, price, quantity, , time] = line.split(",");
    return {
      firstId: Number(id),
      lastId: Number(id),
      time: Number(time) * 1_000,
      price: price!,
      quantity: quantity!,
    };
  });
}

/** The first recorded trades, in the layout of spot trades. */
async function recordedTrades(): Promise<string[]> {
  const [, ...lines] = await zipLines(RECORDED);
  return lines.slice(0, TRADES).map((line) => {
    const [id, price, quantity, , , time, isMaker] = line.split(",");
    const maker = isMaker === "true" ? "True" : "False";
    return `${id},${price},${quantity},${Number(price) * Number(quantity)},${time},${maker},True`;
  });
}

const RULES = { symbol: "APEUSDT", tick: "0.0001", lot: "0.1" };

Deno.test({
  name:
    "random configurations over recorded trades: each row equals the reference, or backtests where it has no figure",
  ignore: !isRecorded(RECORDED),
  async fn() {
    const random = new SeededRandom(SEED);
    const lines = await recordedTrades();
    const trades = plainTrades(lines);
    const instrument = Object.entries(RULES).map(([name, value]) => `--${name}=${value}`);
    let [byReference, byBacktest] = [0, 0];
    await inFolder(async (file) => {
      await Deno.writeTextFile(file("trades.csv"), `${lines.join("\n")}\n`);
      for (let turn = 0; byBacktest < COMPARED; turn++) {
        const isKnown = turn % 2 === 0;
        const chosen = isKnown ? windows(random) : random.pick(STRATEGIES)(random);
        const grid = [...chosen, ...randomOptions(random)];
        const { rows } = await sweptIn(file, [...instrument, ...grid, "--workers=1"]);
        // A row or two of each grid in the gate, all of them in a long run.
        for (const row of COMPARED > 100 ? rows : [random.pick(rows)]) {
          const options = optionsOf(row, grid);
          const message = `seed ${SEED}: ${JSON.stringify(options)}`;
          if (isKnown) {
            const { totals } = computeReference(trades, choicesOf(options, RULES));
            assertEquals(picked(row, TOTALS), picked(totals, TOTALS), message);
            byReference++;
          }
          const { stdout } = await inProcess(
            ...["backtest", file("trades.csv"), "--json", "--log-level=error", ...instrument],
            ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
          );
          const single = eventsOf(stdout).at(-1) as unknown as ConfigurationFigures & {
            readonly metrics: ConfigurationFigures;
          };
          assertEquals(
            { ...picked(row, TOTALS), ...picked(row, METRICS) },
            { ...picked(single, TOTALS), ...picked(single.metrics, METRICS) },
            message,
          );
          byBacktest++;
        }
      }
    }, 1);
    if (COMPARED > 100) {
      console.log(
        `seed ${SEED}: ${byBacktest} rows equal backtests, ${byReference} of them the reference too`,
      );
    }
  },
});

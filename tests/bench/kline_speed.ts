/**
 * How fast a backtest of klines is: part of `deno task bench`. A temporary file holds a year of one-minute klines, made
 * from a seed. The ratio is that of two measurements of this run, taken in turn.
 */
import { configure, tradingParametersOf } from "../../src/config/config.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { SeededRandom } from "../support/random.ts";
import { median, table } from "./table.ts";
import { timedAsync } from "./timing.ts";

const KLINES = 525_600;
const MINUTE = 60_000;
const START = Date.UTC(2025, 0, 1);
const ROUNDS = 7;
/** Rows a second of backtesting.py, as it was measured on a machine such as this one. */
const OTHERS = 250_000;
const { config } = configure({ bars: { text: "1m", source: "command line" } });

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
try {
  const path = `${folder}/klines.csv`;
  Deno.writeTextFileSync(path, [...rows()].join(""));
  const sums: number[] = [];
  const runs: number[] = [];
  let bars = 0;
  for (let round = 0; round < ROUNDS; round++) {
    sums.push(await timedAsync(() => addUp(path)));
    runs.push(
      await timedAsync(async () => {
        bars = await barsOf(path);
      }),
    );
  }
  const ratios = runs.map((ms, round) => sums[round]! / ms);
  const shareOf = (ms: number): string => (ms / 1000 / (KLINES / OTHERS)).toFixed(2);
  table(`A year of one-minute klines, ${KLINES} rows → bars, fills and metrics`, [
    ["the backtest", `${median(runs).toFixed(0)} ms, best ${Math.min(...runs).toFixed(0)} ms`],
    ["bars", `${bars}`],
    [
      "bytes a second, backtest ÷ adding up",
      `${median(ratios).toFixed(2)} (best ${Math.max(...ratios).toFixed(2)})`,
    ],
    [
      `time, of what ${OTHERS} rows a second take`,
      `${shareOf(median(runs))} (best ${shareOf(Math.min(...runs))})`,
    ],
  ]);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

function* rows(): Generator<string> {
  const random = new SeededRandom(1);
  const text = (cents: number): string => (cents / 100).toFixed(8);
  let open = 6_000_000;
  for (let minute = 0; minute < KLINES; minute++) {
    const high = open + random.whole(0, 3_000);
    const low = Math.max(100_000, open - random.whole(0, 3_000));
    const close = random.whole(low, high);
    const time = START + minute * MINUTE;
    const prices = [open, high, low, close].map(text).join(",");
    const volume = `${random.whole(1, 99)}.${random.whole(10_000, 99_999)}000`;
    yield `${time},${prices},${volume},${
      time + MINUTE - 1
    },740000.12000000,812,6.10000000,366000.00000000,0\n`;
    open = close;
  }
}

async function addUp(path: string): Promise<void> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(256 << 10);
  let sum = 0;
  for (let count = await file.read(bytes); count !== null; count = await file.read(bytes)) {
    for (let at = 0; at < count; at++) sum += bytes[at]!;
  }
  if (sum === 0) throw new Error("nothing was read");
}

/** The bars of a backtest that only counts its events, as for a table. */
async function barsOf(path: string): Promise<number> {
  const { symbol, bars } = config;
  const parameters = { ...tradingParametersOf(config), maxDrawdown: null };
  const options = { stopAfter: null, withResults: true, isTransient: true, isQuiet: true } as const;
  const pipeline = new Pipeline({ symbol, bars, strategy: strategyOf(config), parameters, ...options });
  const reader = new ChunkReader(new BinanceMessageReader(symbol), true);
  for await (const chunk of recordedChunks([path])) {
    reader.open(chunk);
    for (const _event of pipeline.run(reader));
  }
  pipeline.results();
  return pipeline.totals.bars ?? 0;
}

/**
 * How fast a backtest is: part of `deno task bench`. A temporary file holds 5,000,000 trades generated from a seed.
 * Every figure is a ratio of two measurements of this run, taken in turn; absolute figures also depend on this
 * machine's load.
 */
import { BLOCK_ROWS } from "../../src/domain/market/block.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { configure } from "../../src/config/config.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import emaCrossover from "../../examples/ema_crossover.ts";
import { type AnyDefinition, OwnStrategy } from "../../src/stages/strategies/own_strategy.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { Recording } from "../../src/stores/recording/recording.ts";
import { MessageWriter } from "../../src/simulator/messages.ts";
import { priceProcess } from "../../src/simulator/price_process.ts";
import { fillsOf } from "./csv_fills.ts";
import { makeCsv } from "./make_csv.ts";
import { median, table } from "./table.ts";
import { timedAsync } from "./timing.ts";

const TRADES = 5_000_000;
const MESSAGES = 1_000_000;
const ROUNDS = 5;
const CHUNK_BYTES = 256 * 1024;
const { config } = configure({});

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
try {
  await csv(`${folder}/trades.csv`);
  await rows(`${folder}/trades.csv`);
  await ownStrategy(`${folder}/trades.csv`);
  await recording(`${folder}/trades.txt`);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

/** CSV file → fills, compared with a loop that reads the file and adds up every byte. */
async function csv(path: string): Promise<void> {
  const bytes = makeCsv(path, TRADES);
  const sums: number[] = [];
  const runs: number[] = [];
  const printed: number[] = [];
  let fills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    sums.push(await timedAsync(() => addUp(path)));
    runs.push(
      await timedAsync(async () => {
        fills = await fillsOf(path, true);
      }),
    );
    printed.push(await timedAsync(() => fillsOf(path, false)));
  }
  const ratios = runs.map((ms, round) => sums[round]! / ms);
  const perSecond = (ms: number): string => `${(TRADES / ms / 1000).toFixed(2)} M trades/s`;
  table(`CSV file of ${TRADES} trades → fills and metrics`, [
    ["adding up every byte", `${(bytes / median(sums) / 1000).toFixed(0)} MB/s`],
    ["the backtest", `${perSecond(median(runs))}, best ${perSecond(Math.min(...runs))}`],
    [
      "the same with every event emitted",
      `${perSecond(median(printed))}, best ${perSecond(Math.min(...printed))}`,
    ],
    ["fills", `${fills}`],
    [
      "bytes a second, backtest ÷ adding up",
      `${median(ratios).toFixed(2)} (best ${Math.max(...ratios).toFixed(2)})`,
    ],
  ]);
}

/** Rows read in blocks, as a backtest reads them, compared with the same rows read one by one. */
async function rows(path: string): Promise<void> {
  const singly: number[] = [];
  const inBlocks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    singly.push(await timedAsync(() => readRows(path, false)));
    inBlocks.push(await timedAsync(() => readRows(path, true)));
  }
  const ratios = inBlocks.map((ms, round) => singly[round]! / ms);
  const perSecond = (ms: number): string => `${(TRADES / ms / 1000).toFixed(2)} M rows/s`;
  table(`CSV file of ${TRADES} trades → columns`, [
    ["one by one", `${perSecond(median(singly))}, best ${perSecond(Math.min(...singly))}`],
    ["in blocks", `${perSecond(median(inBlocks))}, best ${perSecond(Math.min(...inBlocks))}`],
    ["blocks ÷ one by one", `${median(ratios).toFixed(2)} (best ${Math.max(...ratios).toFixed(2)})`],
  ]);
}

/**
 * A user-defined strategy, every trade a bar, compared with the built-in one of the same arithmetic: the example and the
 * crossover of exponential averages. Other work of the machine makes any one run slower, so the best of each count.
 */
async function ownStrategy(path: string): Promise<void> {
  const windows = { short: 20, long: 50 };
  const own = () => new OwnStrategy("ema_crossover.ts", emaCrossover as unknown as AnyDefinition, windows);
  const built = strategyOf({ average: "ema", ...windows });
  const times: { readonly own: number[]; readonly built: number[] } = { own: [], built: [] };
  const fills = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, strategy] of [["built", built], ["own", own]] as const) {
      times[name].push(
        await timedAsync(async () => {
          fills.add(await fillsOf(path, true, strategy));
        }),
      );
    }
  }
  if (fills.size !== 1) throw new Error(`the same arithmetic gave ${[...fills].join(" and ")} fills`);
  const perSecond = (some: readonly number[]): string =>
    `${(TRADES / Math.min(...some) / 1000).toFixed(2)} M trades/s`;
  table(`CSV file of ${TRADES} trades → fills, with exponential averages`, [
    ["the built-in strategy, best", perSecond(times.built)],
    ["a strategy of one's own, best", perSecond(times.own)],
    ["its time ÷ that of the built-in", (Math.min(...times.own) / Math.min(...times.built)).toFixed(2)],
  ]);
}

async function readRows(path: string, areInBlocks: boolean): Promise<void> {
  const reader = new ChunkReader(new BinanceMessageReader(config.symbol), true);
  let count = 0;
  // The file's prices have two decimals.
  let after = { id: -1, time: 0, decimals: 2 };
  for await (const chunk of recordedChunks([path])) {
    reader.open(chunk);
    for (;;) {
      const block = areInBlocks ? reader.takeBlock(after, BLOCK_ROWS) : null;
      if (block !== null) {
        count += block.size;
        after = { ...after, id: block.id[block.size - 1]!, time: block.time[block.size - 1]! };
        continue;
      }
      if (reader.next() === null) break;
      count++;
      after = { ...after, id: reader.trade.lastId, time: reader.trade.time };
    }
  }
  if (count !== TRADES) throw new Error(`${count} of ${TRADES} rows were read`);
}

/** A recording → fills. */
async function recording(path: string): Promise<void> {
  const writer = new MessageWriter({ symbol: config.symbol, combined: false, microseconds: false });
  const trades = priceProcess({ seed: 1, rate: 20, firstId: 1, startTime: 1_723_161_255_342 });
  await using file = Recording.create(path, {
    exchange: "binance",
    symbol: config.symbol,
    onTrouble: (text) => console.error(text),
  });
  for (const trade of trades.take(MESSAGES)) file.frames([writer.trade(trade)], trade.time);
  await file.close();
  const runs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) runs.push(await timedAsync(() => fillsOf(path, true)));
  table(`Recording of ${MESSAGES} trade messages → fills`, [
    ["the backtest", `${(MESSAGES / median(runs) / 1000).toFixed(2)} M trades/s`],
    ["best", `${(MESSAGES / Math.min(...runs) / 1000).toFixed(2)} M trades/s`],
  ]);
}

async function addUp(path: string): Promise<void> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(CHUNK_BYTES);
  let sum = 0;
  for (let count = await file.read(bytes); count !== null; count = await file.read(bytes)) {
    for (let i = 0; i < count; i++) sum += bytes[i]!;
  }
  if (sum === 0) throw new Error("nothing was read");
}

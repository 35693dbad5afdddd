/**
 * What partial fills, further fill models and the report cost: part of `deno task bench`. Every figure is a ratio of CPU
 * times of this process, taken in turn: a temporary file of trades is backtested as it is, with partial fills, under all
 * fill models, and with what a report collects. Unlike the time on the clock, CPU time hardly depends on this machine's
 * load.
 */
import process from "node:process";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { configure, tradingParametersOf } from "../../src/config/config.ts";
import { FILL_MODELS, tradingParametersUnder } from "../../src/domain/orders/fill_model.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import type { TradingParameters } from "../../src/domain/risk/trading_parameters.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import type { PipelineOptions } from "../../src/stages/pipeline_options.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { makeCsv } from "./make_csv.ts";
import { median, table } from "./table.ts";

const TRADES = 2_000_000;
const ROUNDS = 5;
const { config } = configure({});
const parameters = tradingParametersOf(config);
const partly: TradingParameters = { ...parameters, participation: new Money("0.01") };
/** A run that its losses do not halt fills to the end. */
const cash = parameters.cash.times(1000);
const FURTHER = FILL_MODELS.filter((model) => model !== "configured");

/** A way to run the backtest, and what it is measured against. */
interface Variant {
  readonly name: string;
  readonly against: string | null;
  /** The ratio is of what each of so many costs on top. */
  readonly further?: number;
  readonly run: (path: string) => Promise<number>;
}

const VARIANTS: readonly Variant[] = [
  { name: "as it is", against: null, run: (path) => fillsOf(path, parameters) },
  { name: "participation 1 %", against: "as it is", run: (path) => fillsOf(path, partly) },
  {
    name: "each further fill model",
    against: "as it is",
    further: FURTHER.length,
    run: (path) => fillsOf(path, parameters, FURTHER),
  },
  { name: "cash for every signal", against: null, run: (path) => fillsOf(path, { ...parameters, cash }) },
  {
    name: "the same, participation 1 %",
    against: "cash for every signal",
    run: (path) => fillsOf(path, { ...partly, cash }),
  },
  {
    name: "the same, each further fill model",
    against: "cash for every signal",
    further: FURTHER.length,
    run: (path) => fillsOf(path, { ...parameters, cash }, FURTHER),
  },
  {
    name: "a digest of the trades",
    against: "as it is",
    run: (path) => fillsOf(path, parameters, [], { isTransient: false }),
  },
  {
    name: "a digest, and the lines of a report",
    against: "as it is",
    run: (path) => fillsOf(path, parameters, [], { isTransient: false, withChart: true }),
  },
];

const path = Deno.makeTempFileSync({ prefix: "penstock_bench_", suffix: ".csv" });
try {
  makeCsv(path, TRADES);
  await compare(path);
} finally {
  Deno.removeSync(path);
}

async function compare(path: string): Promise<void> {
  const times = new Map(VARIANTS.map(({ name }) => [name, [] as number[]]));
  const fills = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run } of VARIANTS) {
      const before = cpuMs();
      fills.set(name, await run(path));
      times.get(name)!.push(cpuMs() - before);
    }
  }
  table(
    `CSV file of ${TRADES} trades, CPU time`,
    VARIANTS.map(({ name, against, further }): [string, string] => {
      const own = times.get(name)!;
      const count = `${fills.get(name)} fills`;
      if (against === null) return [name, `${median(own).toFixed(0)} ms, ${count}`];
      const bases = times.get(against)!;
      const ratioOf = (ms: number, base: number): number =>
        further === undefined ? ms / base : (ms - base) / base / further;
      const middle = median(own.map((ms, round) => ratioOf(ms, bases[round]!))).toFixed(2);
      const fastest = ratioOf(Math.min(...own), Math.min(...bases)).toFixed(2);
      return [name, `${middle} of "${against}", fastest ${fastest}, ${count}`];
    }),
  );
}

/** The CPU time of this process so far. Its two parts are sampled, but not their sum. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs a backtest, with other fill models beside its own. Returns its own fills. */
async function fillsOf(
  path: string,
  parameters: TradingParameters,
  further: readonly typeof FILL_MODELS[number][] = [],
  options: Pick<PipelineOptions, "isTransient" | "withChart"> = { isTransient: true },
): Promise<number> {
  const { symbol } = config;
  const models = further.map((model) => new ModelRun(tradingParametersUnder(model, parameters)));
  const pipeline = new Pipeline({
    symbol,
    strategy: strategyOf(config),
    parameters,
    stopAfter: null,
    withResults: true,
    ...options,
    isQuiet: true,
    models,
  });
  const reader = new ChunkReader(new BinanceMessageReader(symbol), true);
  for await (const chunk of recordedChunks([path])) {
    reader.open(chunk);
    do {
      for (const _event of pipeline.run(reader));
    } while (reader.takeNote() !== null);
  }
  pipeline.results();
  for (const model of models) model.results();
  return pipeline.totals.fills;
}

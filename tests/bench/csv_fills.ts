/** A backtest of a CSV file, for benchmarks: from the bytes of the file to fills and metrics, in this process. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { configure, tradingParametersOf } from "../../src/config/config.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";

const { config } = configure({});

/** Runs the trades of a file under the default options; emits no events if `isQuiet`. Returns the number of fills. */
export async function fillsOf(
  path: string,
  isQuiet: boolean,
  strategy = strategyOf(config),
): Promise<number> {
  const { symbol } = config;
  // Plenty of cash and no drawdown limit, so that every signal fills to the end.
  const parameters = { ...tradingParametersOf(config), cash: tradingParametersOf(config).cash.times(1000) };
  const pipeline = new Pipeline({
    symbol,
    strategy,
    parameters,
    stopAfter: null,
    withResults: true,
    isTransient: true,
    isQuiet,
  });
  const reader = new ChunkReader(new BinanceMessageReader(symbol), true);
  let printed = 0;
  for await (const chunk of recordedChunks([path])) {
    reader.open(chunk);
    do {
      for (const event of pipeline.run(reader)) if (event.type === "fill") printed++;
    } while (reader.takeNote() !== null);
  }
  pipeline.results();
  const { fills } = pipeline.totals;
  if (printed !== (isQuiet ? 0 : fills)) throw new Error(`${printed} of ${fills} fills were emitted`);
  return fills;
}

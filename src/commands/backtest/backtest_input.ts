/** The input of a backtest: its files as one stream, whose start may decide how the run is set up. */
import type { Source } from "../../config/configuration.ts";
import type { Config } from "../../config/options.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { decoderOf } from "../../exchanges/known_exchanges.ts";
import {
  type FirstTrade,
  type Part,
  type ReadOptions,
  recordedChunks,
  sortByFirstTrade,
} from "../../feeds/files/recorded_files.ts";
import { ChunkReader } from "../../formats/chunk_reader.ts";
import type { Chunk } from "../../formats/trade_file.ts";
import { intervalIn, KlineBars } from "./kline_bars.ts";

/** The most bytes that are read to find the interval of klines. */
const MOST_BYTES = 16 << 20;

/** The chunks of all files, in order. Dispose of it to close the files. */
export class BacktestInput implements AsyncDisposable {
  /** The configuration with the bars of the run. Without `--bars`, klines get bars of their own interval. */
  readonly config: Config;
  /** How long it took to open, ms. */
  readonly openedInMs: number;
  readonly #chunks: AsyncGenerator<Chunk>;
  readonly #first: readonly Chunk[];
  /** The error that ended the first read; null without one. */
  readonly #failure: UnusableInput | null;

  private constructor(
    config: Config,
    startedAt: number,
    chunks: AsyncGenerator<Chunk>,
    { first, failure }: Pick<Start, "first" | "failure">,
  ) {
    this.config = config;
    this.openedInMs = performance.now() - startedAt;
    this.#chunks = chunks;
    this.#first = first;
    this.#failure = failure;
  }

  /**
   * Opens the files and reads the start of the first. Errors in them are thrown when their chunks are read. Throws a
   * ConfigError if `--bars` does not fit the first file of klines.
   */
  static async open(
    files: readonly string[],
    { config, barsFrom }: { readonly config: Config; readonly barsFrom: Source },
    options: ReadOptions & { readonly signal: AbortSignal },
  ): Promise<BacktestInput> {
    const startedAt = performance.now();
    const chunks = chunksOf(files, config, options);
    try {
      const start = await startOf(chunks, config);
      const { interval } = start;
      const complete = interval === null || barsFrom !== "default"
        ? config
        : { ...config, bars: { by: "time", length: interval } } as const;
      const klines = new KlineBars(decoderOf(complete), complete.bars, barsFrom);
      for (const chunk of start.first) klines.enter(chunk);
      return new BacktestInput(complete, startedAt, chunks, start);
    } catch (error) {
      await chunks.return(undefined);
      throw error;
    }
  }

  /** All chunks; throws as `recordedChunks` does. */
  async *chunks(): AsyncGenerator<Chunk> {
    yield* this.#first;
    if (this.#failure !== null) throw this.#failure;
    yield* this.#chunks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

/** The first chunks, and what they show. */
interface Start {
  readonly first: Chunk[];
  /** The interval of the klines, µs; null if the file holds none. */
  readonly interval: number | null;
  readonly failure: UnusableInput | null;
}

/** Reads up to the first chunk that shows whether the file holds klines, and of which interval. */
async function startOf(chunks: AsyncGenerator<Chunk>, config: Config): Promise<Start> {
  const first: Chunk[] = [];
  let bytes = 0;
  try {
    while (bytes < MOST_BYTES) {
      const { done, value: chunk } = await chunks.next();
      if (done === true) break;
      const isOfKlines = chunk.origin.layout.isOfKlines === true;
      const interval = isOfKlines ? intervalIn(chunk, decoderOf(config)) : null;
      if (!isOfKlines || interval !== null) {
        first.push(chunk);
        return { first, interval, failure: null };
      }
      // Its bytes are only borrowed: the next chunk reuses them.
      first.push({ ...chunk, bytes: chunk.bytes.slice() });
      bytes += chunk.bytes.length;
    }
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    return { first, interval: null, failure: error };
  }
  return { first, interval: null, failure: null };
}

async function* chunksOf(
  files: readonly string[],
  config: Config,
  options: ReadOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Chunk> {
  yield* recordedChunks(await inOrder(files, config, options), options);
}

/** The files in the order in which to read them; none if the user stops the run while they are being sorted. */
async function inOrder(
  files: readonly string[],
  config: Config,
  options: ReadOptions & { readonly signal: AbortSignal },
): Promise<readonly (string | Part)[]> {
  if (!config.sort) return files;
  try {
    return await sortByFirstTrade(files, firstTradeIn(config), options);
  } catch (error) {
    if (options.signal.aborted) return [];
    throw error;
  }
}

/** Finds a chunk's first trade, for sorting; the run itself reports unusable lines. */
function firstTradeIn(config: Config): (chunk: Chunk) => FirstTrade | null {
  return (chunk) => {
    for (const { time, firstId } of new ChunkReader(decoderOf(config), false).tradesIn(chunk)) {
      return { time, id: firstId };
    }
    return null;
  };
}

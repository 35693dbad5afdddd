/**
 * The figures of a run besides its status: the strategy's values, and how far equity is below its peak. Both come from
 * the last checkpoint, which a run writes at every decision, and every ten seconds while trades arrive.
 */
import { fractionText, Money, ZERO } from "../../domain/numbers/money.ts";
import type { Values } from "../../domain/market/signal.ts";
import { booksOf, worth } from "../../domain/performance/drawdown_periods.ts";
import type { RunFigures } from "../../domain/run/followed_moment.ts";
import type { PipelineSnapshot } from "../../stages/pipeline_snapshot.ts";
import { isStrategyName, type StrategyChoice, strategyOf } from "../../stages/strategies/known_strategies.ts";
import type { Checkpoint } from "./journal_checkpoint.ts";
import type { JournalReader } from "./journal_reader.ts";
import type { ShownOptions } from "./run_journal.ts";
import { isAmount } from "./run_reading.ts";
import { lastOf } from "./run_process.ts";

/** Reading the closes of long windows may take at most this share of the time. */
const SHARE = 0.02;

const NO_CLOSES = { decimals: 0, values: [] };

/** Reads the figures of a run repeatedly. */
export class FigureReader {
  #run = 0;
  #seq = -1;
  #values: Values | null = null;
  /** Before this moment the closes are not read again, ms. */
  #nextReadAt = 0;
  readonly #now: () => number;

  /** `now` measures how long reading takes, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Returns the figures of `run`, whose equity (decimal text) is given. Call it within `atOnce`. Throws like `readRun`.
   */
  async read(reader: JournalReader, run: number, equity: string): Promise<RunFigures> {
    const opening = await lastOf(reader, run, "resumed") ?? await lastOf(reader, run, "started");
    const options = (opening?.content["options"] ?? {}) as ShownOptions;
    const checkpoint = await reader.checkpoint(run);
    const limit = options["maxDrawdown"];
    const found = await reader.heartbeat();
    return {
      averages: checkpoint === null ? {} : await this.#valuesAt(reader, run, checkpoint, options) ?? {},
      drawdown: checkpoint === null ? null : drawdownAt(checkpoint, equity),
      drawdownLimit: isAmount(limit) ? limit : null,
      heartbeat: found?.run === run ? { time: found.time, trades: found.trades, lagMs: found.lagMs } : null,
    };
  }

  /** The strategy's values at a checkpoint, or at an earlier one if reading its closes takes too long; null for none. */
  async #valuesAt(
    reader: JournalReader,
    run: number,
    checkpoint: Checkpoint,
    options: ShownOptions,
  ): Promise<Values | null> {
    const startedAt = this.#now();
    const { seq } = checkpoint;
    const isKnownRun = run === this.#run && seq >= this.#seq;
    if (isKnownRun && (seq === this.#seq || startedAt < this.#nextReadAt)) return this.#values;
    const choice = options as StrategyChoice;
    // A user-defined strategy is code, which a process that only reads does not run.
    const isListed = isStrategyName(choice.strategy ?? (options["short"] === undefined ? "" : "crossover"));
    if (!isListed) return null;
    this.#values = await valuesIn(reader, checkpoint, choice);
    this.#run = run;
    this.#seq = seq;
    const end = this.#now();
    this.#nextReadAt = end + (end - startedAt) / SHARE;
    return this.#values;
  }
}

/** The values of a strategy that is restored from a checkpoint; null if they do not exist yet, or cannot be read. */
async function valuesIn(
  reader: JournalReader,
  checkpoint: Checkpoint,
  choice: StrategyChoice,
): Promise<Values | null> {
  try {
    const strategy = strategyOf(choice)();
    const { remembers } = strategy;
    const closes = remembers === 0 ? NO_CLOSES : await reader.closes(checkpoint, remembers);
    const { strategy: state = null } = checkpoint.state as Partial<PipelineSnapshot>;
    strategy.restore(state, closes);
    return strategy.values();
  } catch {
    // The status does not need them and must stay visible: verify and a resume report what is wrong with the closes.
    return null;
  }
}

/** The drawdown of `equity` from the peak that the drawdown limit counts from, a fraction as decimal text. */
function drawdownAt({ state }: Checkpoint, equity: string): string | null {
  const peakBooks = (state as Partial<PipelineSnapshot>).gate?.losses?.peak;
  if (peakBooks === undefined) return null;
  const peak = worth(booksOf(peakBooks));
  const fall = peak.minus(new Money(equity));
  return fall.gt(ZERO) && peak.gt(ZERO) ? fractionText(fall.div(peak)) : "0";
}

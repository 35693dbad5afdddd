/** One pass over the files of a sweep, for as many configurations as fit into memory at once. */
import type { Source } from "../../../config/configuration.ts";
import type { Config } from "../../../config/options.ts";
import type { InstrumentOrigin } from "../../../domain/market/instrument.ts";
import type { PenstockEvent } from "../../../domain/run/event.ts";
import type { TradeFile } from "../../../formats/trade_file.ts";
import type { ReadProgress } from "../../../feeds/files/recorded_files.ts";
import { IDLE } from "../../../stages/sweep/idle.ts";
import type { FoldResult } from "../../../stages/sweep/fold_result.ts";
import { narrate } from "../../../views/terminal/narration.ts";
import type { View } from "../../../views/view.ts";
import { BacktestInput } from "../backtest_input.ts";
import { BacktestRun } from "../backtest_run.ts";
import { adviseSkipping, processFiles, warnOfStrays, withoutTrades } from "../process_files.ts";
import type { Fold } from "./folds.ts";
import type { Team } from "./team.ts";

/** The settings that all passes of a sweep share. */
export interface PassSettings {
  readonly config: Config;
  readonly barsFrom: Source;
  readonly sources: InstrumentOrigin["sources"];
  readonly files: readonly string[];
  readonly formats: readonly TradeFile[];
  readonly view: View;
  readonly stop: AbortSignal;
}

/** The result of a pass. */
export interface PassResult {
  /** By fold, in the order of the lanes. Empty if it was stopped. */
  readonly folds: readonly FoldResult[][];
  /** The number of trades, their digest, and the times of the first and the last, ISO 8601. */
  readonly trades: number;
  readonly digest: string;
  readonly from: string;
  readonly to: string;
}

/** The progress of a running pass. */
export interface PassProgress extends ReadProgress {
  /** Trades that have been read, and how many of them have not been seen by every lane. */
  trades: number;
  behind: () => number;
}

/** How long to compute before checking whether the program was asked to end, ms. */
const TURN_MS = 50;

/** Lets signals and timers have their turn while this thread computes. */
export class Pauses {
  #at = performance.now();

  /** Waits a moment if the last wait was long enough ago. */
  async rest(): Promise<void> {
    if (performance.now() - this.#at < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#at = performance.now();
  }
}

/**
 * Reads the files once and passes their trades to the lanes of a team, fold by fold; without a team it only counts the
 * trades. With `isFirst`, it reports what is odd about the files. Throws as a backtest does.
 */
export async function runPass(
  { config: asked, barsFrom, sources, files, formats, view, stop }: PassSettings,
  { team, folds, progress, isFirst, start }: {
    readonly team: ((config: Config) => Promise<Team>) | null;
    readonly folds: readonly Fold[];
    readonly progress: PassProgress;
    readonly isFirst: boolean;
    /** Called with the configuration in force and the time of the first trade, once that time is known. */
    readonly start?: (config: Config, time: string) => void;
  },
): Promise<PassResult> {
  const shown = isFirst ? view : silenced(view);
  await using input = await BacktestInput.open(files, { config: asked, barsFrom }, {
    progress,
    signal: stop,
    formats,
    onWarning: (text) => shown.log({ level: "warn", text }),
  });
  const { config } = input;
  const lanes = await team?.(config) ?? null;
  progress.behind = () => lanes?.behind ?? 0;
  const results: Promise<FoldResult[]>[] = [];
  const boundaries = [...new Set(folds.flatMap(({ from, to }) => [from, to]))]
    .filter((at) => at > 0 && at < Infinity).sort((one, other) => one - other);
  const close = (fold: Fold, trades: number): void => {
    const { id, use, from } = fold;
    results[id] = lanes!.close(id, use, trades - from);
  };
  const run = new BacktestRun(config, { type: "started", command: "sweep", version: "", config: {} }, {
    sources,
    isShown: false,
    strategy: () => IDLE,
    sideWork: {
      followers: lanes === null ? [] : [lanes],
      stopAfter: (trades) => boundaries.find((at) => at > trades) ?? Infinity,
      reached(trades) {
        if (lanes === null) return;
        for (const fold of folds) if (fold.to === trades) close(fold, trades);
        for (const fold of folds) if (fold.from === trades) lanes.open(fold.id);
      },
    },
  });
  if (lanes !== null) { for (const fold of folds) if (fold.from === 0) lanes.open(fold.id); }
  const stopping = Promise.withResolvers<null>();
  const stopWaiting = (): void => stopping.resolve(null);
  stop.addEventListener("abort", stopWaiting);
  /** The outcome of `work`, or null once the sweep is stopped: a thread can spend many seconds on one batch. */
  const unlessStopped = async <T>(work: Promise<T> | null): Promise<T | null> =>
    work === null ? null : await Promise.race([work, stopping.promise]);
  const pauses = new Pauses();
  const emit = async (events: Iterable<PenstockEvent>): Promise<void> => {
    for (const event of events) {
      if (event.type === "started") start?.(run.config, event.time);
      else {
        const line = narrate(event);
        if (line !== null) shown.log(line);
      }
    }
    shown.settle();
    progress.trades = run.trades;
    await unlessStopped(lanes?.ready() ?? null);
    await pauses.rest();
  };
  try {
    await processFiles(input, { config, barsFrom, run, view: shown, result: null, stop, emit });
    if (run.trades === 0 && !stop.aborted) throw withoutTrades(files, run, config);
    await emit(run.end(stop.aborted ? "person" : "input"));
    warnOfStrays(run, shown);
    const { trades } = run;
    const facts = { trades, digest: run.digest, from: run.firstTime, to: run.lastTime };
    if (stop.aborted || lanes === null) return { folds: [], ...facts };
    for (const fold of folds) if (fold.to > trades || fold.to === Infinity) close(fold, trades);
    return { folds: await unlessStopped(Promise.all(results)) ?? [], ...facts };
  } catch (error) {
    adviseSkipping(error);
    throw error;
  } finally {
    stop.removeEventListener("abort", stopWaiting);
    lanes?.dismiss();
    for (const result of results) result?.catch(() => {});
  }
}

/** The view without the events and log lines that an earlier pass has already shown. */
export function silenced(view: View): View {
  return {
    ...view,
    showsAll: false,
    broken: null,
    event() {},
    log() {},
    settle() {},
    ready: () => view.ready(),
    close: () => view.close(),
  };
}

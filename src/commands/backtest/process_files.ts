/** Feeds the files of a backtest to its run, and warns about anything odd in them. */
import type { Source } from "../../config/configuration.ts";
import type { Config } from "../../config/options.ts";
import type { PenstockEvent } from "../../domain/run/event.ts";
import { TimeRange, timeWords } from "../../domain/market/time_range.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { decoderOf } from "../../exchanges/known_exchanges.ts";
import { archiveDamage } from "../../feeds/files/recorded_files.ts";
import { counted } from "../../views/terminal/figures.ts";
import { strayText } from "../../views/terminal/narration.ts";
import type { View } from "../../views/view.ts";
import type { BacktestInput } from "./backtest_input.ts";
import type { BacktestRun } from "./backtest_run.ts";
import { refuseContracts } from "./contracts.ts";
import { MissingIds, remarksOn } from "./file_remarks.ts";
import { KlineBars } from "./kline_bars.ts";
import { SymbolMismatches } from "./symbol_mismatches.ts";
import { UnusedFiles } from "./unused_files.ts";

/** The parts of a backtest that processing its files needs. */
export interface Tools {
  readonly config: Config;
  /** Where the size of the bars was given. */
  readonly barsFrom: Source;
  readonly run: BacktestRun;
  readonly view: View;
  /** A result that is written between chunks; null if none is. */
  readonly result: { readonly flush: () => Promise<void> } | null;
  readonly stop: AbortSignal;
  readonly emit: (events: Iterable<PenstockEvent>) => Promise<void>;
}

/**
 * Processes the files until `stop` is aborted or there are enough trades. Warns about files that the user probably did
 * not mean.
 */
export async function processFiles(
  input: BacktestInput,
  { config, barsFrom, run, view, result, stop, emit }: Tools,
): Promise<void> {
  const chunks = input.chunks();
  const klines = new KlineBars(decoderOf(config), config.bars, barsFrom);
  const unused = new UnusedFiles(run.state, () => run.outOfRange?.total ?? 0);
  const mismatches = new SymbolMismatches(config.symbol);
  const missingIds = new MissingIds();
  for await (const chunk of chunks) {
    if (!config.sort) unused.enter(chunk.origin);
    refuseContracts(chunk.origin, config);
    klines.enter(chunk);
    const warning = mismatches.warningOf(chunk.origin);
    if (warning !== null) warn(view, warning);
    try {
      await emit(run.take(chunk));
    } catch (error) {
      // A damaged archive produces bad lines; the damage explains more than the first bad line.
      throw error instanceof UnusableInput ? await archiveDamage(chunks, chunk.origin) ?? error : error;
    }
    const missing = missingIds.takeWarning(run);
    if (missing !== null) warn(view, missing);
    await view.ready();
    await result?.flush();
    if (run.done || stop.aborted) break;
  }
  if (!stop.aborted) await emit(run.finish());
  warnOfStrays(run, view);
  if (run.trades === 0) return;
  logOutOfRange(run, config, view);
  if (!stop.aborted) unused.enter(null);
  for (const tally of run.tallies ?? []) unused.add(tally);
  for (const text of [...unused.warnings(config.symbol), ...remarksOn(run)]) warn(view, text);
}

export function warn(view: View, text: string): void {
  view.log({ level: "warn", text });
}

/** Logs how many trades `--from` and `--to` left out, if any. */
function logOutOfRange(run: BacktestRun, { from, to }: Config, view: View): void {
  const { before = 0, after = 0 } = run.outOfRange ?? {};
  const range = new TimeRange(from, to);
  const parts = [
    ...(before === 0 ? [] : [`${counted(before, "trade")} before ${timeWords(range.from)}`]),
    ...(after === 0 ? [] : [`${counted(after, "trade")} from ${timeWords(range.to)} on`]),
  ];
  if (parts.length > 0) view.log({ level: "info", text: `skipped ${parts.join(" and ")}` });
}

/** Warns about new trades out of order. The last ones may be known only once the input has ended. */
export function warnOfStrays(run: BacktestRun, view: View): void {
  const strays = run.takeStrays();
  if (strays !== null) warn(view, strayText(strays));
}

/** Adds advice to the error of an unusable line. */
export function adviseSkipping(error: unknown): void {
  if (error instanceof UnusableInput && error.place.column !== undefined) {
    error.advice = "With --skip-bad such lines are counted and skipped";
  }
}

/** The error of a run that found no trade in its files. */
export function withoutTrades(
  files: readonly string[],
  run: BacktestRun,
  { symbol, from, to }: Config,
): UnusableInput {
  const name = files.map((file) => file === "-" ? "standard input" : file).join(", ");
  const out = run.outOfRange;
  if (out !== null && out.total > 0) {
    const { words } = new TimeRange(from, to);
    const [earliest, latest] = [out.earliest, out.latest].map(timeWords);
    const found = `${counted(out.total, "trade")} of ${symbol} from ${earliest} to ${latest}`;
    return new UnusableInput(
      { name },
      `no trade is in the requested range, ${words}. The files have ${found}: change --from or --to`,
    );
  }
  const others = run.otherSymbols;
  const advice = others.length === 0 ? "" : ` It holds trades of ${others.join(", ")}: choose with --symbol.`;
  const rejections = run.takeRejections();
  const bad = rejections === null
    ? ""
    : ` Unusable lines: ${rejections.count}, the first is ${rejections.reason}.`;
  return new UnusableInput({ name }, `no trade of ${symbol} was found.${advice}${bad}`);
}

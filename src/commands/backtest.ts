/** `penstock backtest`: recorded files, the pipeline, and the views. */
import { ChunkReader } from "../domain/chunk_reader.ts";
import type { Chunk, Origin } from "../domain/chunk.ts";
import type { Started } from "../domain/command.ts";
import { ConfigError, shownConfig, termsOf } from "../domain/config.ts";
import type { PenstockEvent, StartedEvent, SummaryEvent } from "../domain/event.ts";
import { FILL_MODELS, type FillModel, termsUnder } from "../domain/fill_model.ts";
import type { TimedNote } from "../domain/message_lines.ts";
import type { Metrics } from "../domain/metrics.ts";
import type { Config } from "../domain/options.ts";
import type { Results } from "../domain/performance.ts";
import type { SettledInstrument } from "../domain/instrument.ts";
import { isoTime } from "../domain/time.ts";
import { UnusableInput } from "../domain/unusable_input.ts";
import { damageBehind, type FirstTrade, recordedChunks, sortByFirstTrade } from "../feeds/recorded_files.ts";
import type { Rejections } from "../stages/parse.ts";
import { Pipeline } from "../stages/pipeline.ts";
import { Replay } from "../stages/replay.ts";
import { ResultFile, ResultFileError, type ResultHead } from "../stores/result_file.ts";
import type { RunJournal } from "../stores/run_journal.ts";
import { BacktestView } from "../views/backtest_view.ts";
import type { ReportColumn } from "../views/report_table.ts";
import { FruitlessFiles } from "./backtest/fruitless_files.ts";
import { MisreadSymbols } from "./backtest/misread_symbols.ts";
import { instrumentOf } from "./backtest/instruments.ts";

const PROGRESS_MS = 250;
/** What a journal says of each end. */
const STOPPED = {
  "input": "the input ended",
  "stop-after": "as many trades as asked for",
  "for": "asked to",
  "person": "asked to",
} as const;

/** Runs the files to their end, or to that of `--stop-after`, `--for` or the person's patience; shows the result. */
export async function backtest(
  { command, version, files, signal, ...configuration }: Started,
): Promise<void> {
  const { config, sources } = await instrumentOf(configuration);
  const { out } = config;
  if (out !== null && [...files, config.state].some((file) => isSameFile(file, out))) {
    throw new ConfigError([`the result cannot be written to ${out}: the run uses it. Choose another name`]);
  }
  const view = new BacktestView(config);
  const begun = performance.now();
  const ending = new AbortController();
  const timer = config.for === null ? undefined : setTimeout(() => ending.abort(), config.for);
  const shown = { ...shownConfig(config), instrument: { sources, exchangeInfo: null } };
  const progress = { bytesRead: 0, bytesTotal: null as number | null };
  const started = { type: "started", command, version, config: shown } as const;
  const desk = new Desk(config, started);
  const draw = setInterval(() => {
    view.progress({ ...progress, trades: desk.trades, elapsedMs: performance.now() - begun });
  }, PROGRESS_MS);
  const stop = AbortSignal.any([signal, ending.signal]);
  using result = config.out === null ? null : openResult(config.out, {
    options: shown,
    environment: {
      penstock: version,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      os: Deno.build.os,
      arch: Deno.build.arch,
    },
  });
  using journal = config.state === "none"
    ? null
    : await openJournal(config.state, desk, { config, sources }, version);
  const tell = (events: Iterable<PenstockEvent>): void => {
    for (const event of journal === null ? events : kept(events, journal)) {
      if (event.type === "fill") result?.add(event);
      view.event(event);
    }
  };
  try {
    const chunks = recordedChunks(await inOrder(files, config, stop), {
      progress,
      signal: stop,
      onWarning: (text) => view.warn(text),
    });
    const fruitless = new FruitlessFiles(desk.pipeline);
    const misread = new MisreadSymbols(config.symbol);
    for await (const chunk of chunks) {
      fruitless.enter(chunk.origin);
      const warning = misread.warningOf(chunk.origin);
      if (warning !== null) view.warn(warning);
      try {
        tell(desk.take(chunk));
      } catch (error) {
        // A damaged archive gives out bad lines; that it is damaged says more than the first of them.
        throw error instanceof UnusableInput ? await damageBehind(chunks, chunk.origin) ?? error : error;
      }
      view.flush();
      if (desk.done || stop.aborted) break;
    }
    if (desk.trades === 0 && !stop.aborted) throw withoutTrades(files, desk, config.symbol);
    if (!stop.aborted) fruitless.enter(null);
    for (const text of fruitless.warnings(config.symbol, files.length > 1 && !config.sort)) view.warn(text);
    tell(desk.end());
    const ended = endOf({ isDone: desk.done, isOver: ending.signal.aborted, isAsked: signal.aborted });
    journal?.note("stopped", Date.now() * 1000, { reason: STOPPED[ended] });
    const summary = desk.summary(ended, performance.now() - begun);
    try {
      result?.finish(summary, desk.measured);
    } finally {
      view.end(summary, desk.reports());
    }
  } catch (error) {
    if (error instanceof UnusableInput) {
      journal?.note("stopped", Date.now() * 1000, { reason: error.message });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(draw);
    view.close();
  }
}

/** The files in the order in which they are to be read; none where the person ends the looking at them. */
async function inOrder(
  files: readonly string[],
  config: Config,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!config.sort) return files;
  try {
    return await sortByFirstTrade(files, firstTradeIn(config), { signal });
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

type End = keyof typeof STOPPED;

/** What ended a run: its trades, its time or the person; or else its input. */
function endOf(
  { isDone, isOver, isAsked }: {
    readonly isDone: boolean;
    readonly isOver: boolean;
    readonly isAsked: boolean;
  },
): End {
  if (isDone) return "stop-after";
  if (isOver) return "for";
  return isAsked ? "person" : "input";
}

/** Begins the result. Throws a ConfigError where it cannot be written: another `--out` can. */
function openResult(path: string, head: ResultHead): ResultFile {
  try {
    return ResultFile.create(path, head);
  } catch (error) {
    throw error instanceof ResultFileError ? new ConfigError([error.message]) : error;
  }
}

/** Begins the journal of a backtest, where none may be. */
async function openJournal(
  path: string,
  { pipeline }: Desk,
  { config, sources }: SettledInstrument,
  version: string,
): Promise<RunJournal> {
  const [{ Journal }, { OtherRun, RunJournal }] = await Promise.all([
    import("../stores/journal.ts"),
    import("../stores/run_journal.ts"),
  ]);
  const journal = Journal.open(path, { now: () => performance.now(), window: config.long });
  if (journal.run > 0) {
    journal.close();
    throw new OtherRun(
      `${path} holds a run already, and a backtest begins one of its own: give another --state`,
    );
  }
  const keeping = new RunJournal(journal, pipeline, config.symbol);
  keeping.begin({
    time: Date.now() * 1000,
    version,
    options: shownConfig(config),
    instrument: { sources, exchangeInfo: null },
    isNew: true,
  });
  return keeping;
}

/** The same events, all that the journal has room for on disk before the first is handed out, whatever ended them. */
function* kept(events: Iterable<PenstockEvent>, journal: RunJournal): Generator<PenstockEvent> {
  const made: PenstockEvent[] = [];
  try {
    for (const event of events) made.push(event);
  } finally {
    journal.keep(made.filter(isKept));
    yield* made;
  }
}

/** Whether an event becomes an entry; the others say how a run began, ended and went on, or what was no trade. */
function isKept(event: PenstockEvent): event is Parameters<RunJournal["keep"]>[0][number] {
  return !["started", "status", "rejected", "model", "summary"].includes(event.type);
}

/** One pipeline under one fill model, with a reader of its own. */
interface Lane {
  readonly model: FillModel;
  readonly pipeline: Pipeline;
  readonly reader: ChunkReader;
  readonly replay: Replay;
}

/** Puts the chunks through the pipeline, and through those of the other fill models where they are asked for. */
class Desk {
  readonly #main: Lane;
  readonly #lanes: readonly Lane[];
  readonly #started: Omit<StartedEvent, "time">;
  /** What happened before the first trade, whose time `started` takes; null from then on. */
  #held: PenstockEvent[] | null = [];
  #results: Results | null = null;
  #origin: Origin | null = null;

  constructor(config: Config, started: Omit<StartedEvent, "time">) {
    this.#started = started;
    // Thousands of events that nobody reads cost a tenth of the time.
    const tells = config.json || config.out !== null || config.state !== "none" ||
      config.logLevel === "debug";
    const lane = (model: FillModel): Lane => {
      const reader = new ChunkReader(config.symbol, !config.skipBad);
      const pipeline = new Pipeline({
        symbol: config.symbol,
        short: config.short,
        long: config.long,
        terms: termsUnder(model, termsOf(config)),
        stopAfter: config.stopAfter,
        withResults: true,
        isTransient: model !== "configured" || config.state === "none",
        isQuiet: model !== "configured" || !tells,
      });
      return { model, pipeline, reader, replay: new Replay(pipeline, reader) };
    };
    this.#main = lane("configured");
    this.#lanes = config.models
      ? FILL_MODELS.map((model) => model === "configured" ? this.#main : lane(model))
      : [this.#main];
  }

  /** The configured one. */
  get pipeline(): Pipeline {
    return this.#main.pipeline;
  }

  /** Trades so far. */
  get trades(): number {
    return this.#main.pipeline.trades;
  }

  /** Whether as many trades as asked for have been seen. */
  get done(): boolean {
    return this.#main.pipeline.done;
  }

  /** Other symbols whose trades were passed over. */
  get otherSymbols(): readonly string[] {
    return this.#main.reader.otherSymbols;
  }

  /** What is wrong with the input and was not told yet, or null. */
  takeRejections(): Rejections | null {
    return this.#main.pipeline.takeRejections();
  }

  /** Runs a chunk and yields what happened, in order. Throws UnusableInput at a line that cannot be used. */
  *take(chunk: Chunk): Generator<PenstockEvent> {
    this.#enter(chunk.origin);
    try {
      for (const told of this.#main.replay.open(chunk).run()) {
        const event = "type" in told ? told : eventOf(told);
        if (event === null) continue;
        if (this.#held !== null && this.trades > 0) yield* this.#begin();
        if (this.#held === null) yield event;
        else this.#held.push(event);
      }
    } finally {
      // Also before an error, so that what was told by then does not depend on where chunks end.
      if (this.#held !== null && this.trades > 0) yield* this.#begin();
    }
    for (const lane of this.#lanes) {
      if (lane !== this.#main) lane.replay.open(chunk).run().forEach(() => {});
    }
  }

  /** Ends the input: what was unusable, what still waited, and what the other fill models came to. */
  *end(): Generator<PenstockEvent> {
    if (this.#held !== null) yield* this.#begin();
    for (const event of this.#main.pipeline.end()) yield event;
    const rejections = this.takeRejections();
    if (rejections !== null) yield { type: "rejected", time: this.#lastTime, ...rejections };
    for (const { model, pipeline } of this.#lanes) {
      if (model === "configured") continue;
      for (const _expired of pipeline.end());
      const { metrics } = pipeline.results();
      yield { type: "model", model, time: this.#lastTime, ...pipeline.totals, metrics };
    }
  }

  /** What the configured run is judged by. */
  get measured(): Results {
    return this.#results ??= this.#main.pipeline.results();
  }

  /** The summary. */
  summary(
    ended: End,
    elapsedMs: number,
  ): SummaryEvent & { readonly metrics: Metrics } {
    return {
      type: "summary",
      time: this.#lastTime,
      ...this.#main.pipeline.totals,
      ended,
      elapsedMs: Math.round(elapsedMs),
      tradesPerSecond: Math.round(this.trades * 1000 / elapsedMs),
      metrics: this.measured.metrics,
    };
  }

  /** The columns of the table. */
  reports(): ReportColumn[] {
    return this.#lanes.map(({ model, pipeline }) => ({
      title: model,
      summary: { ...pipeline.totals, metrics: pipeline.results().metrics },
      refused: pipeline.refused,
    }));
  }

  get #lastTime(): string {
    return isoTime(this.#main.pipeline.lastTime ?? 0);
  }

  /** A recording that ended without a connection says nothing about the file behind it. */
  #enter(origin: Origin): void {
    if (origin === this.#origin) return;
    this.#origin = origin;
    for (const { pipeline } of this.#lanes) pipeline.connected = true;
  }

  *#begin(): Generator<PenstockEvent> {
    const held = this.#held ?? [];
    this.#held = null;
    yield { ...this.#started, time: isoTime(this.#main.pipeline.firstTime ?? 0) };
    yield* held;
  }
}

/** Whether two paths lead to one file; what cannot be looked at is told by its name. */
function isSameFile(one: string, other: string): boolean {
  try {
    return one === other || Deno.realPathSync(one) === Deno.realPathSync(other);
  } catch {
    return false;
  }
}

/** What a note says in an event; null where it says nothing about the connection. */
function eventOf(note: TimedNote): PenstockEvent | null {
  const time = isoTime(note.time);
  switch (note.event) {
    case "connected":
      return { type: "connected", time, endpoint: note.endpoint, attempt: note.attempt };
    case "disconnected":
      return { type: "disconnected", time, reason: note.reason, retryInMs: note.retryInMs };
    default:
      return null;
  }
}

/** Finds a chunk's first trade, for sorting; unusable lines are left to the run itself. */
function firstTradeIn({ symbol }: Config): (chunk: Chunk) => FirstTrade | null {
  return (chunk) => {
    const reader = new ChunkReader(symbol, false);
    reader.open(chunk);
    for (
      let verdict = reader.next();
      verdict !== null || reader.takeNote() !== null;
      verdict = reader.next()
    ) {
      if (verdict === "trade") return { time: reader.trade.time, id: reader.trade.firstId };
    }
    return null;
  };
}

function withoutTrades(files: readonly string[], desk: Desk, symbol: string): UnusableInput {
  const name = files.map((file) => file === "-" ? "standard input" : file).join(", ");
  const others = desk.otherSymbols;
  const advice = others.length === 0 ? "" : ` It holds trades of ${others.join(", ")}: choose with --symbol.`;
  const rejections = desk.takeRejections();
  const bad = rejections === null
    ? ""
    : ` Unusable lines: ${rejections.count}, the first is ${rejections.reason}.`;
  return new UnusableInput({ name }, `no trade of ${symbol} was found.${advice}${bad}`);
}

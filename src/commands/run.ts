/** `penstock run`: a live feed, the pipeline, and the views. */
import type { Started } from "../domain/command.ts";
import type { Config } from "../domain/options.ts";
import { shownConfig, termsOf } from "../domain/config.ts";
import type { PenstockEvent, PipelineEvent } from "../domain/event.ts";
import { hostsNeeded, restOf, streamOf } from "../domain/endpoints.ts";
import { MessageBatch } from "../domain/message_batch.ts";
import { isoTime } from "../domain/time.ts";
import { plain } from "../domain/money.ts";
import { LateRows, lateText } from "../domain/late_rows.ts";
import { Backfill } from "../feeds/backfill.ts";
import type { Batch } from "../feeds/feed.ts";
import type { RecordingNote } from "../domain/recording_note.ts";
import { LiveFeed } from "../feeds/live_feed.ts";
import { giveUp, type Needs } from "../feeds/permissions.ts";
import { ReadAhead } from "../feeds/read_ahead.ts";
import type { HeldGap } from "../stages/parse.ts";
import { Pipeline } from "../stages/pipeline.ts";
import type { Spent } from "../stores/journal.ts";
import type { Recording } from "../stores/recording.ts";
import type { RunJournal } from "../stores/run_journal.ts";
import { RunView } from "../views/run_view.ts";
import { Pace } from "../views/pace.ts";
import { statusLine } from "../views/status_line.ts";

const STATUS_EVENT_MS = 10_000;
const LIVE_LINE_MS = 250;
const REJECTED_EVENT_MS = 10_000;
const CHECKPOINT_MS = 10_000;
const BEAT_MS = 5_000;

/** Trades on paper until the person, `--stop-after`, `--for` or `--attempts` ends it; then says the summary. */
export async function run({ command, version, config, signal }: Started): Promise<void> {
  const view = new RunView(config);
  const begun = performance.now();
  const ending = new AbortController();
  const timer = config.for === null ? undefined : setTimeout(() => ending.abort(), config.for);
  const stop = AbortSignal.any([signal, ending.signal]);
  const feed = new ReadAhead(
    new LiveFeed({
      endpoint: streamOf(config),
      symbol: config.symbol,
      staleMs: config.stale,
      retryMaxMs: config.retryMax,
      attempts: config.attempts,
      renewAfterMs: config.renewAfter,
      signal: stop,
    }),
  );
  const desk = new Desk(config, view, feed, stop);
  const keep = (write: () => void): void => {
    try {
      write();
    } catch {
      // The journal remembers why it takes nothing more, and says so when the run is to be closed in it.
      ending.abort();
    }
  };
  const timers = [
    setInterval(() => desk.tellStatus(), STATUS_EVENT_MS),
    setInterval(() => desk.tellRejections(), REJECTED_EVENT_MS),
    setInterval(() => keep(() => desk.checkpoint()), CHECKPOINT_MS),
    setInterval(() => keep(() => desk.beat()), BEAT_MS),
    setInterval(() => desk.draw(), LIVE_LINE_MS),
  ];
  try {
    const shown = shownConfig(config);
    const resumed = await desk.open(version, shown);
    view.say({ level: "info", text: await giveUp(needsOf(config), pathsOf(config)) });
    view.event({ type: "started", time: now(), command, version, config: shown });
    if (resumed !== null) view.say({ level: "info", text: resumed });
    for await (const batch of feed) {
      await desk.take(batch);
      if (desk.done) break;
    }
    desk.stop();
  } finally {
    clearTimeout(timer);
    for (const id of timers) clearInterval(id);
    await desk.close(performance.now() - begun);
  }
}

/** Puts what the feed hands over through the pipeline, keeps what comes of it, and shows it. */
class Desk {
  readonly #config: Config;
  readonly #pipeline: Pipeline;
  readonly #view: RunView;
  readonly #feed: ReadAhead;
  readonly #backfill: Backfill | null;
  readonly #messages: MessageBatch;
  readonly #late: LateRows;
  readonly #pace = new Pace();
  #journal: RunJournal | null = null;
  #recording: Recording | null = null;
  readonly #signal: AbortSignal;
  #isOpen = false;
  #connected = false;
  /** The run was stopped at a gap, which the next one is to fill. */
  #isLeft = false;
  #rejectionsTold = false;

  constructor(config: Config, view: RunView, feed: ReadAhead, signal: AbortSignal) {
    this.#config = config;
    this.#view = view;
    this.#feed = feed;
    this.#signal = signal;
    this.#messages = new MessageBatch(config.symbol);
    this.#late = new LateRows(config.symbol);
    const restEndpoint = restOf(config);
    this.#backfill = restEndpoint === undefined ? null : new Backfill({
      restEndpoint,
      exchange: config.exchange,
      symbol: config.symbol,
      maxTrades: config.backfillMax,
      signal,
    });
    this.#pipeline = new Pipeline({
      symbol: config.symbol,
      short: config.short,
      long: config.long,
      terms: termsOf(config),
      stopAfter: config.stopAfter,
      holdsAtGaps: this.#backfill !== null,
    });
  }

  /** Opens the journal and the recording. Where a run that the journal holds was taken up, says how it stands. */
  async open(version: string, options: ReturnType<typeof shownConfig>): Promise<string | null> {
    let resumed: string | null = null;
    const { state, symbol, long, newRun, record } = this.#config;
    if (state !== "none") {
      const { RunJournal } = await import("../stores/run_journal.ts");
      const journal = new RunJournal(state, this.#pipeline, symbol, {
        now: () => performance.now(),
        window: long,
      });
      this.#journal = journal;
      const isResumed = journal.begin({ time: Date.now() * 1000, version, options, isNew: newRun });
      if (isResumed) resumed = resumedText(state, this.#pipeline);
    }
    if (record !== null) {
      const { Recording } = await import("../stores/recording.ts");
      this.#recording = Recording.create(record, {
        symbol,
        onTrouble: (text) => this.#view.say({ level: "warn", text }),
      });
    }
    this.#isOpen = true;
    this.beat();
    return resumed;
  }

  /** Whether as many trades as asked for have been seen, or what comes next belongs to the next run. */
  get done(): boolean {
    return this.#pipeline.done || this.#isLeft;
  }

  async take(batch: Batch): Promise<void> {
    switch (batch.kind) {
      case "messages":
        await this.#run(batch.messages, batch.receivedAt);
        this.#pace.note(this.#pipeline.trades, this.#pipeline.lastTime, batch.receivedAt);
        // The first unusable message is told at once, the later ones together.
        if (!this.#rejectionsTold) this.tellRejections();
        break;
      case "connected": {
        const { endpoint, attempt } = batch;
        this.#connect(true);
        this.#note({ event: "connected", endpoint, attempt });
        this.#journal?.note("connected", Date.now() * 1000, { endpoint, attempt });
        this.#view.event({ type: "connected", time: now(), endpoint, attempt });
        break;
      }
      case "disconnected": {
        this.#connect(false);
        const { reason, retryInMs, hint } = batch;
        this.#note({ event: "disconnected", reason, retryInMs });
        this.#journal?.note("disconnected", Date.now() * 1000, { reason, retryInMs });
        this.#view.event({
          type: "disconnected",
          time: now(),
          reason,
          retryInMs,
          ...(hint === null ? {} : { hint }),
        });
        break;
      }
      case "notice":
        this.#note({ event: "notice", message: batch.message });
        this.#view.say({ level: "info", text: batch.message });
    }
  }

  /** Keeps where the run stands. */
  checkpoint(): void {
    if (this.#isOpen) this.#journal?.checkpoint(Date.now() * 1000);
  }

  /** Says in the journal that this process is alive. */
  beat(): void {
    if (!this.#isOpen) return;
    const tradesPerSecond = Math.round(this.#pace.tradesPerSecond());
    this.#journal?.beat(Date.now() * 1000, { tradesPerSecond, lagMs: this.#pace.lagMs });
  }

  tellStatus(): void {
    const { trades, equity, position } = this.#pipeline.standing;
    const tradesPerSecond = Math.round(this.#pace.tradesPerSecond());
    this.#view.event({
      type: "status",
      time: now(),
      symbol: this.#config.symbol,
      trades,
      tradesPerSecond,
      lagMs: this.#pace.lagMs,
      equity: plain(equity),
      position: plain(position),
    });
  }

  tellRejections(): void {
    const rejections = this.#pipeline.takeRejections();
    if (rejections === null) return;
    this.#rejectionsTold = true;
    this.#view.event({ type: "rejected", time: now(), ...rejections });
  }

  draw(): void {
    const pace = {
      symbol: this.#config.symbol,
      connected: this.#connected,
      tradesPerSecond: this.#pace.tradesPerSecond(),
      lagMs: this.#pace.lagMs,
    };
    this.#view.draw((width) => statusLine(this.#pipeline.standing, pace, width));
  }

  /** Ends the input: what still waits expires, and the journal says that the run was stopped. */
  stop(): void {
    this.tellRejections();
    this.#tell(this.#pipeline.end());
    this.tellRejections();
    this.#journal?.note("stopped", Date.now() * 1000, { reason: "asked to" });
  }

  /** Closes what was opened and says the summary, however the run ended. */
  async close(elapsedMs: number): Promise<void> {
    await this.#recording?.close();
    if (this.#journal !== null) this.#view.say({ level: "debug", text: spentText(this.#journal.spent) });
    this.#journal?.close();
    // A run that never began has nothing to sum up.
    if (!this.#isOpen) return this.#view.close();
    const summary: PenstockEvent = {
      type: "summary",
      time: now(),
      ...this.#pipeline.totals,
      elapsedMs: Math.round(elapsedMs),
    };
    this.#view.event(summary);
    this.#view.close();
  }

  /** Runs messages, and at a gap first what can be fetched of the trades that are missing. */
  async #run(messages: readonly string[], receivedAt: number): Promise<void> {
    const reader = this.#messages.open(messages);
    let recorded = 0;
    // What was received after the last trade that counted is no part of this run.
    const record = (until: number): void => {
      if (until > recorded) this.#recording?.frames(messages.slice(recorded, until), receivedAt);
      recorded = until;
    };
    try {
      for (;;) {
        this.#tell(this.#pipeline.run(reader));
        const gap = this.#pipeline.heldGap;
        if (gap === null || this.done) break;
        record(reader.taken - 1);
        await this.#feed.during(this.#fill(gap));
        if (this.#isLeft) break;
      }
    } finally {
      // A trade that is still held has not been worked off.
      record(this.#pipeline.heldGap === null ? reader.taken : reader.taken - 1);
    }
  }

  async #fill({ fromId, toId }: HeldGap): Promise<void> {
    const pages = this.#backfill!.fetch(fromId, toId);
    let page = await pages.next();
    for (; !page.done && !this.done; page = await pages.next()) {
      this.#tell(this.#pipeline.run(this.#late.open(page.value.rows)));
      this.#note({ event: "late", trades: lateText(page.value.rows) });
    }
    // Let pass now, the gap would cost a run that is taken up again its averages.
    this.#isLeft = this.#journal !== null && this.#signal.aborted && page.done === true &&
      !page.value.complete;
    if (this.#isLeft) return;
    const filled = this.#pipeline.lastId - fromId + 1;
    if (page.done && !page.value.complete) {
      const { reason, hint } = page.value;
      const missing = toId - fromId + 1;
      const advice = hint === null ? "" : ` ${hint}`;
      this.#view.say({
        level: "warn",
        text: `${missing - filled} of ${missing} missed trades could not be fetched: ${reason}.${advice}`,
      });
    }
    this.#pipeline.settleGap(filled);
    this.#note({ event: "settled", filled });
  }

  /** Keeps events, then tells them. */
  #tell(events: Iterable<PipelineEvent>): void {
    if (this.#journal === null) return this.#view.events(events);
    const made = [...events];
    this.#journal.keep(made);
    this.#view.events(made);
  }

  #note(note: RecordingNote): void {
    this.#recording?.note(note, Date.now());
  }

  #connect(connected: boolean): void {
    this.#connected = connected;
    this.#pipeline.connected = connected;
  }
}

/** The files that a run writes. */
function pathsOf({ state, record }: Config): string[] {
  return [state, record].filter((path) => path !== null && path !== "none") as string[];
}

/** What a run goes on needing once its journal and its recording are open. */
function needsOf(config: Config): Needs {
  const { state } = config;
  // The lock beside the journal is removed at the end.
  const writes = state === "none" ? [] : [`${state}.lock`];
  return { hosts: hostsNeeded(config), writes };
}

function resumedText(path: string, pipeline: Pipeline): string {
  const { trades, cash, position, stance } = pipeline.standing;
  const halted = pipeline.standing.halted ? "; halted: no more buys" : "";
  return `the run in ${path} goes on after ${trades} trades: cash ${plain(cash)}, position ${
    plain(position)
  }, ` +
    `stance ${stance}${halted}`;
}

function spentText({ commits, totalMs, worstMs }: Spent): string {
  return `the journal took ${commits} commits, ${totalMs.toFixed(1)} ms together, ${
    worstMs.toFixed(1)
  } ms at worst`;
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

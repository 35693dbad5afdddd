/** `penstock run`: a live feed, the pipeline, and the views. */
import type { Started } from "../domain/command.ts";
import type { Config } from "../domain/options.ts";
import type { Configuration } from "../domain/config.ts";
import type { PenstockEvent, PipelineEvent } from "../domain/event.ts";
import { restOf, streamOf } from "../domain/endpoints.ts";
import { MessageBatch } from "../domain/message_batch.ts";
import type { OnHalt } from "../domain/halt.ts";
import { isoTime } from "../domain/time.ts";
import { plain } from "../domain/money.ts";
import { LateRows, lateText } from "../domain/late_rows.ts";
import { alarm } from "../feeds/alarm.ts";
import { Backfill } from "../feeds/backfill.ts";
import type { Batch } from "../feeds/feed.ts";
import type { RecordingNote } from "../domain/recording_note.ts";
import { onHaltSignals } from "../feeds/halt_signals.ts";
import { LiveFeed } from "../feeds/live_feed.ts";
import { ReadAhead } from "../feeds/read_ahead.ts";
import { RestBudget } from "../feeds/rest_budget.ts";
import type { HeldGap } from "../stages/parse.ts";
import type { Pipeline } from "../stages/pipeline.ts";
import type { Spent } from "../stores/journal.ts";
import type { Recording } from "../stores/recording.ts";
import type { RunJournal } from "../stores/run_journal.ts";
import { RunView } from "../views/run_view.ts";
import { Pace } from "../views/pace.ts";
import { statusLine } from "../views/status_line.ts";
import { giveUpUnneeded } from "./run/giving_up.ts";
import { neverStarted, type OpenedRun, openRun } from "./run/opening.ts";
import { toldIfSlow } from "./run/slow_fetch.ts";

const STATUS_EVENT_MS = 10_000;
const LIVE_LINE_MS = 250;
const REJECTED_EVENT_MS = 10_000;
const CHECKPOINT_MS = 10_000;
const BEAT_MS = 5_000;

/** Trades on paper until the person, `--stop-after`, `--for` or `--attempts` ends it; then says the summary. */
export async function run({ command, version, config, sources, signal }: Started): Promise<void> {
  const begun = performance.now();
  const ending = new AbortController();
  const view = new RunView(config, { signal, onBroken: () => ending.abort() });
  using _over = alarm(config.for, () => ending.abort());
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
  const desk = new Desk({ config, sources }, view, feed, stop);
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
  using _halting = onHaltSignals((action) => desk.halt(action));
  try {
    // The stream connects while the exchange is asked for the instrument.
    const opened = await feed.during(desk.open(version));
    if (opened === null) return view.say(neverStarted());
    view.say(await giveUpUnneeded(config));
    view.event({ type: "started", time: now(), command, version, config: opened.shown });
    for (const line of opened.lines) view.say(line);
    desk.begin();
    for await (const batch of feed) {
      await desk.take(batch);
      if (desk.done) break;
      if (view.isCrowded) await view.caughtUp(stop);
    }
    desk.stop(view.broken?.message);
  } finally {
    for (const id of timers) clearInterval(id);
    // A stream that connected for a run which could not begin.
    ending.abort();
    await desk.close(performance.now() - begun);
  }
  if (view.broken !== null) throw view.broken;
}

/** Puts what the feed hands over through the pipeline, keeps what comes of it, and shows it. */
class Desk {
  readonly #configuration: Configuration;
  readonly #config: Config;
  readonly #view: RunView;
  readonly #feed: ReadAhead;
  readonly #restEndpoint: string | null | undefined;
  readonly #budget = new RestBudget();
  readonly #backfill: Backfill | null;
  readonly #messages: MessageBatch;
  readonly #late: LateRows;
  readonly #pace = new Pace();
  #made: Pipeline | null = null;
  #journal: RunJournal | null = null;
  #recording: Recording | null = null;
  readonly #signal: AbortSignal;
  #isOpen = false;
  /** Whether it has been told that the run began, and not yet that it stopped. */
  #hasBegun = false;
  /** A halt by hand that came too early to be told. */
  #early: OnHalt | null = null;
  #connected = false;
  /** The run was stopped at a gap, which the next one is to fill. */
  #isLeft = false;
  #rejectionsTold = false;

  constructor(configuration: Configuration, view: RunView, feed: ReadAhead, signal: AbortSignal) {
    const { config } = configuration;
    this.#configuration = configuration;
    this.#config = config;
    this.#view = view;
    this.#feed = feed;
    this.#signal = signal;
    this.#messages = new MessageBatch(config.symbol);
    this.#late = new LateRows(config.symbol);
    const { exchange, symbol, backfillMax: maxTrades } = config;
    const restEndpoint = this.#restEndpoint = restOf(config);
    const budget = this.#budget;
    this.#backfill = restEndpoint === undefined
      ? null
      : new Backfill({ restEndpoint, exchange, symbol, maxTrades, signal, budget });
  }

  /** There from `open` on: until then it is not known what orders have to be like. */
  get #pipeline(): Pipeline {
    if (this.#made === null) throw new TypeError("The desk is not open yet");
    return this.#made;
  }

  /** Starts the run, and opens the recording; null like `openRun`. Throws like that, and where the recording cannot be made. */
  async open(version: string): Promise<Pick<OpenedRun, "shown" | "lines"> | null> {
    const { symbol, record } = this.#config;
    const opened = await openRun(this.#configuration, {
      version,
      restEndpoint: this.#restEndpoint,
      budget: this.#budget,
      holdsAtGaps: this.#backfill !== null,
      signal: this.#signal,
    });
    if (opened === null) return null;
    const { pipeline, journal, shown, lines } = opened;
    this.#made = pipeline;
    this.#journal = journal;
    if (record !== null) {
      const { Recording } = await import("../stores/recording.ts");
      this.#recording = Recording.create(record, {
        symbol,
        journal: this.#journal?.place,
        onTrouble: (text) => this.#view.say({ level: "warn", text }),
      });
    }
    this.#isOpen = true;
    this.beat();
    return { shown, lines };
  }

  /** Begins, once it has been told that it does. */
  begin(): void {
    this.#hasBegun = true;
    if (this.#early !== null) this.halt(this.#early);
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
        const at = Date.now();
        this.#connected = this.#pipeline.connected = true;
        this.#note({ event: "connected", endpoint, attempt }, at);
        this.#keepNote("connected", at, { endpoint, attempt });
        this.#view.event({ type: "connected", time: isoTime(at * 1000), endpoint, attempt });
        break;
      }
      case "disconnected": {
        const { reason, retryInMs, hint } = batch;
        const at = Date.now();
        this.#connected = false;
        this.#pipeline.disconnect(reason);
        this.#note({ event: "disconnected", reason, retryInMs }, at);
        this.#keepNote("disconnected", at, { reason, retryInMs });
        this.#view.event({
          type: "disconnected",
          time: isoTime(at * 1000),
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

  /** Halts trading by hand: before the run has begun with `begin`, and nothing once it has stopped. */
  halt(action: OnHalt): void {
    if (!this.#hasBegun) {
      this.#early = this.#early === "flatten" ? "flatten" : action;
      return;
    }
    const at = Date.now();
    this.#recording?.note({ event: "halt", action }, at);
    this.#tell(this.#pipeline.halt(action, at * 1000));
  }

  /** Keeps where the run stands. */
  checkpoint(): void {
    if (!this.#isOpen || this.#journal === null) return;
    this.#recording?.flush();
    this.#journal.checkpoint(Date.now() * 1000);
    this.#recording?.kept(this.#journal.lastSeq);
  }

  /** Says in the journal that this process is alive. */
  beat(): void {
    if (!this.#isOpen) return;
    const tradesPerSecond = Math.round(this.#pace.tradesPerSecond());
    this.#journal?.beat(Date.now() * 1000, { tradesPerSecond, lagMs: this.#pace.lagMs });
  }

  tellStatus(): void {
    if (!this.#isOpen) return;
    const { trades, equity, position, halt } = this.#pipeline.standing;
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
      halted: halt !== null,
    });
  }

  tellRejections(): void {
    if (!this.#isOpen) return;
    const rejections = this.#pipeline.takeRejections();
    if (rejections === null) return;
    this.#rejectionsTold = true;
    this.#view.event({ type: "rejected", time: now(), ...rejections });
  }

  draw(): void {
    if (!this.#isOpen) return;
    const pace = {
      symbol: this.#config.symbol,
      connected: this.#connected,
      tradesPerSecond: this.#pace.tradesPerSecond(),
      lagMs: this.#pace.lagMs,
    };
    this.#view.draw((width) => statusLine(this.#pipeline.standing, pace, width));
  }

  /** Ends the input: what still waits expires, and the journal says that the run was stopped, and why. */
  stop(reason = "asked to"): void {
    this.tellRejections();
    this.#tell(this.#pipeline.end());
    this.tellRejections();
    this.#keepNote("stopped", Date.now(), { reason });
  }

  /** Closes what was opened and says the summary, however the run ended. */
  async close(elapsedMs: number): Promise<void> {
    this.#hasBegun = false;
    await this.#recording?.close();
    if (this.#journal !== null) this.#view.say({ level: "debug", text: spentText(this.#journal.spent) });
    this.#journal?.close();
    // A run that never began has nothing to sum up.
    if (!this.#isOpen) return await this.#view.close();
    const summary: PenstockEvent = {
      type: "summary",
      time: now(),
      ...this.#pipeline.totals,
      elapsedMs: Math.round(elapsedMs),
    };
    this.#view.event(summary);
    await this.#view.close();
  }

  /** Runs messages, and at a gap first what can be fetched of the trades that are missing. */
  async #run(messages: readonly string[], receivedAt: number): Promise<void> {
    const reader = this.#messages.open(messages, Math.round(receivedAt * 1000));
    let recorded = 0;
    // What was received after the last trade that counted is no part of this run.
    const record = (until: number): void => {
      if (until > recorded) this.#recording?.frames(messages.slice(recorded, until), receivedAt);
      recorded = until;
    };
    // A trade that is still held has not been worked off.
    const recordTaken = () => record(this.#pipeline.heldGap === null ? reader.taken : reader.taken - 1);
    try {
      for (;;) {
        this.#tell(this.#pipeline.run(reader), recordTaken);
        const gap = this.#pipeline.heldGap;
        if (gap === null || this.done) break;
        await this.#feed.during(toldIfSlow(gap, this.#fill(gap), (line) => this.#view.say(line)));
        if (this.#isLeft) break;
      }
    } finally {
      recordTaken();
    }
  }

  async #fill({ fromId, toId }: HeldGap): Promise<void> {
    const pages = this.#backfill!.fetch(fromId, toId);
    let page = await pages.next();
    for (; !page.done && !this.done; page = await pages.next()) {
      const { rows } = page.value;
      this.#tell(
        this.#pipeline.run(this.#late.open(rows)),
        () => this.#note({ event: "late", trades: lateText(rows.slice(0, this.#late.taken)) }),
      );
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

  /** Records what events come from, keeps them, then tells them. */
  #tell(events: Iterable<PipelineEvent>, record: () => void = () => {}): void {
    if (this.#journal === null) {
      this.#view.events(events);
      record();
      return;
    }
    const made = [...events];
    record();
    if (made.length === 0) return;
    // What a kill leaves in the journal can be derived from what it leaves of the recording.
    this.#recording?.flush();
    this.#journal.keep(made);
    this.#recording?.kept(this.#journal.lastSeq);
    this.#view.events(made);
  }

  #note(note: RecordingNote, at = Date.now()): void {
    this.#recording?.note(note, at);
  }

  /** Keeps in the journal what happened at `at`, ms since 1970, and where the run stands. */
  #keepNote(type: "connected" | "disconnected" | "stopped", at: number, content: object): void {
    if (this.#journal === null) return;
    this.#recording?.flush();
    this.#journal.note(type, at * 1000, content);
    this.#recording?.kept(this.#journal.lastSeq);
  }
}

function spentText({ commits, totalMs, worstMs }: Spent): string {
  return `the journal took ${commits} commits, ${totalMs.toFixed(1)} ms together, ${
    worstMs.toFixed(1)
  } ms at worst`;
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

/** A live run from its opening to its summary: what the feed hands over, what comes of it, and where that goes. */
import type { Started } from "../../domain/command.ts";
import type { Config } from "../../domain/options.ts";
import type { Configuration } from "../../domain/config.ts";
import type { PenstockEvent, PipelineEvent } from "../../domain/event.ts";
import { restOf } from "../../domain/endpoints.ts";
import { MessageBatch } from "../../domain/message_batch.ts";
import type { OnHalt } from "../../domain/halt.ts";
import { isoTime } from "../../domain/time.ts";
import { Backfill } from "../../feeds/backfill.ts";
import type { Batch } from "../../feeds/feed.ts";
import type { RecordingNote } from "../../domain/recording_note.ts";
import { ReadAhead } from "../../feeds/read_ahead.ts";
import { RestBudget } from "../../feeds/rest_budget.ts";
import type { Pipeline } from "../../stages/pipeline.ts";
import type { Recording } from "../../stores/recording.ts";
import type { RunJournal } from "../../stores/run_journal.ts";
import { RunView } from "../../views/run_view.ts";
import { Pace } from "../../views/pace.ts";
import { droppedRequest, journalTook, strayText } from "../../views/narration.ts";
import { type Pace as ShownPace, statusEvent, statusLine } from "../../views/status_line.ts";
import { GapFilling } from "./gap_filling.ts";
import { type OpenedRun, openRun } from "./opening.ts";
import { recordingTarget, startRecording } from "./recording.ts";
import { answerTo } from "./requests.ts";
import { toldIfSlow } from "./slow_fetch.ts";
import { endWaiting } from "./waiting.ts";

/** Puts what the feed hands over through the pipeline, keeps what comes of it, and shows it. */
export class LiveRun {
  readonly #configuration: Configuration;
  readonly #config: Config;
  readonly #view: RunView;
  readonly #feed: ReadAhead;
  readonly #restEndpoint: string | null | undefined;
  readonly #budget = new RestBudget();
  readonly #backfill: Backfill | null;
  readonly #messages: MessageBatch;
  /** Null where nothing is fetched. */
  #gaps: GapFilling | null = null;
  readonly #pace = new Pace();
  /** When data that is run later may have come first, ms since 1970. */
  readonly #openedAt = Date.now();
  #made: Pipeline | null = null;
  #journal: RunJournal | null = null;
  #recording: Recording | null = null;
  readonly #signal: AbortSignal;
  #isOpen = false;
  /** Whether it has been told that the run began, and not yet that it stopped. */
  #hasBegun = false;
  /** A halt by hand that came too early to be told. */
  #early: OnHalt | null = null;
  /** Trades that the journal held already. */
  #resumedAfter = 0;
  #connected = false;
  #rejectionsTold = false;

  constructor(configuration: Configuration, view: RunView, feed: ReadAhead, signal: AbortSignal) {
    const { config } = configuration;
    this.#configuration = configuration;
    this.#config = config;
    this.#view = view;
    this.#feed = feed;
    this.#signal = signal;
    this.#messages = new MessageBatch(config.symbol);
    const { exchange, symbol, backfillMax: maxTrades } = config;
    const restEndpoint = this.#restEndpoint = restOf(config);
    const budget = this.#budget;
    this.#backfill = restEndpoint === undefined
      ? null
      : new Backfill({ restEndpoint, exchange, symbol, maxTrades, signal, budget });
  }

  /** There from `open` on: until then it is not known what orders have to be like. */
  get #pipeline(): Pipeline {
    if (this.#made === null) throw new TypeError("The run is not open yet");
    return this.#made;
  }

  /** Starts the run, and opens the recording; null like `openRun`. Throws like that, and where the recording cannot be made. */
  async open(program: Pick<Started, "command" | "version">): Promise<OpenedRun | null> {
    const target = recordingTarget(this.#config);
    const opened = await openRun(this.#configuration, {
      ...program,
      restEndpoint: this.#restEndpoint,
      budget: this.#budget,
      holdsAtGaps: this.#backfill !== null,
      signal: this.#signal,
    });
    if (opened === null) return null;
    ({ pipeline: this.#made, journal: this.#journal } = opened);
    const { pipeline } = opened;
    this.#resumedAfter = pipeline.trades;
    if (this.#backfill !== null) {
      this.#gaps = new GapFilling({
        pipeline,
        backfill: this.#backfill,
        config: this.#config,
        // Let pass now, the gap would cost a resumed run its averages.
        leaves: () => this.#journal !== null && this.#signal.aborted,
        tell: (events, record) => this.#tell(events, record),
        note: (note, at) => this.#note(note, at),
        say: (line) => this.#view.say(line),
      });
    }
    if (target !== null) {
      this.#recording = await startRecording(target, this.#config, {
        journal: this.#journal?.place,
        say: (line) => this.#view.say(line),
      });
      if (opened.awaitRules !== null) this.#note({ event: "rules-awaited" });
    }
    this.#isOpen = true;
    this.beat();
    return opened;
  }

  /** Takes the instrument's rules, which the run waited for. */
  takeRules(arrived: Parameters<Pipeline["takeRules"]>[0]): void {
    const at = Date.now();
    this.#note({ event: "rules", ...arrived }, at);
    this.#tell(this.#pipeline.takeRules(arrived, at * 1000));
  }

  /** Begins, once it has been told that it does. */
  begin(): void {
    this.#hasBegun = true;
    endWaiting(this.#openedAt, this.#config, this.#pipeline, (note, at) => this.#note(note, at));
    if (this.#early !== null) this.halt(this.#early);
    // A halt that was filed before comes before the first trade.
    this.handleRequests();
  }

  /** Whether as many trades as asked for have been seen, or what comes next belongs to the next run. */
  get done(): boolean {
    return this.#pipeline.done || this.#gaps?.isLeft === true;
  }

  async take(batch: Batch): Promise<void> {
    switch (batch.kind) {
      case "messages":
        await this.#run(batch.messages, batch.receivedAt);
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
        const { reason, retryInMs, cause, hint } = batch;
        const lost = { reason, retryInMs, cause };
        const at = Date.now();
        this.#connected = false;
        this.#pipeline.disconnect(lost);
        this.#note({ event: "disconnected", ...lost }, at);
        this.#keepNote("disconnected", at, lost);
        this.#view.event({
          type: "disconnected",
          time: isoTime(at * 1000),
          ...lost,
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
    this.#note({ event: "halt", action }, at);
    this.#tell(this.#pipeline.halt(action, at * 1000));
  }

  /** Handles what other processes have asked of the run; before it has started and once it has stopped, nothing. */
  handleRequests(): void {
    if (!this.#hasBegun || this.#journal === null) return;
    for (const asked of this.#journal.requests()) {
      const at = Date.now();
      const answer = answerTo(asked, this.#pipeline, at);
      if (answer === null) {
        this.#view.say(droppedRequest(asked.kind, asked.time, asked.why));
        continue;
      }
      this.#note(answer.note, at);
      this.#tell(answer.events, undefined, [asked.id]);
    }
  }

  /** Keeps where the run stands. */
  checkpoint(): void {
    if (!this.#isOpen || this.#journal === null) return;
    this.#recording?.flush();
    this.#journal.checkpoint(Date.now() * 1000);
    this.#recording?.kept(this.#journal.place);
  }

  /** Says in the journal that this process is alive. */
  beat(): void {
    if (!this.#isOpen) return;
    const tradesPerSecond = Math.round(this.#pace.tradesPerSecond());
    this.#journal?.beat(Date.now() * 1000, { tradesPerSecond, lagMs: this.#pace.lagMs });
  }

  tellStatus(): void {
    if (!this.#isOpen) return;
    this.#view.event(statusEvent(this.#pipeline.standing, this.#shownPace, now(), this.#pipeline.heldGap));
  }

  tellRejections(): void {
    if (!this.#isOpen) return;
    const strays = this.#pipeline.takeStrays();
    if (strays !== null) this.#view.say({ level: "warn", text: strayText(strays) });
    const rejections = this.#pipeline.takeRejections();
    if (rejections === null) return;
    this.#rejectionsTold = true;
    this.#view.event({ type: "rejected", time: now(), ...rejections });
  }

  draw(): void {
    if (!this.#isOpen) return;
    this.#view.draw((width) => statusLine(this.#pipeline.standing, this.#shownPace, width));
  }

  /** Ends the input: what still waits expires, and the journal says that the run was stopped, and why. */
  stop(reason = "asked to"): void {
    this.handleRequests();
    this.tellRejections();
    this.#tell(this.#pipeline.end());
    this.tellRejections();
    this.#keepNote("stopped", Date.now(), { reason });
    // What is asked of it from here on is for the next run.
    this.#hasBegun = false;
  }

  /** Closes what was opened and says the summary, however the run ended. */
  async close(elapsedMs: number): Promise<void> {
    this.#hasBegun = false;
    await this.#recording?.close();
    if (this.#journal !== null) this.#view.say(journalTook(this.#journal.spent));
    this.#journal?.close();
    // A run that never began has nothing to sum up.
    if (!this.#isOpen) return await this.#view.close();
    const summary: PenstockEvent = {
      type: "summary",
      time: now(),
      ...this.#pipeline.totals,
      ...(this.#resumedAfter === 0 ? {} : { resumedAfter: this.#resumedAfter }),
      elapsedMs: Math.round(elapsedMs),
    };
    this.#view.event(summary);
    await this.#view.close();
  }

  get #shownPace(): ShownPace {
    const { lagMs } = this.#pace;
    return {
      symbol: this.#config.symbol,
      connected: this.#connected,
      tradesPerSecond: this.#pace.tradesPerSecond(),
      lagMs,
      assets: this.#view.assets,
      awaitsRules: this.#pipeline.awaitsRules,
    };
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
    let live = 0;
    // A trade that is still held has not been processed.
    const recordTaken = () => record(this.#pipeline.heldGap === null ? reader.taken : reader.taken - 1);
    try {
      for (;;) {
        const { trades } = this.#pipeline;
        this.#tell(this.#pipeline.run(reader), recordTaken);
        live += this.#pipeline.trades - trades;
        const gap = this.#pipeline.heldGap;
        if (gap === null || this.done) break;
        await this.#feed.during(
          toldIfSlow(gap, this.#gaps!.fill(gap, receivedAt), (line) => this.#view.say(line)),
        );
        if (this.#gaps!.isLeft) break;
      }
    } finally {
      recordTaken();
    }
    this.#pace.note(live, this.#pipeline.lastTime, receivedAt);
  }

  /** Records what events come from, keeps them, and that requests were handled with them, then shows them. */
  #tell(events: Iterable<PipelineEvent>, record = () => {}, handled: readonly number[] = []): void {
    if (this.#journal === null) {
      this.#view.events(events);
      record();
      return;
    }
    const made = [...events];
    record();
    if (made.length === 0 && handled.length === 0) return;
    // What a kill leaves in the journal can be derived from what it leaves of the recording.
    this.#recording?.flush();
    this.#journal.keep(made, handled);
    this.#recording?.kept(this.#journal.place);
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
    this.#recording?.kept(this.#journal.place);
  }
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

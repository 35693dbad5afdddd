/**
 * A live run from its opening to its summary: takes inputs from the feed, applies them, and keeps and shows the
 * events.
 */
import type { Config } from "../../config/options.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { OnHalt } from "../../domain/risk/halt.ts";
import type { Happened, Input } from "../../domain/market/input.ts";
import { restOf } from "../../exchanges/endpoints.ts";
import { exchangeNamed } from "../../exchanges/known_exchanges.ts";
import { FrameBatch } from "../../formats/frame_batch.ts";
import type { ArrivedRules } from "../../domain/market/instrument.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { Turns } from "../../domain/process/turns.ts";
import { Backfill } from "../../feeds/rest/backfill.ts";
import type { Batch } from "../../feeds/live/feed.ts";
import type { RecordingNote } from "../../domain/recording/recording_note.ts";
import { ReadAhead } from "../../feeds/live/read_ahead.ts";
import { RestBudget } from "../../feeds/rest/rest_budget.ts";
import type { Engine, EngineEvent, EngineState } from "../../stages/engine.ts";
import type { Recording } from "../../stores/recording/recording.ts";
import type { RunJournal } from "../../stores/journal/run_journal.ts";
import { Throughput } from "../../views/terminal/throughput.ts";
import { droppedRequest, journalTook, strayText } from "../../views/terminal/narration.ts";
import { statusEvent } from "../../views/terminal/status_line.ts";
import { type Line, show, type StreamState, type View } from "../../views/view.ts";
import { GapFilling } from "./gap_filling.ts";
import { type Handling, noteOf, withHint } from "./handling.ts";
import { JournalWait } from "./journal_wait.ts";
import { type OpenedRun, type OpeningOptions, openRun } from "./opening.ts";
import { recordingTarget } from "./recording.ts";
import { haltInput, requestedInput } from "./requests.ts";
import { loggedIfSlow } from "./slow_fetch.ts";
import { HERE, type Surroundings } from "./surroundings.ts";
import { waitedSince } from "./waiting.ts";

/** Applies what the feed delivers to the engine, and keeps and shows the events. */
export class LiveRun {
  readonly #configuration: Configuration;
  readonly #config: Config;
  readonly #view: View;
  readonly #surroundings: Surroundings;
  readonly #feed: ReadAhead;
  readonly #restEndpoint: string | null | undefined;
  readonly #budget: RestBudget;
  readonly #backfill: Backfill | null;
  readonly #messages: FrameBatch;
  /** Null if nothing is fetched. */
  #gaps: GapFilling | null = null;
  readonly wait: JournalWait;
  readonly #throughput = new Throughput();
  /** The earliest arrival of any data still to be processed, ms since 1970. */
  readonly #openedAt: number;
  #made: Engine | null = null;
  #journal: RunJournal | null = null;
  #recording: Recording | null = null;
  readonly #signal: AbortSignal;
  #isOpen = false;
  /** Whether the run's start has been emitted, but not its stop. */
  #hasStarted = false;
  #hasStopped = false;
  /** Inputs and queries to the journal run one at a time. */
  readonly #turns = new Turns();
  /** The number of trades already in the journal. */
  #resumedAfter = 0;
  #connected = false;
  readonly #log = (line: Line): void => this.#view.log(line);
  #rejectionsLogged = false;

  constructor(
    configuration: Configuration,
    view: View,
    feed: ReadAhead,
    signal: AbortSignal,
    surroundings: Surroundings = HERE,
  ) {
    const { config } = configuration;
    const { runtime } = surroundings;
    this.#surroundings = surroundings;
    this.#openedAt = this.#now;
    this.#configuration = configuration;
    this.#config = config;
    this.#view = view;
    this.#feed = feed;
    this.#signal = signal;
    const { symbol, backfillMax: maxTrades } = config;
    const exchange = exchangeNamed(config.exchange);
    this.#messages = new FrameBatch(exchange.decoder(symbol));
    const restEndpoint = this.#restEndpoint = restOf(config);
    const budget = this.#budget = new RestBudget({ perMinute: exchange.weightPerMinute });
    this.#backfill = restEndpoint === undefined
      ? null
      : new Backfill({ restEndpoint, exchange, symbol, maxTrades, signal, budget, runtime });
    this.wait = new JournalWait({
      ...{ turns: this.#turns, feed, config, clock: runtime, log: this.#log },
      isBackfilled: this.#backfill !== null,
      apply: (waited) => void this.#applyNow(waited, { note: noteOf(waited) }),
    });
  }

  get #now(): number {
    return this.#surroundings.runtime.Date.now();
  }

  get #time(): string {
    return isoTime(this.#now * 1000);
  }

  /** Set by `open`. Until then the rules for orders are not known. */
  get #engine(): Engine {
    if (this.#made === null) throw new TypeError("The run is not open yet");
    return this.#made;
  }

  get #state(): EngineState {
    return this.#engine.state;
  }

  /** Opens the run and its recording; null when `openRun` returns null. Throws like `openRun`, and a RecordingError. */
  async open(program: Pick<OpeningOptions, "command" | "version" | "taken">): Promise<OpenedRun | null> {
    const target = recordingTarget(this.#config);
    const opened = await openRun(this.#configuration, {
      ...program,
      restEndpoint: this.#restEndpoint,
      budget: this.#budget,
      holdsAtGaps: this.#backfill !== null,
      signal: this.#signal,
      surroundings: this.#surroundings,
      log: this.#log,
      onAway: this.wait.onAway,
    });
    if (opened === null) return null;
    ({ engine: this.#made, journal: this.#journal } = opened);
    this.#resumedAfter = this.#state.trades;
    if (this.#backfill !== null) {
      this.#gaps = new GapFilling({
        state: this.#state,
        backfill: this.#backfill,
        config: this.#config,
        // If the gap were closed now, a resumed run would lose its averages.
        leaves: () => this.#journal !== null && this.#signal.aborted,
        apply: (input, note) =>
          note === undefined || input.event !== "backfilled"
            ? this.#happened(input as Happened)
            // Recorded with the time that the limits used, so that a replay has the same results.
            : this.#apply(input, { record: () => this.#note(note(), (input.trades.receivedAt ?? 0) / 1000) }),
        log: this.#log,
        now: () => this.#now,
      });
    }
    if (target !== null) {
      this.#recording = await this.#surroundings.startRecording(target, this.#config, {
        journal: this.#journal?.place,
        log: this.#log,
        clock: this.#surroundings.runtime,
      });
      if (opened.awaitRules !== null) this.#note({ event: "rules-awaited" });
    }
    this.#isOpen = true;
    await this.heartbeat();
    return opened;
  }

  /** Accepts the instrument's rules that the run waited for. */
  async takeRules(arrived: ArrivedRules): Promise<void> {
    await this.#happened({ event: "rules", ...arrived, time: this.#now * 1000 });
  }

  /** Starts the run: emits that it has started, or resumed. */
  async start(): Promise<void> {
    this.#hasStarted = true;
    const waited = waitedSince(this.#openedAt, this.#now, this.#config);
    if (waited !== null) await this.#happened(waited);
    // A halt that was filed before the start applies before the first trade.
    await this.handleRequests();
  }

  /** Whether the run has processed as many trades as requested, or the next input belongs to the next run. */
  get done(): boolean {
    return this.#state.done || this.#gaps?.isLeft === true;
  }

  async take(batch: Batch): Promise<void> {
    switch (batch.kind) {
      case "messages":
        await this.#run(batch.messages, batch.receivedAt);
        // Buffered batches follow one another without a pause.
        await this.#recording?.rest();
        // The first unusable message is reported at once, the later ones together.
        if (!this.#rejectionsLogged) this.logRejections();
        break;
      case "connected": {
        const { endpoint, attempt } = batch;
        this.#connected = true;
        await this.#happened({ event: "connected", endpoint, attempt, time: this.#now * 1000 });
        break;
      }
      case "disconnected": {
        const { reason, retryInMs, cause, hint } = batch;
        this.#connected = false;
        const time = this.#now * 1000;
        await this.#happened({ event: "disconnected", reason, retryInMs, cause, time }, { hint });
        break;
      }
      case "notice":
        this.#note({ event: "notice", message: batch.message });
        this.#view.log({ level: "info", text: batch.message });
    }
  }

  /** Handles the requests of other processes; does nothing before the run has started or once it has stopped. */
  handleRequests(): Promise<void> {
    return this.#turns.take(() => this.#handleRequestsNow());
  }

  async #handleRequestsNow(): Promise<void> {
    if (!this.#hasStarted || this.#journal === null) return;
    for await (const asked of this.#journal.requests()) {
      const input = requestedInput(asked, this.#now * 1000);
      if (input === null) this.#view.log(droppedRequest(asked.kind, asked.time, asked.why));
      else await this.#applyNow(input, { note: noteOf(input), handled: [asked.id] });
    }
  }

  /** Halts by hand, as the user requests at the terminal, if the run has started and not stopped. */
  halt(action: OnHalt): Promise<void> {
    return this.#turns.take(async () => {
      const input = haltInput(action, this.#now * 1000);
      if (this.#hasStarted) await this.#applyNow(input, { note: noteOf(input) });
    });
  }

  /** Keeps the run's state in the journal. */
  checkpoint(): Promise<void> {
    return this.#turns.take(() => this.#keep((journal) => journal.checkpoint(this.#now * 1000)));
  }

  /** Writes a heartbeat to the journal; with `ifAhead` only if trades have arrived since the last one. */
  heartbeat(ifAhead = false): Promise<void> {
    return this.#turns.take(async () => {
      if (!this.#isOpen || this.#hasStopped || ifAhead && this.#journal?.isAhead !== true) return;
      const tradesPerSecond = Math.round(this.#throughput.tradesPerSecond(this.#now));
      await this.#journal?.heartbeat(this.#now * 1000, { tradesPerSecond, lagMs: this.#throughput.lagMs });
    });
  }

  /** Emits the run's state once it is kept; nothing before `start`, and nothing after the stop. */
  emitStatus(): Promise<void> | null {
    const emit = (): void => {
      if (!this.#hasStarted) return;
      show(this.#view, [statusEvent(this.#state.current, this.#stream, this.#time, this.#state.heldGap)]);
    };
    if (!this.#turns.isFree) return this.#turns.take(() => Promise.resolve(emit()));
    emit();
    return null;
  }

  logRejections(): void {
    if (!this.#isOpen) return;
    const strays = this.#state.takeStrays();
    if (strays !== null) this.#view.log({ level: "warn", text: strayText(strays) });
    const rejections = this.#state.takeRejections();
    if (rejections === null) return;
    this.#rejectionsLogged = true;
    show(this.#view, [{ type: "rejected", time: this.#time, ...rejections }]);
  }

  /** Draws the status line, unless the state is being kept right now. */
  draw(): void {
    if (!this.#isOpen || !this.#turns.isFree) return;
    this.#view.glance?.({ of: "run", run: this.#state.current, stream: this.#stream });
  }

  /** Ends the input: waiting orders expire, and the journal gets an entry with the reason for the stop. */
  stop(reason = "asked to"): Promise<void> {
    return this.#turns.take(async () => {
      await this.#handleRequestsNow();
      this.logRejections();
      const at = this.#now * 1000;
      // The recording's last line notes the end too.
      await this.#applyNow({ event: "ended", time: at });
      this.logRejections();
      await this.#keep((journal) => journal.stop(at, reason));
      // Requests from here on are for the next run.
      this.#hasStarted = false;
      this.#hasStopped = true;
    });
  }

  /** Closes what was opened and emits the summary, however the run ended. */
  async close(elapsedMs: number): Promise<void> {
    this.#hasStarted = false;
    // Waits for everything that is queued or being kept.
    await this.#turns.take(() => Promise.resolve());
    await this.#recording?.close();
    if (this.#journal !== null) this.#view.log(journalTook(this.#journal.spent));
    await this.#journal?.close();
    // A run that never started has no summary.
    if (!this.#isOpen) return await this.#view.close();
    const summary: PenstockEvent = {
      type: "summary",
      time: this.#time,
      ...this.#state.totals,
      ...(this.#resumedAfter === 0 ? {} : { resumedAfter: this.#resumedAfter }),
      elapsedMs: Math.round(elapsedMs),
    };
    show(this.#view, [summary]);
    await this.#view.close();
  }

  get #stream(): StreamState {
    return {
      symbol: this.#config.symbol,
      connected: this.#connected,
      tradesPerSecond: this.#throughput.tradesPerSecond(this.#now),
      lagMs: this.#throughput.lagMs,
      awaitsRules: this.#state.awaitsRules,
    };
  }

  /** Runs messages. At a gap, it first runs the missing trades that can be fetched. */
  async #run(messages: readonly string[], receivedAt: number): Promise<void> {
    const state = this.#state;
    const reader = this.#messages.open(messages, Math.round(receivedAt * 1000));
    let recorded = 0;
    // Messages received after the last trade that counted are not part of this run.
    const record = (until: number): void => {
      if (until > recorded) this.#recording?.frames(messages.slice(recorded, until), receivedAt);
      recorded = until;
    };
    let live = 0;
    // A trade that is still held has not been processed.
    const recordTaken = () => record(state.heldGap === null ? reader.taken : reader.taken - 1);
    try {
      for (;;) {
        const { trades } = state;
        const keeping = this.#apply({ event: "frames", trades: reader }, { record: recordTaken });
        if (keeping !== null) await keeping;
        live += state.trades - trades;
        const gap = state.heldGap;
        if (gap === null || this.done) break;
        const filling = this.#gaps!.fill(gap, receivedAt);
        await this.#feed.during(loggedIfSlow(gap, filling, this.#log, this.#surroundings.runtime));
        if (this.#gaps!.isLeft) break;
      }
    } finally {
      recordTaken();
    }
    this.#throughput.note(live, this.#engine.clock.here(state.lastTime), receivedAt);
  }

  /** Records an input, applies it, and keeps and shows the events, as `#apply` does. */
  #happened(input: Happened, more: Partial<Handling> = {}): Promise<void> | null {
    return this.#apply(input, { note: noteOf(input), ...more });
  }

  /**
   * Applies an input in its turn: inputs never overlap, however long keeping the events of the previous one takes. Null
   * if it is done at once, as for most trades, which cause no event.
   */
  #apply(input: Input, handling?: Partial<Handling>): Promise<void> | null {
    return this.wait.inTurn(() => this.#applyNow(input, handling));
  }

  /** Applies an input, records it afterwards, and keeps and shows the events; null if that is already done. */
  #applyNow(
    input: Input,
    { note, record, hint, handled = [] }: Partial<Handling> = {},
  ): Promise<void> | null {
    if (note !== undefined) this.#note(note, "time" in input ? input.time / 1000 : undefined);
    const events: Iterable<EngineEvent> = this.#engine.apply(input);
    if (this.#journal === null) {
      this.#show(events, hint);
      record?.();
      return null;
    }
    const made = [...events];
    record?.();
    if (made.length === 0 && handled.length === 0) return null;
    return this.#keep((journal) => journal.keep(made, handled)).then(() => this.#show(made, hint));
  }

  #show(events: Iterable<EngineEvent>, hint: string | null = null): void {
    show(this.#view, hint === null ? events : withHint(events, hint));
  }

  /** Keeps something in the journal, and notes in the recording how far the journal goes. */
  async #keep(write: (journal: RunJournal) => Promise<void>): Promise<void> {
    if (!this.#isOpen || this.#journal === null) return;
    // After a kill, the journal can still be derived from the recording.
    this.#recording?.flush();
    await write(this.#journal);
    this.#recording?.kept(this.#journal.place);
  }

  #note(note: RecordingNote, at = this.#now): void {
    this.#recording?.note(note, at);
  }
}

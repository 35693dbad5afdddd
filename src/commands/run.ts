/** `penstock run`: a live feed, the pipeline, and the views. */
import type { Started } from "../domain/command.ts";
import type { Config } from "../domain/options.ts";
import { shownConfig, termsOf } from "../domain/config.ts";
import type { PenstockEvent } from "../domain/event.ts";
import { MessageBatch } from "../domain/message_batch.ts";
import { isoTime } from "../domain/time.ts";
import { plain } from "../domain/money.ts";
import { BINANCE_HOSTS } from "../feeds/binance.ts";
import type { Batch } from "../feeds/feed.ts";
import type { RecordingNote } from "../domain/recording_note.ts";
import { LiveFeed } from "../feeds/live_feed.ts";
import { Pipeline } from "../stages/pipeline.ts";
import { Recording } from "../stores/recording.ts";
import { RunView } from "../views/run_view.ts";
import { Pace } from "../views/pace.ts";
import { statusLine } from "../views/status_line.ts";

const STATUS_EVENT_MS = 10_000;
const LIVE_LINE_MS = 250;
const REJECTED_EVENT_MS = 10_000;

/** Trades on paper until the person, `--stop-after`, `--for` or `--attempts` ends it; then says the summary. */
export async function run({ command, version, config, signal }: Started): Promise<void> {
  const view = new RunView(config);
  const begun = performance.now();
  const ending = new AbortController();
  const timer = config.for === null ? undefined : setTimeout(() => ending.abort(), config.for);
  const feed = new LiveFeed({
    endpoint: config.endpoint ?? BINANCE_HOSTS.stream,
    symbol: config.symbol,
    staleMs: config.stale,
    retryMaxMs: config.retryMax,
    attempts: config.attempts,
    renewAfterMs: config.renewAfter,
    signal: AbortSignal.any([signal, ending.signal]),
  });
  const recording = config.record === null ? null : Recording.create(config.record, {
    symbol: config.symbol,
    onTrouble: (text) => view.say({ level: "warn", text }),
  });
  const desk = new Desk(config, view, recording);
  const timers = [
    setInterval(() => desk.tellStatus(), STATUS_EVENT_MS),
    setInterval(() => desk.tellRejections(), REJECTED_EVENT_MS),
    setInterval(() => desk.draw(), LIVE_LINE_MS),
  ];
  try {
    view.event({ type: "started", time: now(), command, version, config: shownConfig(config) });
    for await (const batch of feed) {
      desk.take(batch);
      if (desk.done) break;
    }
  } finally {
    clearTimeout(timer);
    for (const id of timers) clearInterval(id);
    await recording?.close();
    desk.end(performance.now() - begun);
  }
}

/** Puts what the feed hands over through the pipeline and shows what comes of it. */
class Desk {
  readonly #pipeline: Pipeline;
  readonly #view: RunView;
  readonly #recording: Recording | null;
  readonly #symbol: string;
  readonly #messages: MessageBatch;
  readonly #pace = new Pace();
  #connected = false;
  #rejectionsTold = false;

  constructor(config: Config, view: RunView, recording: Recording | null) {
    this.#view = view;
    this.#recording = recording;
    this.#symbol = config.symbol;
    this.#messages = new MessageBatch(config.symbol);
    this.#pipeline = new Pipeline({
      symbol: config.symbol,
      short: config.short,
      long: config.long,
      terms: termsOf(config),
      stopAfter: config.stopAfter,
    });
  }

  /** Whether as many trades as asked for have been seen. */
  get done(): boolean {
    return this.#pipeline.done;
  }

  take(batch: Batch): void {
    switch (batch.kind) {
      case "messages":
        try {
          this.#view.events(this.#pipeline.run(this.#messages.open(batch.messages)));
        } finally {
          // What was received after the last trade that counted is no part of this run.
          this.#recording?.frames(batch.messages, batch.receivedAt, this.#messages.taken);
        }
        this.#pace.note(this.#pipeline.trades, this.#pipeline.lastTime, batch.receivedAt);
        // The first unusable message is told at once, the later ones together.
        if (!this.#rejectionsTold) this.tellRejections();
        break;
      case "connected":
        this.#connect(true);
        this.#note({ event: "connected", endpoint: batch.endpoint, attempt: batch.attempt });
        this.#view.event({
          type: "connected",
          time: now(),
          endpoint: batch.endpoint,
          attempt: batch.attempt,
        });
        break;
      case "disconnected": {
        this.#connect(false);
        const { reason, retryInMs, hint } = batch;
        this.#note({ event: "disconnected", reason, retryInMs });
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

  tellStatus(): void {
    const { trades, equity, position } = this.#pipeline.standing;
    const tradesPerSecond = Math.round(this.#pace.tradesPerSecond());
    this.#view.event({
      type: "status",
      time: now(),
      symbol: this.#symbol,
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
      symbol: this.#symbol,
      connected: this.#connected,
      tradesPerSecond: this.#pace.tradesPerSecond(),
      lagMs: this.#pace.lagMs,
    };
    this.#view.draw((width) => statusLine(this.#pipeline.standing, pace, width));
  }

  /** Ends the input and says the summary. */
  end(elapsedMs: number): void {
    this.tellRejections();
    for (const event of this.#pipeline.end()) this.#view.event(event);
    this.tellRejections();
    const summary: PenstockEvent = {
      type: "summary",
      time: now(),
      ...this.#pipeline.totals,
      elapsedMs: Math.round(elapsedMs),
    };
    this.#view.event(summary);
    this.#view.close();
  }

  #note(note: RecordingNote): void {
    this.#recording?.note(note, Date.now());
  }

  #connect(connected: boolean): void {
    this.#connected = connected;
    this.#pipeline.connected = connected;
  }
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

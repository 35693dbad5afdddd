/** A run in the test's own process that keeps a journal and a recording, step by step as a live run does. */
import { marketOf } from "../../src/exchanges/endpoints.ts";
import { configFrom, tradingParametersOf } from "../../src/config/config.ts";
import type { InstrumentOrigin } from "../../src/domain/market/instrument.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { Engine, type EngineEvent } from "../../src/stages/engine.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { RunJournal, type ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { messageOf, reading } from "./pipeline_input.ts";

const MS = 1_000;

/** One process of such a run. Every trade is received a millisecond after the one before. */
export class HandRun implements Disposable {
  readonly journal: RunJournal;
  readonly engine: Engine;
  readonly #recording: Deno.FsFile;
  readonly #symbol: string;
  #time: number;
  #id: number;

  /** Starts the run of these options at `time` (µs since 1970), or resumes the one in the journal. */
  constructor(path: string, recording: string, options: ShownOptions, time: number) {
    const config = configFrom(options);
    const { symbol, long } = config;
    this.#time = time;
    this.#symbol = symbol;
    this.engine = new Engine({
      symbol,
      strategy: strategyOf(config),
      parameters: tradingParametersOf(config),
      stopAfter: null,
    });
    const journal = Journal.open(path, { now: () => 0, window: long });
    this.journal = new RunJournal(journal, this.engine, symbol);
    const instrument = { sources: {}, exchangeInfo: null } as unknown as InstrumentOrigin;
    this.journal.start({
      time,
      version: "1",
      options,
      market: marketOf("run", config),
      instrument,
      isNew: false,
    });
    this.#id = Math.max(0, this.engine.state.lastId);
    this.#recording = Deno.openSync(recording, { create: true, append: true });
    this.#note({ event: "recording", version: 1, symbol, ...this.journal.place });
    const connected = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 } as const;
    this.#note(connected);
    this.journal.keep([...this.engine.apply({ ...connected, time })]);
  }

  /** Receives a trade at this price: records it, keeps its events in the journal, and returns them. */
  trade(price: number): readonly EngineEvent[] {
    const { events, keep } = this.receive(price);
    keep();
    return events;
  }

  /** Receives a trade and records it; nothing is in the journal before `keep`. */
  receive(price: number): { readonly events: readonly EngineEvent[]; readonly keep: () => void } {
    const id = ++this.#id;
    this.#time += MS;
    const trade = { firstId: id, lastId: id, time: this.#time, price: price.toFixed(2) };
    const message = messageOf(trade, "trade", this.#symbol);
    this.#write(message);
    const events = [...this.engine.apply({ event: "frames", trades: reading([message], this.#symbol) })];
    const keep = () => {
      if (events.length === 0) return;
      this.journal.keep(events);
      this.#noteKept();
    };
    return { events, keep };
  }

  /** Loses the connection and connects again; returns what came of it. */
  reconnect(): readonly EngineEvent[] {
    const lost = { event: "disconnected", reason: "no data for 1 ms", retryInMs: 1, cause: "stale" } as const;
    const connected = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 } as const;
    return [lost, connected].flatMap((note) => {
      this.#time += MS;
      this.#note(note);
      const events = [...this.engine.apply({ ...note, time: this.#time })];
      this.journal.keep(events);
      this.#noteKept();
      return events;
    });
  }

  /** Keeps the run's state, as a live run does every few seconds. */
  checkpoint(): void {
    this.journal.checkpoint(this.#time);
    this.#noteKept();
  }

  /** Halts the run by hand. */
  halt(): void {
    this.#note({ event: "halt", action: "hold" });
    this.journal.keep([...this.engine.apply({ event: "halt", action: "hold", time: this.#time })]);
    this.#noteKept();
  }

  /** Ends the run as Ctrl-C does. */
  stop(): void {
    this.journal.keep([...this.engine.end()]);
    this.journal.stop(this.#time, "asked to");
    this.#noteKept();
    this.#note({ event: "ended" });
  }

  /** Ends the recording as a run does whose journal cannot be written any more, such as on a full disk. */
  fail(): void {
    this.#time += MS;
    this.#noteKept();
    this.#note({ event: "ended" });
  }

  /** Closes both files. */
  [Symbol.dispose](): void {
    this.#recording.close();
    this.journal.close();
  }

  #noteKept(): void {
    const { entry, hash } = this.journal.place;
    this.#note({ event: "kept", entry, hash });
  }

  #note(note: RecordingNote): void {
    this.#write(noteText(note));
  }

  #write(text: string): void {
    this.#recording.writeSync(new TextEncoder().encode(`${this.#time} ${text}\n`));
  }
}

/** A run in the test's own process that keeps a journal and a recording, step by step as a live run does. */
import { marketOf } from "../../src/exchanges/endpoints.ts";
import { configFrom, tradingParametersOf } from "../../src/config/config.ts";
import type { InstrumentOrigin } from "../../src/domain/market/instrument.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { Engine, type EngineEvent } from "../../src/stages/engine.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import type { EntryStore, Holding } from "../../src/stores/journal/entry_log.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { RunJournal, type ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { messageOf, reading } from "./pipeline_input.ts";
import { quickStoreOf } from "./unsynced.ts";

const MS = 1_000;

/** One process of such a run. Every trade is received a millisecond after the one before. */
export class HandRun implements AsyncDisposable {
  readonly journal: RunJournal;
  readonly engine: Engine;
  readonly #recording: Deno.FsFile;
  readonly #symbol: string;
  #time: number;
  #id: number;

  /**
   * Starts the run of these options at `time` (µs since 1970), or resumes the one in the journal. With null for
   * `remembers`, no closes are dropped or taken over, as in journals of older versions. A journal in a file does not wait
   * for the disk unless it is given its usual store.
   */
  static async open(
    path: string,
    recording: string,
    options: ShownOptions,
    time: number,
    { store, ...holding }: Partial<Holding> & { readonly store?: EntryStore } = {},
    remembers?: null,
  ): Promise<HandRun> {
    const config = configFrom(options);
    const { symbol } = config;
    const strategy = strategyOf(config);
    const engine = new Engine({
      symbol,
      strategy,
      parameters: tradingParametersOf(config),
      stopAfter: null,
    });
    const kept = await Journal.open(path, {
      now: () => 0,
      remembers: remembers === null ? null : strategy().remembers,
      holding,
      store: store ?? await quickStoreOf(path),
    });
    const journal = new RunJournal(kept, engine, symbol);
    const instrument = { sources: {}, exchangeInfo: null } as unknown as InstrumentOrigin;
    const start = { time, version: "1", options, market: marketOf("run", config), instrument, isNew: false };
    try {
      await journal.start(start);
    } catch (error) {
      await journal.close();
      throw error;
    }
    const run = new HandRun(engine, journal, recording, { symbol, time });
    run.#note({ event: "recording", version: 1, symbol, ...journal.place });
    const connected = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 } as const;
    run.#note(connected);
    await journal.keep([...engine.apply({ ...connected, time })]);
    return run;
  }

  private constructor(
    engine: Engine,
    journal: RunJournal,
    recording: string,
    { symbol, time }: { readonly symbol: string; readonly time: number },
  ) {
    this.engine = engine;
    this.journal = journal;
    this.#symbol = symbol;
    this.#time = time;
    this.#id = Math.max(0, engine.state.lastId);
    this.#recording = Deno.openSync(recording, { create: true, append: true });
  }

  /** Receives a trade at this price: records it, keeps its events in the journal, and returns them. */
  async trade(price: number): Promise<readonly EngineEvent[]> {
    const { events, keep } = this.receive(price);
    await keep();
    return events;
  }

  /** Receives a trade and records it; nothing is in the journal before `keep`. */
  receive(price: number): { readonly events: readonly EngineEvent[]; readonly keep: () => Promise<void> } {
    const id = ++this.#id;
    this.#time += MS;
    const trade = { firstId: id, lastId: id, time: this.#time, price: price.toFixed(2) };
    const message = messageOf(trade, "trade", this.#symbol);
    this.#write(message);
    const events = [...this.engine.apply({ event: "frames", trades: reading([message], this.#symbol) })];
    const keep = async () => {
      if (events.length === 0) return;
      await this.journal.keep(events);
      this.#noteKept();
    };
    return { events, keep };
  }

  /** Loses the connection and connects again; returns what came of it. */
  async reconnect(): Promise<readonly EngineEvent[]> {
    const lost = { event: "disconnected", reason: "no data for 1 ms", retryInMs: 1, cause: "stale" } as const;
    const connected = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 } as const;
    const made: EngineEvent[] = [];
    for (const note of [lost, connected]) {
      this.#time += MS;
      this.#note(note);
      const events = [...this.engine.apply({ ...note, time: this.#time })];
      await this.journal.keep(events);
      this.#noteKept();
      made.push(...events);
    }
    return made;
  }

  /** Keeps the run's state, as a live run does every few seconds. */
  async checkpoint(): Promise<void> {
    await this.journal.checkpoint(this.#time);
    this.#noteKept();
  }

  /** Halts the run by hand. */
  async halt(): Promise<void> {
    this.#note({ event: "halt", action: "hold" });
    await this.journal.keep([...this.engine.apply({ event: "halt", action: "hold", time: this.#time })]);
    this.#noteKept();
  }

  /** Ends the run as Ctrl-C does. */
  async stop(): Promise<void> {
    await this.journal.keep([...this.engine.end()]);
    await this.journal.stop(this.#time, "asked to");
    this.#noteKept();
    this.#note({ event: "ended" });
  }

  /** Ends the recording as a run does whose journal cannot be written any more, such as on a full disk. */
  fail(): void {
    this.#time += MS;
    this.#noteKept();
    this.#note({ event: "ended" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#recording.close();
    await this.journal.close();
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

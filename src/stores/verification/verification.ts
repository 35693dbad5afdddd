/**
 * Derives a run again from its recordings and compares it with its journal, entry by entry: every decision, every
 * change of the connection, and at every checkpoint the whole state and the last closes.
 */
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import type { Chunk } from "../../formats/trade_file.ts";
import type { Blocking } from "../../domain/process/exit.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Difference, Outcome, RecordedAt } from "../../domain/run/verification.ts";
import type { Engine } from "../../stages/engine.ts";
import type { OrderChange } from "../../stages/order_changes.ts";
import type { PipelineSnapshot } from "../../stages/pipeline_snapshot.ts";
import type { Closes } from "../../stages/indicators/indicator.ts";
import { decisionOf, type Divergence, divergence } from "./agreement.ts";
import { type CheckedEntry, CheckedRun, isClosing, isRelease } from "./checked_run.ts";
import { Derivation, type Mismatch, type Opening } from "./derivation.ts";
import { differenceOf, mismatchText, type Sides, unprovenText } from "./difference.ts";
import type { BrokenChain } from "../journal/journal_chain.ts";
import type { Entry } from "../journal/journal_entry.ts";
import { type Stored, storedCheckpoint } from "../journal/journal_line.ts";
import { ClosesTail } from "../journal/closes_tail.ts";
import { closesIn } from "../journal/journal_closes.ts";
import type { JournalReader } from "../journal/journal_reader.ts";
import { type HashOf, type PlaceDifference, RecordedPlaces, wrongRecording } from "./recorded_places.ts";
import { checkpointOf } from "../journal/run_journal.ts";
import {
  differenceAt,
  firstDivergence,
  keptState,
  releasedCheckpoint,
  type StateDifference,
  stateDifference,
  storedAt,
  timeDivergence,
} from "./state_comparison.ts";

/** An engine made with the options in a journal, and the decoder for its frames. */
export interface KeptEngine {
  readonly engine: Engine;
  readonly decoder: FrameDecoder;
}

/** What a verification needs besides the journal. */
export interface VerificationTools {
  /** Makes the engine of a process that started with these options. Throws a ConfigError if no run can have them. */
  readonly engineOf: (options: Readonly<Record<string, unknown>>) => KeptEngine;
  /** The number of the journal's last entry now, as a run may be writing more. */
  readonly lastSeqNow: () => Promise<number>;
  /** How to do long work without a pause, as passed to a command. */
  readonly blocking?: Blocking;
}

/** Null as long as everything agrees. */
type Found = Difference | null;

/**
 * Verifies one run with the chunks of its recordings, in the order in which they were made.
 *
 * A run has a part for every process that wrote to it: from `started` or `resumed` up to the next of these. Each has
 * its own recording, whose first line names that entry. A part continues at the last checkpoint of the one before, as
 * the process did; what the previous process did after that checkpoint does not count.
 */
export class Verification {
  readonly #journal: JournalReader;
  readonly #run: CheckedRun;
  readonly #tools: VerificationTools;
  readonly #hashOf: HashOf;
  readonly #places: RecordedPlaces;
  /** The derivation from the first part on. */
  #derivation: Derivation | null = null;
  #symbol = "";
  /** The last checkpoint as it was derived, and the last closes and changes of orders then; null before the first. */
  #last: Stored | null = null;
  #closes: Closes = { decimals: 0, values: [] };
  #changes: readonly OrderChange[] = [];
  /** How far the recording had been processed then. */
  #lastAt: RecordedAt | null = null;
  /** Whether the journal has more than has been read. */
  #isOvertaken = false;
  /** The end of the closes at the last checkpoint. */
  readonly #closesTail = new ClosesTail();

  /**
   * Prepares to verify `run` in the journal as it is now, or the last run if that is null. Throws a JournalError if
   * there is no such run or the journal cannot be read.
   */
  static async of(
    journal: JournalReader,
    run: number | null,
    tools: VerificationTools,
  ): Promise<Verification> {
    const { blocking = (work) => work() } = tools;
    return new Verification(journal, await CheckedRun.of(journal, run, blocking), tools);
  }

  private constructor(journal: JournalReader, run: CheckedRun, tools: VerificationTools) {
    this.#journal = journal;
    this.#run = run;
    this.#tools = tools;
    this.#hashOf = (seq) => journal.hashOf(seq);
    this.#places = new RecordedPlaces(this.#hashOf);
  }

  /**
   * Compares the journal with the chunks of the run's recordings, in the order in which they were made. Call it only
   * once. The chain of all runs is checked on the way. The rest of it is checked at the end through `blocking`, because
   * that takes long without a pause. A chunk's bytes are free again once the next one is requested. Throws
   * UnusableInput for a file that is not a Penstock recording or cannot be read as one, and a JournalError if the
   * journal cannot be read.
   */
  async outcomeOf(chunks: AsyncIterable<Chunk>): Promise<Outcome> {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      // After a broken chain, nothing else is compared.
      const outcome = this.#run.flaw === null ? await this.#verify(iterator) : null;
      const chain = await this.#run.finish();
      return chain.isWhole ? outcome! : this.#broken(chain);
    } finally {
      await iterator.return?.();
    }
  }

  async #verify(chunks: AsyncIterator<Chunk>): Promise<Outcome> {
    const run = this.#run;
    for (let opening = await run.next(); opening !== null; opening = await run.next()) {
      const found = await this.#part(opening, chunks);
      if (found !== null) return found;
      while (isRelease(run.upcoming)) {
        const wrong = await this.#release();
        if (wrong !== null) return wrong;
      }
      if (isClosing(run.upcoming)) await run.next();
    }
    const extra = this.#isOvertaken ? null : await this.#derivation!.next();
    const chain = await run.finish();
    if (!chain.isWhole) return this.#broken(chain);
    // A recording that started after the journal was read is left for the next verification.
    if (extra !== null && (extra.entry ?? 0) <= run.lastSeq) return await this.#wrongRecording(extra, null);
    const { trades = 0, last = null, firstTime = 0 } = this.#state ?? {};
    return {
      type: "verified",
      chained: chain.entries,
      run: run.run,
      ...run.counts,
      trades,
      from: last === null ? null : firstTime,
      to: last?.time ?? null,
    };
  }

  /** Derives what one process did. */
  async #part(opening: CheckedEntry, chunks: AsyncIterator<Chunk>): Promise<Found> {
    const refused = this.#start(opening, chunks);
    if (refused !== null) return refused;
    const derivation = this.#derivation!;
    const note = await derivation.next();
    // A process killed before it did anything may not have opened its recording.
    if (this.#run.isPartOver && note?.entry !== opening.seq) return null;
    if (note?.entry !== opening.seq || note.hash !== opening.hash) {
      return await this.#wrongRecording(note, opening);
    }
    derivation.start();
    while (!this.#run.isPartOver) {
      const entry = (await this.#run.next())!;
      let found: Found = null;
      if (entry.type === "checkpoint") found = await this.#checkpoint(entry);
      else if (entry.type === "stopped") found = await this.#stop();
      else derivation.expect(entry);
      if (found !== null) return found;
    }
    return await this.#endPart();
  }

  /** Makes the engine that a process started with. */
  #start(opening: Entry, chunks: AsyncIterator<Chunk>): Found {
    const { seq, type, content } = opening;
    if (type !== "started" && type !== "resumed") {
      return this.#differ(`Entry ${seq} (${type}) is where a process must start`, { entry: opening });
    }
    let kept: KeptEngine;
    try {
      kept = this.#tools.engineOf((content["options"] ?? {}) as Readonly<Record<string, unknown>>);
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof RangeError)) throw error;
      const why = error.message.replaceAll("\n", "; ");
      return this.#differ(`The options in entry ${seq} (${type}) are not those of a run: ${why}`, {
        entry: opening,
      });
    }
    const { decoder, engine } = kept;
    const { symbol } = decoder;
    if (this.#state !== null) engine.restore(this.#state, this.#closes, this.#changes);
    if (this.#derivation === null) {
      this.#derivation = new Derivation(engine, decoder, chunks, this.#places);
      this.#symbol = symbol;
    } else if (symbol !== this.#symbol) {
      return this.#differ(
        `Entry ${seq} (${type}) continues with ${symbol}, but the run trades ${this.#symbol}`,
        {
          entry: opening,
        },
      );
    } else this.#derivation.engine = engine;
    return null;
  }

  /** Derives up to a checkpoint and compares it. */
  async #checkpoint(entry: CheckedEntry): Promise<Found> {
    const derivation = this.#derivation!;
    const { state } = derivation;
    const { trades } = entry;
    let mismatch = await derivation.to(trades);
    if (mismatch === null && state.trades < trades) return this.#unproven(derivation.missing ?? entry);
    if (mismatch === null && derivation.missing?.type === "expired") mismatch = await derivation.finish();
    // Entries about what happened between this trade and the next one.
    while (mismatch === null && derivation.missing !== null && this.#isBetween(trades)) {
      mismatch = await derivation.step();
    }
    if (mismatch !== null) return this.#mismatched(mismatch);
    if (derivation.missing !== null) return this.#unproven(derivation.missing);
    let draft = checkpointOf(state, this.#symbol, entry.time);
    let stored = storedAt(entry, draft, state, this.#closesTail);
    const time = timeDivergence(entry, this.#run.before);
    if (time !== null) return this.#entryDiffers(entry, differenceAt(entry, time));
    let first: Difference | null = null;
    // Messages before the next trade that are not trades may still change the state: they are counted, or move the last
    // id.
    for (let found = firstDivergence(entry, stored); found !== null; found = firstDivergence(entry, stored)) {
      first ??= await this.#stateDiffers(entry, stored, found);
      if (!this.#isBetween(trades)) return first;
      mismatch = await derivation.step();
      if (mismatch !== null || state.trades !== trades) return first;
      draft = {
        ...draft,
        state: state.snapshot(),
        orders: [...draft.orders ?? [], ...state.orders.takeChanges()],
      };
      stored = storedAt(entry, draft, state, this.#closesTail);
    }
    this.#last = stored;
    this.#lastAt = derivation.at;
    this.#closesTail.add({ seq: entry.seq, note: stored.note, values: closesIn(stored.bytes) });
    return null;
  }

  /** Derives the effect of a manual release of a halt: the same run without the halt. */
  async #release(): Promise<Found> {
    const entry = (await this.#run.next())!;
    const checkpoint = await this.#run.next();
    const state = this.#state;
    if (state === null || state.gate.halt === null) {
      return this.#differ(`Entry ${entry.seq} (released) releases a halt that is not in force`, { entry });
    }
    if (checkpoint?.type !== "checkpoint") {
      return this.#differ(`Entry ${entry.seq} (released) has no checkpoint after it`, { entry });
    }
    const { reason, tradeId } = state.gate.halt;
    const { text } = entry.content;
    const { decimals } = this.#closes;
    const draft = releasedCheckpoint(state, { symbol: this.#symbol, time: checkpoint.time, decimals });
    const { closes, before } = this.#closesTail.apart(draft.closes);
    const stored = storedCheckpoint({ ...draft, closes }, before);
    const stated = divergence(entry.content, { reason, tradeId, text });
    const found = timeDivergence(checkpoint, entry) ?? firstDivergence(checkpoint, stored);
    if (stated !== null) return this.#entryDiffers(entry, differenceAt(entry, stated));
    if (found?.path === "time") return this.#entryDiffers(checkpoint, differenceAt(checkpoint, found));
    if (found !== null) return await this.#stateDiffers(checkpoint, stored, found);
    this.#last = stored;
    return null;
  }

  /** Derives the end of a process that was asked to stop, and so had processed everything it received. */
  async #stop(): Promise<Found> {
    const derivation = this.#derivation!;
    const mismatch = await derivation.finish();
    if (mismatch !== null) return this.#mismatched(mismatch);
    return derivation.missing === null ? null : this.#unproven(derivation.missing);
  }

  /**
   * Ends a part: what its recording has after the last checkpoint must not lead to decisions that the journal lacks.
   */
  async #endPart(): Promise<Found> {
    // The entries did not end: they stopped at a flaw.
    if (this.#run.flaw !== null) return this.#broken(this.#run.flaw);
    const derivation = this.#derivation!;
    const kept = this.#state?.trades ?? 0;
    if (derivation.isEnded && derivation.state.trades > kept) {
      const more = derivation.state.trades - kept;
      return this.#differ(
        `The recording has ${more} more trades than the run had processed when it stopped`,
      );
    }
    this.#closes = derivation.state.memory.closes;
    this.#changes = derivation.state.orders.changes;
    if (derivation.isEnded) return this.#placesDiffer(await this.#places.difference(this.#run.seq));
    // If a run wrote faster than this reads, this would never end.
    if (derivation.missing === null && await this.#isBehind()) {
      return this.#placesDiffer(await this.#places.rewritten());
    }
    const mismatch = await derivation.to(Infinity);
    if (mismatch !== null && mismatch.entry !== null) return this.#mismatched(mismatch);
    const difference = mismatch === null || await this.#isBehind() ? null : this.#mismatched(mismatch);
    // A process may have been killed before the journal had what it received in its last moment. A live process records
    // first, so once it has received more, the journal has that too, and another query shows it.
    if (difference !== null && !(await derivation.isLastBatch(this.#run.seq)) && !(await this.#isBehind())) {
      return difference;
    }
    if (derivation.missing !== null) return this.#unproven(derivation.missing);
    return this.#placesDiffer(
      await (await this.#isBehind() ? this.#places.rewritten() : this.#places.difference(this.#run.seq)),
    );
  }

  /** Whether a run is still writing, so that its journal now has more entries than were read. */
  async #isBehind(): Promise<boolean> {
    return this.#isOvertaken ||= this.#run.upcoming === null &&
      await this.#tools.lastSeqNow() > this.#run.lastSeq;
  }

  /** The difference if the journal has fewer or other entries of this process than its recording noted. */
  #placesDiffer(found: PlaceDifference | null): Found {
    return found && this.#differ(found.what, found);
  }

  /** The run's state at the last checkpoint. */
  get #state(): PipelineSnapshot | null {
    return this.#last === null ? null : JSON.parse(this.#last.content).state;
  }

  /** Whether the derivation is past this trade and has inputs left before the next one. */
  #isBetween(trades: number): boolean {
    return this.#derivation!.state.trades === trades && !this.#derivation!.isOver;
  }

  #mismatched(mismatch: Mismatch): Difference {
    const { entry, derived } = mismatch;
    return this.#differ(mismatchText(mismatch), { entry, journal: entry && decisionOf(entry), derived });
  }

  /** The difference if the state at a checkpoint is not the derived one. */
  async #stateDiffers(entry: CheckedEntry, stored: Stored, found: Divergence): Promise<Difference> {
    const [from, at] = [this.#state?.last?.id ?? null, this.#lastAt];
    return this.#entryDiffers(
      entry,
      await stateDifference(
        entry,
        stored,
        found,
        { from, at },
        () => keptState(this.#journal, this.#run.run),
      ),
    );
  }

  #entryDiffers(entry: Entry, { what, journal, derived }: StateDifference): Difference {
    return this.#differ(what, { entry, journal, derived });
  }

  #broken({ seq, what }: BrokenChain): Difference {
    return { ...this.#differ(`The chain of the journal is broken: ${what}`), entry: seq, tradeId: null };
  }

  /** The difference if the recordings end, or the next process's recording starts, before this entry. */
  #unproven(entry: Entry): Difference {
    return this.#differ(unprovenText(this.#derivation!, entry), { entry, journal: decisionOf(entry) });
  }

  /** The difference if the next recording is not that of the next part. */
  async #wrongRecording(note: Opening | null, opening: Entry | null): Promise<Difference> {
    const name = this.#derivation?.at?.recording ?? "";
    const { what, journal, derived } = await wrongRecording(note, opening, {
      ...{ name, run: this.#run.run, hashOf: this.#hashOf },
    });
    return this.#differ(what, { entry: opening, journal, derived });
  }

  #differ(what: string, sides: Sides = {}): Difference {
    return differenceOf(this.#run.run, this.#derivation, what, sides);
  }
}

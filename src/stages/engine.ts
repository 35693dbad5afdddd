/** A run: inputs in, events out. The same engine runs live, on the built-in exchange and on recorded files. */
import type { ConnectedEvent, DisconnectedEvent, PipelineEvent } from "../domain/run/event.ts";
import type { Rule } from "../domain/market/instrument_rules.ts";
import type { Input } from "../domain/market/input.ts";
import { isStale } from "../domain/market/disconnect_cause.ts";
import { disconnectionIn } from "../domain/recording/recording_note.ts";
import { isoTime } from "../domain/numbers/time.ts";
import type { ArrivalClock } from "./arrival_clock.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { OrderChange } from "./order_changes.ts";
import { Pipeline } from "./pipeline.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { KeptSymbol, PipelineSnapshot } from "./pipeline_snapshot.ts";

/** The options of an engine. */
export interface EngineOptions extends PipelineOptions {
  /**
   * The instrument's rules that the user has chosen. They apply even if the input has others. If they include the lot
   * and the tick, the run waits for no rules.
   */
  readonly given?: ReadonlySet<Rule>;
}

/** An event that an input causes. */
export type EngineEvent = PipelineEvent | ConnectedEvent | DisconnectedEvent;

/** The state that callers may read between two inputs. Reading changes no decision. */
export type EngineState = Pick<
  Pipeline,
  | (
    | "trades"
    | "ahead"
    | "done"
    | "heldGap"
    | "heldGapOf"
    | "symbols"
    | "awaitsRules"
    | "lost"
    | "lastId"
    | "firstTime"
    | "lastTime"
    | "lastPrice"
    | "current"
  )
  | ("refused" | "totals" | "totalsOf" | "results" | "chart" | "snapshot")
  | ("memory" | "memoryOf" | "orders" | "ordersOf" | "takeRejections" | "takeStrays")
>;

/** Takes every input of one run in order. Nothing else changes its pipeline. */
export class Engine {
  readonly #pipeline: Pipeline;
  readonly #given: ReadonlySet<Rule>;
  /** The state at the end of the previous file; null before the second. */
  #left: Pick<Pipeline, "lost" | "awaiting"> | null = null;

  constructor(options: EngineOptions) {
    this.#pipeline = new Pipeline(options);
    this.#given = options.given ?? new Set();
  }

  /** The engine's state. */
  get state(): EngineState {
    return this.#pipeline;
  }

  /** The exchange's clock, to read. */
  get clock(): Pick<ArrivalClock, "here"> {
    return this.#pipeline.waitsOf()[0]!.clock;
  }

  /**
   * Applies one input and yields what happened, in order. An input may name the symbol that it concerns, and must name
   * it if the run trades several; an input for a symbol that the run does not trade changes nothing. Trades are applied
   * until their reader has no more available, a gap holds the next one, or `stopAt` trades have gone through the
   * averages: then apply the same input again.
   */
  *apply(input: Input, stopAt = Infinity): Generator<EngineEvent> {
    const pipeline = this.#pipeline;
    if ("symbol" in input && input.symbol !== undefined && !pipeline.symbols.includes(input.symbol)) return;
    switch (input.event) {
      case "frames":
      case "backfilled":
        yield* pipeline.run(input.trades, stopAt);
        break;
      case "connected": {
        pipeline.lost = null;
        for (const { clock } of pipeline.waitsOf()) clock.restart();
        const { endpoint, attempt, time } = input;
        yield { type: "connected", time: isoTime(time), endpoint, attempt };
        break;
      }
      case "disconnected":
        // Older recordings have no cause, only the reason.
        pipeline.lost = isStale(input) ? "stale" : "disconnected";
        yield { type: "disconnected", time: isoTime(input.time), ...disconnectionIn(input) };
        break;
      case "halt":
        yield* pipeline.halt(input.action, input.time, input);
        break;
      case "released":
        yield* pipeline.release(input.time, input);
        break;
      case "rules-awaited":
        if (this.#hasGivenRules) break;
        pipeline.awaiting = input.symbol === undefined
          ? pipeline.symbols
          : [...pipeline.awaiting, input.symbol];
        break;
      case "rules": {
        if (this.#hasGivenRules) break;
        const { rules, instrument, time, symbol } = input;
        yield* pipeline.takeRules({ rules, instrument }, time, this.#given, symbol);
        break;
      }
      case "settled":
        pipeline.settleGap(input.filled, input.through, input.symbol);
        break;
      case "waited":
        for (const waits of pipeline.waitsOf(input.symbol)) waits.note(input);
        break;
      case "source":
        this.#left = { lost: pipeline.lost, awaiting: pipeline.awaiting };
        pipeline.lost = null;
        pipeline.awaiting = [];
        for (const { clock } of pipeline.waitsOf()) clock.speed = 1;
        break;
      case "same-recording":
        if (this.#left !== null) Object.assign(pipeline, this.#left);
        break;
      case "speed":
        for (const { clock } of pipeline.waitsOf()) clock.speed = input.speed;
        break;
      case "handed-over":
        pipeline.handOver();
        break;
      case "ended":
        yield* this.end();
    }
  }

  /** Ends the input: waiting orders expire. `isWhole` is as in `Parse.end`. */
  *end(isWhole = false): Generator<EngineEvent> {
    yield* this.#pipeline.end(isWhole);
  }

  /**
   * Continues from a snapshot and what is kept with it, like `Pipeline.restore`. Throws a BooksError for unsound books,
   * and a TypeError for changes that do not lead to the waiting orders and for a symbol that the run does not trade.
   */
  restore(
    snapshot: PipelineSnapshot,
    closes: Closes,
    changes: readonly OrderChange[] = [],
    others: Readonly<Record<string, KeptSymbol>> = {},
  ): void {
    this.#pipeline.restore(snapshot, closes, changes, others);
  }

  get #hasGivenRules(): boolean {
    return this.#given.has("lot") && this.#given.has("tick");
  }
}

/** Turns what the stages found at a trade into events, in order, and counts them for the summary. */
import type { PipelineEvent } from "../domain/run/event.ts";
import type { ByRequest } from "../domain/risk/halt.ts";
import { gapEvent, outcomeEvent, resetEvent, signalEvent } from "../domain/run/outcome_event.ts";
import type { Filled } from "../domain/market/tick.ts";
import type { Signal } from "../domain/market/signal.ts";
import { isoTime } from "../domain/numbers/time.ts";
import type { Parse } from "./parse.ts";
import type { PipelineSnapshot } from "./pipeline_snapshot.ts";
import { RefusalCount } from "./refusal_count.ts";
import type { RiskGate } from "./risk.ts";

/** The events of one symbol. */
export class TradeEvents {
  readonly #symbol: string;
  readonly #isQuiet: boolean;
  /** How many refusals are still emitted. */
  #refusalsLeft: number;
  readonly #parse: Parse;
  readonly #gate: RiskGate;
  /** The orders that were refused. */
  readonly refusals = new RefusalCount();
  #gaps = 0;

  /**
   * With `isQuiet` signals, refusals and fills are only counted; the first `refusalsShown` refusals are emitted all the
   * same, because a chart shows when they happened. `parse` and `gate` know what a tick does not contain.
   */
  constructor(
    { symbol, isQuiet = false, refusalsShown = 0 }: {
      readonly symbol: string;
      readonly isQuiet?: boolean;
      readonly refusalsShown?: number;
    },
    parse: Parse,
    gate: RiskGate,
  ) {
    this.#symbol = symbol;
    this.#isQuiet = isQuiet;
    this.#refusalsLeft = isQuiet ? refusalsShown : Infinity;
    this.#parse = parse;
    this.#gate = gate;
  }

  /** Gaps so far. */
  get gaps(): number {
    return this.#gaps;
  }

  /**
   * The events of a tick that has passed all stages, null for none. `isFetched` means that it was fetched to fill a
   * gap.
   */
  at(tick: Filled, isFetched: boolean): Generator<PipelineEvent> | null {
    const { outcomes } = tick;
    const isReset = tick.missing < 0;
    // A gap's event comes with the first live trade after it.
    const isGap = !isFetched && !isReset && (tick.missing !== 0 || tick.filled !== 0);
    if (isGap) this.#gaps++;
    this.refusals.add(outcomes);
    const hasOutcomes = !this.#isQuiet || this.#refusalsLeft > 0 && outcomes.some(isRefusal);
    const isEmpty = !hasOutcomes && !isGap && !isReset && !this.#gate.hasNews;
    return isEmpty ? null : this.#events(tick, { isGap, isReset, hasOutcomes });
  }

  *#events(
    tick: Filled,
    { isGap, isReset, hasOutcomes }: Readonly<Record<"isGap" | "isReset" | "hasOutcomes", boolean>>,
  ): Generator<PipelineEvent> {
    const isQuiet = this.#isQuiet;
    const time = isoTime(tick.time);
    if (isGap) yield gapEvent(tick, this.#parse.gap, time);
    if (isReset) yield resetEvent(tick, this.#parse.lastIdBeforeReset, time);
    for (let signal: Signal | null = tick.signal; signal !== null && !isQuiet; signal = signal.next ?? null) {
      yield signalEvent(tick, signal, time);
    }
    yield* this.news(time);
    if (!hasOutcomes) return;
    for (const outcome of tick.outcomes) {
      if (isQuiet && (!isRefusal(outcome) || this.#refusalsLeft-- <= 0)) continue;
      yield outcomeEvent(outcome, time, this.#symbol);
    }
  }

  /** The halts and releases since the last call, at `time`, ISO 8601, with the text of a request. */
  *news(time: string, { text, requested }: Partial<ByRequest> = {}): Generator<PipelineEvent> {
    const symbol = this.#symbol;
    const details = {
      ...(text === undefined ? {} : { text }),
      ...(requested === undefined ? {} : { requested: isoTime(requested) }),
    };
    for (const { type, ...news } of this.#gate.takeNews()) {
      yield { type, time, symbol, ...news, ...details } as PipelineEvent;
    }
  }

  /** Restores the counts of a snapshot. */
  restore({ gaps, refusals }: Pick<PipelineSnapshot, "gaps" | "refusals">): void {
    this.#gaps = gaps;
    this.refusals.total = refusals;
  }
}

function isRefusal({ kind }: Filled["outcomes"][number]): boolean {
  return kind === "refusal";
}

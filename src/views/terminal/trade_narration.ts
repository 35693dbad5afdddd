/** The log's lines of one run, where a signal and the fill that follows at once are one line. */
import type { FillEvent, PenstockEvent, SignalEvent } from "../../domain/run/event.ts";
import type { Line } from "../view.ts";
import type { NamedAssets } from "./assets.ts";
import { narrate } from "./narration.ts";

/** With a latency a few orders may wait; each fill says which signal it goes back to. */
const REMEMBERED = 16;

/** Remembers the last signals for their fills. */
export class TradeNarration {
  /** A signal that has no line yet. */
  #unshown: SignalEvent | null = null;
  /** Oldest first. */
  readonly #recent: SignalEvent[] = [];

  /** The line of this event, and before it that of a signal which did not fill at once; `named` as for `narrate`. */
  *lines(event: PenstockEvent, named: NamedAssets | null): Generator<Line> {
    const signal = event.type === "fill" ? this.#signalOf(event) : null;
    if (signal === null || signal !== this.#unshown) yield* this.settle(named);
    this.#unshown = null;
    if (event.type === "signal") {
      this.#unshown = event;
      this.#recent.push(event);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
      return;
    }
    const line = narrate(event, named, signal);
    if (line !== null) yield line;
  }

  /** The line of a signal whose fill has not come with it. To be called when no more events are available. */
  *settle(named: NamedAssets | null): Generator<Line> {
    const signal = this.#unshown;
    this.#unshown = null;
    const line = signal === null ? null : narrate(signal, named);
    if (line !== null) yield line;
  }

  /** A protective exit has a cause of its own, also where a signal came with the same trade. */
  #signalOf({ cause, side, signalTradeId }: FillEvent): SignalEvent | null {
    if (cause !== undefined) return null;
    return this.#recent.findLast((event) => event.tradeId === signalTradeId && event.side === side) ?? null;
  }
}

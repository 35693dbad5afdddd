/** The log lines of one run's signals and fills. A signal and a fill that follows at once share a line. */
import type { FillEvent, PenstockEvent, SignalEvent } from "../../domain/run/event.ts";
import type { Line } from "../view.ts";
import type { NamedAssets } from "./assets.ts";
import { narrate } from "./narration.ts";

/** With latency, a few orders may be waiting. Each fill names its signal. */
const REMEMBERED = 16;

/** Remembers the last signals until they fill. */
export class TradeNarration {
  /** A signal that has no line yet. */
  #unshown: SignalEvent | null = null;
  /** Oldest first. */
  readonly #recent: SignalEvent[] = [];
  /** The kind of a crossover's averages. */
  #average: string | undefined;

  /**
   * The line for this event, preceded by the line of a signal that did not fill at once. `named` is as in `narrate`.
   */
  *lines(event: PenstockEvent, named: NamedAssets | null): Generator<Line> {
    const signal = event.type === "fill" ? this.#signalOf(event) : null;
    if (event.type === "started") this.#average = event.config["average"]?.toString();
    if (signal === null || signal !== this.#unshown) yield* this.settle(named);
    this.#unshown = null;
    if (event.type === "signal") {
      this.#unshown = event;
      this.#recent.push(event);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
      return;
    }
    const line = narrate(event, named, signal, this.#average);
    if (line !== null) yield line;
  }

  /** The line of a signal that did not fill at once. Call it when there are no more events for now. */
  *settle(named: NamedAssets | null): Generator<Line> {
    const signal = this.#unshown;
    this.#unshown = null;
    const line = signal === null ? null : narrate(signal, named, null, this.#average);
    if (line !== null) yield line;
  }

  /** The signal behind a fill. A protective exit has none, even if a signal came with the same trade. */
  #signalOf({ cause, side, signalTradeId }: FillEvent): SignalEvent | null {
    if (cause !== undefined) return null;
    return this.#recent.findLast((event) => event.tradeId === signalTradeId && event.side === side) ?? null;
  }
}

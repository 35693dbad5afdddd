/** Signals that place no order during a halt. The first is shown in full, the others are counted. */
import type { PenstockEvent, RefusalEvent } from "../../domain/run/event.ts";
import type { Line } from "../view.ts";
import type { NamedAssets } from "./assets.ts";
import { moment } from "./figures.ts";
import { TradeNarration } from "./trade_narration.ts";

/** How often the count is logged, by the trades' own times. */
const COUNT_EVERY_MS = 3_600_000;

/** Reasons to place no order for now, each with the event that ends it and its wording. */
const REASONS = {
  "halted": { end: "released", until: "until the halt ends", during: "while trading was halted" },
  "no-rules": { end: "rules", until: "until the rules arrive", during: "while the rules had not arrived" },
} as const;

/** The log lines of one run, from its events in their order. */
export class HaltedSignals {
  readonly #trades = new TradeNarration();
  /** Why signals are counted instead of shown; null if they are shown. */
  #reason: keyof typeof REASONS | null = null;
  /** When the first signal was refused for this reason, or the count was last shown, ISO 8601. */
  #since = "";
  #count = 0;

  /** The log lines for this event. `named` are the exchange's names for the assets, or null. */
  *lines(event: PenstockEvent, named: NamedAssets | null = null): Generator<Line> {
    const reason = this.#reason;
    if (reason !== null) {
      if (event.type === "signal") return;
      if (event.type === "refusal" && isCounted(event)) {
        yield* this.#counted(event, reason);
        return;
      }
      if (event.type === REASONS[reason].end || event.type === "summary") {
        if (this.#count > 0) yield this.#total(reason);
        this.#reason = null;
      }
    }
    yield* this.#trades.lines(event, named);
    if (reason !== null || event.type !== "refusal" || !isReason(event.reason)) return;
    this.#reason = event.reason;
    this.#since = event.time;
    yield {
      level: "info",
      text: `further signals are refused ${REASONS[event.reason].until}: they are counted, not shown`,
    };
  }

  /** The log lines that were held back, when there are no more events for now. */
  settle(named: NamedAssets | null = null): Generator<Line> {
    return this.#trades.settle(named);
  }

  *#counted({ time }: RefusalEvent, reason: keyof typeof REASONS): Generator<Line> {
    this.#count++;
    if (Date.parse(time) - Date.parse(this.#since) < COUNT_EVERY_MS) return;
    yield this.#total(reason);
    this.#since = time;
  }

  #total(reason: keyof typeof REASONS): Line {
    const count = this.#count;
    this.#count = 0;
    const signals = count === 1 ? "1 more signal was" : `${count} more signals were`;
    return {
      level: "info",
      text: `${signals} refused since ${moment(this.#since)} ${REASONS[reason].during}`,
    };
  }
}

/**
 * Whether a signal was refused because no orders are placed, or because the previous signal bought nothing that could
 * be sold.
 */
function isCounted({ reason, cause }: RefusalEvent): boolean {
  return cause === undefined && (isReason(reason) || reason === "no-position");
}

function isReason(reason: string): reason is keyof typeof REASONS {
  return Object.hasOwn(REASONS, reason);
}

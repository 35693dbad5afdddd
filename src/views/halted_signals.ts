/** Signals that come to nothing because trading is halted: the first is shown in full, the others are counted. */
import type { PenstockEvent, RefusalEvent } from "../domain/event.ts";
import type { NamedAssets } from "./assets.ts";
import { type Line, narrate } from "./narration.ts";

/** So often, by the trades' own times, a line says how many they were. */
const COUNT_EVERY_MS = 3_600_000;

/** The log lines of one run, from its events in their order. */
export class HaltedSignals {
  /** When the first signal was refused since the halt, or when the count was shown last, ISO 8601; null for neither. */
  #since: string | null = null;
  #count = 0;

  /** What there is to say of this event; `named` is what the exchange calls the assets, null where it has not said. */
  *lines(event: PenstockEvent, named: NamedAssets | null = null): Generator<Line> {
    const isFirst = this.#since === null && event.type === "refusal" && event.reason === "halted";
    if (this.#since !== null) {
      if (event.type === "signal") return;
      if (event.type === "refusal" && comesOfHalt(event)) {
        yield* this.#counted(event, this.#since);
        return;
      }
      if (event.type === "released" || event.type === "summary") {
        if (this.#count > 0) yield this.#total(this.#since);
        this.#since = null;
      }
    }
    const line = narrate(event, named);
    if (line !== null) yield line;
    if (!isFirst) return;
    this.#since = event.time;
    yield {
      level: "info",
      text: "further signals are refused until the halt ends: they are counted, not shown",
    };
  }

  *#counted({ time }: RefusalEvent, since: string): Generator<Line> {
    this.#count++;
    if (Date.parse(time) - Date.parse(since) < COUNT_EVERY_MS) return;
    yield this.#total(since);
    this.#since = time;
  }

  #total(since: string): Line {
    const count = this.#count;
    this.#count = 0;
    const signals = count === 1 ? "1 more signal was" : `${count} more signals were`;
    return { level: "info", text: `${signals} refused since ${since} while trading was halted` };
  }
}

/** Whether a signal was refused as trading is halted, or as there is nothing to sell since it bought nothing. */
function comesOfHalt({ reason, cause }: RefusalEvent): boolean {
  return cause === undefined && (reason === "halted" || reason === "no-position");
}

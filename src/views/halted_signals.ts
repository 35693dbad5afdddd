/**
 * Signals that come to nothing because trading is halted, or because the instrument's rules are awaited: the first is
 * shown in full, the others are counted.
 */
import type { PenstockEvent, RefusalEvent } from "../domain/event.ts";
import type { NamedAssets } from "./assets.ts";
import { type Line, narrate } from "./narration.ts";

/** So often, by the trades' own times, a line says how many they were. */
const COUNT_EVERY_MS = 3_600_000;

/** Why signals come to nothing for a while: what ends that, and how the log says it. */
const CAUSES = {
  "halted": { endedBy: "released", until: "the halt ends", during: "trading was halted" },
  "no-rules": { endedBy: "rules", until: "the rules have come", during: "the rules were awaited" },
} as const;

type Cause = keyof typeof CAUSES;

/** The log lines of one run, from its events in their order. */
export class HaltedSignals {
  #cause: Cause = "halted";
  /** When the first signal was refused for `#cause`, or when the count was shown last, ISO 8601; null for neither. */
  #since: string | null = null;
  #count = 0;

  /** What there is to say of this event; `named` is what the exchange calls the assets, null where it has not said. */
  *lines(event: PenstockEvent, named: NamedAssets | null = null): Generator<Line> {
    const first = this.#since === null && event.type === "refusal" ? causeOf(event) : null;
    if (this.#since !== null) {
      if (event.type === "signal") return;
      if (event.type === "refusal" && isExpected(event)) {
        yield* this.#counted(event, this.#since);
        return;
      }
      if (event.type === CAUSES[this.#cause].endedBy || event.type === "summary") {
        if (this.#count > 0) yield this.#total(this.#since);
        this.#since = null;
      }
    }
    const line = narrate(event, named);
    if (line !== null) yield line;
    if (first === null) return;
    this.#cause = first;
    this.#since = event.time;
    yield {
      level: "info",
      text: `further signals are refused until ${CAUSES[first].until}: they are counted, not shown`,
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
    return { level: "info", text: `${signals} refused since ${since} while ${CAUSES[this.#cause].during}` };
  }
}

/** What keeps signals from trading for a while, where this refusal is due to that; null for any other refusal. */
function causeOf({ reason }: RefusalEvent): Cause | null {
  return reason === "halted" || reason === "no-rules" ? reason : null;
}

/** Whether such a time refuses a signal like that: also a sale where nothing was bought. */
function isExpected(event: RefusalEvent): boolean {
  return event.cause === undefined && (event.reason === "no-position" || causeOf(event) !== null);
}

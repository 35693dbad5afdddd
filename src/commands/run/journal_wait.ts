/**
 * Waits for the journal of a live run, which may be in a database that is unreachable for a while. Messages that arrive
 * meanwhile are kept, up to a limit. Trades that waited too long move the averages but place no orders.
 */
import type { Config } from "../../config/options.ts";
import type { Happened } from "../../domain/market/input.ts";
import type { Clock } from "../../domain/process/clock.ts";
import type { Turns } from "../../domain/process/turns.ts";
import { MOST_KEPT, type ReadAhead } from "../../feeds/live/read_ahead.ts";
import type { StoreAway } from "../../stores/journal/entry_log.ts";
import { journalAway, journalBack } from "../../views/terminal/narration.ts";
import type { Line } from "../../views/view.ts";
import { waitedSince } from "./waiting.ts";

/** Nearly every commit is done within this time, so that no message has to be kept meanwhile, ms. */
const PATIENCE_MS = 20;
/** Shorter waits are not noted, ms. */
const NOTED_MS = 1_000;

/** The parts of a run that wait for its journal, and the callbacks for its notices. */
export interface JournalWaitOptions {
  /** The tasks that the run does one at a time. */
  readonly turns: Turns;
  readonly feed: ReadAhead;
  readonly config: Pick<Config, "maxHold" | "maxLag">;
  /** Whether missed trades are fetched. */
  readonly isBackfilled: boolean;
  readonly clock: Clock;
  readonly log: (line: Line) => void;
  /** Records and applies that trades have waited. */
  readonly apply: (waited: Happened) => void;
}

/** The waits of one run. */
export class JournalWait {
  readonly #options: JournalWaitOptions;
  /** The end of the last wait that was noted, by the monotonic clock. */
  #notedAt = -Infinity;
  #awaySince = 0;

  constructor(options: JournalWaitOptions) {
    this.#options = options;
  }

  /** Does `work` in its turn, and keeps data that arrives meanwhile. Null if it is done at once. */
  inTurn(work: () => Promise<void> | null): Promise<void> | null {
    const { turns } = this.#options;
    if (turns.isFree) {
      const keeping = work();
      return keeping === null ? null : this.#during(turns.take(() => keeping));
    }
    const from = this.#now;
    return this.#during(turns.take(async () => {
      // Data that waited for this turn arrived before it.
      this.#note(from);
      await work();
    }));
  }

  /** The time by a monotonic clock, ms. */
  get #now(): number {
    return this.#options.clock.performance.now();
  }

  async #during(work: Promise<void>): Promise<void> {
    const from = this.#now;
    await this.#options.feed.during(work, PATIENCE_MS);
    this.#note(from);
  }

  /** Notes that whatever arrived since `from` has waited until now; does nothing after a short wait. */
  #note(from: number): void {
    const { feed, config, isBackfilled, clock, apply } = this.#options;
    const now = this.#now;
    const waitedMs = now - Math.max(from, this.#notedAt);
    if (waitedMs < NOTED_MS) return;
    this.#notedAt = now;
    const at = clock.Date.now();
    const waited = waitedSince(at - waitedMs, at, config);
    if (waited !== null) apply(waited);
    const { fullSince } = feed;
    // Messages that have not even been read would seem to have just arrived.
    if (isBackfilled && fullSince !== null && now - fullSince > config.maxHold) {
      feed.drop(`more than ${MOST_KEPT.frames} messages waited for the journal, and the rest are fetched`);
    }
  }

  /** Logs that the journal's store is unreachable, and when it is back. */
  readonly onAway = (away: StoreAway | null): void => {
    const { feed, config: { maxHold, maxLag }, clock, log } = this.#options;
    if (away !== null) {
      this.#awaySince = away.since;
      return log(journalAway(away, MOST_KEPT.frames));
    }
    const awayMs = clock.Date.now() - this.#awaySince;
    log(journalBack({ awayMs, kept: feed.frames, holdMs: Math.min(maxHold, maxLag ?? Infinity) }));
  };
}

/** Fills a gap: decides which of the missing trades to fetch, and logs why the others are missing. */
import type { Happened, Input } from "../../domain/market/input.ts";
import { backfilledText, BackfilledTrades } from "../../domain/market/backfilled_trades.ts";
import type { Config } from "../../config/options.ts";
import type { RecordingNote } from "../../domain/recording/recording_note.ts";
import type { Backfill, BackfillEnd } from "../../feeds/rest/backfill.ts";
import type { HeldGap } from "../../stages/gap_hold.ts";
import type { EngineState } from "../../stages/engine.ts";
import type { Line } from "../../views/view.ts";
import { waitedSince } from "./waiting.ts";

/** The source of the missing trades, and their destination. */
export interface GapFillingOptions {
  readonly state: EngineState;
  readonly backfill: Pick<Backfill, "fetch">;
  readonly config: Pick<Config, "symbol" | "backfillMax" | "maxHold" | "maxLag">;
  /** Called when no more trades arrive. Returns whether to leave the rest of the gap to the next run. */
  readonly leaves: () => boolean;
  /**
   * Applies fetched trades, or the outcome of the gap, to the engine, and keeps and shows the events; null if that is
   * already done. `note` records the trades.
   */
  readonly apply: (
    input: Happened | Extract<Input, { event: "backfilled" }>,
    note?: () => RecordingNote,
  ) => Promise<void> | null;
  readonly log: (line: Line) => void;
  /** The time, ms since 1970. */
  readonly now: () => number;
}

/** The gaps of one run. */
export class GapFilling {
  readonly #options: GapFillingOptions;
  readonly #late: BackfilledTrades;
  #isLeft = false;

  constructor(options: GapFillingOptions) {
    this.#options = options;
    this.#late = new BackfilledTrades(options.config.symbol);
  }

  /** Whether the last gap was left to the next run. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /**
   * Fetches the missing trades, applies them and settles the gap. If more are missing than may be fetched, it fetches
   * the newest. Live trades received since `receivedAt` (ms since 1970) wait meanwhile.
   */
  async fill(gap: HeldGap, receivedAt: number): Promise<void> {
    const { state, backfill, config, leaves, apply, now } = this.#options;
    const fromId = Math.max(gap.fromId, gap.toId - config.backfillMax + 1);
    let skipped = fromId - gap.fromId;
    if (skipped > 0) this.#logSkipped(gap);
    const before = state.trades;
    const pages = backfill.fetch(fromId, gap.toId);
    let page = await pages.next();
    for (; !page.done && !state.done; page = await pages.next()) {
      const { rows } = page.value;
      const passed = skipped > 0 ? { skipped } : {};
      await apply(
        { event: "backfilled", trades: this.#late.open(rows, skipped, now() * 1000) },
        () => ({ event: "late", trades: backfilledText(rows.slice(0, this.#late.taken)), ...passed }),
      );
      skipped = 0;
    }
    const end = page.done ? page.value : null;
    this.#isLeft = end !== null && !end.complete && leaves();
    if (this.#isLeft) return;
    const filled = state.trades - before;
    const through = end !== null && end.lastId > state.lastId && skipped === 0 ? end.lastId : -1;
    if (end !== null) this.#logRest(gap, fromId, filled, end);
    const waited = waitedSince(receivedAt, now(), config);
    if (waited !== null) await apply(waited);
    await apply({ event: "settled", filled, ...(through < 0 ? {} : { through }), time: now() * 1000 });
  }

  #logSkipped({ fromId, toId }: HeldGap): void {
    const { config: { backfillMax: most }, log } = this.#options;
    log({
      level: "warn",
      text:
        `${
          toId - fromId + 1
        } trades are missing, more than the ${most} that may be fetched (--backfill-max): ` +
        `the newest ${most} are fetched, and the averages start again with them`,
    });
  }

  /** Logs the trades that could not be fetched, and the ids for which the exchange itself has no trade. */
  #logRest({ toId }: HeldGap, fromId: number, filled: number, end: BackfillEnd): void {
    const { log } = this.#options;
    const missing = toId - fromId + 1;
    const absent = end.lastId - fromId + 1 - filled;
    if (absent > 0) {
      log({
        level: "info",
        text:
          `the exchange itself has no trade for ${absent} of the ${missing} ids from ${fromId} to ${toId}: ` +
          "nothing is missing there",
      });
    }
    if (end.complete) return;
    const advice = end.hint === null ? "" : ` ${end.hint}`;
    log({
      level: "warn",
      text: `${missing - filled - Math.max(0, absent)} of ${missing} missed trades could not be fetched: ` +
        `${end.reason}.${advice}`,
    });
  }
}

/** Holds the trade after a gap until the missing ones have been fetched. */
import type { TradeReader } from "../domain/market/trade_reader.ts";

/** Trades missing before the last one read, which waits until the gap is settled. */
export interface HeldGap {
  readonly fromId: number;
  /** Inclusive. */
  readonly toId: number;
}

/** Holds one trade at a time; it stays in its reader. */
export class GapHold {
  readonly #isOn: boolean;
  #held: { readonly reader: TradeReader; readonly gap: HeldGap } | null = null;
  /** Trades fetched for the gap before the next trade; null unless the gap was settled. */
  #filled: number | null = null;

  /** Holds nothing unless `isOn`. */
  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** The gap before the waiting trade; null if none waits. */
  get gap(): HeldGap | null {
    return this.#held?.gap ?? null;
  }

  /** Whether no trade waits, and none is expected after a gap that was settled. */
  get isIdle(): boolean {
    return this.#held === null && this.#filled === null;
  }

  /** Whether the trade in the reader has to wait: ids from `fromId` on are missing before it. */
  holds(reader: TradeReader, fromId: number): boolean {
    if (!this.#isOn || this.#filled !== null || reader.isBackfilled === true) return false;
    this.#held = { reader, gap: { fromId, toId: reader.trade.firstId - 1 } };
    return true;
  }

  /** Lets the next trade pass, even if trades before it are still missing; `filled` trades were fetched. */
  settle(filled: number): void {
    this.#filled = filled;
  }

  /** Returns whether the trade in the reader is the held one, and no longer holds it. */
  takeHeld(reader: TradeReader): boolean {
    const isHeld = this.#held?.reader === reader;
    if (isHeld) this.#held = null;
    return isHeld;
  }

  /** How many trades were fetched for the gap before the next live trade; null if none was settled. */
  takeFilled(): number | null {
    const filled = this.#filled;
    this.#filled = null;
    return filled;
  }
}

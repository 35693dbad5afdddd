/** A check of the risk gate: one limit on orders. */
import type { Side } from "../../numbers/money.ts";
import type { Order } from "../../orders/order.ts";
import type { Quote } from "../../orders/quote.ts";

/** How an order breaks a limit: `limit` and `value` in the same unit, or in words. */
export interface Breach {
  /** What the check requires: an amount in decimal text, or a word if there is no amount. */
  readonly limit: string;
  /** What was found. */
  readonly value: string;
}

/** When a trade happened and when it arrived, µs since 1970; an arrival of 0 is not known. */
export interface TradeTimes {
  readonly time: number;
  readonly receivedAt: number;
}

/** What checks remember for the account over all its symbols, each of which has its own checks. */
export class AccountMemory {
  readonly #parts = new Map<string, unknown>();

  /** What the check `name` remembers, to be changed in place; it starts with `start`. */
  of<Memory extends object>(name: string, start: () => Memory): Memory {
    if (!this.#parts.has(name)) this.#parts.set(name, start());
    return this.#parts.get(name) as Memory;
  }
}

/**
 * One limit on the orders of one account. A check has the methods that it needs: it judges at one of three moments, and
 * notes what it has to remember. Each `judge` returns null if the order may pass. Times are those of trades, µs since
 * 1970.
 */
export interface OrderCheck {
  /** Judges a signal at its own trade, before it makes an order. */
  judgeSignal?(trade: TradeTimes): Breach | null;
  /** Judges an order that is due, before it has a price. It judges neither parts nor protective exits. */
  judgeStart?(side: Side, time: number): Breach | null;
  /** Judges what an order, or the next part of one, would trade. */
  judgeQuote?(order: Order, quote: Quote): Breach | null;
  /**
   * Working orders whose next part `judgeQuote` never refuses, as long as the price is above zero, the account can pay
   * the part and its fee, and at least a lot of the order is left after it. `judgeQuote` is not asked about such parts
   * where nobody sees each of them. Absent for none: then every part is judged.
   */
  readonly passesParts?: "all" | "sales";
  /** Notes that an order has passed all checks, once for all its parts. */
  started?(time: number): void;
  /**
   * Notes a fill that has just been booked, or a part of one. Where nobody sees each part, one call may stand for
   * several that did not end their order, with the time of the last; the account then has all of them.
   */
  filled?(side: Side, time: number): void;
  /** What it remembers, as plain values under names that no other check has. */
  snapshot?(): object;
  /**
   * Takes back what `snapshot` returned, together with what other checks remember. A limit may be set while a run
   * pauses: then its part is missing.
   */
  restore?(memory: object): void;
}

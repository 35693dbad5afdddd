import type { Account } from "../../account/account.ts";
import { type Money, plain } from "../../numbers/money.ts";
import type { OrderCheck } from "./order_check.ts";

/** A limit on the worth of a position; null for none. */
export interface PositionParameters {
  /** Quote currency, at the fill price of a purchase. */
  readonly maxPosition: Money | null;
}

/** Refuses a purchase that would make the position worth more than the limit, once all of it has filled. */
export function maxPosition(
  { maxPosition: most }: PositionParameters,
  account: Account,
): OrderCheck | null {
  if (most === null) return null;
  return {
    passesParts: "sales",
    judgeQuote({ side }, { price, whole, wholeNotional }) {
      if (side === "sell") return null;
      const { position } = account;
      const held = position.isZero() ? wholeNotional : position.plus(whole).times(price);
      return held.gt(most) ? { limit: plain(most), value: plain(held) } : null;
    },
  };
}

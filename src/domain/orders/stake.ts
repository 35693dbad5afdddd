/** What one buy spends before its fee: an amount, or a share of the cash. */
import { Money, plain } from "../numbers/money.ts";

/** A share of the cash: above 0, up to 1. */
export class CashShare {
  readonly share: Money;

  constructor(share: Money) {
    this.share = share;
  }
}

/** An amount in quote currency, or a share of the cash. */
export type Stake = Money | CashShare;

/** A stake in quote currency when the account has this much `cash`; not rounded. */
export function stakeAt(stake: Stake, cash: Money): Money {
  return stake instanceof CashShare ? cash.times(stake.share) : stake;
}

/**
 * A stake as options write it.
 *
 * @example
 * ```ts
 * import { Money } from "../numbers/money.ts";
 * import { CashShare, stakeText } from "./stake.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(stakeText(new CashShare(new Money("0.125"))), "12.5%");
 * assertEquals(stakeText(new Money("1000.50")), "1000.5");
 * ```
 */
export function stakeText(stake: Stake): string {
  return stake instanceof CashShare ? `${plain(stake.share.times(100))}%` : plain(stake);
}

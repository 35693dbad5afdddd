import type { Side } from "../numbers/money.ts";

/** The strategy's wish to change its stance, made at one trade. */
export interface Signal {
  readonly side: Side;
  /** The trade at which the averages crossed. */
  readonly tradeId: number;
  /** That trade's time, µs since 1970. */
  readonly time: number;
}

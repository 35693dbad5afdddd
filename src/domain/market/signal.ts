import type { Side } from "../numbers/money.ts";

/** What a strategy wants after a bar: to be long (1), to be flat (-1), or what it wanted before (0). */
export type Wish = -1 | 0 | 1;

/** A change of the stance, made at one trade. */
export interface Signal {
  readonly side: Side;
  /** The trade after which the strategy wanted it. */
  readonly tradeId: number;
  /** That trade's time, µs since 1970. */
  readonly time: number;
}

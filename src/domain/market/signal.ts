import type { Side } from "../numbers/money.ts";

/** A strategy's target after a bar: long (1), flat (-1), or unchanged (0). */
export type Target = -1 | 0 | 1;

/** A bar after which the stance may change. */
export interface Turn {
  /** The row of the trade at which it closed. */
  readonly row: number;
  readonly target: -1 | 1;
  /** The strategy's values then; null if nobody asks for them. */
  readonly values: Values | null;
}

/** A change of the stance, made at one trade. */
export interface Signal {
  readonly side: Side;
  /** The trade at which the strategy's target changed. */
  readonly tradeId: number;
  /** That trade's time, µs since 1970. */
  readonly time: number;
  /** The strategy's values then; absent if nobody asks for them. */
  readonly values?: Values;
  /** The next signal at the same trade, at which several bars closed; absent for none. */
  readonly next?: Signal;
}

/** The values of a strategy's indicators, as decimal text, by the names that signal events give them. */
export type Values = Readonly<Record<string, string>>;

/** The same values as numbers, for a chart. */
export type ValueNumbers = Readonly<Record<string, number>>;

/** What a strategy shows to the views. */
export interface Readings {
  /** A short word for its values, such as `sma`. */
  readonly label: string;
  /** The values as they are now; null until all of them exist. */
  values(): Values | null;
}

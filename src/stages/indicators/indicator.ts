/** The seam for indicators: values computed from the closes of bars, in constant time for each close. */

/** Closes in order, oldest first, as integers in units of 10^-decimals quote currency. */
export interface Closes {
  readonly decimals: number;
  readonly values: readonly number[];
}

/** The closes of a strategy that remembers none. */
export const NO_CLOSES: Closes = { decimals: 0, values: [] };

/**
 * A value over the closes so far, and the memory that it needs. `Memory` is a plain value: a round trip through JSON
 * changes nothing.
 */
export interface Indicator<Value, Memory> {
  /**
   * Takes the next close, an integer count of 10^-decimals quote currency. Later closes have as many decimals or
   * more; the unit changes no value.
   */
  add(close: number, decimals: number): void;
  /** Forgets every close. */
  reset(): void;
  /** Whether there were enough closes for a value. */
  readonly isReady: boolean;
  /** The value after the last close; null until it is ready. */
  value(): Value | null;
  /** What `restore` needs. */
  snapshot(): Memory;
  /** Continues as the indicator that gave the snapshot would. What this indicator held before is lost. */
  restore(memory: Memory): void;
}

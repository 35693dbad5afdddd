/**
 * The outcome of verifying a run: deriving it again from its recordings and comparing that with its journal.
 */

/** Everything in the run's entries was derived again from the recordings, and is the same. */
export interface Verified {
  readonly type: "verified";
  /** Entries of the journal, all of which are in its chain. */
  readonly chained: number;
  readonly run: number;
  /** Entries of the run. */
  readonly entries: number;
  /** Trades that went through the averages, each counted once however often the run was resumed. */
  readonly trades: number;
  readonly fills: number;
  /** Times of the first and the last of these trades, µs since 1970; null without trades. */
  readonly from: number | null;
  readonly to: number | null;
}

/** A decision of a run, or something that happened to its connection: its type, with all its fields. */
export interface Decision {
  readonly type: string;
  /** ISO 8601 UTC with microseconds. */
  readonly time: string;
  readonly [field: string]: unknown;
}

/** A decision that journal and derivation agree on, with its entry. */
export interface Agreed {
  readonly entry: number;
  readonly decision: Decision;
}

/** A place in a recording. */
export interface RecordedAt {
  readonly recording: string;
  readonly line: number;
}

/**
 * The first difference between the journal and what is derived from the recordings, or what cannot be
 * compared.
 */
export interface Difference {
  readonly type: "difference";
  readonly run: number | null;
  /** The difference in one or more sentences. */
  readonly what: string;
  /** The journal's entry; null if it has none. */
  readonly entry: number | null;
  readonly tradeId: number | null;
  /** How far the recordings had been processed; null before the first. */
  readonly at: RecordedAt | null;
  /** What the journal says and what the derivation computes; null if there is nothing. */
  readonly journal: unknown;
  readonly derived: unknown;
  /** The last decisions before it, oldest first. */
  readonly before: readonly Agreed[];
}

/** The outcome of verifying. */
export type Outcome = Verified | Difference;

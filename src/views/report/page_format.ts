/**
 * The format of the data that the scripts of the report's page draw: JSON of small whole numbers, each the difference
 * from the previous one, deflated and in Base64. The scripts in web/ read the same types.
 */

/** A line: times as differences, ms; values as differences, in units of 10^-places. */
export interface PackedLine {
  readonly name: string;
  readonly places: number;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The kept round trips, one column for each field. */
export interface PackedTrips {
  readonly numbers: readonly number[];
  /** Entry times as differences, and holding times, ms. */
  readonly entries: readonly number[];
  readonly held: readonly number[];
  readonly entryPrices: PackedNumbers;
  readonly exitPrices: PackedNumbers;
  readonly best: PackedNumbers;
  readonly worst: PackedNumbers;
  /** Exact decimal text. */
  readonly quantities: readonly string[];
  readonly costs: readonly string[];
  readonly fees: readonly string[];
  readonly profits: readonly string[];
  /** Indexes into `causes`. */
  readonly cause: readonly number[];
  readonly causes: readonly string[];
}

/** Numbers as differences in units of 10^-places. */
export interface PackedNumbers {
  readonly places: number;
  readonly values: readonly number[];
}

/** Something that happened on the time axis. */
export interface Incident {
  readonly kind: "gap" | "halt" | "released" | "refusal" | "disconnected" | "connected" | "reset";
  /** µs since 1970. */
  readonly time: number;
  readonly text: string;
}

/** What each kind is called on the page. */
export const INCIDENT_WORDS: Readonly<Record<Incident["kind"], string>> = {
  gap: "gap",
  halt: "halt",
  released: "halt ended",
  refusal: "refused order",
  disconnected: "disconnected",
  connected: "connected",
  reset: "ids started over",
};

/**
 * A letter for readers who cannot distinguish the colours. A refusal has none: its mark is narrower than the others.
 */
export const INCIDENT_LETTERS: Readonly<Record<Incident["kind"], string>> = {
  gap: "G",
  halt: "H",
  released: "E",
  refusal: "",
  disconnected: "D",
  connected: "C",
  reset: "R",
};

/** Everything that the page draws. */
export interface PageData {
  /**
   * The span of time to show, ms since 1970, if prices are known only at events, as in a journal. Then nothing is drawn
   * that needs the prices between events.
   */
  readonly atEvents?: readonly [from: number, to: number];
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Cash at the start, quote currency. */
  readonly cash: number;
  /** The mean share of the money in the position while there is a position; null if there was none. */
  readonly exposure: number | null;
  readonly price: PackedLine;
  readonly equity: PackedLine;
  readonly drawdown: PackedLine;
  /** Annualized, over a rolling window of returns; null if there are too few. */
  readonly volatility: PackedLine | null;
  /** The strategy's values, on the chart of the price. */
  readonly averages: readonly PackedLine[];
  readonly fills: {
    readonly times: readonly number[];
    readonly prices: PackedNumbers;
    /** 1 for a purchase. */
    readonly buys: readonly number[];
    readonly counts: readonly number[];
  };
  readonly trips: PackedTrips;
  readonly tripCount: number;
  readonly incidents: readonly (readonly [kind: Incident["kind"], timeMs: number, text: string])[];
}

/** A full report in the page of a sweep, which the script inserts once the reader opens it. */
export interface PackedReport {
  readonly markup: string;
  readonly data: PageData;
}

/** How trades come into the pipeline, whatever they were written in: one after the other, by name. */
import type { UnusableInput } from "./unusable_input.ts";

/**
 * What a line or a message turned out to be: a trade of the symbol; something else that is meant to be there
 * (another stream, an acknowledgement); or something unusable, with the reason in `reason`.
 */
export type ReadResult = "trade" | "other" | "rejected";

/** One trade as read: exact integers throughout. */
export interface TradeFields {
  /** Trade ids covered, both inclusive; the same number unless it is an aggregate. */
  readonly firstId: number;
  readonly lastId: number;
  /** µs since 1970. */
  readonly time: number;
  /** Integer count of 10^-decimals quote currency, trailing zeros dropped. */
  readonly price: number;
  readonly decimals: number;
  /** Whole units of base currency traded. */
  readonly quantityWhole: number;
  /** Plus this many hundred-millionths of one, 0 to 99,999,999. */
  readonly quantityFraction: number;
  /** True when the taker sold. */
  readonly buyerIsMaker: boolean;
}

/** What is wrong with a trade that later ones have shown to be unusable. */
export interface Complaint {
  /** With the trade's place. */
  readonly reason: string;
  /** What to throw, where one unusable line ends the run; else null. */
  readonly error: UnusableInput | null;
}

/** Makes a complaint about one trade, whatever has been read since. */
export type Complain = (what: string) => Complaint;

/** Reads what it was given last, one trade or unusable message at a call. */
export interface TradeReader {
  readonly symbol: string;
  /** Whether its trades were fetched after the fact. */
  readonly isBackfilled?: boolean;
  /** Missing trades that were skipped before the fetched trade read last. */
  readonly skipped?: number;
  /** When the trade read last arrived, µs since 1970; 0 or absent where that is not known. */
  readonly receivedAt?: number;
  /** The trade read last, overwritten by the next; it means something only after "trade". */
  readonly trade: TradeFields;
  /** After "rejected": what is wrong, with the value found. */
  readonly reason: string;
  /**
   * After "rejected": the ids that it has, both inclusive, where those could be read, else -1: the rest of it may be
   * unusable, or it may be a marker that says no market trade took place under them.
   */
  readonly emptyFirstId: number;
  readonly emptyId: number;
  /** Reads on. Null when nothing more is at hand. */
  next(): ReadResult | null;
  /** The beginning of what was read last, to show it: at most 200 characters. */
  sample(): string;
  /** After "trade", for what may yet be found wrong with it; absent where trades have no place to be named. */
  complain?(): Complain;
  /** What to do about a trade out of order, as a sentence without its point, where that is not the usual. */
  readonly sortAdvice?: string;
}

const NO_TRADE: TradeFields = {
  firstId: -1,
  lastId: -1,
  time: 0,
  price: 0,
  decimals: 0,
  quantityWhole: 0,
  quantityFraction: 0,
  buyerIsMaker: false,
};

/** A reader that has nothing at hand. */
export function noTrades(symbol: string): TradeReader {
  return {
    symbol,
    trade: NO_TRADE,
    reason: "",
    emptyFirstId: -1,
    emptyId: -1,
    next: () => null,
    sample: () => "",
  };
}

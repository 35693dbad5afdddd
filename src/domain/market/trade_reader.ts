/** How trades of any format enter the pipeline: one after another. */
import type { ReadBlock } from "./block.ts";
import type { UnusableInput } from "./unusable_input.ts";

/**
 * The result of reading a line or a message: a trade of the symbol; something else that belongs there (another
 * stream, an acknowledgement); something unusable, with the reason in `reason`; or trades that the run leaves out, of
 * which only the ids matter.
 */
export type ReadResult = "trade" | "other" | "rejected" | "empty";

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

/** What is wrong with a trade that later trades have shown to be unusable. */
export interface Complaint {
  /** What is wrong, with the trade's place. */
  readonly reason: string;
  /** What to throw if one unusable line ends the run, otherwise null. */
  readonly error: UnusableInput | null;
}

/** Makes a complaint about one trade, even after more has been read. */
export type Complain = (what: string) => Complaint;

/** The trade that a block has to follow. */
export interface Followed {
  readonly id: number;
  /** µs since 1970. */
  readonly time: number;
  /** The unit of prices is 10^-decimals. */
  readonly decimals: number;
}

/** Reads the trades that it was last given: one trade, or one unusable message, per call. */
export interface TradeReader {
  readonly symbol: string;
  /** Whether its trades were fetched after the fact. */
  readonly isBackfilled?: boolean;
  /** Missing trades that were skipped before the fetched trade read last. */
  readonly skipped?: number;
  /** When the trade read last arrived, µs since 1970; 0 or absent if that is not known. */
  readonly receivedAt?: number;
  /** The trade read last, overwritten by the next; valid only after "trade". */
  readonly trade: TradeFields;
  /** After "rejected": what is wrong, with the value found. */
  readonly reason: string;
  /**
   * After "rejected": its ids, both inclusive, if they could be read, otherwise -1. The rest of it may be unusable, or
   * it may be a marker that says that these ids are not market trades. After "empty": the ids that are left out.
   */
  readonly emptyFirstId: number;
  readonly emptyId: number;
  /** Reads the next one. Null when nothing more is available. */
  next(): ReadResult | null;
  /** True only where `next` would return null; absent where only another read shows that. */
  readonly isAtEnd?: boolean;
  /** The start of what was read last, for messages: at most 200 characters. */
  sample(): string;
  /** After "trade": makes a complaint if it turns out to be wrong; absent if trades have no place to name. */
  complain?(): Complain;
  /**
   * Reads up to `most` of the next trades at once, as the reader's own block, which the next call fills again: only
   * trades that need no further checks. Each follows the id before it, the first one `after`, and covers 10^9 ids at
   * most; is dated within an hour of the one before; and has a price that is exact in the unit of `after`, and at most
   * 2^53 - 1 in it. Null where the next one is not such a trade: `next` then reads it. Absent where a reader makes no
   * blocks.
   */
  takeBlock?(after: Followed, most: number): ReadBlock | null;
  /**
   * Makes the reader read the trades of the last block again, as if `takeBlock` had not been called. Allowed only
   * before anything else is read. Absent where a block cannot be given back.
   */
  giveBack?(): void;
  /** Advice for a trade out of order, as a sentence without its full stop; absent for the usual advice. */
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

/** A reader that has nothing to read. */
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

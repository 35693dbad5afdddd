/**
 * A tick: the record of a trade on its way through the stages.
 *
 * The parse stage makes a record once, with a slot for everything that later stages add. Each stage fills in its own
 * slots and passes the same record on under a wider type. So there is one allocation per trade, and leaving out a
 * stage is a type error at the next.
 */
import { HOUR } from "../numbers/time.ts";
import type { Fill } from "../orders/fill.ts";
import type { Expired, Refusal } from "../orders/refusal.ts";
import type { Signal, Wish } from "./signal.ts";
import type { TradeFields } from "./trade_reader.ts";

/** What the parse stage knows about a trade. */
export interface Tick {
  readonly symbol: string;
  /** First trade id covered; equals `id` unless the message is an aggregate. */
  readonly firstId: number;
  /** Trade id; for an aggregate that of its last trade. */
  readonly id: number;
  /** The trade's own time, µs since 1970. */
  readonly time: number;
  /** Integer count of 10^-decimals quote currency. */
  readonly price: number;
  /** The symbol's price unit from this trade on, 0 to 8; never smaller than at the trade before. */
  readonly decimals: number;
  /** Whole units of base currency traded. */
  readonly quantityWhole: number;
  /** Plus this many hundred-millionths of one, 0 to 99,999,999. */
  readonly quantityFraction: number;
  /** True when the taker sold. */
  readonly buyerIsMaker: boolean;
  /** How many trades are missing before this one; -1 when the ids started over. */
  readonly missing: number;
  /** How many trades were missing before this one and have been fetched since. */
  readonly filled: number;
  /** True for a trade that was fetched after the fact: it moves averages and equity, and never trades. */
  readonly late: boolean;
  /** When it arrived over the stream or was fetched, µs since 1970; 0 if that is not known. */
  readonly receivedAt: number;
}

/** The values of a strategy's indicators, as decimal text, by the names that signal events give them. */
export type Values = Readonly<Record<string, string>>;

/** What a strategy shows of itself. */
export interface Readings {
  /** A short word for its values, such as `sma`. */
  readonly label: string;
  /** The values as they are now; null until all of them exist. */
  values(): Values | null;
}

/** After the average stage. */
export interface Averaged extends Tick {
  readonly wish: Wish;
  /** The live readings of the strategy: take its values before the next tick is pulled. */
  readonly readings: Readings;
}

/** After the signal stage. */
export interface Signalled extends Averaged {
  readonly signal: Signal | null;
}

/** What became of an order at one trade. */
export type Outcome = Fill | Refusal | Expired;

/** After the fill stage: what became of the orders that were due at this trade, in order. */
export interface Filled extends Signalled {
  readonly outcomes: readonly Outcome[];
}

/** The slots that later stages fill, before they do. */
const EMPTY: readonly never[] = [];

/**
 * A new record for one trade. The literal names every slot in one order, so that all records share one hidden
 * class and the stages' writes stay plain stores.
 */
export function createTick(
  symbol: string,
  trade: TradeFields,
  price: number,
  decimals: number,
  missing: number,
  filled = 0,
  late = false,
  receivedAt = 0,
): Tick {
  const record = {
    symbol,
    firstId: trade.firstId,
    id: trade.lastId,
    time: trade.time,
    price,
    decimals,
    quantityWhole: trade.quantityWhole,
    quantityFraction: trade.quantityFraction,
    buyerIsMaker: trade.buyerIsMaker,
    missing,
    filled,
    late,
    receivedAt,
    wish: 0,
    readings: null,
    signal: null,
    decisions: null,
    outcomes: EMPTY,
  };
  return record;
}

/** A stage's own slots, writable: only the stage that owns them asks for this view. */
export type Slots<T, K extends keyof T> = { -readonly [P in K]: T[P] };

/**
 * The time that limits and orders use, µs since 1970: the trade's own, or that of its arrival if the trade is
 * dated more than an hour later. So trades dated in the future, however many, release no halt, end no
 * cooldown, and place no order that would wait for that time.
 */
export function clockAt({ time, receivedAt }: Tick): number {
  return receivedAt > 0 && time > receivedAt + HOUR ? receivedAt : time;
}

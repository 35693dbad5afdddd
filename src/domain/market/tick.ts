/**
 * A tick: the record of a trade at which something happens. All others are rows of a block; see block.ts.
 *
 * It is made with a slot for everything that the risk and the fill stage add. Each fills in its own slots and passes
 * the same record on under a wider type.
 */
import { HOUR } from "../numbers/time.ts";
import type { Fill } from "../orders/fill.ts";
import type { Expired, Refusal } from "../orders/refusal.ts";
import type { Signal } from "./signal.ts";
import type { TradeFields } from "./trade_reader.ts";

/** What the parse stage knows about one trade. */
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

/** With the signal that it gave. */
export interface Signalled extends Tick {
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

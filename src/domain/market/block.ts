/**
 * Blocks: consecutive trades of one symbol on their way through the stages, as columns.
 *
 * The parse stage makes blocks. Each later stage adds what it finds and passes the same block on under a
 * wider type, so leaving out a stage is a type error at the next. A stage may use a block only until it pulls
 * the next one, because that is the same object. A trade gets an object of its own, its tick, only if
 * something happens at it.
 */
import { HOUR } from "../numbers/time.ts";
import type { Signal, Values } from "./signal.ts";

/** The most trades in a block. */
export const BLOCK_ROWS = 4096;

/** The columns that a reader fills, a row for each trade. */
export interface Columns {
  /** Trade ids; for an aggregate that of its last trade. */
  readonly id: Float64Array;
  /** The trades' own times, µs since 1970. */
  readonly time: Float64Array;
  /** Integer counts of the block's unit. */
  readonly price: Float64Array;
  /** Whole units of base currency traded. */
  readonly quantityWhole: Float64Array;
  /** Plus this many hundred-millionths of one, 0 to 99,999,999. */
  readonly quantityFraction: Uint32Array;
  /** 1 when the taker sold, else 0. */
  readonly buyerIsMaker: Uint8Array;
  /** When they arrived over the stream or were fetched, µs since 1970; 0 if that is not known. */
  readonly receivedAt: Float64Array;
}

/** After the parse stage. */
export interface Block extends Columns {
  readonly symbol: string;
  /** How many trades it has, at least 1. Rows from here on are left from earlier blocks. */
  readonly size: number;
  /** Prices are counts of 10^-decimals quote currency: the symbol's unit, 0 to 8, which never gets coarser. */
  readonly decimals: number;
  /** The first id that its first trade covers. For every other trade that is one above the id before it. */
  readonly firstId: number;
  /** Trades missing before its first one; 0 if none are, -1 if the ids started over. */
  readonly missing: number;
  /** Trades that were missing before its first one and have been fetched since. */
  readonly filled: number;
  /** True for trades that were fetched after the fact: they move averages and equity, and never trade. */
  readonly late: boolean;
}

/** A block that a reader has made. */
export interface ReadBlock extends Block {
  /** Its highest price, and its latest time. */
  readonly highest: number;
  readonly latest: number;
}

/** After the average stage. */
export interface AveragedBlock extends Block {
  /** What the strategy wants after each trade, as `Wish` has it. */
  readonly wishes: Int8Array;
  /** What the strategy shows at the rows that may give a signal; empty if nobody asks for it. */
  readonly values: Map<number, Values>;
}

/** After the signal stage. */
export interface SignalledBlock extends AveragedBlock {
  /** The signals in order, and the row at which each was given. */
  readonly signals: Signal[];
  readonly signalRows: number[];
}

/** The time that limits and orders use at a row, like `clockAt` for a tick. */
export function clockAtRow(block: Block, row: number): number {
  const time = block.time[row]!;
  const receivedAt = block.receivedAt[row]!;
  return receivedAt > 0 && time > receivedAt + HOUR ? receivedAt : time;
}

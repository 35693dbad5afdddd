/**
 * Blocks: consecutive trades of one symbol on their way through the stages, as columns.
 *
 * The parse stage makes blocks. Each later stage adds what it finds and passes the same block on under a
 * wider type, so leaving out a stage is a type error at the next. A stage may use a block only until it pulls
 * the next one, because that is the same object. A trade gets an object of its own, its tick, only if
 * something happens at it.
 */
import { HOUR } from "../numbers/time.ts";
import type { ClosedBars } from "./closed_bars.ts";
import type { Columns } from "./columns.ts";
import type { Signal, Turn } from "./signal.ts";

/** The most trades in a block. */
export const BLOCK_ROWS = 4096;

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
  /** The extremes of its trades, worth knowing when many runs share a block. Absent if they were not computed. */
  readonly extremes?: Extremes;
}

/** The extremes of a block. */
export interface Extremes {
  /** The lowest and the highest price, and the latest time. */
  readonly lowest: number;
  readonly highest: number;
  readonly latest: number;
  /** Whether no trade has an earlier time than the one before it. */
  readonly isOrdered: boolean;
}

/** A block that a reader has made. */
export interface ReadBlock extends Block {
  /** Its highest price, and its latest time. */
  readonly highest: number;
  readonly latest: number;
}

/** After the bar stage. */
export interface BarredBlock extends Block {
  /** The bars that close in it; null if every trade is a bar. */
  bars: ClosedBars | null;
}

/** After the average stage. */
export interface AveragedBlock extends BarredBlock {
  /** The strategy's target after each trade, as in `Target`, if every trade is a bar. */
  readonly targets: Int8Array;
  /** Where the stance may change, in order; several may be at one row. */
  readonly turns: Turn[];
}

/** After the signal stage. */
export interface SignalledBlock extends AveragedBlock {
  /** The signals in order, the first at each row, and the rows at which they were given. */
  readonly signals: Signal[];
  readonly signalRows: number[];
}

/** The time that limits and orders use at a row, like `clockAt` for a tick. */
export function clockAtRow(block: Block, row: number): number {
  const time = block.time[row]!;
  const receivedAt = block.receivedAt[row]!;
  return receivedAt > 0 && time > receivedAt + HOUR ? receivedAt : time;
}

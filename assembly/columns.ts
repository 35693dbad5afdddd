/**
 * Where the loops and the host exchange data in memory. `src/domain/market/trade_columns.ts` has the same numbers for
 * the host.
 */

/** What is remembered from row to row, 512 bytes of 0 at first. */
export const PLACES: usize = 256;
// Doubles: what a call found in addition to its rows, and what the rows of a block have to follow.
const STOPPED_AT: usize = 768;
export const LAST_ID_BEFORE: usize = 776;
export const TIME_BEFORE: usize = 784;
export const LATEST: usize = 792;
export const HIGHEST: usize = 800;
/** A trade that covers more ids, or is further in time (µs) from the trade before, is left to the host. */
const ID_JUMP: f64 = 1e9;
/** In µs. */
export const HOUR: f64 = 3600000000;
/** What is remembered of the previous price, 112 bytes of 0 at first. */
export const PRICE_FORM: usize = 832;
// The compiler puts its own data from 1024 on.
/** Strings that a loop compares with. The host writes them. */
export const TEXTS: usize = 2048;

/** The most rows that one call reads. */
const ROWS: usize = 2048;
const WIDE: usize = ROWS << 3;
const NARROW: usize = ROWS << 2;
export const FIRST_ID: usize = 4096;
export const LAST_ID: usize = FIRST_ID + WIDE;
export const TIME: usize = LAST_ID + WIDE;
export const PRICE: usize = TIME + WIDE;
export const QUANTITY: usize = PRICE + WIDE;
export const RECEIVED: usize = QUANTITY + WIDE;
export const FRACTION: usize = RECEIVED + WIDE;
/** Where a row starts in memory; or where a frame ends, which the host writes. */
export const START: usize = FRACTION + NARROW;
export const DECIMALS: usize = START + NARROW;
export const IS_MAKER: usize = DECIMALS + ROWS;

/**
 * Whether row `n` needs no further checks: it follows the row before it by its ids and within an hour. The host has
 * written what the first row has to follow. A row that follows counts towards the latest time and the highest price of
 * the block.
 */
export function followsOn(n: usize): boolean {
  const before: f64 = load<f64>(LAST_ID_BEFORE);
  const last: f64 = load<f64>(n << 3, LAST_ID);
  const time: f64 = load<f64>(n << 3, TIME);
  const step: f64 = time - load<f64>(TIME_BEFORE);
  if (load<f64>(n << 3, FIRST_ID) != before + 1 || last - before > ID_JUMP) return false;
  if (step > HOUR || step < -HOUR) return false;
  store<f64>(LAST_ID_BEFORE, last);
  store<f64>(TIME_BEFORE, time);
  const price: f64 = load<f64>(n << 3, PRICE);
  // Nearly all times are equal to the latest or later, which a processor predicts; whether one is later, it cannot.
  if (time >= load<f64>(LATEST)) store<f64>(LATEST, time);
  if (price > load<f64>(HIGHEST)) store<f64>(HIGHEST, price);
  return true;
}

/** Ends the text at `end` with zeros, so that the rest of an earlier text cannot look like part of it. */
export function endText(end: usize): void {
  store<u64>(end, 0);
  store<u64>(end, 0, 8);
  store<u64>(end, 0, 16);
}

/** Stores the position of the first row that was not read. */
export function stopAt(at: usize): void {
  store<f64>(STOPPED_AT, at as f64);
}

/**
 * Where the loops and the host find each other's bytes in memory. `src/domain/market/trade_columns.ts` has
 * the same numbers for the host.
 */

/** What is remembered from row to row: 512 bytes, 0 at first. */
export const PLACES: usize = 256;
// Doubles: what a call found besides its rows, and for a block what its first row must follow.
const STOPPED_AT: usize = 768;
const LAST_ID_BEFORE: usize = 776;
const TIME_BEFORE: usize = 784;
const LATEST: usize = 792;
const HIGHEST: usize = 800;
const LOWEST: usize = 808;
/** A trade that covers more ids than this is not believed at once. And the longest step in time, µs. */
const ID_JUMP: f64 = 1e9;
const HOUR: f64 = 3600000000;
// From 1024 on is what the compiler puts there.
/** Texts that a loop compares with, which the host puts there. */
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
/** Where a row starts in memory. For frames: where they end, which the host puts there. */
export const START: usize = FRACTION + NARROW;
export const DECIMALS: usize = START + NARROW;
export const IS_MAKER: usize = DECIMALS + ROWS;

/**
 * Whether row `n` needs no judgement: it follows the row before it, with the next id and within an hour. For
 * the first row the host has said what is before it. If so, the row counts for the latest time and the
 * highest and lowest price of the block.
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
  if (time > load<f64>(LATEST)) store<f64>(LATEST, time);
  if (price > load<f64>(HIGHEST)) store<f64>(HIGHEST, price);
  if (price < load<f64>(LOWEST)) store<f64>(LOWEST, price);
  return true;
}

/** Ends the text at `end`, so that what is left of an earlier text after it does not look like part of it. */
export function endText(end: usize): void {
  store<u64>(end, 0);
  store<u64>(end, 0, 8);
  store<u64>(end, 0, 16);
}

/** Says where the first row that was not read is. */
export function stopAt(at: usize): void {
  store<f64>(STOPPED_AT, at as f64);
}

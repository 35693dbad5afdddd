/**
 * Where the loops and the host find one another's bytes. `src/domain/market/trade_columns.ts` has the same numbers
 * for the host.
 */

/** What is remembered from row to row, 512 bytes of 0 at first. */
export const PLACES: usize = 256;
/** What a call found besides its rows, in doubles. */
const STOPPED_AT: usize = 768;
// From 1024 on stands what the compiler puts there.
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
/** Where a row starts in memory; or where a frame ends, which the host puts there. */
export const START: usize = FRACTION + NARROW;
export const DECIMALS: usize = START + NARROW;
export const IS_MAKER: usize = DECIMALS + ROWS;

/** Ends the text at `end`: what is left behind it of another must not look like part of it. */
export function endText(end: usize): void {
  store<u64>(end, 0);
  store<u64>(end, 0, 8);
  store<u64>(end, 0, 16);
}

/** Says where the first row stands that was not read. */
export function stopAt(at: usize): void {
  store<f64>(STOPPED_AT, at as f64);
}

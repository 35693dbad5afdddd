/** Reads rows of klines into columns, each as four prints. */
import {
  endText,
  FIRST_ID,
  FRACTION,
  HIGHEST,
  LAST_ID,
  LAST_ID_BEFORE,
  LATEST,
  PLACES,
  PRICE,
  QUANTITY,
  stopAt,
  TIME,
  TIME_BEFORE,
} from "./columns.ts";
import { commasTo, takeNextPrice, takeNextQuantity, takeWhole, toMicroseconds } from "./fields.ts";

const COMMA: u8 = 44;
const PRINTS: usize = 4;
/** Hundred-millionths in one. */
const PARTS: u32 = 100000000;
const HOUR: f64 = 3600000000;
/** A smaller time stamp is in ms. A kline ends one ms, or one µs, before the next. */
const LEAST_MICROSECONDS: f64 = 1e14;

/**
 * Reads whole rows of `count` columns, from `at` up to `end`, at most `most`, and returns how many it read. Each is
 * four rows of the columns, as `src/formats/kline_prints.ts` has them. It stops before the first row that is not the
 * next kline of this `interval` (µs), that has no trades, or that has a price finer than 10^-unit. There must be room
 * for 24 bytes after `end`.
 */
export function readKlines(at: usize, end: usize, most: usize, count: i32, unit: i32, interval: f64): i32 {
  endText(end);
  const second: f64 = Math.floor(interval / 3);
  const third: f64 = Math.floor(2 * interval / 3);
  // The ids say where the next kline has to start.
  let id: f64 = load<f64>(LAST_ID_BEFORE) + 1;
  let openTime: f64 = id / (PRINTS as f64) * interval;
  let before: f64 = load<f64>(TIME_BEFORE);
  let highest: f64 = 0;
  let rows: usize = 0;
  for (; rows < most; rows++) {
    const n: usize = rows << 2;
    let p: usize = takeWhole(at, n, TIME, COMMA, PLACES);
    if (p == 0 || !toMicroseconds(n, TIME) || load<f64>(n << 3, TIME) != openTime) break;
    // Open, high, low and close; two of them change places later.
    p = takeNextPrice(p + 1, n, unit, COMMA, PLACES + 64);
    if (p == 0) break;
    p = takeNextPrice(p + 1, n + 1, unit, COMMA, PLACES + 64);
    if (p == 0) break;
    p = takeNextPrice(p + 1, n + 2, unit, COMMA, PLACES + 64);
    if (p == 0) break;
    p = takeNextPrice(p + 1, n + 3, unit, COMMA, PLACES + 64);
    if (p == 0) break;
    p = takeNextQuantity(p + 1, n, COMMA, PLACES + 96);
    if (p == 0) break;
    p = takeWhole(p + 1, n + 3, TIME, COMMA, PLACES + 128);
    if (p == 0) break;
    const tick: f64 = load<f64>((n + 3) << 3, TIME) < LEAST_MICROSECONDS ? 1000 : 1;
    if (!toMicroseconds(n + 3, TIME)) break;
    const closeTime: f64 = load<f64>((n + 3) << 3, TIME);
    if (closeTime + tick > openTime + interval || closeTime <= openTime + 2 * interval / 3) break;
    if (openTime - before > HOUR || third - second > HOUR || second > HOUR) break;
    if (closeTime - openTime - third > HOUR) break;
    const next: usize = commasTo(p, count - 7);
    if (next == 0 || next > end) break;

    const open: f64 = load<f64>(n << 3, PRICE);
    const high: f64 = load<f64>((n + 1) << 3, PRICE);
    const low: f64 = load<f64>((n + 2) << 3, PRICE);
    const close: f64 = load<f64>((n + 3) << 3, PRICE);
    if (high < open || high < close || high < low || low > open || low > close) break;
    const isLowFirst: boolean = high - open >= open - low;
    store<f64>((n + 1) << 3, isLowFirst ? low : high, PRICE);
    store<f64>((n + 2) << 3, isLowFirst ? high : low, PRICE);
    if (high > highest) highest = high;

    store<f64>((n + 1) << 3, openTime + second, TIME);
    store<f64>((n + 2) << 3, openTime + third, TIME);
    divide(n);
    for (let print: usize = 0; print < PRINTS; print++) {
      store<f64>((n + print) << 3, id + (print as f64), LAST_ID);
    }
    if (n == 0) store<f64>(0, id, FIRST_ID);
    id += PRINTS as f64;
    openTime += interval;
    before = closeTime;
    at = next;
  }
  store<f64>(LATEST, before);
  store<f64>(HIGHEST, highest);
  stopAt(at);
  return rows as i32;
}

/**
 * Divides the volume in row `n` among four rows. Each gets a quarter, rounded down to 8 decimals, and the last row also
 * gets the remainder.
 */
function divide(n: usize): void {
  const volume: u64 = load<f64>(n << 3, QUANTITY) as u64;
  const parts: u32 = ((volume & 3) as u32) * PARTS + load<u32>(n << 2, FRACTION);
  const whole: f64 = (volume >> 2) as f64;
  const fraction: u32 = parts >> 2;
  const rest: u32 = parts - 3 * fraction;
  const isWhole: boolean = rest >= PARTS;
  for (let print: usize = 0; print < 3; print++) {
    store<f64>((n + print) << 3, whole, QUANTITY);
    store<u32>((n + print) << 2, fraction, FRACTION);
  }
  store<f64>((n + 3) << 3, isWhole ? whole + 1 : whole, QUANTITY);
  store<u32>((n + 3) << 2, isWhole ? rest - PARTS : rest, FRACTION);
}

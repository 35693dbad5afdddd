/** Reads rows of trades into columns: rows of Binance's public data, and rows with their fields in any other order. */
import {
  endText,
  FIRST_ID,
  followsOn,
  IS_MAKER,
  LAST_ID,
  PLACES,
  START,
  stopAt,
  TEXTS,
  TIME,
} from "./columns.ts";
import {
  skipAmount,
  takeLastWhole,
  takeNextPrice,
  takeNextQuantity,
  takePrice,
  takeQuantity,
  takeWhole,
  toMicroseconds,
} from "./fields.ts";
import { learnForm, takeAlike } from "./row_form.ts";

const FEED: u8 = 10;
const RETURN: u8 = 13;
const COMMA: u8 = 44;
/** The bits that distinguish lower case from upper case. */
const CASE_BITS: u32 = 0x20202020;
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const T: u32 = 116;
const F: u32 = 102;

/**
 * Reads whole rows from `at` up to `end`, at most `most`, and returns how many it read. It stops before the
 * first row that is not a trade in the layout that `isAggregate` and `hasFlag` describe. With a `unit` of 0
 * to 8 it reads a block: prices in 10^-unit, and only trades that follow each other. There must be room for
 * 24 bytes after `end`.
 */
export function readRows(at: usize, end: usize, most: usize, isAggregate: i32, hasFlag: i32, unit: i32): i32 {
  endText(end);
  const mayBeAlike: boolean = unit >= 0 && !isAggregate;
  let n: usize = 0;
  while (n < most) {
    if (mayBeAlike && n > 0) {
      const next: usize = takeAlike(at, n, unit);
      if (next != 0) {
        at = next;
        n++;
        continue;
      }
    }
    const priceAt: usize = takeWhole(at, n, LAST_ID, COMMA, PLACES) + 1;
    if (priceAt == 1) break;
    const quantityAt: usize = takeNextPrice(priceAt, n, unit, COMMA, PLACES + 64) + 1;
    if (quantityAt == 1) break;
    const afterQuantity: usize = takeNextQuantity(quantityAt, n, COMMA, PLACES + 96) + 1;
    if (afterQuantity == 1) break;
    let p: usize;
    if (isAggregate) {
      p = takeWhole(afterQuantity, n, FIRST_ID, COMMA, PLACES + 128);
      if (p == 0) break;
      p = takeWhole(p + 1, n, LAST_ID, COMMA, PLACES + 192);
      if (p == 0 || load<f64>(n << 3, LAST_ID) < load<f64>(n << 3, FIRST_ID)) break;
    } else {
      p = skipAmount(afterQuantity);
      if (p == 0 || load<u8>(p) != COMMA) break;
    }
    const timeAt: usize = p + 1;
    const makerAt: usize = takeWhole(timeAt, n, TIME, COMMA, PLACES + 256) + 1;
    if (makerAt == 1 || !toMicroseconds(n, TIME)) break;

    const afterMaker: usize = takeMaker(makerAt, n);
    if (afterMaker == 0) break;
    p = afterMaker;
    if (hasFlag) {
      if (load<u8>(p) != COMMA) break;
      p = skipBoolean(p + 1);
      if (p == 0) break;
    }
    if (load<u8>(p) == RETURN) p++;
    if (load<u8>(p) != FEED || p >= end) break;

    if (!isAggregate) store<f64>(n << 3, load<f64>(n << 3, LAST_ID), FIRST_ID);
    if (unit >= 0 && !followsOn(n)) break;
    store<u32>(n << 2, at as u32, START);
    if (mayBeAlike) {
      learnForm(at, priceAt, quantityAt, afterQuantity, timeAt, makerAt, afterMaker, p + 1, n, unit);
    }
    at = p + 1;
    n++;
  }
  stopAt(at);
  return n as i32;
}

/** The position after `true` or `false`, in lower or upper case; 0 for any other text. */
function skipBoolean(at: usize): usize {
  if ((load<u32>(at) | CASE_BITS) == TRUE) return at + 4;
  return (load<u32>(at, 1) | CASE_BITS) == ALSE && ((load<u8>(at) as u32) | 32) == F ? at + 5 : 0;
}

/**
 * Reads `true` or `false` in any case into the column that says which side was the maker; returns 0 for any other text.
 */
function takeMaker(at: usize, n: usize): usize {
  // Without a branch, which would be unpredictable.
  const letter: u32 = load<u8>(at) as u32;
  const no: u32 = letter >> 4 & 1 ^ 1;
  const rest: usize = at + (no as usize);
  if ((letter | 32) != T - (T - F) * no || (load<u32>(rest) | CASE_BITS) != TRUE + (ALSE - TRUE) * no) {
    return 0;
  }
  store<u8>(n, (no ^ 1) as u8, IS_MAKER);
  return rest + 4;
}

// What a field holds; `src/formats/csv_scan.ts` has the same numbers. A field with any other number may hold anything.
const TRADE_ID: u8 = 0;
const FIRST: u8 = 1;
const STAMP: u8 = 3;
const PRICE: u8 = 4;
const QUANTITY: u8 = 5;
const MAKER: u8 = 6;

/** The same for rows with `count` fields. For each field, a byte at TEXTS says what it holds. */
export function readFields(at: usize, end: usize, most: usize, count: usize, unit: i32): i32 {
  endText(end);
  let n: usize = 0;
  while (n < most) {
    const next: usize = takeRow(at, end, n, count, unit);
    if (next == 0 || (unit >= 0 && !followsOn(n))) break;
    store<u32>(n << 2, at as u32, START);
    at = next;
    n++;
  }
  stopAt(at);
  return n as i32;
}

/** The position after the row at `at` and its line feed, or 0 if it is not a trade with these fields. */
function takeRow(at: usize, end: usize, n: usize, count: usize, unit: i32): usize {
  let p: usize = at - 1;
  for (let field: usize = 0; field < count; field++) {
    p++;
    const kind: u8 = load<u8>(TEXTS + field);
    if (kind <= STAMP) {
      const column: usize = kind == STAMP ? TIME : kind == FIRST ? FIRST_ID : LAST_ID;
      const place: usize = PLACES + ((kind as usize) << 6);
      p = field + 1 < count ? takeWhole(p, n, column, COMMA, place) : takeLastWhole(p, n, column, place);
      if (kind == TRADE_ID) store<f64>(n << 3, load<f64>(n << 3, LAST_ID), FIRST_ID);
      if (kind == STAMP && p != 0 && !toMicroseconds(n, TIME)) return 0;
    } else if (kind == PRICE) p = takePrice(p, n, unit, PLACES + 256);
    else if (kind == QUANTITY) p = takeQuantity(p, n, PLACES + 288);
    else if (kind == MAKER) p = takeMaker(p, n);
    else while (p < end && load<u8>(p) != COMMA && load<u8>(p) != FEED) p++;
    if (p == 0 || p >= end) return 0;
    if (field + 1 < count && load<u8>(p) != COMMA) return 0;
  }
  if (load<u8>(p) == RETURN) p++;
  if (load<u8>(p) != FEED || p >= end) return 0;
  return load<f64>(n << 3, LAST_ID) < load<f64>(n << 3, FIRST_ID) ? 0 : p + 1;
}

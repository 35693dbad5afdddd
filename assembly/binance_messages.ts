/** Reads Binance's messages, `trade` and `aggTrade`, raw or in the combined envelope, into columns. */
import {
  endText,
  FIRST_ID,
  followsOn,
  IS_MAKER,
  LAST_ID,
  PLACES,
  RECEIVED,
  START,
  stopAt,
  TEXTS,
  TIME,
} from "./columns.ts";
import { digitsAt, lengthAt, takeNextPrice, takeNextQuantity, takeWhole, toMicroseconds } from "./fields.ts";

const FEED: u8 = 10;
const RETURN: u8 = 13;
const SPACE: u8 = 32;
const QUOTE: u8 = 34;
const COMMA: u8 = 44;
const COLON: u8 = 58;
const S: u8 = 115;
const BRACE: u8 = 125;
/** The latest time, µs since 1970. */
const MOST: f64 = 9007199254740991;
const T: u32 = 116;
const F: u32 = 102;

// Text as words, its first byte lowest.
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
/** `,"b"`, and so on. */
const ORDER_B: u32 = 0x2262222c;
const ORDER_A: u32 = 0x2261222c;
const FIRST: u32 = 0x2266222c;
const LAST: u32 = 0x226c222c;
const TRADED: u32 = 0x2254222c;
const MAKER: u32 = 0x226d222c;
const IGNORED: u32 = 0x224d222c;
/** `,"p":"` and `","q":"`. */
const PRICED: u64 = 0x0000223a2270222c;
const PRICED_BYTES: u64 = 0x0000ffffffffffff;
const QUANTIFIED: u64 = 0x00223a2271222c22;
const QUANTIFIED_BYTES: u64 = 0x00ffffffffffffff;

/**
 * Each string has 256 bytes: its length, at least 8, and then its text. Four strings are starts of messages, up to the
 * time of the event; two are the text between that time and the id.
 */
const TEXT: usize = 256;
const RAW_TRADE: usize = TEXTS;
const RAW_AGGREGATE: usize = TEXTS + TEXT;
const COMBINED_TRADE: usize = TEXTS + 2 * TEXT;
const COMBINED_AGGREGATE: usize = TEXTS + 3 * TEXT;
const TRADE_ID: usize = TEXTS + 4 * TEXT;
const AGGREGATE_ID: usize = TEXTS + 5 * TEXT;

/** The position after `text` if `text` is at `at`, otherwise 0. */
function skipText(at: usize, text: usize): usize {
  const length: usize = load<usize>(text);
  const last: usize = length - 8;
  if (load<u64>(at + last) != load<u64>(text + 8 + last)) return 0;
  for (let i: usize = 0; i < last; i += 8) if (load<u64>(at + i) != load<u64>(text + 8 + i)) return 0;
  return at + length;
}

/** The position after a field's name such as `,"t":`, otherwise 0; `name` is all of it except the colon. */
function skipName(at: usize, name: u32): usize {
  return load<u32>(at) == name && load<u8>(at, 4) == COLON ? at + 5 : 0;
}

/**
 * Reads the message at `at` into row `n`. Returns the position after it, or 0 if it is not a trade of the
 * usual kind.
 */
function takeMessage(at: usize, n: usize, unit: i32): usize {
  const isCombined: boolean = load<u8>(at, 2) == S;
  let isAggregate: boolean = false;
  let p: usize = skipText(at, isCombined ? COMBINED_TRADE : RAW_TRADE);
  if (p == 0) {
    isAggregate = true;
    p = skipText(at, isCombined ? COMBINED_AGGREGATE : RAW_AGGREGATE);
    if (p == 0) return 0;
  }
  const length: usize = lengthAt(p, PLACES);
  if (length == 0) return 0;
  p = skipText(p + length, isAggregate ? AGGREGATE_ID : TRADE_ID);
  if (p == 0) return 0;
  p = takeWhole(p, n, LAST_ID, COMMA, PLACES + 16);
  if (p == 0 || (load<u64>(p) & PRICED_BYTES) != PRICED) return 0;
  p = takeNextPrice(p + 6, n, unit, QUOTE, PLACES + 80);
  if (p == 0 || (load<u64>(p) & QUANTIFIED_BYTES) != QUANTIFIED) return 0;
  p = takeNextQuantity(p + 7, n, QUOTE, PLACES + 104);
  if (p == 0) return 0;
  p++;
  if (isAggregate) {
    p = skipName(p, FIRST);
    if (p == 0) return 0;
    p = takeWhole(p, n, FIRST_ID, COMMA, PLACES + 128);
    if (p == 0) return 0;
    p = skipName(p, LAST);
    if (p == 0) return 0;
    p = takeWhole(p, n, LAST_ID, COMMA, PLACES + 192);
    if (p == 0 || load<f64>(n << 3, LAST_ID) < load<f64>(n << 3, FIRST_ID)) return 0;
  } else {
    store<f64>(n << 3, load<f64>(n << 3, LAST_ID), FIRST_ID);
    if (load<u32>(p) == ORDER_B) {
      // Order ids, which Binance sent until 2025. They are read into a column that is overwritten later.
      p = skipName(p, ORDER_B);
      if (p == 0) return 0;
      p = takeWhole(p, n, TIME, COMMA, PLACES + 128);
      if (p == 0) return 0;
      p = skipName(p, ORDER_A);
      if (p == 0) return 0;
      p = takeWhole(p, n, TIME, COMMA, PLACES + 192);
      if (p == 0) return 0;
    }
  }
  p = skipName(p, TRADED);
  if (p == 0) return 0;
  p = takeWhole(p, n, TIME, COMMA, PLACES + 256);
  if (p == 0 || !toMicroseconds(n, TIME)) return 0;
  p = skipName(p, MAKER);
  if (p == 0) return 0;
  // Without a branch, which would be unpredictable.
  const letter: u32 = load<u8>(p) as u32;
  const no: u32 = letter >> 4 & 1 ^ 1;
  p += no as usize;
  if (letter != T - (T - F) * no || load<u32>(p) != TRUE + (ALSE - TRUE) * no) return 0;
  store<u8>(n, (no ^ 1) as u8, IS_MAKER);
  p += 4;
  if (load<u8>(p) == COMMA) {
    p = skipName(p, IGNORED);
    if (p == 0) return 0;
    if (load<u32>(p) == TRUE) p += 4;
    else if (load<u8>(p) as u32 == F && load<u32>(p, 1) == ALSE) p += 5;
    else return 0;
  }
  if (load<u8>(p) != BRACE) return 0;
  p++;
  if (!isCombined) return p;
  return load<u8>(p) == BRACE ? p + 1 : 0;
}

/**
 * Reads adjacent frames, from frame `from`, which starts at `at`, up to but not including frame `to`. START has the end
 * of each frame. The last frame of all ends at `end`, after which there must be room for 24 bytes. Returns how many
 * frames it read before the first that is not a trade of the usual kind. With a `unit` of 0 to 8, it reads a block:
 * prices in 10^-unit, and only trades that follow each other.
 */
export function readFrames(at: usize, end: usize, from: usize, to: usize, unit: i32): i32 {
  endText(end);
  let n: usize = 0;
  while (from + n < to) {
    const frameEnd: usize = load<u32>((from + n) << 2, START) as usize;
    if (takeMessage(at, n, unit) != frameEnd || (unit >= 0 && !followsOn(n))) break;
    at = frameEnd;
    n++;
  }
  return n as i32;
}

/**
 * Reads whole lines from `at` up to `end`, at most `most`, and returns how many it read. If `isTimed`, each frame
 * follows its time of receipt. It stops before the first line that is not a trade of the usual kind. There must be room
 * for 24 bytes after `end`. `unit` is as for `readFrames`.
 */
export function readLines(at: usize, end: usize, most: usize, isTimed: i32, unit: i32): i32 {
  endText(end);
  let n: usize = 0;
  while (n < most) {
    let frame: usize = at;
    if (isTimed) {
      frame = takeReceived(at, n);
      if (frame == 0) break;
    }
    let p: usize = takeMessage(frame, n, unit);
    if (p == 0) break;
    if (load<u8>(p) == RETURN) p++;
    if (load<u8>(p) != FEED || p >= end || (unit >= 0 && !followsOn(n))) break;
    store<u32>(n << 2, frame as u32, START);
    at = p + 1;
    n++;
  }
  stopAt(at);
  return n as i32;
}

/** Reads the time of receipt and the space after it. Returns the position after both, or 0. */
function takeReceived(at: usize, n: usize): usize {
  const place: usize = PLACES + 320;
  const end: usize = takeWhole(at, n, RECEIVED, SPACE, place);
  if (end == 0) return takeNanoseconds(at, n);
  const digits: usize = end - at;
  if (digits < 15) {
    if (digits < 12 && digits != 10) return 0;
    const unit: f64 = digits == 10 ? 1e6 : 1e3;
    const time: f64 = load<f64>(n << 3, RECEIVED) * unit;
    if (time > MOST) return 0;
    store<f64>(n << 3, time, RECEIVED);
  }
  return end + 1;
}

/** The same for a time of 18 or 19 digits, of which only whole microseconds are kept. */
function takeNanoseconds(at: usize, n: usize): usize {
  if (lengthAt(at, PLACES + 384) != 16) return 0;
  let end: usize = at + 16;
  while (load<u8>(end) - 48 < 10) end++;
  const digits: usize = end - at;
  if (digits < 18 || digits > 19 || load<u8>(end) != SPACE) return 0;
  const time: u64 = digitsAt(at, digits - 3);
  if (time as f64 > MOST) return 0;
  store<f64>(n << 3, time as f64, RECEIVED);
  return end + 1;
}

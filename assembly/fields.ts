/**
 * Reads fields of text into row `n` of a column, eight bytes at a time, as one word with the first byte lowest. The
 * functions return the position after the field, or 0 if the field is not of the usual kind. More digits may follow the
 * field: only the caller knows what must follow. There must be room for 24 bytes after the text.
 *
 * A processor works ahead as long as it can predict where the next field starts; it has to wait if that position must
 * be computed first. So no position depends on what was computed for a value, and the length of a number is first taken
 * to be the same as in the row before, which is remembered at `place`.
 *
 * The arithmetic on eight bytes at once is that of Daniel Lemire, "Quickly parsing eight-digit integers" (2018), and of
 * Sean Anderson's "Bit Twiddling Hacks".
 */
import { DECIMALS, FRACTION, PRICE, PRICE_FORM, QUANTITY } from "./columns.ts";

const ZEROS: u64 = 0x3030303030303030;
const FEEDS: u64 = 0x0a0a0a0a0a0a0a0a;
const COMMAS: u64 = 0x2c2c2c2c2c2c2c2c;
const DOT: u8 = 46;
const ZERO: u8 = 48;
/** The text `0.` as two bytes. */
const NO_WHOLE: u16 = 0x2e30;
const MOST: u64 = 9007199254740991;
const POWERS: usize = memory.data<u64>([
  1,
  10,
  100,
  1000,
  10000,
  100000,
  1000000,
  10000000,
  100000000,
]);

export function power(n: u64): u64 {
  return load<u64>(POWERS + ((n as usize) << 3));
}

/** `found`, but read from `place`, which is written only if it has another value. */
function guessed(place: usize, found: u64): usize {
  if (load<u64>(place) != found) store<u64>(place, found);
  return load<u64>(place) as usize;
}

/** The high bit of every byte that is not a digit, exact up to the first. */
function nonDigits(word: u64): u64 {
  return ((word + 0x7676767676767676) | word) & 0x8080808080808080;
}

/** How many digits eight bytes of text start with. */
function digitsIn(word: u64): u64 {
  return ctz<u64>(nonDigits(word)) >> 3;
}

function eightDigits(word: u64): u64 {
  const pairs: u64 = word * 10 + (word >> 8);
  return ((pairs & 0x000000ff000000ff) * 0x000f424000000064 +
    ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
}

/** The first `count` of eight digits, 0 to 7, as a number. */
function firstDigits(word: u64, count: u64): u64 {
  return eightDigits((word << 8) << (56 - (count << 3)));
}

/** The `length` digits at `at`, 1 to 16, as a number. */
export function digitsAt(at: usize, length: usize): u64 {
  const word: u64 = load<u64>(at) ^ ZEROS;
  if (length < 8) return firstDigits(word, length as u64);
  const high: u64 = eightDigits(word);
  if (length == 8) return high;
  const next: u64 = load<u64>(at, 8) ^ ZEROS;
  const count: u64 = (length as u64) - 8;
  return high * power(count) + (count < 8 ? firstDigits(next, count) : eightDigits(next));
}

/** How many digits are at `at`, up to 16; also 0 if there are several and the first is 0. */
export function lengthAt(at: usize, place: usize): usize {
  const word: u64 = load<u64>(at) ^ ZEROS;
  const count: usize = guessed(place, digitsIn(word));
  if ((word & 255) == 0 && count > 1) return 0;
  if (count < 8) return count;
  return 8 + guessed(place + 8, digitsIn(load<u64>(at, 8) ^ ZEROS));
}

/**
 * Reads a whole number up to 2^53 - 1 without leading zeros, and with `follower` after it, into a column of
 * doubles. From row to row such a number usually keeps its length and changes only in its last eight digits,
 * so the digits before those are compared, not read. `place` has room for 64 bytes.
 */
export function takeWhole(at: usize, n: usize, column: usize, follower: u8, place: usize): usize {
  const length: usize = load<usize>(place);
  const word: u64 = load<u64>(at + length - 8) ^ ZEROS;
  if (
    nonDigits(word) == 0 && (load<u64>(at) & load<u64>(place, 8)) + 1 == load<u64>(place, 16) &&
    load<u8>(at + length) == follower
  ) {
    store<f64>(column + (n << 3), (load<u64>(place, 24) + eightDigits(word)) as f64);
    return at + length;
  }
  return learnWhole(at, n, column, follower, place);
}

/** Reads any whole number. From now on, its digits before the last eight are those that are compared. */
function learnWhole(at: usize, n: usize, column: usize, follower: u8, place: usize): usize {
  const length: usize = lengthAt(at, place + 32);
  if (length == 0 || load<u8>(at + length) != follower) return 0;
  const value: u64 = digitsAt(at, length);
  if (value > MOST) return 0;
  store<f64>(column + (n << 3), value as f64);
  const base: u64 = value - value % 100000000;
  // At least one digit is compared, so that no number with a leading zero passes.
  if (length > 8 && base + 99999999 <= MOST) {
    const mask: u64 = length < 16 ? ((1 as u64) << ((length as u64 - 8) << 3)) - 1 : -1;
    store<usize>(place, length);
    store<u64>(place, mask, 8);
    // Plus 1, so that the initial 0 equals no number.
    store<u64>(place, (load<u64>(at) & mask) + 1, 16);
    store<u64>(place, base, 24);
  }
  return at + length;
}

/** The same as `takeWhole`, with anything after the number. */
export function takeLastWhole(at: usize, n: usize, column: usize, place: usize): usize {
  const length: usize = lengthAt(at, place + 32);
  if (length == 0) return 0;
  const value: u64 = digitsAt(at, length);
  if (value > MOST) return 0;
  store<f64>(column + (n << 3), value as f64);
  return at + length;
}

/** The length of a fraction of up to eight digits and perhaps more zeros; `word` holds its start. */
function fractionLength(at: usize, word: u64, place: usize): usize {
  const count: usize = guessed(place, digitsIn(word));
  if (count < 8) return count;
  let end: usize = at + 8;
  while (load<u8>(end) == ZERO) end++;
  return end - at;
}

/** `word` with 0 in place of all but its first digits. */
function digitsOnly(word: u64, length: usize): u64 {
  return length < 8 ? word & (((1 as u64) << ((length as u64) << 3)) - 1) : word;
}

/**
 * Reads a price like `DecimalBytes.readPrice`, into its columns: an integer count of 10^-decimals, and its
 * decimals. With a `unit` of 0 to 8 it is a count of 10^-unit, and a finer price is refused. `place` has room
 * for 24 bytes.
 */
export function takePrice(at: usize, n: usize, unit: i32, place: usize): usize {
  const length: usize = lengthAt(at, place);
  if (length == 0) return 0;
  let end: usize = at + length;
  let digits: u64 = 0;
  if (load<u8>(end) == DOT) {
    const word: u64 = load<u64>(end, 1) ^ ZEROS;
    const count: usize = fractionLength(end + 1, word, place + 16);
    if (count == 0) return 0;
    digits = digitsOnly(word, count);
    end += 1 + count;
  }
  // The highest byte above 0 is the last digit that is not 0.
  let decimals: u64 = (71 - clz<u64>(digits)) >> 3;
  if (unit >= 0) {
    if (decimals > (unit as u64)) return 0;
    decimals = unit as u64;
  }
  const whole: u64 = digitsAt(at, length);
  const scale: u64 = power(decimals);
  // Beyond this the product might not fit into 64 bits.
  if (length > 8 && whole as f64 * (scale as f64) > (MOST as f64)) return 0;
  const fraction: u64 = decimals == 8 ? eightDigits(digits) : firstDigits(digits, decimals);
  const price: u64 = whole * scale + fraction;
  if (price == 0 || price > MOST) return 0;
  store<f64>(n << 3, price as f64, PRICE);
  store<u8>(n, decimals as u8, DECIMALS);
  return end;
}

// What is remembered of a price: the form of its text, and how its digits become a number. The unit comes first, plus
// 2, so that neither the initial 0 nor a unit of -1 matches.
const LENGTH: usize = PRICE_FORM + 8;
const ENDING_AT: usize = PRICE_FORM + 16;
const WINDOW_AT: usize = PRICE_FORM + 24;
const WINDOW_SHIFT: usize = PRICE_FORM + 32;
const BEFORE_POINT: usize = PRICE_FORM + 40;
const AFTER_POINT: usize = PRICE_FORM + 48;
const BASE: usize = PRICE_FORM + 56;
// Bytes that are compared, each followed by its mask.
const HEAD: usize = PRICE_FORM + 64;
const POINT: usize = PRICE_FORM + 80;
const ENDING: usize = PRICE_FORM + 96;

/** What differs between a word of text and the bytes that are remembered at `form`. */
function differing(word: u64, form: usize): u64 {
  return (word & load<u64>(form, 8)) ^ load<u64>(form);
}

/** The first `count` of eight bytes, 0 to 8. */
function firstBytes(count: usize): u64 {
  return count < 8 ? ((1 as u64) << ((count as u64) << 3)) - 1 : -1;
}

/**
 * Reads a price with `follower` after it, like `takePrice`. In a block, where prices have one unit, the text usually
 * keeps its length, its point and its zeros at the end, and changes only in the last digits before those. So the eight
 * bytes up to there are read at once, and everything else is compared with the previous price.
 */
export function takeNextPrice(at: usize, n: usize, unit: i32, follower: u8, place: usize): usize {
  const window: u64 = load<u64>(at + load<usize>(WINDOW_AT)) << load<u64>(WINDOW_SHIFT);
  const word: u64 = window ^ ZEROS;
  const digits: u64 = (word & load<u64>(BEFORE_POINT)) << 8 | (word & load<u64>(AFTER_POINT));
  const price: u64 = load<u64>(BASE) + eightDigits(digits);
  if (
    load<u64>(PRICE_FORM) == ((unit + 2) as u64) && price != 0 &&
    (nonDigits(digits) | differing(load<u64>(at), HEAD) | differing(window, POINT) |
        differing(load<u64>(at + load<usize>(ENDING_AT)), ENDING)) == 0
  ) {
    store<f64>(n << 3, price as f64, PRICE);
    store<u8>(n, unit as u8, DECIMALS);
    return at + load<usize>(LENGTH);
  }
  const end: usize = takePrice(at, n, unit, place);
  if (end == 0 || load<u8>(end) != follower) return 0;
  if (unit >= 0) learnPrice(at, end, load<f64>(n << 3, PRICE) as u64, unit);
  return end;
}

/** Remembers the form of a price if `takeNextPrice` can read it at once. `end` is the position of the follower. */
function learnPrice(at: usize, end: usize, price: u64, unit: i32): void {
  const length: usize = end - at;
  let point: usize = 0;
  while (point < length && load<u8>(at + point) != DOT) point++;
  const counted: usize = unit == 0 ? point : point + 1 + unit;
  // The bytes that are compared reach the follower, and stay within the 24 bytes after the text.
  if (counted > length || counted > 16 || length - counted > 7) return;
  const before: usize = counted > 8 ? counted - 8 : 0;
  const shift: usize = counted < 8 ? (8 - counted) << 3 : 0;
  // Of the eight bytes, those before the point and those after it; all of them if the point is elsewhere.
  const isInside: boolean = unit > 0 && unit < 8;
  const pointAt: usize = isInside ? 7 - unit : 0;
  const empty: u64 = firstBytes(shift >> 3);
  const base: u64 = counted > 8 ? price - price % power(isInside ? 7 : 8) : 0;
  if (base + 99999999 > MOST) return;
  store<u64>(PRICE_FORM, (unit + 2) as u64);
  store<usize>(LENGTH, length);
  store<usize>(ENDING_AT, counted);
  store<usize>(WINDOW_AT, before);
  store<u64>(WINDOW_SHIFT, shift as u64);
  store<u64>(BEFORE_POINT, isInside ? firstBytes(pointAt) & ~empty : 0);
  store<u64>(AFTER_POINT, isInside ? ~firstBytes(pointAt + 1) : ~empty);
  store<u64>(BASE, base);
  // The first digit is always compared, so that no price with a leading zero passes.
  remember(HEAD, load<u64>(at), firstBytes(before == 0 ? 1 : before));
  remember(
    POINT,
    (DOT as u64) << ((pointAt as u64) << 3),
    isInside ? firstBytes(pointAt + 1) & ~firstBytes(pointAt) : 0,
  );
  remember(ENDING, load<u64>(at + counted), firstBytes(length - counted + 1));
}

function remember(form: usize, bytes: u64, mask: u64): void {
  store<u64>(form, bytes & mask);
  store<u64>(form, mask, 8);
}

/**
 * Reads a quantity with `follower` after it, like `takeQuantity`. Most quantities are less than one whole unit, and
 * have eight decimals.
 */
export function takeNextQuantity(at: usize, n: usize, follower: u8, place: usize): usize {
  const word: u64 = load<u64>(at, 2) ^ ZEROS;
  const fraction: u64 = eightDigits(word);
  if (load<u16>(at) == NO_WHOLE && nonDigits(word) == 0 && load<u8>(at, 10) == follower && fraction != 0) {
    store<f64>(n << 3, 0, QUANTITY);
    store<u32>(n << 2, fraction as u32, FRACTION);
    return at + 10;
  }
  const end: usize = takeQuantity(at, n, place);
  return end != 0 && load<u8>(end) == follower ? end : 0;
}

/** Reads a quantity like `DecimalBytes.readQuantity`, into its columns. `place` has room for 24 bytes. */
export function takeQuantity(at: usize, n: usize, place: usize): usize {
  const length: usize = lengthAt(at, place);
  if (length == 0) return 0;
  let end: usize = at + length;
  let fraction: u64 = 0;
  if (load<u8>(end) == DOT) {
    const word: u64 = load<u64>(end, 1) ^ ZEROS;
    const count: usize = fractionLength(end + 1, word, place + 16);
    if (count == 0) return 0;
    fraction = eightDigits(digitsOnly(word, count));
    end += 1 + count;
  }
  const whole: u64 = digitsAt(at, length);
  if ((whole | fraction) == 0) return 0;
  // 10^15 is the largest.
  if (length > 15 && (whole != 1000000000000000 || fraction != 0)) return 0;
  store<f64>(n << 3, whole as f64, QUANTITY);
  store<u32>(n << 2, fraction as u32, FRACTION);
  return end;
}

/** The bytes of a word that are 0, as their high bits. */
function emptyBytes(word: u64): u64 {
  return ~(((word & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f) | word | 0x7f7f7f7f7f7f7f7f);
}

/** The position after the line feed that ends the row at `at` if the row has `count` more commas, otherwise 0. */
export function commasTo(at: usize, count: i32): usize {
  let p: usize = at;
  let found: i32 = 0;
  let word: u64 = load<u64>(p);
  let feeds: u64 = emptyBytes(word ^ FEEDS);
  while (feeds == 0) {
    found += popcnt<u64>(emptyBytes(word ^ COMMAS)) as i32;
    // After the text there are only zeros.
    if (found > count || emptyBytes(word) != 0) return 0;
    p += 8;
    word = load<u64>(p);
    feeds = emptyBytes(word ^ FEEDS);
  }
  const first: u64 = feeds & (~feeds + 1);
  found += popcnt<u64>(emptyBytes(word ^ COMMAS) & (first - 1)) as i32;
  return found == count ? p + ((ctz<u64>(first) >> 3) as usize) + 1 : 0;
}

/** The position after one or more digits; 0 if there are none. */
export function skipDigits(at: usize): usize {
  let end: usize = at;
  let count: u64 = digitsIn(load<u64>(end) ^ ZEROS);
  while (count == 8) {
    end += 8;
    count = digitsIn(load<u64>(end) ^ ZEROS);
  }
  end += count as usize;
  return end == at ? 0 : end;
}

/** The position after any amount (digits, and perhaps a point and more digits), otherwise 0. */
export function skipAmount(at: usize): usize {
  const end: usize = skipDigits(at);
  if (end == 0 || load<u8>(end) != DOT) return end;
  // Nearly all amounts have eight decimals.
  const isUsual: boolean = nonDigits(load<u64>(end, 1) ^ ZEROS) == 0 && load<u8>(end, 9) - ZERO > 9;
  return isUsual ? end + 9 : skipDigits(end + 1);
}

/**
 * Turns a time stamp in a column of doubles into µs since 1970, like `microseconds` in `time.ts`; false if it
 * is 0.
 */
export function toMicroseconds(n: usize, column: usize): boolean {
  const stamp: f64 = load<f64>(column + (n << 3));
  if (stamp < 1e14) {
    if (stamp == 0) return false;
    store<f64>(column + (n << 3), stamp >= 1e11 || stamp < 1e8 ? stamp * 1e3 : stamp * 1e6);
  }
  return true;
}

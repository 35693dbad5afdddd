/**
 * Reads fields of text into row `n` of a column, eight bytes at a time, as one word with the first byte
 * lowest. The functions return the position after the field, or 0 if it is not of the usual kind. The text
 * may continue with a digit too many: only the caller knows what must follow. There must be 24 bytes after
 * the text.
 *
 * A processor works ahead as long as it can guess where the next field starts; it has to wait if that
 * position must be computed first. So no position depends on what was computed for a value, and the length of
 * a number is first taken to be the same as in the row before, which is remembered at `place`.
 *
 * The arithmetic on eight bytes at once is that of Daniel Lemire, "Quickly parsing eight-digit integers" (2018), and of
 * Sean Anderson's "Bit Twiddling Hacks".
 */
import { DECIMALS, FRACTION, PRICE, QUANTITY } from "./columns.ts";

const ZEROS: u64 = 0x3030303030303030;
const DOT: u8 = 46;
const ZERO: u8 = 48;
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

function power(n: u64): u64 {
  return load<u64>(POWERS + ((n as usize) << 3));
}

/** `found`, but read from `place`, which is written only if it has something else. */
function guessed(place: usize, found: u64): usize {
  if (load<u64>(place) != found) store<u64>(place, found);
  return load<u64>(place) as usize;
}

/** The high bit of every byte that is not a digit, exact up to the first. */
function strangers(word: u64): u64 {
  return ((word + 0x7676767676767676) | word) & 0x8080808080808080;
}

/** How many digits eight bytes of text start with. */
function digitsIn(word: u64): u64 {
  return ctz<u64>(strangers(word)) >> 3;
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

/** How many digits are at `at`, up to 16; 0 also if there are several and the first is 0. */
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
    strangers(word) == 0 && (load<u64>(at) & load<u64>(place, 8)) + 1 == load<u64>(place, 16) &&
    load<u8>(at + length) == follower
  ) {
    store<f64>(column + (n << 3), (load<u64>(place, 24) + eightDigits(word)) as f64);
    return at + length;
  }
  return learnWhole(at, n, column, follower, place);
}

/** Reads any whole number; from now on its digits before the last eight are those that are compared. */
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
    // Plus 1, so that the 0 that is there at first equals nothing.
    store<u64>(place, (load<u64>(at) & mask) + 1, 16);
    store<u64>(place, base, 24);
  }
  return at + length;
}

/** The same as `takeWhole`, whatever follows. */
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

/** The position after any amount: digits, and perhaps a point and more digits; else 0. */
export function skipAmount(at: usize): usize {
  const end: usize = skipDigits(at);
  return end != 0 && load<u8>(end) == DOT ? skipDigits(end + 1) : end;
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

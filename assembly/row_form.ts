/**
 * Reads a row of trades whose form is that of an earlier row, 16 bytes at a time.
 *
 * Most rows differ from the row before only in digits: in the last eight of the id, of the price and of the time, in a
 * quantity below one, in the length of the amount that they pay, and in the maker's side. The form says for each byte
 * which character must be there, or that it is any digit, so that a few comparisons check a whole row. A row that does
 * not pass is left to the functions that read field by field: they accept everything that this one accepts, and agree
 * on its values.
 *
 * The arithmetic on 16 digits at once is that of Wojciech Muła, "SIMD-ized parsing of decimal numbers" (2014).
 */
import {
  FRACTION,
  HIGHEST,
  HOUR,
  IS_MAKER,
  LAST_ID,
  LAST_ID_BEFORE,
  LATEST,
  PRICE,
  QUANTITY,
  TEXTS,
  TIME,
  TIME_BEFORE,
} from "./columns.ts";
import { digitsAt, power } from "./fields.ts";

const COMMA: u8 = 44;
const DOT: u8 = 46;
const ZERO: u8 = 48;
const MOST: u64 = 9007199254740991;
const LANES: usize = 16;
/** How many digits of a number are read; those before must stay. */
const READ: usize = 8;
/** What a byte may differ by: a digit from the first digit, and any byte. */
const ANY_DIGIT: u8 = 9;
const ANYTHING: u8 = 255;
/** As a lane of a swizzle: zero. */
const NOTHING: u8 = 128;
/** The text `0.` as two bytes. */
const NO_WHOLE: u16 = 0x2e30;
const QUANTITY_LENGTH: usize = 10;
/** Of the amount paid: the point and the decimals, and the longest text. */
const PAID_FRACTION: usize = 9;
const PAID_LENGTH: usize = 15;
const LEAST_TIME: usize = 10;
const MOST_TIME: usize = 16;
const CASE_BIT: u32 = 32;
const T: u32 = 84;
/** How far `T` is above `F`, in the second of two bytes. */
const T_ABOVE_F: u32 = 14 << 8;
/** `rue` after a byte of 0, and `alse`. */
const RUE: u32 = 0x65757200;
const ALSE: u32 = 0x65736c61;

// The form, which readFields does not use: it has its texts here.
/** The unit plus 2, so that the initial 0 is none. */
const UNIT: usize = TEXTS;
const PRICE_AT: usize = TEXTS + 8;
const QUANTITY_AT: usize = TEXTS + 12;
const TIME_LENGTH: usize = TEXTS + 16;
/** The length of `True` and what follows it, up to the line feed. */
const END_LENGTH: usize = TEXTS + 20;
/** The comma and the letter before `rue`. */
const LETTER: usize = TEXTS + 24;
/** What differs between the first four bytes of `True` and those of `alse`. */
const OTHERWISE: usize = TEXTS + 28;
/** What the digits that are read are added to: the id's, the price's, and the time's. */
const BASES: usize = TEXTS + 32;
const TIME_BASE: usize = TEXTS + 48;
const TIME_SCALE: usize = TEXTS + 56;
// Of each part: the bytes, what they may differ by, and where its digits go.
const ID_FORM: usize = TEXTS + 64;
const PRICE_FORM: usize = TEXTS + 112;
const TIME_FORM: usize = TEXTS + 160;
const END_FORM: usize = TEXTS + 208;
const LIMITS: usize = 16;
const DIGITS: usize = 32;

// V8 builds a constant vector from three instructions at every use. Loading one from memory is faster.
const COMMAS: usize = memory.data<u64>([0x2c2c2c2c2c2c2c2c, 0x2c2c2c2c2c2c2c2c]);
const POINTS: usize = memory.data<u64>([0x2e2e2e2e2e2e2e2e, 0x2e2e2e2e2e2e2e2e]);
const ZEROS: usize = memory.data<u64>([0x3030303030303030, 0x3030303030303030]);
const NINES: usize = memory.data<u64>([0x0909090909090909, 0x0909090909090909]);
const LOW_BYTES: usize = memory.data<u64>([0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff]);
const TENS: usize = memory.data<u64>([0x000a000a000a000a, 0x000a000a000a000a]);
/** 100 and 1, and 10,000 and 1. */
const HUNDREDS: usize = memory.data<u64>([0x0001006400010064, 0x0001006400010064]);
const MYRIADS: usize = memory.data<u64>([0x0001271000012710, 0x0001271000012710]);
/** `0.00000000,` and what it may differ by. */
const QUANTITY_FORM: usize = memory.data<u64>([
  0x3030303030302e30,
  0x00000000002c3030,
  0x0909090909090000,
  0xffffffffff000909,
]);

/** What is wrong with the bytes at `at`, given how they differ from those of the form. */
function excess(difference: v128, form: usize): v128 {
  return i8x16.sub_sat_u(difference, v128.load(form, LIMITS));
}

/** The numbers in 16 digits, four digits each. */
function foursIn(digits: v128): v128 {
  const pairs: v128 = i16x8.add(
    i16x8.mul(v128.and(digits, v128.load(LOW_BYTES)), v128.load(TENS)),
    i16x8.shr_u(digits, 8),
  );
  return i32x4.dot_i16x8_s(pairs, v128.load(HUNDREDS));
}

/**
 * Reads the row at `at` into row `n` of a block if it has the form and follows the row before it. Returns the position
 * after it, otherwise 0. The first row of a block also has other columns, and is read otherwise.
 */
export function takeAlike(at: usize, n: usize, unit: i32): usize {
  if (load<i32>(UNIT) != unit + 2) return 0;
  const quantityAt: usize = at + load<usize>(QUANTITY_AT);
  const paidAt: usize = quantityAt + QUANTITY_LENGTH + 1;
  const paid: v128 = v128.load(paidAt);
  const length: u32 = ctz<u32>(i8x16.bitmask(i8x16.eq(paid, v128.load(COMMAS))) as u32);
  const commaAt: usize = paidAt + (length as usize);
  const timeEnd: usize = commaAt + 1 + load<usize>(TIME_LENGTH);
  // As in `takeMaker`, without a branch.
  const letter: u32 = load<u16>(timeEnd) as u32;
  const no: u32 = letter >> 12 & 1 ^ 1;
  const endAt: usize = timeEnd + 1 + (no as usize);

  const ofId: v128 = v128.xor(v128.load(at), v128.load(ID_FORM));
  const ofPrice: v128 = v128.xor(v128.load(at + load<usize>(PRICE_AT)), v128.load(PRICE_FORM));
  const ofQuantity: v128 = v128.xor(
    v128.load(quantityAt),
    v128.load(QUANTITY_FORM),
  );
  const ofTime: v128 = v128.xor(v128.load(timeEnd - LANES), v128.load(TIME_FORM));
  const ofEnd: v128 = v128.xor(
    v128.xor(v128.load(endAt), v128.load(END_FORM)),
    i32x4.replace_lane(i32x4.splat(0), 0, load<u32>(OTHERWISE) * no),
  );
  const wrong: v128 = v128.or(
    v128.or(
      v128.or(excess(ofId, ID_FORM), excess(ofPrice, PRICE_FORM)),
      v128.or(excess(ofTime, TIME_FORM), excess(ofEnd, END_FORM)),
    ),
    excess(ofQuantity, QUANTITY_FORM),
  );
  // The amount has one or more digits, a point, and eight digits.
  const before: u32 = ((1 as u32) << length) - 1;
  const point: u32 = (before + 1) >> (PAID_FRACTION as u32);
  const points: u32 = i8x16.bitmask(i8x16.eq(paid, v128.load(POINTS))) as u32;
  const digits: u32 = i8x16.bitmask(
    i8x16.le_u(v128.xor(paid, v128.load(ZEROS)), v128.load(NINES)),
  ) as u32;
  if (
    v128.any_true(wrong) || point < 2 || (points & before) != point ||
    (digits & before) != (before ^ point) ||
    letter != load<u32>(LETTER) - T_ABOVE_F * no
  ) return 0;

  const idAndPrice: v128 = v128.or(
    i8x16.swizzle(ofId, v128.load(ID_FORM, DIGITS)),
    i8x16.swizzle(ofPrice, v128.load(PRICE_FORM, DIGITS)),
  );
  // deno-fmt-ignore
  const quantityAndTime: v128 = i8x16.shuffle(ofQuantity, ofTime, 2, 3, 4, 5, 6, 7, 8, 9, 24, 25, 26, 27, 28, 29, 30, 31);
  const numbers: v128 = i32x4.dot_i16x8_s(
    i16x8.narrow_i32x4_u(foursIn(idAndPrice), foursIn(quantityAndTime)),
    v128.load(MYRIADS),
  );
  const fraction: i32 = i32x4.extract_lane(numbers, 2);
  const wide: v128 = f64x2.add(f64x2.convert_low_i32x4_s(numbers), v128.load(BASES));
  const id: f64 = f64x2.extract_lane(wide, 0);
  const price: f64 = f64x2.extract_lane(wide, 1);
  const time: f64 = (load<f64>(TIME_BASE) + (i32x4.extract_lane(numbers, 3) as f64)) * load<f64>(TIME_SCALE);
  const step: f64 = time - load<f64>(TIME_BEFORE);
  if (id != load<f64>(LAST_ID_BEFORE) + 1 || abs<f64>(step) > HOUR || price <= 0 || fraction == 0) return 0;

  store<f64>(n << 3, id, LAST_ID);
  store<f64>(n << 3, price, PRICE);
  store<f64>(n << 3, time, TIME);
  store<f64>(n << 3, 0, QUANTITY);
  store<i32>(n << 2, fraction, FRACTION);
  store<u8>(n, (no ^ 1) as u8, IS_MAKER);
  store<f64>(LAST_ID_BEFORE, id);
  store<f64>(TIME_BEFORE, time);
  if (time >= load<f64>(LATEST)) store<f64>(LATEST, time);
  if (price > load<f64>(HIGHEST)) store<f64>(HIGHEST, price);
  return endAt + load<usize>(END_LENGTH);
}

/**
 * Remembers the form of a row of a block that has been read into row `n`, if `takeAlike` can read rows like it. The
 * fields start at these positions; `endAt` follows the maker's side, and `next` the line feed.
 */
export function learnForm(
  at: usize,
  priceAt: usize,
  quantityAt: usize,
  paidAt: usize,
  timeAt: usize,
  makerAt: usize,
  endAt: usize,
  next: usize,
  n: usize,
  unit: i32,
): void {
  if (paidAt - quantityAt != QUANTITY_LENGTH + 1 || load<u16>(quantityAt) != NO_WHOLE) return;
  const paid: usize = timeAt - 1 - paidAt;
  if (paid <= PAID_FRACTION || paid > PAID_LENGTH || load<u8>(timeAt - 1 - PAID_FRACTION) != DOT) return;
  const idLength: usize = priceAt - 1 - at;
  const priceLength: usize = quantityAt - 1 - priceAt;
  const timeLength: usize = makerAt - 1 - timeAt;
  if (idLength >= LANES || priceLength >= LANES || timeLength < LEAST_TIME || timeLength > MOST_TIME) return;
  const rest: usize = next - endAt;
  const isNo: boolean = endAt - makerAt == 5;
  if (rest > LANES - 4) return;
  if (isNo ? load<u32>(makerAt, 1) != ALSE : (load<u32>(makerAt) & 0xffffff00) != RUE) return;
  let point: usize = 0;
  while (point < priceLength && load<u8>(priceAt + point) != DOT) point++;
  const counted: usize = unit == 0 ? point : point + 1 + unit;
  const time: u64 = digitsAt(timeAt, timeLength);
  const timeBase: u64 = time - time % power(READ as u64);
  if (counted > priceLength || timeBase + 99999999 > MOST) return;

  store<i32>(UNIT, unit + 2);
  store<usize>(PRICE_AT, priceAt - at);
  store<usize>(QUANTITY_AT, quantityAt - at);
  store<usize>(TIME_LENGTH, timeLength);
  store<usize>(END_LENGTH, 4 + rest);

  // The first digit always stays, so that no number with a leading zero passes.
  const idDigits: usize = min(READ, idLength - 1);
  expect(ID_FORM, at, 0, idLength + 1);
  for (let i: usize = 0; i < idDigits; i++) read(ID_FORM, idLength - 1 - i, READ - 1 - i);
  const id: u64 = load<f64>(n << 3, LAST_ID) as u64;
  store<f64>(BASES, (id - id % power(idDigits as u64)) as f64);

  expect(PRICE_FORM, priceAt, 0, priceLength + 1);
  let priceDigits: usize = 0;
  for (let i: usize = counted - 1; i > 0 && priceDigits < READ; i--) {
    if (i == point) continue;
    read(PRICE_FORM, i, LANES - 1 - priceDigits);
    priceDigits++;
  }
  const price: u64 = load<f64>(n << 3, PRICE) as u64;
  store<f64>(BASES, (price - price % power(priceDigits as u64)) as f64, 8);

  expect(TIME_FORM, makerAt - 1 - LANES, LANES - timeLength, LANES);
  for (let i: usize = READ; i < LANES; i++) read(TIME_FORM, i, i);
  store<f64>(TIME_BASE, timeBase as f64);
  store<f64>(TIME_SCALE, timeLength > 14 ? 1 : timeLength > 11 ? 1e3 : 1e6);

  const t: u32 = T | ((load<u8>(makerAt) as u32) & CASE_BIT);
  store<u32>(LETTER, (COMMA as u32) | t << 8);
  store<u32>(OTHERWISE, (RUE | t) ^ ALSE);
  expect(END_FORM, endAt - 4, 4, 4 + rest);
  store<u32>(END_FORM, RUE | t);
  store<u32>(END_FORM, 0, LIMITS);
}

function min(left: usize, right: usize): usize {
  return left < right ? left : right;
}

/** Makes the bytes at `at` a part of the form: those from `from` to `to` must stay, the others may be anything. */
function expect(form: usize, at: usize, from: usize, to: usize): void {
  v128.store(form, v128.load(at));
  v128.store(form, i8x16.splat(NOTHING), DIGITS);
  for (let i: usize = 0; i < LANES; i++) {
    store<u8>(form + i, i >= from && i < to ? 0 : ANYTHING, LIMITS);
  }
}

/** Makes byte `i` of a part any digit, which is read as digit `digit` of two numbers. */
function read(form: usize, i: usize, digit: usize): void {
  store<u8>(form + i, ZERO);
  store<u8>(form + i, ANY_DIGIT, LIMITS);
  store<u8>(form + digit, i as u8, DIGITS);
}

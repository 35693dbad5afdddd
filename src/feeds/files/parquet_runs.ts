/**
 * The two encodings of whole numbers in Parquet files: runs of equal and of bit-packed numbers, and differences. For
 * any bytes, either the requested count of numbers is returned or a RangeError is thrown.
 *
 * Source: https://github.com/apache/parquet-format/blob/master/Encodings.md
 */

/** A position in bytes. */
export interface Cursor {
  readonly view: DataView;
  offset: number;
}

const MOST_SHIFT = 63n;
/** The widest number that is bit-packed, and the most miniblocks in a block. */
const MOST_BITS = 64, MOST_MINIBLOCKS = 4096;

/** `count` numbers of `width` bits, up to 32, from bytes up to `end`, in runs. */
export function readRuns(cursor: Cursor, end: number, width: number, count: number): Uint32Array {
  if (width > 32) throw new RangeError(`its numbers have ${width} bits, expected up to 32`);
  const numbers = new Uint32Array(count);
  const { view } = cursor;
  for (let found = 0; found < count;) {
    const header = readWhole(cursor);
    const isPacked = header % 2 === 1;
    const length = Math.floor(header / 2);
    if (length === 0 || cursor.offset > end) {
      throw new RangeError("a run of numbers is empty, or ends too late");
    }
    if (!isPacked) {
      let value = 0;
      for (let byte = 0; 8 * byte < width; byte++) value += view.getUint8(cursor.offset++) * 256 ** byte;
      const last = Math.min(count, found + length);
      numbers.fill(value, found, last);
      found = last;
      continue;
    }
    const start = cursor.offset;
    for (let at = 0; at < 8 * length && found < count; at++) {
      numbers[found++] = bitsAt(view, start, at * width, width);
    }
    cursor.offset = start + length * width;
  }
  return numbers;
}

/** `count` numbers of 64 bits that are kept as their differences. */
export function readDeltas(cursor: Cursor, count: number): BigInt64Array {
  const numbers = new BigInt64Array(count);
  const blockSize = readWhole(cursor);
  const miniblocks = readWhole(cursor);
  readWhole(cursor);
  let value = readSigned(cursor);
  const size = blockSize / miniblocks;
  if (!(miniblocks > 0 && miniblocks <= MOST_MINIBLOCKS && Number.isInteger(size) && size > 0)) {
    throw new RangeError(`a block of ${blockSize} differences has ${miniblocks} parts`);
  }
  if (count > 0) numbers[0] = value;
  for (let found = 1; found < count;) {
    const least = readSigned(cursor);
    const widths = cursor.offset;
    cursor.offset += miniblocks;
    for (let part = 0; part < miniblocks && found < count; part++) {
      const width = cursor.view.getUint8(widths + part);
      if (width > MOST_BITS) throw new RangeError(`a difference has ${width} bits`);
      const start = cursor.offset;
      for (let at = 0; at < size && found < count; at++) {
        const low = bitsAt(cursor.view, start, at * width, Math.min(32, width));
        const high = width > 32 ? bitsAt(cursor.view, start, at * width + 32, width - 32) : 0;
        value = BigInt.asIntN(64, value + least + (BigInt(high) << 32n) + BigInt(low));
        numbers[found++] = value;
      }
      cursor.offset = start + size * width / 8;
    }
  }
  return numbers;
}

/** The number in `width` bits, up to 32, that start `bit` bits after a position, the lowest first. */
function bitsAt(view: DataView, start: number, bit: number, width: number): number {
  let value = 0;
  for (let read = 0; read < width;) {
    const skipped = (bit + read) % 8;
    const taken = Math.min(8 - skipped, width - read);
    const byte = view.getUint8(start + Math.floor((bit + read) / 8));
    value += (byte >>> skipped & (1 << taken) - 1) * 2 ** read;
    read += taken;
  }
  return value;
}

/** A whole number in groups of seven bits. */
function readWhole(cursor: Cursor): number {
  const value = Number(readGroups(cursor));
  if (value > 0x7fff_ffff) throw new RangeError(`a count is ${value}`);
  return value;
}

function readSigned(cursor: Cursor): bigint {
  const value = readGroups(cursor);
  return BigInt.asIntN(64, value >> 1n ^ -(value & 1n));
}

function readGroups(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift <= MOST_SHIFT; shift += 7n) {
    const byte = cursor.view.getUint8(cursor.offset++);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
  throw new RangeError("a number has more than 64 bits");
}

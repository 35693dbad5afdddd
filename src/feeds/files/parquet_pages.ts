/** Reads the values in the pages of one column of a Parquet file, exactly, whatever their encoding. */
import type { ColumnMetaData, PageHeader, SchemaElement } from "hyparquet";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Cursor, readDeltas, readRuns } from "./parquet_runs.ts";

/** The most that a page may decompress to. */
const LARGEST_PAGE = 512 << 20;
const LENGTH_BYTES = 4;

/** The parts of the library that are used here, which is loaded only when needed. */
export interface PageLibrary {
  readonly parquetHeader: typeof import("hyparquet/src/column.js").parquetHeader;
  readonly readPlain: typeof import("hyparquet/src/plain.js").readPlain;
  readonly byteStreamSplit: typeof import("hyparquet/src/encoding.js").byteStreamSplit;
  readonly compressors: typeof import("hyparquet-compressors").compressors;
}

export async function pageLibrary(): Promise<PageLibrary> {
  const [{ parquetHeader }, { readPlain }, { byteStreamSplit }, { compressors }] = await Promise.all([
    import("hyparquet/src/column.js"),
    import("hyparquet/src/plain.js"),
    import("hyparquet/src/encoding.js"),
    import("hyparquet-compressors"),
  ]);
  return { parquetHeader, readPlain, byteStreamSplit, compressors };
}

/** A column of one group of rows: its metadata and its bytes. */
export interface ColumnBytes {
  readonly meta: ColumnMetaData;
  readonly element: SchemaElement;
  readonly bytes: ArrayBuffer;
}

/**
 * The values of the first `rows` rows; null for a missing one. Integers of 64 bits and INT96, in nanoseconds since
 * 1970, are big integers; strings and decimals are bytes. Throws an Error if the bytes do not match the metadata.
 */
export function columnValues(
  { meta, element, bytes }: ColumnBytes,
  rows: number,
  library: PageLibrary,
): ArrayLike<unknown> {
  const values = new Values(rows);
  const reader = { view: new DataView(bytes), offset: 0 };
  let dictionary: ArrayLike<unknown> | null = null;
  while (values.found < rows) {
    const header = library.parquetHeader(reader);
    const body = bodyOf(header, reader, bytes, rows);
    if (header.dictionary_page_header !== undefined) {
      const page = decompressed(body, header.uncompressed_page_size, meta.codec, library);
      dictionary = plain(page, header.dictionary_page_header.num_values, meta, element, library);
      continue;
    }
    const { data_page_header: page, data_page_header_v2: page2 } = header;
    if (page === undefined && page2 === undefined) continue;
    const count = (page ?? page2)!.num_values;
    const left = rows - values.found;
    if (count === 0 || count > left) {
      throw new RangeError(`a page has ${count} values, expected up to ${left}`);
    }
    const { content, isPresent } = page2 === undefined
      ? levelsOf(decompressed(body, header.uncompressed_page_size, meta.codec, library), count, element)
      : levelsOf2(body, header, meta, element, library);
    const present = isPresent === null ? count : isPresent.reduce((sum, one) => sum + one, 0);
    const { encoding } = (page ?? page2)!;
    const read = present === 0
      ? []
      : valuesIn(content, present, encoding, dictionary, { meta, element, library });
    values.add(read, count, present === count ? null : isPresent);
  }
  return meta.type === "INT96" ? Array.from(values.all, nanosecondsOf) : values.all;
}

/** Numbers of one type in an array, which takes little memory. */
type Numbers = Float64Array | Float32Array | Int32Array | BigInt64Array;

function isNumbers(values: ArrayLike<unknown>): values is Numbers {
  return values instanceof Float64Array || values instanceof BigInt64Array || values instanceof Int32Array ||
    values instanceof Float32Array;
}

/** The values of a column, page after page. */
class Values {
  found = 0;
  readonly #rows: number;
  #numbers: Numbers | null = null;
  #others: unknown[] | null = null;

  constructor(rows: number) {
    this.#rows = rows;
  }

  get all(): ArrayLike<unknown> {
    return this.#others ?? this.#numbers ?? [];
  }

  /** Adds the next `count` values; those where `isPresent` is 0 are missing. */
  add(read: ArrayLike<unknown>, count: number, isPresent: Uint32Array | null): void {
    if (isPresent === null && read.length !== count) {
      throw new RangeError(`a page has ${read.length} values of ${count}`);
    }
    if (isPresent === null && this.#others === null && isNumbers(read) && this.#isAlike(read)) {
      (this.#numbers as Float64Array).set(read as Float64Array, this.found);
      this.found += count;
      return;
    }
    const others = this.#others ??= this.#numbers === null
      ? new Array(this.#rows)
      : Array.from<unknown>(this.#numbers as ArrayLike<unknown>);
    for (let at = 0, taken = 0; at < count; at++) {
      others[this.found++] = isPresent === null || isPresent[at] === 1 ? read[taken++] : null;
    }
  }

  /** Whether numbers are of the same type as the first ones. */
  #isAlike(read: Numbers): boolean {
    this.#numbers ??= new (read.constructor as new (rows: number) => Numbers)(this.#rows);
    return this.#numbers.constructor === read.constructor;
  }
}

/** The bytes of the page after its header, if the header is plausible. */
function bodyOf(
  header: PageHeader,
  reader: Cursor,
  bytes: ArrayBuffer,
  rows: number,
): Uint8Array<ArrayBuffer> {
  const { compressed_page_size: compressed, uncompressed_page_size: size } = header;
  const dictionary = header.dictionary_page_header?.num_values ?? 0;
  const isSound = [compressed, size, dictionary].every((one) => Number.isSafeInteger(one) && one >= 0) &&
    reader.offset + compressed <= bytes.byteLength && size <= LARGEST_PAGE && dictionary <= rows;
  if (!isSound) throw new RangeError(`a page says that it has ${compressed} bytes, decompressed ${size}`);
  const body = new Uint8Array(bytes, reader.offset, compressed);
  reader.offset += compressed;
  return body;
}

function decompressed(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  codec: ColumnMetaData["codec"],
  { compressors }: PageLibrary,
): Uint8Array {
  if (size === 0) return new Uint8Array();
  const page = decompressedBy(bytes, size, codec, compressors);
  if (page.length !== size) {
    throw new RangeError(`a page decompresses to ${page.length} bytes, expected ${size}`);
  }
  return page;
}

function decompressedBy(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  codec: ColumnMetaData["codec"],
  compressors: PageLibrary["compressors"],
): Uint8Array {
  const options = { maxOutputLength: size };
  switch (codec) {
    case "UNCOMPRESSED":
      return bytes;
    case "GZIP":
      return gunzipSync(bytes, options);
    case "BROTLI":
      return brotliDecompressSync(bytes, options);
    case "ZSTD":
      return zstdDecompressSync(bytes, options);
  }
  const decompress = compressors[codec];
  if (decompress === undefined) throw new RangeError(`it is compressed with ${codec}`);
  return decompress(bytes, size);
}

/** The data after the levels of a page, and 1 for each value that exists, 0 for each missing one; null if all exist. */
interface Levels {
  readonly content: Uint8Array;
  readonly isPresent: Uint32Array | null;
}

function levelsOf(page: Uint8Array, count: number, element: SchemaElement): Levels {
  if (element.repetition_type === "REQUIRED") return { content: page, isPresent: null };
  const cursor = cursorOn(page);
  const end = LENGTH_BYTES + cursor.view.getUint32(0, true);
  cursor.offset = LENGTH_BYTES;
  return { isPresent: readRuns(cursor, end, 1, count), content: page.subarray(end) };
}

/** The same for pages of version 2, whose levels are not compressed. */
function levelsOf2(
  body: Uint8Array<ArrayBuffer>,
  { data_page_header_v2: header, uncompressed_page_size: size }: PageHeader,
  { codec }: ColumnMetaData,
  element: SchemaElement,
  library: PageLibrary,
): Levels {
  const { num_values: count, definition_levels_byte_length: definitions, is_compressed: isCompressed } =
    header!;
  const start = header!.repetition_levels_byte_length;
  const end = start + definitions;
  if (!(start >= 0 && definitions >= 0 && end <= body.length)) {
    throw new RangeError(`its levels have ${end} bytes`);
  }
  const isRequired = element.repetition_type === "REQUIRED" || definitions === 0;
  const cursor = { view: cursorOn(body).view, offset: start };
  const isPresent = isRequired ? null : readRuns(cursor, end, 1, count);
  const rest = body.subarray(end);
  const content = isCompressed === false ? rest : decompressed(rest, Math.max(0, size - end), codec, library);
  return { content, isPresent };
}

function valuesIn(
  content: Uint8Array,
  count: number,
  encoding: string,
  dictionary: ArrayLike<unknown> | null,
  { meta, element, library }: {
    readonly meta: ColumnMetaData;
    readonly element: SchemaElement;
    readonly library: PageLibrary;
  },
): ArrayLike<unknown> {
  const cursor = cursorOn(content);
  switch (encoding) {
    case "PLAIN":
      return plain(content, count, meta, element, library);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      if (dictionary === null) throw new RangeError("a page needs a dictionary that is missing");
      const width = content[0] ?? 0;
      cursor.offset = 1;
      const numbers = width === 0 ? new Uint32Array(count) : readRuns(cursor, content.length, width, count);
      return lookedUp(numbers, dictionary);
    }
    case "RLE":
      cursor.offset = LENGTH_BYTES;
      return Array.from(readRuns(cursor, content.length, 1, count), (one) => one === 1);
    case "DELTA_BINARY_PACKED": {
      const numbers = readDeltas(cursor, count);
      return meta.type === "INT32" ? Array.from(numbers, (one) => Number(BigInt.asIntN(32, one))) : numbers;
    }
    case "DELTA_LENGTH_BYTE_ARRAY":
      return texts(content, cursor, readDeltas(cursor, count), null);
    case "DELTA_BYTE_ARRAY": {
      const shared = readDeltas(cursor, count);
      return texts(content, cursor, readDeltas(cursor, count), shared);
    }
    case "BYTE_STREAM_SPLIT":
      return library.byteStreamSplit(cursor, count, meta.type, element.type_length);
  }
  throw new RangeError(`its encoding ${encoding} is unknown`);
}

/** The values with these numbers in a dictionary. */
function lookedUp(numbers: Uint32Array, dictionary: ArrayLike<unknown>): ArrayLike<unknown> {
  const { length } = dictionary;
  const values = dictionary instanceof Float64Array
    ? new Float64Array(numbers.length)
    : dictionary instanceof BigInt64Array
    ? new BigInt64Array(numbers.length)
    : new Array(numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at]!;
    if (number >= length) throw new RangeError(`a value is ${number} in a dictionary of ${length}`);
    values[at] = dictionary[number] as never;
  }
  return values;
}

function plain(
  page: Uint8Array,
  count: number,
  { type }: ColumnMetaData,
  { type_length: length }: SchemaElement,
  { readPlain }: PageLibrary,
): ArrayLike<unknown> {
  return readPlain(cursorOn(page), type, count, length);
}

/**
 * Strings. Each starts with the first bytes of the one before, as many as `shared` gives (null for none), and continues
 * with as many bytes of `content` as `lengths` gives.
 */
function texts(
  content: Uint8Array,
  cursor: Cursor,
  lengths: BigInt64Array,
  shared: BigInt64Array | null,
): Uint8Array[] {
  let before = new Uint8Array();
  return Array.from(lengths, (long, at) => {
    const length = Number(long);
    const prefix = Number(shared?.[at] ?? 0n);
    const end = cursor.offset + length;
    if (!(length >= 0 && end <= content.length && prefix >= 0 && prefix <= before.length)) {
      throw new RangeError(`a text has ${length} bytes and ${prefix} of the one before`);
    }
    const text = new Uint8Array(prefix + length);
    text.set(before.subarray(0, prefix));
    text.set(content.subarray(cursor.offset, end), prefix);
    cursor.offset = end;
    before = text;
    return text;
  });
}

function cursorOn(bytes: Uint8Array): Cursor {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

/** The Julian day number of 1970-01-01: times of 96 bits count Julian days. */
const DAY_1970 = 2_440_588n;
const DAY_NANOSECONDS = 86_400_000_000_000n;

/** Nanoseconds since 1970 from a number of 96 bits: the day above, the nanoseconds in it below. */
function nanosecondsOf(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return ((value >> 64n) - DAY_1970) * DAY_NANOSECONDS + BigInt.asUintN(64, value);
}

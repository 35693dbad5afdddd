/** Finds the records in JSON text without reading all of it at once: objects with a price, and rows of plain values. */

const QUOTE = 34, BACKSLASH = 92, COLON = 58, COMMA = 44, FEED = 10, SPACE = 32;
const OPEN_ARRAY = 91, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
/** An object that names no price within this many bytes is not a record, but may contain records. */
const MOST_BYTES = 64 << 10;
const PRICES: readonly Uint8Array[] = ["price", "px"].map((name) => new TextEncoder().encode(name));

/** Where a record is, in bytes. */
export interface Span {
  readonly start: number;
  /** One past its last byte; past the end of the text if it is cut off. */
  readonly end: number;
}

/**
 * The records from `start` to `end`, in order, at any depth: in an array, in a REST response, or one after another. If
 * the last record is cut off, its span ends after `end`. An array or object that is still open at `end` yields an empty
 * span there.
 */
export function* jsonRecords(bytes: Uint8Array, start: number, end: number): Generator<Span> {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at, end) - 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    else if (
      byte === OPEN_OBJECT && hasPrice(bytes, at, end) || byte === OPEN_ARRAY && isRow(bytes, at, end)
    ) {
      const close = closeOf(bytes, at, end);
      yield { start: at, end: close };
      if (close > end) return;
      at = close - 1;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
  }
  if (depth > 0) yield { start: end, end: end + 1 };
}

/** A value of a record: its text, without the quotation marks of a string, and where it starts in the record. */
export interface JsonField {
  /** Null for null, and for an object or an array. */
  readonly text: string | null;
  readonly start: number;
}

/**
 * The values of a record by name; those of an array by index. `record` must be JSON. A number keeps its text.
 *
 * @example
 * ```ts
 * import { jsonFields } from "./json_records.ts";
 * import { assertEquals } from "@std/assert";
 * const fields = jsonFields(`{"id":"7","price":61837.10,"info":{"id":8}}`);
 * assertEquals(fields.get("price"), { text: "61837.10", start: 18 });
 * assertEquals(fields.get("id")?.text, "7");
 * ```
 */
export function jsonFields(record: string): Map<string, JsonField> {
  const fields = new Map<string, JsonField>();
  const isArray = record.startsWith("[");
  let name: string | null = isArray ? "0" : null;
  let index = 0;
  for (let at = 1; at < record.length - 1;) {
    const code = record.charCodeAt(at);
    if (code <= SPACE || code === COMMA || code === COLON) {
      if (code === COMMA && isArray) name = String(++index);
      at++;
      continue;
    }
    const stop = valueEnd(record, at);
    if (name === null) name = plainString(record, at, stop);
    else {
      fields.set(name, { text: textOf(record, at, stop), start: at });
      name = null;
    }
    at = stop;
  }
  return fields;
}

/** The text of the value from `start` to `stop`. */
function textOf(record: string, start: number, stop: number): string | null {
  const code = record.charCodeAt(start);
  if (code === QUOTE) return plainString(record, start, stop);
  if (code === OPEN_OBJECT || code === OPEN_ARRAY) return null;
  const text = record.slice(start, stop);
  return text === "null" ? null : text;
}

/** The string whose quotation marks are at both ends. */
function plainString(record: string, start: number, stop: number): string {
  const inner = record.slice(start + 1, stop - 1);
  return inner.includes("\\") ? JSON.parse(record.slice(start, stop)) as string : inner;
}

/** One past the value at `at` of a text that is JSON. */
function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return quotedEnd(text, at);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
    let to = at;
    while (to < text.length && !endsScalar(text.charCodeAt(to))) to++;
    return to;
  }
  let depth = 0;
  for (let to = at; to < text.length; to++) {
    const code = text.charCodeAt(to);
    if (code === QUOTE) to = quotedEnd(text, to) - 1;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) return to + 1;
  }
  return text.length;
}

function endsScalar(code: number): boolean {
  return code <= SPACE || code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY;
}

/** One past the quotation mark that closes the string at `at`. */
function quotedEnd(text: string, at: number): number {
  for (let to = at + 1; to < text.length; to++) {
    const code = text.charCodeAt(to);
    if (code === BACKSLASH) to++;
    else if (code === QUOTE) return to + 1;
  }
  return text.length;
}

/** Whether an object itself names a price, not only one of its values. */
function hasPrice(bytes: Uint8Array, start: number, end: number): boolean {
  const limit = Math.min(end, start + MOST_BYTES);
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      const stop = stringEnd(bytes, at, limit);
      if (
        depth === 1 && isName(bytes, stop, limit) &&
        PRICES.some((name) => isText(bytes, at + 1, stop - 1, name))
      ) {
        return true;
      }
      at = stop - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return false;
  }
  return false;
}

/** Whether an array holds several plain values. */
function isRow(bytes: Uint8Array, start: number, end: number): boolean {
  let commas = 0;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at, end) - 1;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return false;
    else if (byte === COMMA) commas++;
    else if (byte === CLOSE_ARRAY) return commas > 0;
  }
  return commas > 0;
}

/** One past the bracket that closes the one at `start`; past `end` if none does. */
function closeOf(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at, end) - 1;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return at + 1;
  }
  return end + 1;
}

/** One past the quotation mark that closes the string at `start`; `end` if none does. */
function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return end;
}

/** Whether a colon comes next. */
function isName(bytes: Uint8Array, at: number, end: number): boolean {
  while (at < end && (bytes[at] === SPACE || bytes[at] === FEED)) at++;
  return bytes[at] === COLON;
}

function isText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  return end - start === text.length && text.every((byte, at) => bytes[start + at] === byte);
}

/**
 * Checks that a value read from JSON has the shape of its type, so that a damaged file fails at once and not halfway.
 */

/** A value does not have its shape; the message says where, what was found and what was expected. */
export class WrongShape extends Error {
  override readonly name = "WrongShape";
}

/** Throws a WrongShape unless `value`, found at `place`, has the shape. */
export type Shape = (value: unknown, place: string) => void;

const DECIMAL = /^-?\d{1,60}(\.\d{1,60})?$/;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
const SHOWN_CHARACTERS = 40;
/** JavaScript's last date, ms since 1970. */
const LAST_TIME_MS = 8.64e15;

/** Any text. */
export const text: Shape = expected("a text", (value) => typeof value === "string");
/** A finite number. */
export const number: Shape = expected("a number", (value) => Number.isFinite(value));
/** A whole number, 0 or more. */
export const count: Shape = expected(
  "a whole number from 0 up",
  (value) => Number.isSafeInteger(value) && value as number >= 0,
);
/** A whole number, 1 or more. */
export const countFromOne: Shape = expected(
  "a whole number from 1 up",
  (value) => Number.isSafeInteger(value) && value as number >= 1,
);
/** true or false. */
export const flag: Shape = expected("true or false", (value) => typeof value === "boolean");
/** An amount as decimal text. */
export const decimal: Shape = expected(
  "a decimal number as text",
  (value) => typeof value === "string" && DECIMAL.test(value),
);
/** A time in ISO 8601. */
export const time: Shape = expected(
  "a time in ISO 8601",
  (value) => typeof value === "string" && ISO_TIME.test(value) && Number.isFinite(Date.parse(value)),
);
/** A time in ms since 1970. */
export const timeMs: Shape = expected(
  "a time in ms since 1970",
  (value) => Number.isFinite(value) && Math.abs(value as number) <= LAST_TIME_MS,
);

/** One of these strings. */
export function oneOf(...texts: readonly string[]): Shape {
  return expected(`one of ${texts.join(", ")}`, (value) => texts.some((each) => each === value));
}

/** The shape, or null. */
export function orNull(shape: Shape): Shape {
  return (value, place) => value === null || shape(value, place);
}

/** The shape, or undefined. */
export function optional(shape: Shape): Shape {
  return (value, place) => value === undefined || shape(value, place);
}

/** A list of at most `most` values of this shape. */
export function listOf(shape: Shape, most = Infinity): Shape {
  return (value, place) => {
    if (!Array.isArray(value)) throw wrong(value, place, "a list");
    if (value.length > most) throw new WrongShape(`${place} has ${value.length} values, at most ${most} fit`);
    value.forEach((each, at) => shape(each, `${place}[${at}]`));
  };
}

/** A list with a value of each shape. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return (value, place) => {
    if (!Array.isArray(value) || value.length !== shapes.length) {
      throw wrong(value, place, `a list of ${shapes.length} values`);
    }
    shapes.forEach((shape, at) => shape(value[at], `${place}[${at}]`));
  };
}

/** An object with these fields, and perhaps others. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  return (value, place) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong(value, place, "an object");
    }
    for (const [name, shape] of Object.entries(fields)) {
      shape((value as Record<string, unknown>)[name], place === "" ? name : `${place}.${name}`);
    }
  };
}

function expected(what: string, fits: (value: unknown) => boolean): Shape {
  return (value, place) => {
    if (!fits(value)) throw wrong(value, place, what);
  };
}

function wrong(value: unknown, place: string, what: string): WrongShape {
  const found = value === undefined ? "missing" : JSON.stringify(value).slice(0, SHOWN_CHARACTERS);
  return new WrongShape(`${place || "it"} is ${found}: expected ${what}`);
}

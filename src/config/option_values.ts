/** The texts that options take, each read into its value or refused with what is allowed. */
import {
  isInDatabase,
  isJournalName,
  JOURNAL_NAMES,
  readDatabasePlace,
} from "../domain/run/database_place.ts";
import { BAR_SIZE_TEXT, type BarSize, barSizeIn } from "../domain/market/bar_size.ts";
import { durationText, millisecondsIn } from "../domain/numbers/duration.ts";
import { DECIMAL, Money } from "../domain/numbers/money.ts";
import { isoTime, timeIn } from "../domain/numbers/time.ts";
import type { OrderRate } from "../domain/risk/checks/max_orders.ts";
import { LONGEST_REASON } from "../domain/run/run_request.ts";
import { CashShare, type Stake } from "../domain/orders/stake.ts";
import { symbolIn } from "../domain/market/symbol.ts";

/** Thrown if a text is refused; the message names what is allowed. The caller adds the option's name and the value. */
export class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/** A reader of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || value < min || value > max) {
      throw new NotAllowed(`a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

/** A reader of decimal amounts, up to 18 digits before and after the point, that pass `allows`. */
export function amount(allowed: string, allows: (value: Money) => boolean): (text: string) => Money {
  return (text) => {
    if (!DECIMAL.test(text)) throw new NotAllowed(`${allowed}, in plain decimals`);
    const value = new Money(text);
    if (!allows(value)) throw new NotAllowed(allowed);
    return value;
  };
}

/** A reader of fractions above 0 and up to 1: `20%` or `0.2`. */
export function fraction(text: string): Money {
  return share(text, 1, "a share above 0% and up to 100%, such as 20% or 0.2");
}

/** A reader of fractions above 0 and below 1: `30%` or `0.3`. */
export function properFraction(text: string): Money {
  const value = shareIn(text);
  if (value === null || value.isZero() || value.gte(1)) {
    throw new NotAllowed("a share above 0% and below 100%, such as 30% or 0.3");
  }
  return value;
}

/** A reader of fractions above 0 and up to 1000: `5%`, `0.05`, `150%`. */
export function gain(text: string): Money {
  return share(text, 1000, "a share above 0% and up to 100000%, such as 5% or 0.05");
}

/** A reader of rates from 0 to below 1: `0.1%` or `0.001`. */
export function rate(text: string): Money {
  const value = shareIn(text);
  if (value === null || value.gte(1)) throw new NotAllowed("a rate from 0 to below 1, such as 0.1% or 0.001");
  return value;
}

/** A reader of stakes: an amount above 0, or with `%` a share of the cash above 0% and up to 100%. */
export function stake(text: string): Stake {
  const value = shareIn(text);
  const isShare = text.endsWith("%");
  if (value === null || value.isZero() || isShare && value.gt(1)) {
    throw new NotAllowed(
      "an amount above 0, such as 1000, or a share of the cash above 0% and up to 100%, such as 50%",
    );
  }
  return isShare ? new CashShare(value) : value;
}

function share(text: string, most: number, allowed: string): Money {
  const value = shareIn(text);
  if (value === null || value.isZero() || value.gt(most)) throw new NotAllowed(allowed);
  return value;
}

/** The number in a text such as `20%` or `0.2`; null if it is neither. */
function shareIn(text: string): Money | null {
  const isPercent = text.endsWith("%");
  const digits = isPercent ? text.slice(0, -1) : text;
  if (!DECIMAL.test(digits)) return null;
  return isPercent ? new Money(digits).div(100) : new Money(digits);
}

/**
 * A reader of rates of orders, a whole number from 1 to `most` in a duration from `min` to `max` ms: `10/1m`.
 *
 * @example
 * ```ts
 * import { orderRate } from "./option_values.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(orderRate(100, 1, 86_400_000)("10/1m"), { count: 10, within: 60_000 });
 * ```
 */
export function orderRate(most: number, min: number, max: number): (text: string) => OrderRate {
  return (text) => {
    const [count = "", within = "", more] = text.split("/");
    try {
      if (more === undefined) {
        return { count: wholeNumber(1, most)(count), within: duration(min, max)(within) };
      }
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
    }
    const durations = `from ${durationText(min)} to ${durationText(max)}`;
    throw new NotAllowed(`orders from 1 to ${most} in a duration ${durations}, such as 10/1m`);
  };
}

const DAY = 86_400_000;

/**
 * A reader of durations in whole milliseconds from `min` to `max`: `250ms`, `30s`, `5m`, `24h`, `30d`, or a bare
 * number of milliseconds.
 *
 * @example
 * ```ts
 * import { duration } from "./option_values.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(duration(0, 86_400_000)("1.5s"), 1500);
 * ```
 */
export function duration(min: number, max: number): (text: string) => number {
  const examples = min >= DAY ? "1d, 30d" : "250ms, 30s, 5m";
  return (text) => {
    const value = millisecondsIn(text);
    if (value === null || value < min || value > max) {
      throw new NotAllowed(
        `a duration from ${durationText(min)} to ${durationText(max)}, such as ${examples}`,
      );
    }
    return value;
  };
}

/** A reader of times: a date, or ISO 8601 to the microsecond. The value is text with microseconds, in UTC. */
export function time(text: string): string {
  const found = timeIn(text);
  if (found !== null) return isoTime(found);
  throw new NotAllowed(
    "a date or a time from 1970 to 2254 in ISO 8601, in UTC unless it has an offset, such as 2025-01-31 or " +
      "2025-01-31T08:00:00Z",
  );
}

/** A reader of bar sizes: `trades`, `1m`, `100t`, `50v`, `1000000q`. */
export function barSize(text: string): BarSize {
  const size = barSizeIn(text);
  if (size === null) throw new NotAllowed(BAR_SIZE_TEXT);
  return size;
}

/** A reader of one of the words given. */
export function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) {
      throw new NotAllowed(words.length === 1 ? words[0]! : `one of ${words.join(", ")}`);
    }
    return word;
  };
}

/** A reader of `on` and `off`. */
export function onOff(text: string): boolean {
  return oneOf("on", "off")(text) === "on";
}

/** A reader of the number of a journal's run, from 1 on, or `all`. */
export function runNumber(text: string): number | "all" {
  if (text === "all") return text;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new NotAllowed("the number of a run, from 1 on, or all");
  return Number(text);
}

/** A reader of an exchange symbol: 2 to 40 letters, digits and underscores. The value is in upper case. */
export function symbol(text: string): string {
  const found = symbolIn(text);
  if (found === null) throw new NotAllowed("2 to 40 letters, digits and underscores, such as BTCUSDT");
  return found;
}

/**
 * A reader of an address with one of the schemes given, and no name, password or query. The value has no slash at its
 * end.
 */
export function address(...schemes: readonly string[]): (text: string) => string {
  return (text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const extra = url === null || url.username || url.password || url.search || url.hash;
    if (extra || !schemes.includes(url.protocol)) {
      throw new NotAllowed(`an address such as ${schemes[0]}//127.0.0.1:9001`);
    }
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  };
}

/** The characters of a host name that a client may send: no wildcards. */
const HOST = /^[0-9a-z.:[\]_-]+$/;

/** A reader of host names without ports, separated by commas. The values are in lower case. */
export function hostNames(text: string): readonly string[] {
  const names = text.toLowerCase().split(",");
  if (!names.every((name) => HOST.test(name) && URL.parse(`http://${name}`)?.hostname === name)) {
    throw new NotAllowed("host names without ports, separated by commas, such as market.test,10.0.0.5");
  }
  return names;
}

/** A reader of a user's reason, which a journal keeps. */
export function reason(text: string): string {
  if (text === "" || text.length > LONGEST_REASON) {
    throw new NotAllowed(`a text of 1 to ${LONGEST_REASON} characters`);
  }
  return text;
}

/** A reader of any text but the empty one. */
export function anyText(text: string): string {
  if (text === "") throw new NotAllowed("a text that is not empty");
  return text;
}

/** A reader of a journal's place: a file, a database, or none. */
export function journalPlace(text: string): string {
  if (isInDatabase(text)) checked(() => readDatabasePlace(text));
  return anyText(text);
}

/** A reader of the place of a whole database, in the form that `journalPlace` reads. */
export function databasePlace(text: string): string {
  if (!isInDatabase(text)) throw new NotAllowed("postgres://USER@HOST:PORT/DATABASE");
  checked(() => {
    if (readDatabasePlace(text).journal !== null) throw new RangeError("no name after the database");
  });
  return text;
}

/** A reader of a journal's name in a database. */
export function journalName(text: string): string {
  if (!isJournalName(text)) throw new NotAllowed(JOURNAL_NAMES);
  return text;
}

/** Calls `read`, whose RangeErrors say what is expected. */
function checked(read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof RangeError ? new NotAllowed(error.message) : error;
  }
}

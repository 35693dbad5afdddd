/** The values that one option of a sweep takes: a list, ranges, or a mix of both. */
import { durationText, millisecondsIn } from "../domain/numbers/duration.ts";
import { Money, plain } from "../domain/numbers/money.ts";
import { NotAllowed } from "./option_values.ts";

/** A value of a range: digits, and a unit such as `%`, `m` or `t`. */
const MEASURED = /^(-?\d{1,18}(?:\.\d{1,18})?)(%|[a-z]*)$/;
/** The most values of a range: no grid has more. */
const MOST_VALUES = 1_000_000;

/**
 * The texts of the values in `5,10,20..100:20`, in order. A range includes its end if its steps reach it. Its
 * numbers share one unit, or are durations. Throws NotAllowed for a range that is not valid, and for more than a million
 * values.
 *
 * @example
 * ```ts
 * import { valuesIn } from "./value_list.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(valuesIn("5,10..20:5"), ["5", "10", "15", "20"]);
 * assertEquals(valuesIn("1%..3%:0.5%"), ["1%", "1.5%", "2%", "2.5%", "3%"]);
 * assertEquals(valuesIn("30s..2m:30s"), ["30s", "1m", "90s", "2m"]);
 * ```
 */
export function valuesIn(text: string): string[] {
  const values: string[] = [];
  for (const part of text.split(",")) {
    for (const value of part.includes("..") ? rangeIn(part, MOST_VALUES - values.length) : [part]) {
      values.push(value);
    }
  }
  return values;
}

/**
 * A lower bound for the number of different values in a text, found without making them: those of its longest range.
 * Throws NotAllowed for a range that is not valid.
 */
export function fewestIn(text: string): number {
  return text.split(",").reduce(
    (most, part) => Math.max(most, part.includes("..") ? rangeOf(part).count : 1),
    1,
  );
}

/** Throws NotAllowed for a range with more than `room` values before it makes any: a list may hold many ranges. */
function rangeIn(text: string, room: number): string[] {
  const { least, by, count, unit } = rangeOf(text);
  if (count > MOST_VALUES) {
    throw new NotAllowed(`a range of up to ${MOST_VALUES} values, but "${text}" has ${count}`);
  }
  if (count > room) throw new NotAllowed(`a list of up to ${MOST_VALUES} values`);
  return Array.from({ length: count }, (_, at) => {
    const value = least.plus(by.times(at));
    return unit === null ? durationText(value.toNumber()) : `${plain(value)}${unit}`;
  });
}

/** A range: `unit` follows each value; null for durations in several units, which are then in ms. */
function rangeOf(
  text: string,
): { readonly least: Money; readonly by: Money; readonly count: number; readonly unit: string | null } {
  const [, from = "", to = "", step = ""] = /^(.*?)\.\.(.*?):(.*)$/.exec(text) ?? [];
  const parts = [from, to, step].map((part) => MEASURED.exec(part));
  if (parts.some((part) => part === null)) throw refused(text);
  const units = new Set(parts.map((part) => part![2]!));
  const durations = [from, to, step].map(millisecondsIn);
  const isMixed = units.size > 1;
  if (isMixed && durations.includes(null)) throw refused(text);
  const [least, most, by] = parts.map((part, at) => new Money(isMixed ? durations[at]! : part![1]!)) as [
    Money,
    Money,
    Money,
  ];
  if (by.lte(0) || most.lt(least)) throw refused(text);
  const count = most.minus(least).divToInt(by).toNumber() + 1;
  return { least, by, count, unit: isMixed ? null : [...units][0]! };
}

function refused(text: string): NotAllowed {
  return new NotAllowed(
    `a range from a smaller value to a larger one with a step, such as 5..100:5, 1%..5%:1% or 1m..5m:1m, not "${text}"`,
  );
}

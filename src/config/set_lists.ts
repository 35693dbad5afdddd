/**
 * The options of a user's strategy as one option of a sweep: in `--set window=5..20:5,edge=0.5` each of them
 * may have a list or a range. One that varies is its own option in grid and rows, called `set.window`.
 */
import { DECIMAL } from "../domain/numbers/money.ts";
import { NotAllowed } from "./option_values.ts";
import { valuesIn } from "./value_list.ts";

const PREFIX = "set.";

/** One of the options in a `--set`, and the texts of its values. */
export interface SetOption {
  readonly name: string;
  readonly values: readonly string[];
}

/** The name, in a grid, of the option that `--set` calls `name`. */
export function settingName(name: string): string {
  return `${PREFIX}${name}`;
}

/**
 * The options in the text of a `--set`, each with its values, in their order. A comma is followed by another option, or by
 * another value of the option before it. Throws NotAllowed for a value that is not a number.
 *
 * @example
 * ```ts
 * import { setOptionsIn } from "./set_lists.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(setOptionsIn("window=5,10..20:5,edge=0.5"), [
 *   { name: "window", values: ["5", "10", "15", "20"] },
 *   { name: "edge", values: ["0.5"] },
 * ]);
 * ```
 */
export function setOptionsIn(text: string): SetOption[] {
  const texts: string[] = [];
  for (const part of text.split(",")) {
    if (part.includes("=") || texts.length === 0) texts.push(part);
    else texts.push(`${texts.pop()},${part}`);
  }
  const names = new Set<string>();
  return texts.map((one) => {
    const [, name, values] = /^([^=]*)=(.*)$/.exec(one) ?? [];
    if (name === undefined || values === undefined) throw new NotAllowed(`NAME=NUMBER,..., not "${one}"`);
    if (names.has(name)) throw new NotAllowed(`each option once, and ${name} is listed twice`);
    names.add(name);
    return { name, values: distinct(name, valuesIn(values)) };
  });
}

/** The texts of a `--set` with one option and one value each; none if it cannot be read. */
export function setPartsIn(text: string): string[] {
  try {
    return setOptionsIn(text).flatMap(({ name, values }) => values.map((value) => setText([[name, value]])));
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    return [];
  }
}

/** The text of a `--set` in which every option has one value. */
export function setText(options: readonly (readonly [name: string, value: string | number])[]): string {
  return options.map(([name, value]) => `${name}=${value}`).join(",");
}

/** The value of an option in such a text; null if it is not there. */
export function valueInSet(text: string | null, name: string): number | null {
  for (const part of text?.split(",") ?? []) {
    const [found, value] = part.split("=");
    if (found === name) return Number(value);
  }
  return null;
}

/** Options as they are shown, without these within `--set`, and without `--set` if nothing of it is left. */
export function withoutSettings<T extends Readonly<Record<string, unknown>>>(
  shown: T,
  names: readonly string[],
): T {
  if (names.length === 0) return shown;
  const { set, ...others } = shown;
  const parts = String(set ?? "").split(",").filter((part) =>
    part !== "" && !names.includes(part.split("=")[0]!)
  );
  return { ...others, ...(parts.length === 0 ? {} : { set: parts.join(",") }) } as unknown as T;
}

/**
 * Options as a sweep shows them, as the command line writes them: those that vary within `--set` are in it, after those
 * that do not. `set` takes the place of the first of them.
 */
export function foldedSet(shown: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const folded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(shown)) {
    if (!name.startsWith(PREFIX)) folded[name] = value;
    else folded["set"] = [folded["set"] ?? [], `${name.slice(PREFIX.length)}=${value}`].flat().join(",");
  }
  return folded;
}

function distinct(name: string, texts: readonly string[]): string[] {
  const seen = new Set<number>();
  return texts.filter((text) => {
    if (!DECIMAL.test(text.replace(/^-/, ""))) {
      throw new NotAllowed(`numbers in plain decimals, not "${name}=${text}"`);
    }
    const value = Number(text);
    if (seen.has(value)) return false;
    seen.add(value);
    return true;
  });
}

/** The options of a sweep that vary, and their values. */
import { type GivenOptions, nameIn, shownValue, type Source } from "./configuration.ts";
import { NotAllowed } from "./option_values.ts";
import type { OptionGroup } from "./option.ts";
import { type OptionName, OPTIONS } from "./options.ts";
import { type SetOption, setOptionsIn, setText, settingName } from "./set_lists.ts";
import { isStrategyFile } from "./strategy_options.ts";
import { fewestIn, valuesIn } from "./value_list.ts";

/** The most combinations. */
export const MOST_CONFIGURATIONS = 1_000_000;

/** Options in these groups may vary: none of them changes which trades are read. */
const VARYING: readonly OptionGroup[] = ["trading", "risk", "orders", "instrument"];
/** These options never vary: a comma belongs to their value, or another value would mean another market. */
const FIXED: readonly OptionName[] = ["symbol", "instruments"];

/** An option that varies. */
export interface Axis {
  /** In rows and results: the option's name, or that of one of the options within `--set`. */
  readonly name: string;
  readonly option: OptionName;
  /** What `--set` calls it; null for every other option. */
  readonly setting: string | null;
  readonly source: Source;
  /** The texts of its values, in order, at least two. */
  readonly values: readonly string[];
}

/** The axes of a grid, and the options that stay as they are. */
export interface GridAxes {
  readonly axes: readonly Axis[];
  readonly fixed: GivenOptions;
  /** The options within `--set` if any of them varies; otherwise empty. */
  readonly settings: readonly SetOption[];
}

/** The axes of the options given, in their order. Mistakes are added to `mistakes`. */
export function axesOf(given: GivenOptions, mistakes: string[]): GridAxes {
  const fixed = { ...given };
  const varying = Object.keys(given).filter((name) => mayVary(name as OptionName)) as OptionName[];
  const least = varying.map((name) => fewestOf(name, given[name]!.text)).reduce(
    (size, count) => size * count,
    1,
  );
  if (least > MOST_CONFIGURATIONS) {
    const isList = varying.some((name) => given[name]!.text.includes(","));
    mistakes.push(tooLarge(isList ? `at least ${least}` : `${least}`));
    for (const name of varying) delete fixed[name];
    return { axes: [], fixed, settings: [] };
  }
  let settings: readonly SetOption[] = [];
  const axes = Object.entries(given).flatMap(([key, { text, source }]): Axis[] => {
    const option = key as OptionName;
    if (!mayVary(option)) return [];
    try {
      if (option === "set") {
        const options = setOptionsIn(text);
        const varying = options.filter(({ values }) => values.length > 1);
        fixed.set = { text: setText(options.map(({ name, values }) => [name, values[0]!])), source };
        if (varying.length > 0) settings = options;
        return varying.map(({ name, values }) => ({
          name: settingName(name),
          setting: name,
          ...{ option, source, values },
        }));
      }
      const values = distinct(option, valuesIn(text));
      // A list such as 5,5 or a range such as 5..5:1 has one value, which no single run could read as it is written.
      if (values.length === 1) fixed[option] = { text: values[0]!, source };
      return values.length > 1 ? [{ name: option, option, setting: null, source, values }] : [];
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      mistakes.push(`${nameIn(source, option)} is "${text}": expected ${error.message}`);
      delete fixed[option];
      return [];
    }
  });
  const size = axes.reduce((size, { values }) => size * values.length, 1);
  if (size > MOST_CONFIGURATIONS) mistakes.push(tooLarge(`${size}`));
  return { axes, fixed, settings };
}

/** The least number of values that an option has; 1 for one that cannot be read. */
function fewestOf(name: OptionName, text: string): number {
  try {
    if (name !== "set") return fewestIn(text);
    return setOptionsIn(text).reduce((size, { values }) => size * values.length, 1);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    return 1;
  }
}

function tooLarge(size: string): string {
  return `the grid has ${size} configurations: expected up to ${MOST_CONFIGURATIONS}. Take larger steps or fewer options`;
}

/** Whether an option may take several values in a sweep. */
function mayVary(name: OptionName): boolean {
  const { group, value } = OPTIONS[name];
  return value !== null && VARYING.includes(group) && !FIXED.includes(name);
}

/** The texts without those that repeat an earlier value. Throws NotAllowed for a text that cannot be read. */
function distinct(name: OptionName, texts: readonly string[]): string[] {
  const { read } = OPTIONS[name];
  if (name === "strategy" && texts.length > 1 && texts.some(isStrategyFile)) {
    throw new NotAllowed("a list of strategy names, or a file of your own alone");
  }
  const seen = new Set<unknown>();
  return texts.filter((text) => {
    let value: unknown = text;
    try {
      value = shownValue(read(text));
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      throw new NotAllowed(`${error.message}${texts.length > 1 ? `, not "${text}"` : ""}`);
    }
    if (seen.has(value)) return false;
    seen.add(value);
    return true;
  });
}

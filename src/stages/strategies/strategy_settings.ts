/** The options of a user-defined strategy: their definitions in its file, and the values from `--set`. */
import { DECIMAL } from "../../domain/numbers/money.ts";
import type { StrategySetting } from "./define_strategy.ts";

/** The name of an option, in camelCase. */
const NAME = /^[a-z][A-Za-z0-9]{0,39}$/;

/** Values by name, and as text in alphabetical order, with every default filled in. */
export interface Settings {
  readonly values: Readonly<Record<string, number>>;
  readonly text: string;
}

/** What is wrong with an option in the strategy's file; null if it can be used. */
function flawIn(name: string, setting: StrategySetting): string | null {
  if (!NAME.test(name)) return `the option "${name}" needs a name of letters and digits, such as window`;
  const { default: byDefault, least = -Infinity, most = Infinity, whole = false } = setting ?? {};
  if (typeof byDefault !== "number" || !Number.isFinite(byDefault)) {
    return `the option ${name} has no number as default`;
  }
  if (typeof least !== "number" || typeof most !== "number") {
    return `the limits of the option ${name} are not numbers`;
  }
  return refusal(byDefault, setting) === null
    ? null
    : `the default ${byDefault} of the option ${name} is not ${rangeText({ least, most, whole })}`;
}

/** Why a value is not allowed; null if it is. */
function refusal(
  value: number,
  { least = -Infinity, most = Infinity, whole = false }: StrategySetting,
): string | null {
  const isAllowed = value >= least && value <= most && (!whole || Number.isInteger(value));
  return isAllowed ? null : rangeText({ least, most, whole });
}

function rangeText({ least, most, whole }: { least: number; most: number; whole: boolean }): string {
  const from = Number.isFinite(least) ? ` from ${least}` : "";
  const to = Number.isFinite(most) ? ` up to ${most}` : "";
  return `a ${whole ? "whole " : ""}number${from}${to}`;
}

/**
 * Reads `text`, such as `window=30,edge=0.5`, as values of `options`; null for none. Everything that is wrong goes into
 * `mistakes`.
 */
export function readSettings(
  options: Readonly<Record<string, StrategySetting>>,
  text: string | null,
  mistakes: string[],
): Settings {
  const names = Object.keys(options).sort();
  const flaws = names.flatMap((name) => flawIn(name, options[name]!) ?? []);
  mistakes.push(...flaws.map((flaw) => `the strategy's file: ${flaw}`));
  const given = new Map<string, number>();
  const known = names.length === 0 ? "which has none" : `which has ${names.join(", ")}`;
  for (const part of text === null ? [] : text.split(",")) {
    const [name = "", value = "", more] = part.split("=");
    if (more !== undefined || value === "") mistakes.push(`--set has "${part}": expected NAME=NUMBER`);
    else if (!names.includes(name)) {
      mistakes.push(`--set has "${part}": expected an option of the strategy, ${known}`);
    } else if (given.has(name)) mistakes.push(`--set has ${name} more than once: expected each option once`);
    else {
      const isNumber = DECIMAL.test(value.replace(/^-/, ""));
      const why = isNumber ? refusal(Number(value), options[name]!) : rangeOf(options[name]!);
      if (why !== null) mistakes.push(`--set has "${part}": expected ${why}`);
      given.set(name, Number(value));
    }
  }
  const values = Object.fromEntries(names.map((name) => [name, given.get(name) ?? options[name]!.default]));
  return { values, text: names.map((name) => `${name}=${values[name]}`).join(",") };
}

function rangeOf({ least = -Infinity, most = Infinity, whole = false }: StrategySetting): string {
  return `${rangeText({ least, most, whole })}, in plain decimals`;
}

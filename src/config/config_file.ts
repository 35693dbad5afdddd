/** Reads the configuration file: a JSON object of options. */
import { Decimal } from "decimal.js";
import { closestName } from "./closest_name.ts";
import type { CommandName } from "./command_name.ts";
import type { GivenOptions } from "./config.ts";
import { OPTION_NAMES } from "./options.ts";

/**
 * The options of a configuration file's text, as given. Mistakes are added to `mistakes`: text that is not a JSON
 * object, unknown keys, values that are neither text, number nor true/false.
 */
export function readConfigFile(
  text: string,
  path: string,
  command: CommandName,
  mistakes: string[],
): GivenOptions {
  // Some editors start a file with a byte order mark, which is not JSON.
  const json = text.replace(/^\ufeff/, "");
  let parsed: unknown;
  let exact;
  try {
    parsed = JSON.parse(json);
    exact = JSON.parse(json, exactNumbers);
  } catch (error) {
    mistakes.push(`--config ${path}: not JSON: ${error instanceof Error ? error.message : error}`);
    return {};
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    mistakes.push(`--config ${path}: expected a JSON object of options`);
    return {};
  }
  const given: GivenOptions = {};
  for (const key of repeatedKeys(json)) {
    mistakes.push(`"${key}" appears more than once in the configuration file: expected each option once`);
  }
  for (const [key, value] of Object.entries(parsed)) {
    const name = OPTION_NAMES.find((candidate) => candidate === key);
    if (name === undefined || name === "config") {
      const meant = closestName(key, OPTION_NAMES.filter((candidate) => candidate !== "config"));
      mistakes.push(
        `"${key}" in the configuration file is not an option; ` +
          `${meant === null ? "" : `did you mean "${meant}"? `}"penstock ${command} --help" lists them`,
      );
    } else if (typeof value === "boolean") {
      given[name] = { text: value ? "on" : "off", source: "file" };
    } else if (typeof value === "string") {
      given[name] = { text: value, source: "file" };
    } else if (typeof value === "number") {
      given[name] = { text: exact[name].toFixed(), source: "file" };
    } else if (value !== null) {
      mistakes.push(
        `"${key}" in the configuration file is ${JSON.stringify(value)}: expected a text or a number`,
      );
    }
  }
  return given;
}

/** The keys that the object in a valid JSON text has more than once: JSON.parse silently keeps the last. */
function repeatedKeys(json: string): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[[\]{}]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) {
      const key: string = JSON.parse(token.slice(0, -1));
      if (seen.has(key)) repeated.add(key);
      seen.add(key);
    }
  }
  return repeated;
}

/**
 * For JSON.parse: numbers as decimals with all the digits of the text, which may be more than a double holds.
 */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  // With an exponent, a short text may be a number of any length; a double is precise enough for those.
  const digits = /^-?\d+(\.\d+)?$/.exec(context?.source ?? "")?.[0];
  return new Decimal(digits ?? value);
}

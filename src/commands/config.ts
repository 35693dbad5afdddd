/** `penstock config`: the configuration in force, as JSON, with the source of each value. */
import { type Configuration, shownValue } from "../config/configuration.ts";
import { RULES } from "../domain/market/instrument_rules.ts";
import { builtInRules, settleInstrument } from "../config/instrument_settlement.ts";
import { OPTION_NAMES, type OptionName, OPTIONS } from "../config/options.ts";
import { writeText } from "../views/terminal/terminal.ts";

/**
 * Prints one JSON object: each option's value and its source, or with `--json` only the values, as `--config` accepts
 * them. It queries no exchange, so an instrument's rules are those given, the built-in ones with
 * `--offline-instruments`, or the defaults.
 */
export function config(configuration: Configuration): void {
  const { offlineInstruments, symbol, json } = configuration.config;
  const { config, sources: rules } = settleInstrument(
    configuration,
    offlineInstruments ? builtInRules(symbol) : null,
  );
  const sources = { ...configuration.sources, ...rules };
  const shown: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    if (name === "json" || !OPTIONS[name].commands.includes("config")) continue;
    const value = shownValue(config[name]);
    if (!json) shown[name] = { value, source: sources[name] };
    else if (isForFile(name, configuration)) shown[name] = value ?? NO_LIMIT;
  }
  writeText(Deno.stdout, `${JSON.stringify(shown, null, 2)}\n`);
}

/** The option value for a rule without a limit. */
const NO_LIMIT = "0";

/**
 * Whether a file may set the option. A file may not set its own name, or a default that the exchange or the command
 * chooses.
 */
function isForFile(name: OptionName, { config, sources }: Configuration): boolean {
  if (name === "config") return false;
  if (sources[name] !== "default") return true;
  const isChosenLater = RULES.some((rule) => rule === name) || "defaultOf" in OPTIONS[name];
  return config[name] !== null && !isChosenLater;
}

/** `penstock config`: the configuration in force, as JSON, with where each value came from. */
import { type Configuration, shownValue } from "../domain/config.ts";
import { builtInRules, settleInstrument } from "../domain/instrument.ts";
import { OPTION_NAMES, OPTIONS } from "../domain/options.ts";
import { writeText } from "../views/terminal.ts";

/**
 * Prints one JSON object: each option's value and its source. Nobody is asked, so that an instrument's rules are those
 * given, with `--offline-instruments` the built-in ones, or the defaults.
 */
export function config(configuration: Configuration): void {
  const { offlineInstruments, symbol } = configuration.config;
  const { config, sources: rules } = settleInstrument(
    configuration,
    offlineInstruments ? builtInRules(symbol) : null,
  );
  const sources = { ...configuration.sources, ...rules };
  const shown = OPTION_NAMES
    .filter((name) => OPTIONS[name].commands.includes("config"))
    .map((name) => [name, { value: shownValue(config[name]), source: sources[name] }]);
  writeText(Deno.stdout, `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
}

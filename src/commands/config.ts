/** `penstock config`: the configuration in force, as JSON, with where each value came from. */
import { type Configuration, shownValue } from "../domain/config.ts";
import { OPTION_NAMES, OPTIONS } from "../domain/options.ts";
import { writeText } from "../views/terminal.ts";

/** Prints one JSON object: each option's value and its source. */
export function config({ config, sources }: Configuration): void {
  const shown = OPTION_NAMES
    .filter((name) => OPTIONS[name].commands.includes("config"))
    .map((name) => [name, { value: shownValue(config[name]), source: sources[name] }]);
  writeText(Deno.stdout, `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
}

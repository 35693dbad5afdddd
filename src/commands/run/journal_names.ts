/** Finds the journal when a place names only a database. */
import { hash } from "node:crypto";
import { shownConfig } from "../../config/config.ts";
import type { CommandName } from "../../config/command_name.ts";
import { valueOf } from "../../config/deciding_options.ts";
import type { Config, OptionName } from "../../config/options.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import {
  isInDatabase,
  readDatabasePlace,
  withJournal,
  withoutPassword,
} from "../../domain/run/database_place.ts";
import { PERMANENT_OPTIONS } from "../../stores/journal/run_journal.ts";

/** Long enough that one user never gets the same name for two runs. */
const HASH_DIGITS = 8;

/**
 * The configuration and the files of a command, with the name of a journal in each place of a database: the one from
 * `--name`, or, for a journal that the command writes, one made from exchange, symbol and options. A file without a
 * name stays the database as a whole. Throws a ConfigError for a name that fits no place.
 */
export function withJournalNames(
  command: CommandName,
  config: Config,
  files: readonly string[],
): { readonly config: Config; readonly files: readonly string[] } {
  const { name, state } = config;
  const mistakes = files.filter(isInDatabase).flatMap(mistakeIn);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const writes = ["run", "demo", "backtest", "doctor", "config"].includes(command);
  if (name !== null && !(writes ? [state] : files).some(isInDatabase)) {
    const place = writes ? "--state postgres://…" : "a journal in postgres://…";
    throw new ConfigError([
      `--name is "${name}": expected ${place} as well, as a file has its own name`,
    ]);
  }
  return {
    config: writes && isInDatabase(state)
      ? { ...config, state: named(state, name, () => defaultName(command, config)) }
      : config,
    files: files.map((file) => isInDatabase(file) && name !== null ? named(file, name) : file),
  };
}

/** What is wrong with a place in a database. */
function mistakeIn(place: string): string[] {
  try {
    readDatabasePlace(place);
    return [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [`${withoutPassword(place)}: expected ${error.message}`];
  }
}

/** A place with the journal that it names, or else the given one. */
function named(place: string, name: string | null, otherwise?: () => string): string {
  const own = /#./.test(place) ? readDatabasePlace(place).journal : null;
  if (own !== null && name !== null && own !== name) {
    throw new ConfigError([
      `--name is "${name}", but the place names the journal "${own}": expected one of them`,
    ]);
  }
  return own === null ? withJournal(place, name ?? otherwise!()) : place;
}

/**
 * A name that stays the same as long as the run in the journal can be resumed. It depends on the options that cannot
 * change in a run and differ from their defaults.
 */
function defaultName(command: CommandName, config: Config): string {
  const shown = shownConfig(config);
  const differing = PERMANENT_OPTIONS.flatMap((option) => {
    const value = shown[option];
    const isDefault = value === undefined ||
      value === valueOf({ strategy: shown["strategy"] }, option as OptionName);
    return isDefault || option === "exchange" || option === "symbol" ? [] : [[option, value]];
  });
  const market = command === "demo" || command === "backtest" ? command : config.exchange;
  const digest = hash("sha256", JSON.stringify(differing)).slice(0, HASH_DIGITS);
  return `${market}-${config.symbol}-${digest}`;
}

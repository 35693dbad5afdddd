/** The command line that repeats a run. */
import type { CommandName } from "./command_name.ts";
import { shownValue } from "./configuration.ts";
import { optionWord } from "../domain/process/config_error.ts";
import { defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { isStrategyOption, strategyReading } from "./strategy_options.ts";

/** Options that say where results go, but do not change them. */
const OUTPUTS: readonly OptionName[] = [
  ...["out", "report", "state", "json", "logLevel", "logFormat", "config"] as const,
];

/** A word that needs no quotes in any shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * The command line, for a shell: the files, and every option that differs from its default. `shown`
 * is a configuration as events show it.
 *
 * @example
 * ```ts
 * import { commandLine } from "./command_line.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(
 *   commandLine("backtest", ["my trades.csv"], { symbol: "ETHUSDT", short: 20, long: 60 }),
 *   "penstock backtest 'my trades.csv' --symbol ETHUSDT --long 60",
 * );
 * assertEquals(
 *   commandLine("backtest", ["a.csv"], { strategy: "bollinger", period: 20, width: "3" }),
 *   "penstock backtest a.csv --strategy bollinger --width 3",
 * );
 * ```
 */
export function commandLine(
  command: CommandName,
  files: readonly string[],
  shown: Readonly<Record<string, unknown>>,
): string {
  const words = ["penstock", command, ...files.map(quoted)];
  const chosen = String(shown["strategy"] ?? OPTIONS.strategy.default);
  for (const name of OPTION_NAMES) {
    const { commands, value: placeholder } = OPTIONS[name];
    const value = shown[name];
    if (value === undefined || value === null || OUTPUTS.includes(name)) continue;
    if (!(commands as readonly CommandName[]).includes(command)) continue;
    const text = value === true ? "on" : value === false ? "off" : String(value);
    const usual = isStrategyOption(name)
      ? strategyReading(chosen, name)?.default
      : defaultText(name, command);
    if (usual != null && (text === usual || value === shownValue(OPTIONS[name].read(usual)))) continue;
    words.push(`--${optionWord(name)}`);
    if (placeholder !== null) words.push(quoted(text));
  }
  return words.join(" ");
}

function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

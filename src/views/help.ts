/** The texts of --help. */
import { type CommandName, COMMANDS } from "../domain/command_name.ts";
import { DEFAULT_JOURNAL, defaultText, kebab, OPTION_NAMES, OPTIONS } from "../domain/options.ts";

const EXIT_CODES =
  `Exit codes: 0 done or stopped by you · 1 unexpected failure · 2 wrong usage or configuration
3 unusable input data · 4 exchange out of reach (--attempts) · 5 a verification found a difference
130 ended at once, by a second Ctrl-C or SIGTERM`;

/** What is said of a command besides its options: how it is called, and examples. */
const USAGE: Partial<Record<CommandName, string>> = {
  backtest:
    `penstock backtest FILE... reads recorded trades; "-" is standard input. Plain, .gz or .zip, told by content.

  penstock backtest --symbol ETHUSDT ETHUSDT-trades-2025-01-*.zip
                                                      Binance public data, trades or aggTrades, spot or futures
  penstock backtest data/today.txt.gz                 what a run with --record kept; or Binance messages, one a line
  penstock backtest trades.csv --models --out r.json  three fill models side by side; the result as JSON`,
  status: `penstock status [JOURNAL] reads while a run writes; without a name, ${DEFAULT_JOURNAL}.

  penstock status                                     how the run stands, as a table
  penstock status data/penstock.db --json             the same as one JSON object
  penstock status data/penstock.db --max-age 60s      a health check: exit code 0 while a process gives signs of life`,
  doctor: `penstock doctor takes the options that a run is to have, and says whether it would work here.

  penstock doctor                                     permissions, hosts, clock, data folder and journal, as a table
  penstock doctor --json                              the same as one JSON object; exit code 0 or 1 either way`,
  verify:
    `penstock verify JOURNAL RECORDING... says in one line what is proven, or shows the first difference.

  penstock verify data/penstock.db data/monday.txt.gz data/tuesday.txt.gz
                                                      the recordings in the order in which they were made`,
  export: `penstock export [JOURNAL] writes to standard output; without a name, ${DEFAULT_JOURNAL}.

  penstock export > fills.csv                         the fills of the last run
  penstock export data/penstock.db --closed --run all > closed.csv
                                                      the closed positions of all runs, for a tax form`,
};

/** Help for the program. */
export function programHelp(version: string): string {
  const commands = Object.entries(COMMANDS).map(([name, what]) => `  penstock ${name.padEnd(10)} ${what}`);
  return `Penstock ${version}: paper trading you can trust

${commands.join("\n")}

"penstock COMMAND --help" lists a command's options; "penstock --version" prints the version.
${EXIT_CODES}
`;
}

/** Help for one command. */
export function commandHelp(command: CommandName): string {
  const names = OPTION_NAMES.filter((name) => OPTIONS[name].commands.includes(command));
  const rows = names.map((name) => {
    const { value, help } = OPTIONS[name];
    const byDefault = defaultText(name, command);
    const shown = byDefault === null || value === null ? "" : ` (${byDefault})`;
    return [`--${kebab(name)}${value === null ? "" : ` ${value}`}`, `${help}${shown}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const options = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  const usage = USAGE[command] === undefined ? "" : `${USAGE[command]}\n\n`;
  return `penstock ${command}: ${COMMANDS[command]}

${usage}${options.join("\n")}

Defaults are in parentheses. Durations are 250ms, 30s, 5m, 24h; a bare number is milliseconds.
${EXIT_CODES}
`;
}

/** The texts of --help. */
import type { BuildLimits } from "../domain/command.ts";
import { type CommandName, COMMANDS } from "../domain/command_name.ts";
import { DEFAULT_JOURNAL, defaultText, kebab, OPTION_NAMES, OPTIONS } from "../domain/options.ts";
import { asSentence } from "../domain/permission_advice.ts";

const EXIT_CODES =
  `Exit codes: 0 done or stopped by you · 1 unexpected failure · 2 wrong usage or configuration
3 unusable input data · 4 exchange out of reach (--attempts) · 5 a verification found a difference
130 ended at once, by a second Ctrl-C or SIGTERM`;

/** No line is longer, in columns. */
const WIDTH = 100;

/** How a command is called, and examples. */
const USAGE: Partial<Record<CommandName, string>> = {
  backtest: `penstock backtest FILE... reads recorded trades; "-" is standard input.
Plain, .gz or .zip: the content decides, not the name.

  penstock backtest --symbol ETHUSDT ETHUSDT-trades-2025-01-*.zip
                            Binance public data, trades or aggTrades, spot or futures
  penstock backtest data/today.txt.gz
                            what a run with --record kept; or Binance messages, one a line
  penstock backtest data/recordings/
                            all recordings of the symbol in a folder, oldest first
  penstock backtest trades.csv --models --out result.json
                            three fill models side by side; the result as JSON`,
  status: `penstock status [JOURNAL] reads while a run writes; without a name, ${DEFAULT_JOURNAL}.

  penstock status           how the run stands, as a table
  penstock status data/penstock.db --json
                            the same as one JSON object
  penstock status data/penstock.db --max-age 60s
                            a health check: exit code 0 while a process works on the run
  penstock status data/penstock.db --max-age 60s --fail-on-halt
                            the same, and exit code 1 while the run is halted`,
  halt: `penstock halt JOURNAL halts the run within a second. While no process works on the run, the
request is kept: the next start halts before it trades.

  penstock halt data/penstock.db
                            no more buys
  penstock halt data/penstock.db --flatten --reason "feed looks wrong"
                            sells the position with the next trade, then trades nothing`,
  release: `penstock release JOURNAL --reason TEXT ends the halt within a second, or at once in the journal
while no process works on the run. Losses are counted from that moment on.

  penstock release data/penstock.db --reason "checked against the exchange"`,
  resume: `penstock resume is penstock release under another name: see "penstock release --help".`,
  doctor: `penstock doctor takes the options of a run, and says whether that run would work here.

  penstock doctor           permissions, hosts, clock, data folder and journal, as a table
  penstock doctor --json    the same as one JSON object; exit code 0 or 1 either way`,
  verify:
    `penstock verify JOURNAL RECORDING... says in one line what is proven, or shows the first difference.

  penstock verify data/penstock.db data/recordings/
                            the recordings of the run in a folder
  penstock verify data/penstock.db data/monday.txt.gz data/tuesday.txt.gz
                            the recordings in the order in which they were made`,
  export: `penstock export [JOURNAL] writes to standard output; without a name, ${DEFAULT_JOURNAL}.

  penstock export > fills.csv
                            the fills of the last run
  penstock export data/penstock.db --closed --run all > closed.csv
                            the closed positions of all runs, for a tax form
  penstock export data/penstock.db --copy data/monday.db
                            a backup, complete even while a run writes`,
};

/** Help for the program; `limits` are those of a compiled one. */
export function programHelp(version: string, limits: BuildLimits | null = null): string {
  const commands = (Object.keys(COMMANDS) as CommandName[]).map((name) =>
    `  penstock ${name.padEnd(10)} ${limits?.missing.get(name) ?? COMMANDS[name]}`
  );
  return `Penstock ${version}: paper trading you can trust

${commands.join("\n")}

${
    limits === null
      ? ""
      : `${limits.reach}\n`
  }"penstock COMMAND --help" lists a command's options; "penstock --version" prints the version.
${EXIT_CODES}
`;
}

/** Help for one command; `limits` are those of a compiled program. */
export function commandHelp(command: CommandName, limits: BuildLimits | null = null): string {
  const names = OPTION_NAMES.filter((name) => OPTIONS[name].commands.includes(command));
  const rows = names.map((name) => {
    const { value, help } = OPTIONS[name];
    const byDefault = defaultText(name, command);
    const shown = byDefault === null || value === null ? "" : ` (${byDefault})`;
    return [`--${kebab(name)}${value === null ? "" : ` ${value}`}`, `${help}${shown}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const indent = width + 4;
  const options = rows.map(([left, right]) =>
    `  ${left.padEnd(width)}  ${filled(right, WIDTH - indent).join(`\n${" ".repeat(indent)}`)}`
  );
  const usage = USAGE[command] === undefined ? "" : `${USAGE[command]}\n\n`;
  const missing = limits?.missing.get(command);
  const here = limits === null ? "" : `${missing === undefined ? limits.reach : asSentence(missing)}\n\n`;
  return `penstock ${command}: ${COMMANDS[command]}

${here}${usage}${options.join("\n")}

Defaults are in parentheses. Durations are 250ms, 30s, 5m, 24h; a bare number is milliseconds.
${EXIT_CODES}
`;
}

/** The words of `text` in lines of at most `width` columns; a longer word has a line of its own. */
function filled(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

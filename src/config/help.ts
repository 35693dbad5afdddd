/** The texts of --help. */
import { asSentence, type BuildLimits } from "../domain/process/permission_advice.ts";
import { type CommandName, COMMANDS } from "./command_name.ts";
import { FAULT_KINDS } from "../domain/market/fault_kinds.ts";
import { type Option, OPTION_GROUPS, type OptionGroup } from "./option.ts";
import { DEFAULT_JOURNAL, defaultText, OPTION_NAMES, OPTIONS } from "./options.ts";
import { optionWord } from "../domain/process/config_error.ts";

/** The exit codes of commands. */
type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: "done, or stopped by you",
  1: "failure",
  2: "wrong usage or configuration",
  3: "unusable input data",
  4: "exchange out of reach (--attempts)",
  5: "verify or compare found a difference",
  130: "ended at once by a second Ctrl-C or SIGTERM",
};

/** The codes of each command, with its own wording where the one above does not fit. */
const EXITS: Readonly<Record<CommandName, readonly (ExitCode | readonly [ExitCode, string])[]>> = {
  run: [0, 1, 2, 4, 130],
  demo: [0, 1, 2, 4, 130],
  exchange: [0, 1, 2, 130],
  backtest: [0, 1, 2, 3, 130],
  sweep: [0, 1, 2, 3, 130],
  worker: [[0, "stopped by you, or with --until-empty no task is left"], 1, 2, 130],
  status: [[0, "done, or healthy"], [1, "failure, or the health check fails"], 2],
  watch: [[0, "stopped by you"], 1, 2, 130],
  doctor: [[0, "all checks pass, or stopped by you"], [1, "a check fails"], 2, 130],
  export: [[0, "done"], 1, 2],
  report: [[0, "done"], 1, 2, 3],
  compare: [[0, "the same"], 1, 2, 3, [5, "something differs"]],
  halt: [0, 1, 2, 130],
  release: [0, 1, 2, 130],
  resume: [0, 1, 2, 130],
  verify: [[0, "verified"], 1, 2, 3, [5, "a difference was found"], [130, "stopped before the end"]],
  config: [[0, "done"], 1, 2],
};

/** The longest line, in columns. */
const WIDTH = 80;

/** How a command is called, and examples. */
const USAGE: Readonly<Record<CommandName, string>> = {
  run: `penstock run trades on paper until you stop it: no keys, no real orders.

  penstock run --symbol ETHUSDT
                            started again after a stop or a crash, the run is
                            resumed from its journal
  penstock run --bars 1h --short 10 --long 30
                            averages of bars of an hour, not of single trades
  penstock run --record data/recordings/
                            keeps every received frame, for backtest and verify`,
  demo: `penstock demo starts the built-in exchange on this machine and trades on it.
Only the trades are made up: WebSocket and REST client, averages, risk limits,
fills and journal are the same as in "penstock run". The same --seed and --rate
make the same trades, and so the same signals and fills.

  penstock demo --speed 60 --bars 1m --short 2 --long 5
                            an hour in a minute: bars of one minute close every
                            second, and the first order fills within ten
  penstock demo --for 30s   half a minute, then the summary
  penstock demo --rate 500 --faults random
                            a busy market, and connections that break`,
  exchange: `penstock exchange speaks Binance's WebSocket and REST protocols on 127.0.0.1,
until you stop it.

  penstock exchange --port 9001
                            then, elsewhere: penstock run --state none
                              --endpoint ws://127.0.0.1:9001
                              --rest-endpoint http://127.0.0.1:9001
  penstock exchange --serve data/today.txt.gz --speed 60
                            the trades of a recording, an hour in a minute`,
  config: `penstock config takes the options of a run.

  penstock config --long 200
                            each value, and where it comes from: default, file
                            or command line
  penstock config --long 200 --json > long.json
                            a file for --config, without what the exchange or a
                            command decides`,
  backtest: `penstock backtest FILE... reads recorded trades and treats them as "penstock
run" treats live ones: the same averages, risk limits, fills and books. "-" is
standard input. Files may be plain, .gz or .zip: the content decides, not the
name. Trades, or Binance's klines; a CSV of your own starts with a line that
names the columns id,price,qty,time,is_buyer_maker.

  penstock backtest --symbol ETHUSDT ETHUSDT-trades-2025-01-*.zip
                            Binance public data, trades or aggTrades, spot or
                            futures
  penstock backtest --bars 15m --short 20 --long 50 BTCUSDT-trades-2025-01-*.zip
                            averages of bars of a quarter of an hour
  penstock backtest data/today.txt.gz
                            what a run with --record kept; or Binance messages,
                            one per line
  penstock backtest data/recordings/
                            all recordings of the symbol in a folder, oldest
                            first
  penstock backtest trades.csv --models --out result.json
                            three fill models side by side; the result as JSON`,
  sweep: `penstock sweep FILE... backtests every combination of some options in one pass
over the files, and ranks them. Any option about trading, risk, orders or the
instrument takes a list (5,10,20), a range (5..100:5) or both. Each row is what
"penstock backtest" with its options gives. The last option varies fastest.

  penstock sweep trades.csv --short 5..50:5 --long 20..200:20
                            all pairs of windows with short below long
  penstock sweep trades.csv --bars 1m,5m,15m --stop-loss 1%,2% --test 30%
                            chosen by the first 70 % of the trades, shown on
                            the other 30 % as well
  penstock sweep trades.csv --short 5..50:5 --walk-forward 6 --out sweep.json
                            chosen in each of six windows, traded in the next
  penstock sweep trades.csv --short 5..50:5 --long 20..200:20 --report page.html
                            one HTML page: maps, the best rows, the figures
                            against luck, and full reports of the best
  penstock sweep trades.csv --short 5..50:5 --part 3/8 --out part-3.json
                            one eighth of the configurations, on one machine
  penstock sweep --join part-*.json --report page.html
                            all eighths together, as if on one machine
  penstock sweep trades.csv --short 5..50:5 --queue postgres://ann@db.lan/work
                            computed by every "penstock worker" of that database`,
  worker: `penstock worker postgres://USER@HOST:PORT/DATABASE takes tasks of sweeps from
the queue in that database and computes them, on any number of machines. It
needs the version of Penstock that the sweep has, and the files of the sweep.

  penstock worker postgres://ann@db.lan/work
                            until you stop it; files from ./data
  penstock worker postgres://ann@db.lan/work --data data/trades --until-empty
                            ends when no task is left, as a Job of Kubernetes
                            must`,
  status: `penstock status [JOURNAL] works while a run writes to the journal; the default
is ${DEFAULT_JOURNAL}.

  penstock status           the state of the run, as a table
  penstock status data/penstock.db --json
                            the same as one JSON object
  penstock status data/penstock.db --max-age 60s
                            a health check: exit code 0 while the run is alive
  penstock status data/penstock.db --max-age 60s --fail-on-halt
                            the same, and exit code 1 while the run is halted`,
  report: `penstock report FILE writes one HTML page that loads nothing, for a browser.
FILE is a result of "penstock backtest --out" or "penstock sweep --out", or a
journal, even while a run writes to it.

  penstock report result.json
                            the page that "penstock backtest --report" writes,
                            as result.html
  penstock report sweep.json
                            the page of a sweep, with commands in place of the
                            full reports of the best
  penstock report data/penstock.db --run 2 --out data/second.html
                            the second run of a journal`,
  compare: `penstock compare A B shows how two runs differ: options, figures with the
difference, and the first event that is not the same. A and B are results of
"penstock backtest --out", sweeps of "penstock sweep --out" or journals, in any
mix. How long a run took, where its files are and which version made it do not
count.

  penstock compare yesterday.json today.json
                            the same backtest by another version
  penstock compare result.json data/penstock.db
                            a backtest of a recording, and the run that made it
  penstock compare a.json b.json --json > differences.json
                            everything as one JSON object`,
  halt: `penstock halt JOURNAL halts the run within a second. If the run is stopped, the
halt is kept in its journal, and the next start halts before it trades.

  penstock halt data/penstock.db
                            no more buys
  penstock halt data/penstock.db --flatten --reason "feed looks wrong"
                            sells the position with the next trade, then trades
                            nothing`,
  release: `penstock release JOURNAL --reason TEXT ends the halt within a second, even of a
run that is stopped. Loss limits count from that moment on.

  penstock release data/penstock.db --reason "checked against the exchange"`,
  resume: `penstock resume is penstock release under another name: see "penstock release
--help".`,
  watch: `penstock watch [JOURNAL...] serves a live page, health and metrics of the runs
that write these journals; the default is ${DEFAULT_JOURNAL}. It only reads, and
does not affect the runs.

  penstock watch            the page is at http://127.0.0.1:8080
  penstock watch data/btc.db data/eth.db --listen 127.0.0.1:8090
                            two runs on one page
  penstock watch --listen 0.0.0.0:8080 --host desk.lan --token data/watch.token
                            from other machines too, for those who have the
                            token
  penstock watch --notify ntfy://ntfy.sh/TOPIC
                            alarms when the run halts, stops, dies or is
                            disconnected for long
  penstock watch --ping https://hc-ping.com/{token} 1m --notify-tokens FILE
                            a dead man's switch`,
  doctor: `penstock doctor takes the options of a run and checks whether that run would
work here.

  penstock doctor           checks permissions, hosts, clock, data folder and
                            journal
  penstock doctor --json    the same as one JSON object; exit code 0 or 1 either
                            way`,
  verify: `penstock verify JOURNAL RECORDING... prints what is proven, or the first
difference.

  penstock verify data/penstock.db data/recordings/
                            the recordings of the run in a folder
  penstock verify data/penstock.db data/monday.txt.gz data/tuesday.txt.gz
                            the recordings, oldest first`,
  export: `penstock export [JOURNAL|RESULT] writes to standard output; the default is
${DEFAULT_JOURNAL}. A result is what penstock backtest --out wrote.

  penstock export > fills.csv
                            the fills of the last run
  penstock export data/penstock.db --closed --run all > closed.csv
                            the closed positions of all runs, for a tax form
  penstock export --trips --format parquet > trips.parquet
                            round trips, for DuckDB or pandas
  penstock export result.json --equity > equity.csv
                            the equity curve of a backtest
  penstock export data/penstock.db --copy data/monday.db
                            a backup, complete even while a run writes`,
};

/** How to call the commands without a compiled program. */
const IN_A_COPY = ` In a copy of the repository, "penstock" is "deno task".`;

/** Help for the program; `limits` are those of a compiled one. */
export function programHelp(version: string, limits: BuildLimits | null = null): string {
  const commands = rowsOf(
    (Object.keys(COMMANDS) as CommandName[]).map((name) =>
      [`penstock ${name}`, limits?.missing.get(name) ?? COMMANDS[name]] as const
    ),
  );
  const codes = Object.keys(EXIT_CODES).map((code) => Number(code) as ExitCode);
  return `Penstock ${version}: paper trading you can trust

${commands.join("\n")}

${
    limits === null
      ? ""
      : `${limits.reach}\n`
  }"penstock COMMAND --help" lists a command's options; "penstock --version" prints
the version.${limits === null ? IN_A_COPY : ""}
${exitCodes(codes)}
`;
}

/** Help for one command; `limits` are those of a compiled program. */
export function commandHelp(command: CommandName, limits: BuildLimits | null = null): string {
  const missing = limits?.missing.get(command);
  const here = limits === null ? "" : `${missing === undefined ? limits.reach : asSentence(missing)}\n\n`;
  const takesFaults = OPTIONS.faults.commands.some((name) => name === command);
  const faults = !takesFaults ? "" : `\n--faults takes a comma-separated list of these; each happens after
trade N:\n${rowsOf(Object.values(FAULT_KINDS)).join("\n")}\n`;
  const title = filled(`penstock ${command}: ${COMMANDS[command]}`.split(" "), WIDTH).join("\n");
  return `${title}

${here}${USAGE[command]}

${optionLines(command).join("\n")}
${faults}
Defaults are in parentheses. Durations are 250ms, 30s, 5m, 24h; a bare number is
milliseconds.${limits === null ? IN_A_COPY : ""}
${exitCodes(EXITS[command])}
`;
}

/** A command with no more options than this needs no headings. */
const FEW = 10;

/** The options of a command in the table's order, under the headings of their groups. */
function optionLines(command: CommandName): string[] {
  const names = OPTION_NAMES.filter((name) => OPTIONS[name].commands.includes(command));
  const lines = rowsOf(names.map((name) => {
    const { value, help, helpOf, shownDefault }: Option<unknown, string | null> = OPTIONS[name];
    const byDefault = shownDefault ?? defaultText(name, command);
    const shown = byDefault === null || value === null ? "" : ` (${byDefault})`;
    return [
      `--${optionWord(name)}${value === null ? "" : ` ${value}`}`,
      `${helpOf?.[command] ?? help}${shown}`,
    ];
  }));
  if (names.length <= FEW) return lines;
  return names.flatMap((name, at) => {
    const group = groupIn(command, name);
    const before = names[at - 1];
    const isFirst = before === undefined || groupIn(command, before) !== group;
    return isFirst ? [...(at === 0 ? [] : [""]), OPTION_GROUPS[group], lines[at]!] : [lines[at]!];
  });
}

/** The group under which the help of a command shows an option. */
function groupIn(command: CommandName, name: keyof typeof OPTIONS): OptionGroup {
  const { group, groupOf }: Option<unknown, string | null> = OPTIONS[name];
  return groupOf?.[command] ?? group;
}

/** Each term with its explanation beside it; a long explanation continues on the next lines. */
function rowsOf(rows: readonly (readonly [term: string, explanation: string])[]): string[] {
  const width = Math.max(...rows.map(([term]) => term.length));
  const indent = width + 4;
  return rows.map(([term, explanation]) =>
    `  ${term.padEnd(width)}  ${
      filled(explanation.split(" "), WIDTH - indent).join(`\n${" ".repeat(indent)}`)
    }`
  );
}

function exitCodes(codes: readonly (ExitCode | readonly [ExitCode, string])[]): string {
  const described = codes.map((code) => typeof code === "number" ? [code, EXIT_CODES[code]] as const : code);
  const parts = described.map(([code, meaning], at) =>
    `${code} ${meaning}${at === described.length - 1 ? "" : " ·"}`
  );
  return filled([`Exit codes: ${parts[0]}`, ...parts.slice(1)], WIDTH).join("\n");
}

/** The words in lines of at most `width` columns; a longer word has its own line. */
function filled(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

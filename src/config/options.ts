/**
 * Every option: its group, its default, how its text is read, which commands take it and what help says. The command
 * line, the configuration file, `penstock config` and `--help` are all made from this table, in its order.
 */
import { ALARM_OPTIONS } from "./alarm_options.ts";
import { EACH_TRADE } from "../domain/market/bar_size.ts";
import type { CommandName } from "./command_name.ts";
import { CONNECTION_OPTIONS } from "./connection_options.ts";
import { FILE_OPTIONS } from "./file_options.ts";
import { INSTRUMENT_OPTIONS } from "./instrument_options.ts";
import { MARKET_OPTIONS } from "./market_options.ts";
import {
  amount,
  anyText,
  barSize,
  duration,
  journalName,
  journalPlace,
  oneOf,
  onOff,
  rate,
  reason,
  runNumber,
  stake,
  symbol,
  time,
  wholeNumber,
} from "./option_values.ts";
import { type Option, optionIn } from "./option.ts";
import { RISK_OPTIONS } from "./risk_options.ts";
import { SWEEP_OPTIONS } from "./sweep_options.ts";
import { STRATEGY_OPTIONS } from "./strategy_options.ts";
import { WATCH_OPTIONS } from "./watch_options.ts";

/** The journal that a live run keeps, and that commands read, unless they are given another. */
export const DEFAULT_JOURNAL = "data/penstock.db";

const HOUR = 3_600_000;
const TRADING = ["run", "demo", "backtest", "sweep", "config"] as const;
const STREAM = ["run", "demo", "config"] as const;
const BACKTEST = ["backtest"] as const;
const FILES = ["backtest", "sweep"] as const;
const JOURNAL = ["status", "export"] as const;
const ALL = ["run", "demo", "exchange", "backtest", "sweep", "doctor", "config"] as const;

const positive = amount("an amount above 0", (value) => value.gt(0));
const ONE_OBJECT = "print one JSON object instead of text";

const trading = optionIn("trading");
const input = optionIn("input");
const journal = optionIn("journal");
const end = optionIn("end");
const output = optionIn("output");

/** The table. A key is the option's name in the configuration file; the command line writes it in optionWord case. */
export const OPTIONS = {
  symbol: trading({
    default: "BTCUSDT",
    read: symbol,
    value: "SYMBOL",
    commands: ALL,
    help: "what to trade, as the exchange names it",
  }),
  bars: trading({
    default: EACH_TRADE,
    read: barSize,
    value: "SIZE",
    commands: TRADING,
    help:
      "what windows count: every trade, or bars of a duration such as 1m, of 100t (trades), 50v (base volume) " +
      "or 1000000q (quote value)",
  }),
  ...STRATEGY_OPTIONS,
  cash: trading({
    default: "10000",
    read: positive,
    value: "AMOUNT",
    commands: TRADING,
    help: "cash at the start, quote currency",
  }),
  stake: trading({
    default: "1000",
    read: stake,
    value: "AMOUNT|SHARE",
    commands: TRADING,
    help: "what a buy spends before its fee: an amount in quote currency, or with % a share of the cash",
  }),
  fee: trading({
    default: "0.001",
    read: rate,
    value: "RATE",
    commands: TRADING,
    help: "fee as a share of the notional, both sides: 0.1% or 0.001",
  }),
  from: input({
    default: null,
    read: time,
    value: "TIME",
    commands: FILES,
    help: "use only trades from this time on, such as 2025-01-31 or 2025-01-31T08:00:00Z",
  }),
  to: input({
    default: null,
    read: time,
    value: "TIME",
    commands: FILES,
    help: "use only trades before this time",
  }),
  sort: input({
    default: "off",
    read: onOff,
    value: null,
    commands: FILES,
    help: "sort files, archive members and rows by trade id, or by time where trades have no ids",
  }),
  skipBad: input({
    default: "off",
    read: onOff,
    value: null,
    commands: FILES,
    help: "count lines that cannot be read and skip them, instead of stopping at the first",
  }),
  ...FILE_OPTIONS,
  ...SWEEP_OPTIONS,
  models: input({
    default: "off",
    read: onOff,
    value: null,
    commands: BACKTEST,
    help: "also show the result under an optimistic and a pessimistic fill model",
  }),
  out: input({
    default: null,
    read: anyText,
    value: "FILE",
    commands: [...FILES, "report"],
    help: "write the result as JSON: options, metrics, fills, equity curve, drawdowns",
    helpOf: {
      sweep: "write the rows to this file: CSV if its name ends in .csv, else JSON",
      report: "where to write the page (default: FILE with .html in place of its ending)",
    },
  }),
  report: input({
    default: null,
    read: anyText,
    value: "FILE",
    commands: FILES,
    help: "write the result as one HTML page: charts, round trips, drawdowns, figures",
    helpOf: {
      sweep:
        "write the result as one HTML page: maps, the best rows, figures against luck, full reports of the best",
    },
  }),
  ...MARKET_OPTIONS,
  state: journal({
    default: "none",
    defaultOf: { run: DEFAULT_JOURNAL, doctor: DEFAULT_JOURNAL, config: DEFAULT_JOURNAL },
    read: journalPlace,
    value: "FILE|URL",
    commands: ["run", "demo", "backtest", "config", "doctor"],
    help:
      "the journal, from which the run is resumed when it is started again: a file, or postgres://… for a " +
      "database; none keeps nothing",
    helpOf: { backtest: "write a journal of the backtest to this new file; none keeps nothing" },
  }),
  name: journal({
    default: null,
    read: journalName,
    value: "NAME",
    commands: [
      ...["run", "demo", "backtest", "config", "doctor", ...JOURNAL, "report"] as const,
      ...["halt", "release", "resume", "verify"] as const,
    ],
    help:
      "the journal's name in its database, which may hold many (default: of exchange, symbol and options)",
    helpOf: {
      status: "which journal of the database (default: list them all)",
      ...Object.fromEntries(
        ["export", "report", "halt", "release", "resume", "verify"].map((
          name,
        ) => [name, "which journal of the database"]),
      ),
    },
  }),
  newRun: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: STREAM,
    help: "close the run that the journal holds and start another",
  }),
  standby: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: STREAM,
    help: "while another process holds the journal in the database, wait, and take over when its lease ends",
  }),
  lease: journal({
    default: "10s",
    defaultOf: { worker: "30s" },
    read: duration(1000, HOUR),
    value: "DURATION",
    commands: [...STREAM, "worker"],
    help: "how long the journal in the database stays with a run that the database does not hear from",
    helpOf: { worker: "how long a task stays with a worker that the database does not hear from" },
  }),
  record: journal({
    default: null,
    read: anyText,
    value: "FILE|FOLDER/",
    commands: [...STREAM, "doctor"],
    help: "write every received frame to this file (gzip if it ends in .gz), or to files in this folder",
  }),
  recordKeep: journal({
    default: null,
    read: duration(24 * HOUR, 3650 * 24 * HOUR),
    value: "DURATION",
    commands: [...STREAM, "doctor"],
    help: "delete recordings in that folder that are older than this, such as 30d (default: never)",
  }),
  run: journal({
    default: null,
    read: runNumber,
    value: "N",
    commands: [...JOURNAL, "report", "compare", "verify"],
    help: "which run of the journal; export also takes all (default: the last)",
  }),
  maxAge: journal({
    default: null,
    read: duration(1, 1000 * HOUR),
    value: "DURATION",
    commands: ["status"],
    help:
      "health check: exit code 0 if the last heartbeat is younger than this, else 1; a run writes one every 5s at least",
  }),
  failOnHalt: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["status"],
    help: "health check: exit code 1 if the run is halted; works with --max-age as well",
  }),
  format: journal({
    default: "csv",
    read: oneOf("csv", "json", "parquet"),
    value: "csv|json|parquet",
    commands: ["export"],
    help: "csv for spreadsheets, json: one object per line, or parquet, with exact decimals and times",
  }),
  closed: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["export"],
    help: "closed positions, first in, first out, instead of fills",
  }),
  trips: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["export"],
    help: "round trips, from no position to none again, instead of fills",
  }),
  signals: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["export"],
    help: "the strategy's signals instead of fills",
  }),
  equity: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["export"],
    help: "cash, position and equity at each signal and fill, instead of fills",
  }),
  copy: journal({
    default: null,
    read: anyText,
    value: "FILE",
    commands: ["export"],
    help: "copy the whole journal to a new file, even while a run writes to it, and export nothing",
  }),
  reason: journal({
    default: null,
    read: reason,
    value: "TEXT",
    commands: ["release", "resume", "halt"],
    help: "why you halt or release the run; it is kept in the journal",
  }),
  flatten: journal({
    default: "off",
    read: onOff,
    value: null,
    commands: ["halt"],
    help: "also sell the position, with the next trade",
  }),
  ...WATCH_OPTIONS,
  ...ALARM_OPTIONS,
  stopAfter: end({
    default: null,
    read: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    value: "N",
    commands: TRADING,
    help: "stop after N trades (default: never)",
  }),
  for: end({
    default: null,
    read: duration(1, 1000 * HOUR),
    value: "DURATION",
    commands: ["run", "demo", "backtest", "config", "exchange"],
    help: "stop after this time (default: never)",
  }),
  json: output({
    default: "off",
    read: onOff,
    value: null,
    commands: [
      "run",
      "demo",
      "exchange",
      "backtest",
      "sweep",
      "doctor",
      "status",
      "compare",
      "verify",
      "config",
    ],
    help: "write events to standard output, one JSON object per line",
    helpOf: {
      doctor: ONE_OBJECT,
      status: ONE_OBJECT,
      compare: ONE_OBJECT,
      verify: ONE_OBJECT,
      config: "print only the values, as a file that --config takes",
    },
  }),
  logLevel: output({
    default: "info",
    read: oneOf("debug", "info", "warn", "error"),
    value: "LEVEL",
    commands: [...ALL, "verify", "watch", "worker"],
    help: "show log lines from this level up: debug, info, warn or error",
  }),
  logFormat: output({
    default: "text",
    read: oneOf("text", "json"),
    value: "text|json",
    commands: [...ALL, "verify", "watch", "worker"],
    help: "write the log on standard error as text or as JSON",
  }),
  view: output({
    default: "log",
    read: oneOf("log", "chart"),
    value: "log|chart",
    commands: STREAM,
    help: "what to show first on a terminal: the log, or a chart; the key v shows the other",
  }),
  config: output({
    default: null,
    read: anyText,
    value: "FILE",
    commands: [...ALL, "verify", "watch", "worker"],
    help: "a JSON file of these options, in camelCase; the command line wins",
  }),
  ...RISK_OPTIONS,
  ...INSTRUMENT_OPTIONS,
  ...CONNECTION_OPTIONS,
};

/** An option's name as the configuration file writes it. */
export type OptionName = keyof typeof OPTIONS;

/** All option names, in the table's order. */
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/**
 * The complete configuration: every option's value. An option without a default is null when it is absent.
 */
export type Config = {
  readonly [K in OptionName]:
    | ReturnType<(typeof OPTIONS)[K]["read"]>
    | ((typeof OPTIONS)[K]["default"] extends string ? never : null);
};

/** The text of an option's default for `command`; null if leaving the option out has its own meaning. */
export function defaultText(name: OptionName, command: CommandName | null): string | null {
  const { default: byDefault, defaultOf }: Option<unknown, string | null> = OPTIONS[name];
  return (command === null ? undefined : defaultOf?.[command]) ?? byDefault;
}

/**
 * Every option: its default, how its text is read, which commands take it and what help says. The command line,
 * the configuration file, `penstock config` and `--help` are all made from this table.
 */
import type { CommandName } from "./command_name.ts";
import { INSTRUMENT_OPTIONS } from "./instrument_options.ts";
import {
  address,
  amount,
  anyText,
  duration,
  hostNames,
  oneOf,
  onOff,
  rate,
  runNumber,
  stake,
  symbol,
  wholeNumber,
} from "./option_values.ts";
import type { Option } from "./option.ts";
import { EXCHANGE_NAMES } from "./exchange_hosts.ts";
import { RISK_OPTIONS } from "./risk_options.ts";

/** The journal that a live run keeps, and that commands read, unless they are given another. */
export const DEFAULT_JOURNAL = "data/penstock.db";

const option = <T, const D extends string | null>(spec: Option<T, D>): Option<T, D> => spec;

/** The longest window of an average, in trades. */
export const MAX_WINDOW = 1_000_000;

const HOUR = 3_600_000;
const TRADING = ["run", "demo", "backtest", "config"] as const;
const STREAM = ["run", "demo", "config"] as const;
const LIVE = ["run", "doctor", "config"] as const;
const EXCHANGE = ["demo", "exchange"] as const;
const BACKTEST = ["backtest"] as const;
const JOURNAL = ["status", "export"] as const;
const ALL = ["run", "demo", "exchange", "backtest", "doctor", "config"] as const;

const positive = amount("an amount above 0", (value) => value.gt(0));

/** The table. A key is the option's name in the configuration file; the command line writes it in kebab case. */
export const OPTIONS = {
  symbol: option({
    default: "BTCUSDT",
    read: symbol,
    value: "SYMBOL",
    commands: ALL,
    help: "what to trade, as the exchange names it",
  }),
  short: option({
    default: "20",
    read: wholeNumber(1, 999_999),
    value: "TRADES",
    commands: TRADING,
    help: "window of the short average",
  }),
  long: option({
    default: "50",
    read: wholeNumber(2, MAX_WINDOW),
    value: "TRADES",
    commands: TRADING,
    help: "window of the long average",
  }),
  cash: option({
    default: "10000",
    read: positive,
    value: "AMOUNT",
    commands: TRADING,
    help: "cash at the start, quote currency",
  }),
  stake: option({
    default: "1000",
    read: stake,
    value: "AMOUNT|SHARE",
    commands: TRADING,
    help: "what one buy spends before its fee: quote currency, or with % a share of the cash",
  }),
  fee: option({
    default: "0.001",
    read: rate,
    value: "RATE",
    commands: TRADING,
    help: "fee as a share of the notional, both sides: 0.1% or 0.001",
  }),
  ...INSTRUMENT_OPTIONS,
  ...RISK_OPTIONS,
  exchange: option({
    default: "binance",
    read: oneOf(...EXCHANGE_NAMES),
    value: "NAME",
    commands: LIVE,
    help: `the exchange: ${EXCHANGE_NAMES.join(" or ")}`,
  }),
  endpoint: option({
    default: null,
    read: address("ws:", "wss:"),
    value: "URL",
    commands: LIVE,
    help: "another address that speaks the exchange's stream protocol",
  }),
  restEndpoint: option({
    default: null,
    read: address("http:", "https:"),
    value: "URL",
    commands: LIVE,
    help: "another address that speaks the exchange's REST protocol",
  }),
  state: option({
    default: "none",
    defaultOf: { run: DEFAULT_JOURNAL, doctor: DEFAULT_JOURNAL, config: DEFAULT_JOURNAL },
    read: anyText,
    value: "FILE",
    commands: [...TRADING, "doctor"],
    help: "the journal: started again, the run goes on from it; none keeps nothing",
  }),
  newRun: option({
    default: "off",
    read: onOff,
    value: null,
    commands: STREAM,
    help: "close the run that the journal holds and start another",
  }),
  record: option({
    default: null,
    read: anyText,
    value: "FILE|FOLDER/",
    commands: [...STREAM, "doctor"],
    help: "keep every received frame in this file, gzip when it ends in .gz, or in files of this folder",
  }),
  recordKeep: option({
    default: null,
    read: duration(24 * HOUR, 3650 * 24 * HOUR),
    value: "DURATION",
    commands: [...STREAM, "doctor"],
    help: "age at which recordings in that folder are deleted, such as 30d (default: never)",
  }),
  backfill: option({
    default: "on",
    read: onOff,
    value: "on|off",
    commands: [...STREAM, "doctor"],
    help: "fetch missed trades over REST; off: a gap restarts the averages",
  }),
  backfillMax: option({
    default: "100000",
    read: wholeNumber(1, 10_000_000),
    value: "N",
    commands: STREAM,
    help: "most trades fetched for one gap: the newest of a larger one",
  }),
  stale: option({
    default: "15s",
    read: duration(50, 24 * HOUR),
    value: "DURATION",
    commands: [...STREAM, "doctor"],
    help: "silence after which the stream is connected again; a quiet symbol is given more time",
  }),
  retryMax: option({
    default: "60s",
    read: duration(250, 24 * HOUR),
    value: "DURATION",
    commands: STREAM,
    help: "longest wait between two tries to connect",
  }),
  attempts: option({
    default: null,
    read: wholeNumber(1, 1_000_000),
    value: "N",
    commands: STREAM,
    help: "give up after N failures in a row, with exit code 4 (default: never)",
  }),
  renewAfter: option({
    default: "23h",
    read: duration(100, 24 * HOUR),
    value: "DURATION",
    commands: STREAM,
    help: "age at which a connection is replaced, before the exchange ends it at 24h",
  }),
  stopAfter: option({
    default: null,
    read: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    value: "N",
    commands: TRADING,
    help: "end after N trades have gone through the averages (default: never)",
  }),
  for: option({
    default: null,
    read: duration(1, 1000 * HOUR),
    value: "DURATION",
    commands: [...TRADING, "exchange"],
    help: "end after this time (default: never)",
  }),
  sort: option({
    default: "off",
    read: onOff,
    value: null,
    commands: BACKTEST,
    help: "put files, members of archives and rows in the order of their ids",
  }),
  skipBad: option({
    default: "off",
    read: onOff,
    value: null,
    commands: BACKTEST,
    help: "count unusable lines and go on",
  }),
  models: option({
    default: "off",
    read: onOff,
    value: null,
    commands: BACKTEST,
    help: "show what an optimistic and a pessimistic fill model make of the same trades",
  }),
  out: option({
    default: null,
    read: anyText,
    value: "FILE",
    commands: BACKTEST,
    help: "write the result as JSON: options, metrics, fills, equity curve, drawdowns",
  }),
  port: option({
    default: "9001",
    read: wholeNumber(0, 65_535),
    value: "PORT",
    commands: ["exchange"],
    help: "port on 127.0.0.1; 0 takes a free one",
  }),
  host: option({
    default: null,
    read: hostNames,
    value: "NAME,...",
    commands: ["exchange"],
    help: "names besides loopback's that clients may ask it by",
  }),
  seed: option({
    default: "1",
    read: wholeNumber(0, 4_294_967_295),
    value: "N",
    commands: EXCHANGE,
    help: "same seed, same trades",
  }),
  rate: option({
    default: "20",
    read: wholeNumber(1, 1_000_000),
    value: "N",
    commands: EXCHANGE,
    help: "trades a second on average",
  }),
  speed: option({
    default: "1",
    read: (text) => text === "max" ? Infinity : wholeNumber(1, 1_000_000)(text),
    value: "N|max",
    commands: EXCHANGE,
    help: "market time per real time; max is as fast as clients read",
  }),
  serve: option({
    default: null,
    read: anyText,
    value: "FILE",
    commands: EXCHANGE,
    help: "serve the trades of a file that backtest reads instead of made-up ones",
  }),
  faults: option({
    default: null,
    read: anyText,
    value: "LIST",
    commands: EXCHANGE,
    help: "what goes wrong and when: kind[=arg]@trade, such as drop@500,stall@900, or random",
  }),
  run: option({
    default: null,
    read: runNumber,
    value: "N",
    commands: [...JOURNAL, "verify"],
    help: "which run of the journal; export also takes all (default: the last)",
  }),
  maxAge: option({
    default: null,
    read: duration(1, 1000 * HOUR),
    value: "DURATION",
    commands: ["status"],
    help: "only say whether the last heartbeat is younger: exit code 0, else 1; a run writes one every 5s",
  }),
  failOnHalt: option({
    default: "off",
    read: onOff,
    value: null,
    commands: ["status"],
    help: "only say whether the run is halted: exit code 1 when it is; also beside --max-age",
  }),
  format: option({
    default: "csv",
    read: oneOf("csv", "json"),
    value: "csv|json",
    commands: ["export"],
    help: "csv for spreadsheets, or json: one object a line",
  }),
  closed: option({
    default: "off",
    read: onOff,
    value: null,
    commands: ["export"],
    help: "the closed positions, first in, first out, instead of the fills",
  }),
  copy: option({
    default: null,
    read: anyText,
    value: "FILE",
    commands: ["export"],
    help: "copy the whole journal to a new file, also while a run writes to it, and export nothing",
  }),
  config: option({
    default: null,
    read: anyText,
    value: "FILE",
    commands: [...ALL, "verify"],
    help: "a JSON file of these options, in camelCase; the command line wins",
  }),
  json: option({
    default: "off",
    read: onOff,
    value: null,
    commands: ["run", "demo", "exchange", "backtest", "doctor", "status", "verify"],
    help: "events on standard output, one JSON object a line",
  }),
  logLevel: option({
    default: "info",
    read: oneOf("debug", "info", "warn", "error"),
    value: "LEVEL",
    commands: [...ALL, "verify"],
    help: "least serious log record shown: debug, info, warn or error",
  }),
  logFormat: option({
    default: "text",
    read: oneOf("text", "json"),
    value: "FORMAT",
    commands: [...ALL, "verify"],
    help: "log on standard error as text or json",
  }),
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

/** The text of an option's default for `command`; null where absence means something of its own. */
export function defaultText(name: OptionName, command: CommandName | null): string | null {
  const { default: byDefault, defaultOf }: Option<unknown, string | null> = OPTIONS[name];
  return (command === null ? undefined : defaultOf?.[command]) ?? byDefault;
}

/** `minNotional` as the command line writes it: `min-notional`. */
export function kebab(name: OptionName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

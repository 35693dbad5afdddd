/** The options of the live stream and of REST requests: a part of the table in options.ts. */
import { EXCHANGE_NAMES } from "../exchanges/hosts.ts";
import { address, duration, oneOf, onOff, wholeNumber } from "./option_values.ts";
import { optionIn } from "./option.ts";

const HOUR = 3_600_000;
const STREAM = ["run", "demo", "config"] as const;
const LIVE = ["run", "doctor", "config"] as const;
const connection = optionIn("connection");

/** A key is the option's name in the configuration file. */
export const CONNECTION_OPTIONS = {
  exchange: connection({
    default: EXCHANGE_NAMES[0]!,
    read: oneOf(...EXCHANGE_NAMES),
    value: "NAME",
    commands: LIVE,
    help: `the exchange: ${EXCHANGE_NAMES.join(" or ")}`,
  }),
  endpoint: connection({
    default: null,
    read: address("ws:", "wss:"),
    value: "URL",
    commands: LIVE,
    help: "another address that speaks the exchange's stream protocol",
  }),
  restEndpoint: connection({
    default: null,
    read: address("http:", "https:"),
    value: "URL",
    commands: LIVE,
    help: "another address that speaks the exchange's REST protocol",
  }),
  backfill: connection({
    default: "on",
    read: onOff,
    value: "on|off",
    commands: [...STREAM, "doctor"],
    help: "fetch missed trades over REST; off: the averages start again after every gap",
  }),
  backfillMax: connection({
    default: "100000",
    read: wholeNumber(1, 10_000_000),
    value: "N",
    commands: STREAM,
    help: "fetch at most N trades for one gap, the newest ones",
  }),
  maxHold: connection({
    default: "2s",
    read: duration(0, HOUR),
    value: "DURATION",
    commands: STREAM,
    help: "live trades that wait longer than this, for missed ones or the journal, only move the averages",
  }),
  stale: connection({
    default: "15s",
    read: duration(50, 24 * HOUR),
    value: "DURATION",
    commands: [...STREAM, "doctor"],
    help: "connect again when nothing has arrived for this long; a quiet symbol gets more time",
  }),
  retryMax: connection({
    default: "60s",
    read: duration(250, 24 * HOUR),
    value: "DURATION",
    commands: STREAM,
    help: "longest wait between two attempts to connect",
  }),
  attempts: connection({
    default: null,
    read: wholeNumber(1, 1_000_000),
    value: "N",
    commands: STREAM,
    help: "stop after N failed attempts in a row, with exit code 4 (default: never)",
  }),
  renewAfter: connection({
    default: "23h",
    read: duration(100, 24 * HOUR),
    value: "DURATION",
    commands: STREAM,
    help: "replace a connection at this age; the exchange closes it after 24h",
  }),
};

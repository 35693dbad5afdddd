/** The options of the built-in exchange: a part of the table in options.ts. */
import { anyText, hostNames, wholeNumber } from "./option_values.ts";
import { optionIn } from "./option.ts";

const CLOCK = "how many times faster than real time the clock of the penstock exchange at --endpoint runs";
const EXCHANGE = ["demo", "exchange"] as const;
const market = optionIn("market");

/** A key is the option's name in the configuration file. */
export const MARKET_OPTIONS = {
  port: market({
    default: "9001",
    read: wholeNumber(0, 65_535),
    value: "PORT",
    commands: ["exchange"],
    help: "port on 127.0.0.1; 0 takes a free one",
  }),
  host: market({
    groupOf: { watch: "watch" },
    default: null,
    read: hostNames,
    value: "NAME,...",
    commands: ["exchange", "watch"],
    help: "more host names by which clients may reach it, besides those of loopback",
  }),
  seed: market({
    default: "1",
    read: wholeNumber(0, 4_294_967_295),
    value: "N",
    commands: EXCHANGE,
    help: "the same seed and rate make the same trades",
  }),
  rate: market({
    default: "20",
    read: wholeNumber(1, 1_000_000),
    value: "N",
    commands: EXCHANGE,
    help: "trades per second, on average",
  }),
  speed: market({
    default: "1",
    read: (text) => text === "max" ? Infinity : wholeNumber(1, 1_000_000)(text),
    value: "N|max",
    commands: [...EXCHANGE, "run", "config"],
    help: "how many times faster than real time; max: as fast as clients read",
    helpOf: { run: CLOCK, config: CLOCK },
  }),
  serve: market({
    default: null,
    read: anyText,
    value: "FILE",
    commands: EXCHANGE,
    help: "serve the trades in this file, any that backtest reads, instead of made-up ones",
  }),
  faults: market({
    default: null,
    read: anyText,
    value: "LIST",
    commands: EXCHANGE,
    help: "what goes wrong, and after which trade, such as drop@500,stall@900; the kinds are listed below",
  }),
};

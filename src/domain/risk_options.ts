/** The options of the risk gate and of how orders fill: a part of the table in options.ts. */
import { amount, duration, fraction, gain, oneOf, onOff, orderRate, reason } from "./option_values.ts";
import type { Option } from "./option.ts";

const option = <T, const D extends string | null>(spec: Option<T, D>): Option<T, D> => spec;

const TRADING = ["run", "demo", "backtest", "config"] as const;
const HOUR = 3_600_000;
const MOST = 1000 * HOUR;

/** A key is the option's name in the configuration file; absent means no limit. */
export const RISK_OPTIONS = {
  slippage: option({
    default: "0",
    read: amount("basis points from 0 to below 10000", (value) => value.lt(10_000)),
    value: "BPS",
    commands: TRADING,
    help: "basis points that a fill is worse than the trade",
  }),
  latency: option({
    default: "0",
    read: duration(0, 24 * HOUR),
    value: "DURATION",
    commands: TRADING,
    help: "time between a signal and the earliest trade that fills it",
  }),
  maxDrawdown: option({
    default: "20%",
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "halt when equity has fallen this far from its peak",
  }),
  maxDailyLoss: option({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "halt for the rest of the UTC day when equity has lost this much of what it was at 00:00",
  }),
  onHalt: option({
    default: "hold",
    read: oneOf("hold", "flatten"),
    value: "hold|flatten",
    commands: TRADING,
    help: "at a halt: keep the position and refuse buys, or sell it at once and refuse everything",
  }),
  maxPosition: option({
    default: null,
    read: amount("an amount above 0", (value) => value.gt(0)),
    value: "AMOUNT",
    commands: TRADING,
    help: "refuse a buy after which the position would be worth more, quote currency",
  }),
  maxOrders: option({
    default: null,
    read: orderRate(1_000, 1, 24 * HOUR),
    value: "N/DURATION",
    commands: TRADING,
    help: "refuse an order when N have passed within this time before it, such as 10/1m",
  }),
  cooldown: option({
    default: null,
    read: duration(1, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "refuse buys for this long after a round trip that lost",
  }),
  maxLag: option({
    default: null,
    read: duration(1, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "refuse the order of a trade that was older than this when it arrived",
  }),
  maxHold: option({
    default: "2s",
    read: duration(0, HOUR),
    value: "DURATION",
    commands: ["run", "demo", "config"],
    help: "a live trade that waited longer than this for missed ones is late",
  }),
  participation: option({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "fill at most this share of a trade's quantity, and the rest at later trades",
  }),
  orderTtl: option({
    default: null,
    read: duration(0, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "an order not filled this long after it could first have been expires with what it got",
  }),
  stopLoss: option({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "sell the position when the price is this far below its average entry",
  }),
  takeProfit: option({
    default: null,
    read: gain,
    value: "SHARE",
    commands: TRADING,
    help: "sell the position when the price is this far above its average entry",
  }),
  reason: option({
    default: null,
    read: reason,
    value: "TEXT",
    commands: ["release", "resume", "halt"],
    help: "why you halt or release the run; kept in the journal",
  }),
  flatten: option({
    default: "off",
    read: onOff,
    value: null,
    commands: ["halt"],
    help: "also sell the position, with the next trade",
  }),
};

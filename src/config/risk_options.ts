/** The options of the risk gate and of how orders fill: a part of the table in options.ts. */
import { amount, duration, fraction, gain, oneOf, orderRate } from "./option_values.ts";
import { optionIn } from "./option.ts";

const TRADING = ["run", "demo", "backtest", "sweep", "config"] as const;
const HOUR = 3_600_000;
const MOST = 1000 * HOUR;
const risk = optionIn("risk");
const orders = optionIn("orders");

/** A key is the option's name in the configuration file; absent means no limit. */
export const RISK_OPTIONS = {
  maxDrawdown: risk({
    default: "20%",
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "halt when equity has fallen this far from its peak",
  }),
  maxDailyLoss: risk({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "halt until the next UTC day when equity has lost this share of what it was at 00:00",
  }),
  stopLoss: risk({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "sell the position when the price is this far below its average entry price",
  }),
  trailingStop: risk({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "sell the position when the price is this far below its highest since the position was opened",
  }),
  takeProfit: risk({
    default: null,
    read: gain,
    value: "SHARE",
    commands: TRADING,
    help: "sell the position when the price is this far above its average entry price",
  }),
  onHalt: risk({
    default: "hold",
    read: oneOf("hold", "flatten"),
    value: "hold|flatten",
    commands: TRADING,
    help: "at a halt, hold keeps the position and refuses buys; flatten sells it and refuses every order",
  }),
  maxPosition: risk({
    default: null,
    read: amount("an amount above 0", (value) => value.gt(0)),
    value: "AMOUNT",
    commands: TRADING,
    help: "refuse a buy that would make the position worth more than this, in quote currency",
  }),
  maxOrders: risk({
    default: null,
    read: orderRate(1_000, 1, 24 * HOUR),
    value: "N/DURATION",
    commands: TRADING,
    help: "refuse an order when N were accepted within this time before it, such as 10/1m",
  }),
  cooldown: risk({
    default: null,
    read: duration(1, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "refuse buys for this long after a round trip that lost money",
  }),
  maxLag: risk({
    default: null,
    read: duration(1, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "refuse an order whose trade was older than this when it arrived",
  }),
  slippage: orders({
    default: "0",
    read: amount("basis points from 0 to below 10000", (value) => value.lt(10_000)),
    value: "BPS",
    commands: TRADING,
    help: "how much worse than the trade's price an order fills, in basis points",
  }),
  latency: orders({
    default: "0",
    read: duration(0, 24 * HOUR),
    value: "DURATION",
    commands: TRADING,
    help: "time from a signal to the first trade that can fill its order",
  }),
  fill: orders({
    default: "signal",
    read: oneOf("signal", "next"),
    value: "signal|next",
    commands: TRADING,
    help: "fill an order at the trade that caused it, or at the next one",
  }),
  participation: orders({
    default: null,
    read: fraction,
    value: "SHARE",
    commands: TRADING,
    help: "fill at most this share of a trade's quantity, and the rest at later trades",
  }),
  orderTtl: orders({
    default: null,
    read: duration(0, MOST),
    value: "DURATION",
    commands: TRADING,
    help: "let an order expire this long after it could first have filled; it keeps what has filled",
  }),
};

/**
 * The assumptions behind a result, which are its first lines: the account, its costs, the instrument's rules and the
 * limits.
 */
import { type BarSize, barSizeText } from "../../domain/market/bar_size.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { durationText } from "../../domain/numbers/duration.ts";
import { optionWord } from "../../domain/process/config_error.ts";
import { orderRateText } from "../../domain/risk/checks/max_orders.ts";
import type { FillAt, TradingParameters } from "../../domain/risk/trading_parameters.ts";
import { CashShare, type Stake, stakeText } from "../../domain/orders/stake.ts";
import { assets, type NamedAssets } from "../terminal/assets.ts";
import { money, stakeWords } from "../terminal/figures.ts";

const WIDTH = 80;
const FILLS_AT = { signal: "fills at the signal's trade", next: "fills at the next trade" } as const;
const INSTRUMENT = ["lot", "tick", "minQuantity", "maxQuantity", "minNotional", "maxNotional"] as const;
const SHARES = [
  ...["maxDrawdown", "maxDailyLoss", "stopLoss", "trailingStop", "takeProfit", "participation"],
] as const;
const DURATIONS = ["cooldown", "maxLag", "orderTtl"] as const;
const LIMITS = [...SHARES, "maxPosition", "maxOrders", ...DURATIONS] as const;
type Limit = typeof LIMITS[number];

/** The assumptions behind a result, from its configuration. Amounts in quote currency, durations in ms. */
export interface Assumed extends Pick<TradingParameters, Exclude<Limit, "orderTtl"> | "onHalt"> {
  readonly symbol: string;
  readonly bars: BarSize;
  readonly cash: Money;
  readonly stake: Stake;
  /** A fraction of the notional. */
  readonly fee: Money;
  /** Basis points. */
  readonly slippage: Money;
  readonly latency: number;
  readonly fill: FillAt;
  readonly lot: Money | null;
  readonly tick: Money | null;
  readonly minQuantity: Money | null;
  readonly maxQuantity: Money | null;
  readonly minNotional: Money | null;
  readonly maxNotional: Money | null;
  readonly orderTtl: number | null;
}

/** How orders fill: the slippage, the latency, and the first trade that may fill one. */
export interface FillParameters {
  /** Basis points, decimal text. */
  readonly slippage: string;
  readonly latencyMs: number;
  readonly fill: FillAt;
}

/** The fill parameters of a configuration. */
export function fillParametersOf({ slippage, latency, fill }: Assumed): FillParameters {
  return { slippage: plain(slippage), latencyMs: latency, fill };
}

/**
 * The lines, each indented by two spaces. With `withFillParameters` they say how orders fill. `named` are the
 * exchange's names for the assets, or null.
 */
export function assumptions(
  config: Assumed,
  withFillParameters: boolean,
  named: NamedAssets | null = null,
): string[] {
  const { cash, stake, fee, onHalt, maxDrawdown, maxDailyLoss } = config;
  const { quote } = assets(config.symbol, named);
  const stakeShown = stake instanceof CashShare
    ? stakeWords(stakeText(stake))
    : `${money(plain(stake))} ${quote}`;
  const { slippage, latencyMs, fill } = fillParametersOf(config);
  const limits = LIMITS.filter((name) => config[name] !== null).map((name) => {
    return `${optionWord(name)} ${limitText(name, config)}`;
  });
  // Without a loss limit, nothing halts a backtest.
  if (maxDrawdown !== null || maxDailyLoss !== null) limits.push(`on-halt ${onHalt}`);
  return [
    ...wrapped("", [
      `start cash ${money(plain(cash))} ${quote}`,
      `stake ${stakeShown}`,
      config.bars.by === "trade" ? "each trade is a bar" : `bars of ${barSizeText(config.bars)}`,
    ]),
    ...wrapped("", [
      `fee ${percentText(fee)}`,
      ...(withFillParameters
        ? [`slippage ${slippage} bp`, `latency ${durationText(latencyMs)}`, FILLS_AT[fill]]
        : []),
    ]),
    ...wrapped(
      "",
      INSTRUMENT.filter((name) => config[name] !== null).map((name) =>
        `${optionWord(name)} ${config[name] && plain(config[name])}`
      ),
    ),
    ...wrapped("limits: ", limits.length === 0 ? ["none"] : limits),
  ];
}

/** A line of assumptions for people. A result keeps the latency in the form of the option: `latency 100ms`. */
export function withSpacedLatency(line: string): string {
  return line.replace(/\b(latency \d+)([a-z])/, "$1 $2");
}

/** The parts, separated by commas, in as many lines as they need. All lines but the first are indented further. */
export function wrapped(title: string, parts: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `  ${title}`;
  for (const [at, part] of parts.entries()) {
    const text = at === parts.length - 1 ? part : `${part},`;
    const isFirst = line === `  ${title}` || line === "   ";
    if (!isFirst && line.length + 1 + text.length > WIDTH) {
      lines.push(line);
      line = "   ";
    }
    line += line === `  ${title}` ? text : ` ${text}`;
  }
  return [...lines, line];
}

function limitText(name: Limit, config: Assumed): string {
  const value = config[name];
  if (value instanceof Money) {
    return SHARES.some((share) => share === name) ? percentText(value) : plain(value);
  }
  if (typeof value === "number") return durationText(value);
  return value === null ? "none" : orderRateText(value);
}

/** A fraction in percent, with all its digits. */
function percentText(fraction: Money): string {
  return `${plain(fraction.times(100))} %`;
}

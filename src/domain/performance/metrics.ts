/**
 * The results of a backtest: the figures a trader judges a strategy by.
 *
 * Every formula is a function of its own. Quotients of money are exact decimals to 100 digits; ratios of returns are
 * doubles that take only additions, multiplications, divisions and square roots, which IEEE 754 defines to the last
 * bit, so that the same trades give the same text everywhere. A figure that does not exist is null, never 0. Figures
 * computed from sampled returns are right to six digits, and show no more.
 *
 * The returns are simple returns of equity, sampled by the day, hour or minute (see `SampledEquity`). A year has 365
 * days of 24 hours, since these markets never close. The risk-free rate and the target return are zero.
 */
import type { SampledEquity, Sampling } from "./equity_curve.ts";
import { amountText, fractionText, meanMilliseconds, Money, plain, sampledText } from "../numbers/money.ts";
import type { RoundTripTotals } from "./round_trips.ts";
import { annualizedVolatility, sharpe, sortino } from "./sampled_ratios.ts";
import { DAY, isoTime } from "../numbers/time.ts";

/** When a trade was, µs since 1970, and its price, quote currency. */
export interface PricedTime {
  readonly time: number;
  readonly price: Money;
}

/** The first and the last trade of a symbol. */
export interface TradeSpan {
  readonly first: PricedTime;
  readonly last: PricedTime;
}

/** A fall of equity from a peak to the trough after it. */
export interface EquityFall {
  /** Equity at the peak, quote currency; above zero. */
  readonly peak: Money;
  /** Peak less trough, quote currency; above zero. */
  readonly amount: Money;
  /** Time of the peak and of the trough, µs since 1970. */
  readonly from: number;
  readonly to: number;
}

/** What the metrics are computed from. Amounts in quote currency. */
export interface MetricsInput {
  /** At the start. */
  readonly cash: Money;
  /** At the end: cash plus the position at the last price. */
  readonly equity: Money;
  /** Profit of everything sold, after the fees of both sides. */
  readonly realized: Money;
  /** All fees paid. */
  readonly fees: Money;
  /** The first and the last trade of the input; null when there was none. */
  readonly trades: TradeSpan | null;
  /** Those of the other symbols that the account trades; absent for none. */
  readonly others?: readonly TradeSpan[];
  readonly roundTrips: RoundTripTotals;
  /** Mean share of the money in the position while there is one, a fraction; null when none was held. */
  readonly exposure: Money | null;
  readonly sampled: Pick<SampledEquity, "sampling" | "returns">;
  /** The fall that is the largest fraction of its peak; null when equity never fell. */
  readonly drawdown: EquityFall | null;
  /** The longest time below a peak, µs; null when equity never fell. */
  readonly longestUnderWater: number | null;
}

/** An amount of money, quote currency, as plain decimal text, or null if there is none. */
type Amount = string | null;
/** A ratio as plain decimal text, 8 decimals, half to even, or null if it does not exist. */
type Ratio = string | null;
/** A ratio of sampled returns as plain decimal text, six significant digits, or null if it does not exist. */
type Sampled = string | null;

/**
 * The metrics as the summary and the result file have them, in this order. Sums of money are exact; averages
 * have 8 decimals, half to even.
 */
export interface Metrics {
  /** Equity at the end less the start cash, an open position included; realized plus open profit. */
  readonly netProfit: string;
  readonly realizedProfit: string;
  /** Of the position still open, its fees so far included; 0 without one. */
  readonly openProfit: string;
  readonly grossProfit: string;
  /** Zero or negative. */
  readonly grossLoss: string;
  readonly fees: string;
  readonly roundTrips: number;
  readonly wins: number;
  readonly losses: number;
  readonly breakEven: number;
  readonly winRate: Ratio;
  readonly averageWin: Amount;
  readonly averageLoss: Amount;
  readonly largestWin: Amount;
  readonly largestLoss: Amount;
  readonly profitFactor: Ratio;
  readonly expectancy: Amount;
  readonly payoffRatio: Ratio;
  readonly longestWinningStreak: number;
  readonly longestLosingStreak: number;
  /** The mean is rounded to whole microseconds. */
  readonly holdingTimeMs:
    | { readonly shortest: number; readonly mean: number; readonly longest: number }
    | null;
  readonly timeInMarket: Ratio;
  readonly maxDrawdown: {
    readonly fraction: string;
    readonly amount: string;
    /** These three are null if the fall is too small to be a drawdown period. */
    readonly from: string | null;
    readonly to: string | null;
    readonly lengthMs: number | null;
  } | null;
  readonly longestUnderWaterMs: number | null;
  readonly return: Ratio;
  readonly buyAndHoldReturn: Ratio;
  /** Return less the return of buy and hold. */
  readonly excessReturn: Ratio;
  /** Mean share of the money in the position while there is one. */
  readonly exposure: Ratio;
  /** What holding that share of the money from the first trade to the last would have returned. */
  readonly buyAndHoldAtExposure: Ratio;
  /** Return less that. */
  readonly excessAtExposure: Ratio;
  readonly annualizedReturn: Ratio;
  readonly annualizedVolatility: Sampled;
  readonly sharpe: Sampled;
  readonly sortino: Sampled;
  readonly calmar: Ratio;
  readonly sqn: Ratio;
  /** The period of the returns behind volatility, Sharpe and Sortino; null if no annualized figure exists. */
  readonly sampling: Sampling | null;
}

const YEAR = 365 * DAY;

/** With fewer returns, or in less than a day, annual figures would be noise. */
const FEWEST_RETURNS = 30;

/** How many returns a year has, by the period of each. */
export const PERIODS_PER_YEAR: Readonly<Record<Sampling, number>> = { "1d": 365, "1h": 8_760, "1m": 525_600 };

/** The period of the returns that annual figures are computed from; `span` is from the first trade to the last, µs. */
export function annualSampling(
  { returns, sampling }: Pick<SampledEquity, "returns" | "sampling">,
  span: number,
): Sampling | null {
  return span < DAY || returns.length < FEWEST_RETURNS ? null : sampling;
}

/** All metrics of one run. */
export function metrics(
  {
    cash,
    equity,
    realized,
    fees,
    trades,
    others = [],
    roundTrips,
    exposure,
    sampled,
    drawdown,
    longestUnderWater,
  }: MetricsInput,
): Metrics {
  const { count, wins, losses, breakEven, grossProfit, grossLoss, holding } = roundTrips;
  const { returns } = sampled;
  const net = equity.minus(cash);
  const spans = trades === null ? [] : [trades, ...others];
  const span = spanOf(spans);
  const sampling = annualSampling(sampled, span);
  const periods = sampling === null ? null : PERIODS_PER_YEAR[sampling];
  const earned = simpleReturn(cash, equity);
  const held = heldReturn(spans);
  const heldAtSameExposure = heldAtExposure(held, exposure);
  const annualized = periods === null ? null : annualizedReturn(cash, equity, span);
  const fallen = drawdown === null ? null : drawdown.amount.div(drawdown.peak);
  return {
    netProfit: plain(net),
    realizedProfit: plain(realized),
    openProfit: plain(net.minus(realized)),
    grossProfit: plain(grossProfit),
    grossLoss: plain(grossLoss),
    fees: plain(fees),
    roundTrips: count,
    wins,
    losses,
    breakEven,
    winRate: ratio(winRate(wins, count)),
    averageWin: amount(average(grossProfit, wins)),
    averageLoss: amount(average(grossLoss, losses)),
    largestWin: roundTrips.largestWin === null ? null : plain(roundTrips.largestWin),
    largestLoss: roundTrips.largestLoss === null ? null : plain(roundTrips.largestLoss),
    profitFactor: ratio(profitFactor(grossProfit, grossLoss)),
    expectancy: amount(expectancy(grossProfit.plus(grossLoss), count)),
    payoffRatio: ratio(payoffRatio(grossProfit, wins, grossLoss, losses)),
    longestWinningStreak: roundTrips.longestWinningStreak,
    longestLosingStreak: roundTrips.longestLosingStreak,
    holdingTimeMs: holding === null ? null : {
      shortest: holding.shortest / 1000,
      mean: meanMilliseconds(holding.total, count),
      longest: holding.longest / 1000,
    },
    timeInMarket: ratio(timeInMarket(roundTrips.timeInMarket, span)),
    maxDrawdown: drawdown === null || fallen === null ? null : {
      fraction: fractionText(fallen),
      amount: plain(drawdown.amount),
      ...timesOf(drawdown, longestUnderWater !== null),
    },
    longestUnderWaterMs: longestUnderWater === null ? null : longestUnderWater / 1000,
    return: ratio(earned),
    buyAndHoldReturn: ratio(held),
    excessReturn: ratio(excess(earned, held)),
    exposure: ratio(exposure),
    buyAndHoldAtExposure: ratio(heldAtSameExposure),
    excessAtExposure: ratio(excess(earned, heldAtSameExposure)),
    annualizedReturn: ratio(annualized),
    annualizedVolatility: sampledRatio(periods === null ? null : annualizedVolatility(returns, periods)),
    sharpe: sampledRatio(periods === null ? null : sharpe(returns, periods)),
    sortino: sampledRatio(periods === null ? null : sortino(returns, periods)),
    calmar: ratio(calmar(annualized, fallen)),
    sqn: ratio(sqn(grossProfit.plus(grossLoss), roundTrips.squares, count)),
    sampling,
  };
}

/** Winning round trips ÷ all round trips, those that broke even included; null without any. */
export function winRate(wins: number, count: number): Money | null {
  return count === 0 ? null : new Money(wins).div(count);
}

/** `sum` ÷ `count`: the average of that many wins or losses, quote currency; null without any. */
export function average(sum: Money, count: number): Money | null {
  return count === 0 ? null : sum.div(count);
}

/**
 * Gross profit ÷ |gross loss|, both after fees; null without a loss. As in TradeStation's Strategy
 * Performance Report.
 */
export function profitFactor(grossProfit: Money, grossLoss: Money): Money | null {
  return grossLoss.isZero() ? null : grossProfit.div(grossLoss.abs());
}

/**
 * The mean profit of a round trip, quote currency; null without any. It equals share of wins × average win −
 * share of losses × |average loss| (V. K. Tharp, Trade Your Way to Financial Freedom, 1998), in money instead
 * of his multiples of the initial risk, which a strategy without stops does not have.
 */
export function expectancy(profit: Money, count: number): Money | null {
  return average(profit, count);
}

/**
 * Average win ÷ |average loss|; null without a win or without a loss. N. J. Balsara, Money Management
 * Strategies for Futures Traders, 1992 (chapter 2).
 */
export function payoffRatio(
  grossProfit: Money,
  wins: number,
  grossLoss: Money,
  losses: number,
): Money | null {
  // One division, so that nothing is rounded twice.
  return wins === 0 || grossLoss.isZero() ? null : grossProfit.times(losses).div(grossLoss.abs().times(wins));
}

/** Time with a position ÷ time from the first to the last trade (both µs), at most 1; null if no time passed. */
export function timeInMarket(time: number, span: number): Money | null {
  // Above 1 only if an exchange's times went back between two round trips.
  return span <= 0 ? null : Money.min(new Money(time).div(span), 1);
}

/**
 * (end − start) ÷ start as a fraction; null unless start is above zero. C. R. Bacon 2008, chapter 2 (below).
 */
export function simpleReturn(start: Money, end: Money): Money | null {
  return start.isPositive() && !start.isZero() ? end.minus(start).div(start) : null;
}

/**
 * The return of buying for the same amount at each symbol's first trade and holding to its last: the mean of their
 * simple returns. Null without a trade.
 */
export function heldReturn(spans: readonly TradeSpan[]): Money | null {
  const returns = spans.map(({ first, last }) => simpleReturn(first.price, last.price));
  const [one = null, ...more] = returns;
  if (one === null || more.length === 0) return one;
  let sum = one;
  for (const another of more) {
    if (another === null) return null;
    sum = sum.plus(another);
  }
  return sum.div(returns.length);
}

/** From the first trade of all symbols to the last, µs; 0 without one. */
function spanOf(spans: readonly TradeSpan[]): number {
  if (spans.length === 0) return 0;
  const [firsts, lasts] = [spans.map(({ first }) => first.time), spans.map(({ last }) => last.time)];
  // A single symbol's times may step back.
  return spans.length === 1 ? lasts[0]! - firsts[0]! : Math.max(...lasts) - Math.min(...firsts);
}

/**
 * exposure × the return of buy and hold: what holding the same share of the money from the first trade to the
 * last would have returned. A fraction; null if either does not exist.
 */
export function heldAtExposure(held: Money | null, exposure: Money | null): Money | null {
  return held === null || exposure === null ? null : held.times(exposure);
}

/**
 * (end ÷ start)^(365 days ÷ span) − 1: the yearly rate that compounds to the whole return. `span` in µs, from
 * the first trade to the last. C. R. Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd
 * edition 2008, chapter 2.
 *
 * Null for spans under a day. The exponent blows up: one percent in an hour would be 7 × 10^37. (The Global
 * Investment Performance Standards, 5.A.4 of 2010, forbid it for all spans under a year, because it is a
 * projection then. Here it takes a day, so that every hour of the day counts at least once.)
 */
export function annualizedReturn(start: Money, end: Money, span: number): Money | null {
  if (span < DAY || start.isNegative() || start.isZero()) return null;
  return end.div(start).pow(new Money(YEAR).div(span)).minus(1);
}

/**
 * Annualised return ÷ maximum drawdown, both fractions, over the whole run (Young took the last 36 months);
 * null if either does not exist. T. W. Young, Calmar Ratio: A Smoother Tool, Futures, October 1991.
 */
export function calmar(annualized: Money | null, maxDrawdown: Money | null): Money | null {
  return annualized === null || maxDrawdown === null || maxDrawdown.isZero()
    ? null
    : annualized.div(maxDrawdown);
}

/**
 * System Quality Number: √N × mean ÷ sample standard deviation (n − 1) of the profits of N round trips, given
 * their sum and the sum of their squares; null for fewer than two or when all are equal. V. K. Tharp, The
 * Definitive Guide to Position Sizing, 2008, in money instead of multiples of the initial risk (with a
 * constant stake the two are proportional). N is not capped; tables that cap it at 100 give √(100 ÷ N) of
 * this for more.
 */
export function sqn(sum: Money, squares: Money, count: number): Money | null {
  if (count < 2) return null;
  // √N × (S ÷ N) ÷ √((N Q − S²) ÷ (N (N − 1))) with one division and one root.
  const spread = squares.times(count).minus(sum.times(sum));
  return spread.isZero() || spread.isNegative() ? null : sum.times(new Money(count - 1).div(spread).sqrt());
}

function excess(earned: Money | null, held: Money | null): Money | null {
  return earned === null || held === null ? null : earned.minus(held);
}

/** When a fall was; nulls if it is too small to be a period. */
function timesOf({ from, to }: EquityFall, isPeriod: boolean) {
  return isPeriod
    ? { from: isoTime(from), to: isoTime(to), lengthMs: Math.max(0, to - from) / 1000 }
    : { from: null, to: null, lengthMs: null };
}

function ratio(value: Money | null): Ratio {
  return value === null ? null : fractionText(value);
}

function sampledRatio(value: number | null): Sampled {
  return value === null ? null : sampledText(value);
}

function amount(value: Money | null): Amount {
  return value === null ? null : amountText(value);
}

/**
 * A naive reference for the results of a run: it lists every trade's equity and every fill, and computes the
 * results at the end. Only the shape of the metrics is the program's, because they are compared.
 */
import type { Metrics } from "../../src/domain/performance/metrics.ts";
import type { Sampling } from "../../src/domain/performance/equity_curve.ts";
import {
  deepestOf,
  type EquityPoint,
  longestOf,
  periodsOf,
  type ReferencePeriod,
} from "./drawdown_reference.ts";
import { Exact } from "./exact.ts";
import { type Choices, computeReference, type PlainTrade } from "./reference.ts";

/** Figures with roots and powers, which the reference computes in doubles. */
export const ROUGH = [
  "annualizedReturn",
  "annualizedVolatility",
  "sharpe",
  "sortino",
  "calmar",
  "sqn",
] as const;

/** The results of a run. */
export interface ReferencePerformance {
  /** The exact results: everything except the rough figures and the worst drawdown. */
  readonly exact: Omit<Metrics, typeof ROUGH[number] | "maxDrawdown">;
  readonly rough: Readonly<Record<typeof ROUGH[number], number | null>>;
  readonly worst: ReferencePeriod | null;
  readonly periods: readonly ReferencePeriod[];
  /** Equity before the first trade and after the last one. */
  readonly first: EquityPoint;
  readonly last: EquityPoint;
}

const MINUTE = 60_000_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const GRIDS: readonly [Sampling, period: number, needed: number, perYear: number][] = [
  ["1d", DAY, 30, 365],
  ["1h", HOUR, 30, 8_760],
  ["1m", MINUTE, 2, 525_600],
];
const NOTHING = new Exact(0n);

interface Trip {
  readonly profit: Exact;
  readonly held: number;
}

/** A trade with the equity after its fills. */
interface Seen {
  readonly time: number;
  readonly price: Exact;
  readonly after: Exact;
}

/** The results of `trades` (at least one) under `choices`. Their times never go back. */
export function computeReferencePerformance(
  trades: readonly PlainTrade[],
  choices: Choices,
): ReferencePerformance {
  const fills = computeReference(trades, choices).events.filter((event) => event.type === "fill");
  const start = Exact.of(choices.cash);
  const points: EquityPoint[] = [];
  const seen: Seen[] = [];
  const trips: Trip[] = [];
  let [cash, position, fees, open] = [start, NOTHING, NOTHING, null as number | null];
  for (const { time, price: text, lastId } of withoutDuplicates(trades)) {
    const price = Exact.of(text);
    const equity = () => cash.plus(position.times(price));
    points.push({ time, equity: equity() });
    for (const fill of fills.filter(({ tradeId }) => tradeId === lastId)) {
      [cash, position] = [Exact.of(fill.cash), Exact.of(fill.position)];
      fees = fees.plus(Exact.of(fill.fee));
      points.push({ time, equity: equity() });
      if (fill.side === "buy") open ??= time;
      else {
        trips.push({ profit: Exact.of(fill.realized!), held: time - open! });
        open = null;
      }
    }
    seen.push({ time, price, after: equity() });
  }
  const [one, end] = [seen[0]!, seen.at(-1)!];
  const span = end.time - one.time;
  const periods = periodsOf(start, points);
  const worst = deepestOf(periods);
  const underWater = longestOf(periods, end.time);
  const [earned, held] = [end.after.minus(start), end.price.minus(one.price)];
  const excess = earned.times(one.price).minus(held.times(start));
  const { sampling, returns, perYear } = sample(start, seen);
  const hasYear = span >= DAY && returns.length >= 30;
  const exposure = exposureOf(start, fills, end.time);
  const growth = !hasYear ? null : Math.pow(number(end.after) / number(start), 365 * DAY / span) - 1;
  return {
    exact: {
      netProfit: earned.toString(),
      ...tripsOf(trips, earned),
      fees: fees.toString(),
      timeInMarket: span === 0 ? null : inMarket(trips, open === null ? 0 : end.time - open, span),
      longestUnderWaterMs: underWater === null ? null : underWater / 1000,
      return: ratio(earned, start),
      buyAndHoldReturn: ratio(held, one.price),
      excessReturn: ratio(excess, start.times(one.price)),
      exposure: exposure === null ? null : ratio(...exposure),
      buyAndHoldAtExposure: exposure === null
        ? null
        : ratio(exposure[0].times(held), exposure[1].times(one.price)),
      excessAtExposure: exposure === null ? null : ratio(
        earned.times(exposure[1]).times(one.price).minus(exposure[0].times(held).times(start)),
        exposure[1].times(one.price).times(start),
      ),
      sampling: hasYear ? sampling : null,
    },
    rough: {
      annualizedReturn: growth,
      ...deviations(hasYear ? returns : [], perYear),
      // In this order, because the growth of one wild day may be nearly as large as a double can be.
      calmar: growth === null || worst === null ? null : growth * (number(worst.peak) / number(worst.amount)),
      sqn: sqn(trips),
    },
    worst,
    periods,
    first: { time: one.time, equity: start },
    last: { time: end.time, equity: end.after },
  };
}

/** Σ money in the position × time, and Σ all money × time, while there is a position; null if there never is. */
function exposureOf(
  start: Exact,
  fills: readonly {
    side: string;
    time: string;
    price: string;
    quantity: string;
    fee: string;
    cash: string;
  }[],
  end: number,
): [Exact, Exact] | null {
  let [deployed, available, cost, cash] = [NOTHING, NOTHING, NOTHING, start];
  const books = fills.map((fill) => {
    const paid = Exact.of(fill.price).times(Exact.of(fill.quantity)).plus(Exact.of(fill.fee));
    cost = fill.side === "buy" ? cost.plus(paid) : NOTHING;
    cash = Exact.of(fill.cash);
    return { time: microseconds(fill.time), cost, cash };
  });
  for (const [at, { time, cost, cash }] of books.entries()) {
    const held = new Exact(BigInt((books[at + 1]?.time ?? end) - time));
    deployed = deployed.plus(cost.times(held));
    if (!cost.isZero()) available = available.plus(cost.plus(cash).times(held));
  }
  return available.isZero() ? null : [deployed, available];
}

function microseconds(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}

/** The nearest double. */
export function number(exact: Exact): number {
  return Number(exact.toString());
}

function withoutDuplicates(trades: readonly PlainTrade[]): PlainTrade[] {
  const known: PlainTrade[] = [];
  for (const trade of trades) if (trade.lastId > (known.at(-1)?.lastId ?? -1)) known.push(trade);
  return known;
}

function tripsOf(trips: readonly Trip[], earned: Exact) {
  const profits = trips.map(({ profit }) => profit);
  const wins = profits.filter(({ units }) => units > 0n);
  const losses = profits.filter(({ units }) => units < 0n);
  const [won, lost, all] = [total(wins), total(losses), total(profits)];
  const sorted = [...profits].sort((one, other) => one.compare(other));
  const kinds = profits.map(({ units }) => units > 0n ? "W" : units < 0n ? "L" : "E").join("");
  const times = trips.map(({ held }) => held);
  const counted = (count: number) => new Exact(BigInt(count));
  const mean = (sum: Exact, count: number) => count === 0 ? null : ratio(sum, counted(count));
  return {
    realizedProfit: all.toString(),
    openProfit: earned.minus(all).toString(),
    grossProfit: won.toString(),
    grossLoss: lost.toString(),
    roundTrips: trips.length,
    wins: wins.length,
    losses: losses.length,
    breakEven: trips.length - wins.length - losses.length,
    winRate: mean(counted(wins.length), trips.length),
    averageWin: mean(won, wins.length),
    averageLoss: mean(lost, losses.length),
    largestWin: wins.length === 0 ? null : sorted.at(-1)!.toString(),
    largestLoss: losses.length === 0 ? null : sorted[0]!.toString(),
    profitFactor: losses.length === 0 ? null : ratio(won, NOTHING.minus(lost)),
    expectancy: mean(all, trips.length),
    payoffRatio: wins.length === 0 || losses.length === 0
      ? null
      : ratio(won.times(counted(losses.length)), NOTHING.minus(lost).times(counted(wins.length))),
    longestWinningStreak: longestRun(kinds, /W+/g),
    longestLosingStreak: longestRun(kinds, /L+/g),
    holdingTimeMs: trips.length === 0 ? null : {
      shortest: Math.min(...times) / 1000,
      mean: Number(counted(times.reduce((sum, time) => sum + time)).ratio(counted(trips.length), 0).units) /
        1000,
      longest: Math.max(...times) / 1000,
    },
  };
}

function longestRun(kinds: string, pattern: RegExp): number {
  return Math.max(0, ...[...kinds.matchAll(pattern)].map(([run]) => run.length));
}

function inMarket(trips: readonly Trip[], open: number, span: number): string {
  const time = trips.reduce((sum, { held }) => sum + held, open);
  return ratio(new Exact(BigInt(time)), new Exact(BigInt(span)));
}

/**
 * Returns on the coarsest grid that has enough of them: equity at a whole period is that of the last trade
 * before it.
 */
function sample(start: Exact, seen: readonly Seen[]) {
  const [one, end] = [seen[0]!, seen.at(-1)!];
  const values = seen.map(({ after }) => number(after));
  for (const [sampling, period, needed, perYear] of GRIDS) {
    const samples = [number(start)];
    let at = 0;
    for (let time = (Math.floor(one.time / period) + 1) * period; time <= end.time; time += period) {
      while (seen[at + 1]!.time < time) at++;
      samples.push(values[at]!);
    }
    if (samples.length < needed) continue;
    samples.push(values.at(-1)!);
    const returns = samples.slice(1).map((later, before) => later / samples[before]! - 1);
    return { sampling, returns, perYear };
  }
  return { sampling: null, returns: [], perYear: 0 };
}

/** Volatility, Sharpe and Sortino. Deviations that are only rounding of doubles count as none. */
function deviations(returns: readonly number[], perYear: number) {
  if (returns.length < 2) return { annualizedVolatility: null, sharpe: null, sortino: null };
  const average = returns.reduce((sum, value) => sum + value) / returns.length;
  const deviation = Math.hypot(...returns.map((value) => value - average)) / Math.sqrt(returns.length - 1);
  const downside = Math.hypot(...returns.map((value) => Math.min(value, 0))) / Math.sqrt(returns.length);
  const yearly = (value: number) => value < 1e-15 ? null : average / value * Math.sqrt(perYear);
  return {
    annualizedVolatility: deviation * Math.sqrt(perYear),
    sharpe: yearly(deviation),
    sortino: yearly(downside),
  };
}

/**
 * √N × mean ÷ standard deviation of the profits, everything times N so that nothing is divided before the
 * root.
 */
function sqn(trips: readonly Trip[]): number | null {
  const count = new Exact(BigInt(trips.length));
  const sum = total(trips.map(({ profit }) => profit));
  const squares = total(trips.map(({ profit }) => {
    const distance = profit.times(count).minus(sum);
    return distance.times(distance);
  }));
  if (trips.length < 2 || squares.isZero()) return null;
  return number(sum) / Math.sqrt(number(squares) / (trips.length * (trips.length - 1)));
}

function total(amounts: readonly Exact[]): Exact {
  return amounts.reduce((sum, amount) => sum.plus(amount), NOTHING);
}

/** value ÷ by to 8 decimals, half to even; `by` above zero. */
function ratio(value: Exact, by: Exact): string {
  if (value.units >= 0n) return value.ratio(by, 8).toString();
  const positive = NOTHING.minus(value).ratio(by, 8);
  return positive.isZero() ? "0" : NOTHING.minus(positive).toString();
}

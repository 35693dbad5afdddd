/** The shape of a result file, as far as its page shows it. */
import { KEPT_OF_EACH } from "../../domain/performance/kept_trips.ts";
import { RETURN_CLASSES } from "../../domain/performance/trip_totals.ts";
import {
  count,
  countFromOne,
  decimal,
  flag,
  listOf,
  number,
  object,
  oneOf,
  optional,
  orNull,
  type Shape,
  text,
  time,
  timeMs,
  tuple,
} from "./shape.ts";

const AMOUNTS = ["netProfit", "realizedProfit", "openProfit", "grossProfit", "grossLoss", "fees"] as const;
const COUNTS = [
  ...["roundTrips", "wins", "losses", "breakEven", "longestWinningStreak", "longestLosingStreak"] as const,
];
/** Figures that need not exist. */
const RATIOS = [
  ...["winRate", "averageWin", "averageLoss", "largestWin", "largestLoss", "profitFactor"] as const,
  ...["expectancy", "payoffRatio", "timeInMarket", "return", "buyAndHoldReturn", "excessReturn"] as const,
  ...["exposure", "buyAndHoldAtExposure", "excessAtExposure", "annualizedReturn"] as const,
  ...["annualizedVolatility", "sharpe", "sortino", "calmar", "sqn"] as const,
];

const metrics = object({
  ...each(AMOUNTS, decimal),
  ...each(COUNTS, count),
  ...each(RATIOS, orNull(decimal)),
  holdingTimeMs: orNull(object({ shortest: number, mean: number, longest: number })),
  maxDrawdown: orNull(object({
    fraction: decimal,
    amount: decimal,
    from: orNull(time),
    to: orNull(time),
    lengthMs: orNull(number),
  })),
  longestUnderWaterMs: orNull(number),
});
const halt = orNull(object({ reason: text }));
const totals = {
  ...{ trades: count, fills: count, refusals: count, position: decimal, equity: decimal, fees: decimal },
  ...{ maxDrawdown: decimal, halt },
};
const numbers = object({ places: count, values: listOf(number) });
const line = object({ name: text, places: count, times: listOf(number), values: listOf(number) });
const tripTotals = object({ count: countFromOne, wins: count, profit: decimal });
const totalsBy = (key: Shape, most: number): Shape => listOf(tuple(key, tripTotals), most);
const decimals = listOf(decimal);
const pictures = object({
  data: object({
    ...{ symbol: text, base: text, quote: text, cash: number, exposure: orNull(number) },
    ...{ price: line, equity: line, drawdown: line, volatility: orNull(line), averages: listOf(line) },
    fills: object({ times: listOf(number), prices: numbers, buys: listOf(number), counts: listOf(count) }),
    trips: object({
      numbers: listOf(number, 3 * KEPT_OF_EACH),
      ...{ entries: listOf(number), held: listOf(number), entryPrices: numbers, exitPrices: numbers },
      ...{ best: numbers, worst: numbers, quantities: decimals, costs: decimals, fees: decimals },
      ...{ profits: decimals, cause: listOf(count), causes: listOf(text) },
    }),
    tripCount: count,
    incidents: listOf(tuple(
      oneOf("gap", "halt", "released", "refusal", "disconnected", "connected", "reset"),
      timeMs,
      text,
    )),
  }),
  hasAllFills: flag,
  trips: object({
    count,
    byHour: totalsBy(count, 24),
    byWeekday: totalsBy(count, 7),
    byMonth: totalsBy(text, 12 * 1_000),
    byReturn: totalsBy(count, RETURN_CLASSES.length + 1),
  }),
  refused: listOf(tuple(text, count)),
  moreIncidents: count,
  assumptions: listOf(text),
  dataDigest: orNull(text),
});

/** A result with pictures. */
export const resultShape: Shape = object({
  options: object({ cash: decimal }),
  environment: object({ penstock: text }),
  files: listOf(text),
  summary: object({ ...totals, firstTime: orNull(time), lastTime: orNull(time) }),
  metrics,
  drawdownPeriods: listOf(object({
    ...{ peak: decimal, amount: decimal, fraction: decimal, from: time, to: time, recovered: orNull(time) },
  })),
  models: listOf(object({
    ...{ ...totals, model: text, slippage: text, latency: number, metrics },
  })),
  pictures,
});

/** The head of a result of any version. */
export const headShape: Shape = object({
  options: object({}),
  environment: object({ penstock: text }),
  files: listOf(text),
  summary: optional(object({})),
});

function each(names: readonly string[], shape: Shape): Record<string, Shape> {
  return Object.fromEntries(names.map((name) => [name, shape]));
}

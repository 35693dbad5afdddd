import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  annualizedReturn,
  average,
  calmar,
  expectancy,
  type Metrics,
  metrics,
  type MetricsInput,
  payoffRatio,
  profitFactor,
  simpleReturn,
  sqn,
  timeInMarket,
  winRate,
} from "../../../src/domain/performance/metrics.ts";
import { fractionText, Money, ZERO } from "../../../src/domain/numbers/money.ts";
import {
  annualizedVolatility,
  downsideDeviation,
  sharpe,
  sortino,
  standardDeviation,
} from "../../../src/domain/performance/sampled_ratios.ts";
import { RoundTrips, type RoundTripTotals } from "../../../src/domain/performance/round_trips.ts";

const DAY = 86_400_000_000;
const YEAR = 365 * DAY;

const m = (amount: string | number) => new Money(amount);
const text = (value: Money | null) => value === null ? null : fractionText(value);

/** The portfolio's 24 monthly returns in C. R. Bacon 2008, in percent, as PerformanceAnalytics has them. */
// deno-fmt-ignore
const BACON = [
  0.3, 2.6, 1.1, -1.0, 1.5, 2.5, 1.6, 6.7, -1.4, 4.0, -0.5, 8.1,
  4.0, -3.7, -6.1, 1.7, -4.9, -2.2, 7.0, 5.8, -6.5, 2.4, -0.5, -0.9,
];
/** The annual returns of Rollinger & Hoffman, Sortino: A "Sharper" Ratio (Red Rock Capital). */
const RED_ROCK = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04];

Deno.test("winRate() counts round trips that broke even in the total", () => {
  assertEquals(text(winRate(1, 3)), "0.33333333");
  assertEquals(text(winRate(2, 3)), "0.66666667");
  assertEquals(text(winRate(0, 4)), "0");
  assertEquals(winRate(0, 0), null);
});

Deno.test("profitFactor() is gross profit over gross loss", () => {
  // The two issues of B. Dormeier, Investing with Volume Analysis, 2011, p. 198.
  assertEquals(text(profitFactor(m(50_000), m(-40_000))), "1.25");
  assertEquals(text(profitFactor(m(20_000), m(-10_000))), "2");
  assertEquals(text(profitFactor(ZERO, m(-1))), "0");
  assertEquals(profitFactor(m(5), ZERO), null);
});

Deno.test("payoffRatio() and expectancy() give the figures of a published example", () => {
  // forex.in.rs/pay-off-ratio: 300 wins bring 9000, 200 losses cost 8000. Average win 30, average loss 40,
  // ratio 30 / 40; 60 % × 30 − 40 % × 40 = 18 − 16.
  assertEquals(text(payoffRatio(m(9_000), 300, m(-8_000), 200)), "0.75");
  assertEquals(text(expectancy(m(1_000), 500)), "2");
  assertEquals(payoffRatio(m(5), 1, ZERO, 0), null);
  assertEquals(payoffRatio(ZERO, 0, m(-5), 1), null);
  assertEquals(expectancy(ZERO, 0), null);
});

Deno.test("expectancy() is the share of wins × average win − the share of losses × average loss", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 1 }), (profits) => {
    const sum = (list: number[]) => list.reduce((total, profit) => total + profit, 0);
    const wins = profits.filter((profit) => profit > 0);
    const losses = profits.filter((profit) => profit < 0);
    const part = (list: number[]) =>
      (winRate(list.length, profits.length) ?? ZERO).times(average(m(sum(list)), list.length) ?? ZERO);
    assertEquals(text(expectancy(m(sum(profits)), profits.length)), text(part(wins).plus(part(losses))));
  }));
});

Deno.test("timeInMarket() is a fraction of the span, at most 1", () => {
  assertEquals(text(timeInMarket(1, 3)), "0.33333333");
  assertEquals(text(timeInMarket(0, 3)), "0");
  assertEquals(text(timeInMarket(4, 3)), "1");
  assertEquals(timeInMarket(0, 0), null);
  assertEquals(timeInMarket(5, -1), null);
});

Deno.test("simpleReturn() is exact, and needs something to start from", () => {
  assertEquals(text(simpleReturn(m("95420.5"), m("95420.50095420500")))?.slice(0, 10), "0.00000001");
  assertEquals(text(simpleReturn(m(80), m(60))), "-0.25");
  assertEquals(text(simpleReturn(m(80), ZERO)), "-1");
  assertEquals(simpleReturn(ZERO, m(1)), null);
});

Deno.test("annualizedReturn() compounds to the return of the span", () => {
  // Half a year: 1.1² = 1.21. Two years: √2. One year: unchanged. 73 days are a fifth of a year: 0.9⁵ =
  // 0.59049.
  assertEquals(text(annualizedReturn(m(100), m(110), YEAR / 2)), "0.21");
  assertEquals(text(annualizedReturn(m(100), m(200), 2 * YEAR)), "0.41421356");
  assertEquals(text(annualizedReturn(m(3), m(4), YEAR)), "0.33333333");
  assertEquals(text(annualizedReturn(m(100), m(90), 73 * DAY)), "-0.40951");
  assertEquals(text(annualizedReturn(m(100), ZERO, YEAR)), "-1");
  assertEquals(text(annualizedReturn(m(100), m(100), DAY)), "0");
  assertEquals(annualizedReturn(m(100), m(101), DAY - 1), null);
  assertEquals(annualizedReturn(ZERO, m(101), DAY), null);
});

Deno.test("standardDeviation() passes NIST's tests of numerical accuracy", () => {
  // StRD, univariate summary statistics: itl.nist.gov/div898/strd/univ/numacc1.html to numacc4.html.
  const alternating = (first: number, low: number, high: number) => [
    first,
    ...Array.from({ length: 1_000 }, (_, i) => i % 2 === 0 ? low : high),
  ];
  assertEquals(standardDeviation([10_000_001, 10_000_003, 10_000_002]), 1);
  assertAlmostEquals(standardDeviation(alternating(1.2, 1.1, 1.3))!, 0.1, 1e-14);
  assertAlmostEquals(standardDeviation(alternating(1_000_000.2, 1_000_000.1, 1_000_000.3))!, 0.1, 1e-9);
  assertAlmostEquals(standardDeviation(alternating(10_000_000.2, 10_000_000.1, 10_000_000.3))!, 0.1, 1e-8);
  assertEquals(standardDeviation([0.5]), null);
  assertEquals(standardDeviation([]), null);
});

Deno.test("annualizedVolatility() scales with the root of time", () => {
  // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares of the distances 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, 32 ÷ 7;
  // over seven periods a year √(32 ÷ 7 × 7) = √32 = 5.656854249….
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  assertAlmostEquals(annualizedVolatility(values, 7)!, 5.656854249492381, 1e-12);
  // Without any movement volatility exists and is zero.
  assertEquals(annualizedVolatility([0, 0], 365), 0);
  assertEquals(annualizedVolatility([0.1], 365), null);
});

Deno.test("sharpe() is the mean divided by the sample deviation, annualised", () => {
  // 3, −1, 2, 0 %: mean 1, distances 2, −2, 1, −1, squares 10, variance 10 ÷ 3, so √(3 ÷ 10) a period and
  // √(0.3 × 365) = √109.5 = 10.46422477… a year of days.
  assertAlmostEquals(sharpe([0.03, -0.01, 0.02, 0], 365)!, 10.464224768228174, 1e-10);
  assertAlmostEquals(sharpe([-0.03, 0.01, -0.02, 0], 1)!, -Math.sqrt(0.3), 1e-12);
  assertEquals(sharpe([0.02], 365), null);
  assertEquals(sharpe([0, 0, 0], 365), null);
});

Deno.test("sharpe() does not exist for steady growth, whose returns differ only by rounding", () => {
  const equity = Array.from({ length: 100 }, (_, i) => 10_000 * 1.001 ** i);
  const returns = equity.slice(1).map((later, i) => (later - equity[i]!) / equity[i]!);
  assert(new Set(returns).size > 1);
  assertEquals(sharpe(returns, 365), null);
});

Deno.test("downsideDeviation() gives published figures", () => {
  // Red Rock: √((0.05² + 0.04²) ÷ 8) = √(0.0041 ÷ 8) = 2.264 %, all eight years in the denominator.
  assertEquals(downsideDeviation(RED_ROCK)!.toFixed(5), "0.02264");
  // PerformanceAnalytics, DownsideDeviation(portfolio_bacon[, 1], MAR = 0.005): 0.0255.
  assertEquals(downsideDeviation(BACON.map((percent) => (percent - 0.5) / 100))!.toFixed(4), "0.0255");
  assertEquals(downsideDeviation([0.1, 0]), 0);
  assertEquals(downsideDeviation([]), null);
});

Deno.test("sortino() gives published figures", () => {
  // Red Rock: the mean is 80 % ÷ 8 = 10 %; 10 % ÷ 2.264 % = 4.417.
  assertEquals(sortino(RED_ROCK, 1)!.toFixed(3), "4.417");
  // PerformanceAnalytics, Kappa(portfolio_bacon[, 1], MAR = 0.005, l = 2), which is Sortino's ratio: 0.157.
  assertEquals(sortino(BACON.map((percent) => (percent - 0.5) / 100), 1)!.toFixed(3), "0.157");
  assertAlmostEquals(sortino(RED_ROCK, 4)!, 2 * sortino(RED_ROCK, 1)!, 1e-12);
  assertEquals(sortino([0.1, 0.2], 365), null);
  assertEquals(sortino([-0.1], 365), null);
});

Deno.test("calmar() is the annualised return divided by the maximum drawdown", () => {
  assertEquals(text(calmar(m("0.3"), m("0.15"))), "2");
  assertEquals(text(calmar(m("-0.1"), m("0.3"))), "-0.33333333");
  assertEquals(calmar(null, m("0.3")), null);
  assertEquals(calmar(m("0.3"), null), null);
});

/** SQN of N profits of this mean and sample standard deviation: Σx = N m, Σx² = (N − 1) s² + N m². */
const sqnOf = (count: number, mean: number, deviation: number) =>
  sqn(m(mean).times(count), m(deviation).pow(2).times(count - 1).plus(m(mean).pow(2).times(count)), count);

Deno.test("sqn() gives published figures, uncapped", () => {
  // forexdominion.com: √25 × 0.8 ÷ 2.5 = 1.6. tradersync.com: 100 × √50 ÷ 250 = 2.83.
  assertEquals(text(sqnOf(25, 0.8, 2.5)), "1.6");
  assertEquals(text(sqnOf(50, 100, 250)), "2.82842712");
  assertEquals(text(sqnOf(400, 1, 10)), "2");
  // 3, −1, 1: mean 1, deviation √((4 + 4 + 0) ÷ 2) = 2, √3 × 1 ÷ 2.
  assertEquals(text(sqn(m(3), m(11), 3)), "0.8660254");
  assertEquals(text(sqn(m(-3), m(11), 3)), "-0.8660254");
});

Deno.test("sqn() does not exist for fewer than two profits or for equal ones, however many digits they have", () => {
  const profit = m("0.123456789012345678");
  assertEquals(sqn(profit, profit.pow(2), 1), null);
  assertEquals(sqn(profit.times(3), profit.pow(2).times(3), 3), null);
  const other = profit.plus("1e-18");
  const spread = sqn(profit.times(2).plus(other), profit.pow(2).times(2).plus(other.pow(2)), 3);
  assertEquals(spread?.toSignificantDigits(6).toString(), "370370000000000000");
});

const NO_ROUND_TRIPS: RoundTripTotals = new RoundTrips().totals(0);

/** Cash of 1000 and nothing else. */
const IDLE: MetricsInput = {
  cash: m(1_000),
  equity: m(1_000),
  realized: ZERO,
  fees: ZERO,
  trades: null,
  roundTrips: NO_ROUND_TRIPS,
  exposure: null,
  sampled: { sampling: null, returns: [] },
  drawdown: null,
  longestUnderWater: null,
};

Deno.test("metrics() puts everything together, as computed by hand", () => {
  const start = 1_709_208_000_000_000; // 2024-02-29T12:00:00Z
  const input: MetricsInput = {
    cash: m(1_000),
    equity: m("1100"),
    trades: { first: { time: start, price: m("0.5") }, last: { time: start + YEAR, price: m("0.6") } },
    roundTrips: {
      count: 7,
      wins: 3,
      losses: 3,
      breakEven: 1,
      grossProfit: m("100.00000003"),
      grossLoss: m("-20.00000001"),
      squares: m("4000"),
      largestWin: m("60.5"),
      largestLoss: m("-12.000000000000000001"),
      longestWinningStreak: 2,
      longestLosingStreak: 1,
      holding: { shortest: 1_500, total: 10_000_003, longest: 9_000_001 },
      timeInMarket: YEAR / 8,
    },
    realized: m("90"),
    fees: m("7.25"),
    exposure: m("0.25"),
    sampled: { sampling: "1h", returns: Array(8).fill([0.03, -0.01, 0.02, 0]).flat() },
    drawdown: { peak: m(1_200), amount: m(200), from: start + 1_000_000, to: start + 2_500_001 },
    longestUnderWater: 12_345_678,
  };
  assertEquals(JSON.stringify(metrics(input), null, 1).split("\n").map((line) => line.trim()), [
    "{",
    `"netProfit": "100",`,
    `"realizedProfit": "90",`,
    `"openProfit": "10",`,
    `"grossProfit": "100.00000003",`,
    `"grossLoss": "-20.00000001",`,
    `"fees": "7.25",`,
    `"roundTrips": 7,`,
    `"wins": 3,`,
    `"losses": 3,`,
    `"breakEven": 1,`,
    `"winRate": "0.42857143",`, // 3 ÷ 7
    `"averageWin": "33.33333334",`, // 33.33333334333…
    `"averageLoss": "-6.66666667",`, // 6.66666667
    `"largestWin": "60.5",`,
    `"largestLoss": "-12.000000000000000001",`,
    `"profitFactor": "5",`, // 100.00000003 ÷ 20.00000001 = 4.999999999
    `"expectancy": "11.42857143",`, // 80.00000002 ÷ 7 = 11.428571431428…
    `"payoffRatio": "5",`,
    `"longestWinningStreak": 2,`,
    `"longestLosingStreak": 1,`,
    `"holdingTimeMs": {`,
    `"shortest": 1.5,`,
    `"mean": 1428.572,`, // 10,000,003 ÷ 7 = 1,428,571.857… µs
    `"longest": 9000.001`,
    "},",
    `"timeInMarket": "0.125",`,
    `"maxDrawdown": {`,
    `"fraction": "0.16666667",`, // 200 ÷ 1200
    `"amount": "200",`,
    `"from": "2024-02-29T12:00:01.000000Z",`,
    `"to": "2024-02-29T12:00:02.500001Z",`,
    `"lengthMs": 1500.001`,
    "},",
    `"longestUnderWaterMs": 12345.678,`,
    `"return": "0.1",`,
    `"buyAndHoldReturn": "0.2",`,
    `"excessReturn": "-0.1",`,
    `"exposure": "0.25",`,
    `"buyAndHoldAtExposure": "0.05",`,
    `"excessAtExposure": "0.05",`,
    `"annualizedReturn": "0.1",`,
    `"annualizedVolatility": "1.50354",`, // √(80 ÷ 31 × 8760) % = 1.5035442…
    `"sharpe": "58.2623",`, // √(31 ÷ 80 × 8760) = √3394.5 = 58.262337…
    `"sortino": "187.19",`, // 1 ÷ √(1 ÷ 4) = 2 a period, × √8760 = 187.18974…
    `"calmar": "0.6",`, // 0.1 ÷ (1 ÷ 6)
    `"sqn": "1.33333333",`, // 80 × √(6 ÷ (7 × 4000 − 80²)) = 80 × √(6 ÷ 21600) = 80 ÷ 60
    `"sampling": "1h"`,
    "}",
  ]);
});

/** A run of `span` µs with this many returns, and a drawdown. */
function runWith(span: number, returns: number): Metrics {
  const price = m("42000.5");
  return metrics({
    ...IDLE,
    equity: IDLE.cash.times("0.9"),
    trades: { first: { time: 0, price }, last: { time: span, price } },
    sampled: {
      sampling: "1m",
      returns: Array.from({ length: returns }, (_, at) => at % 3 === 0 ? -0.01 : 0.002),
    },
    drawdown: { peak: m(100), amount: m(10), from: 0, to: 1 },
    longestUnderWater: span,
  });
}

Deno.test("metrics() has no annualized figures for less than a day or fewer than 30 samples", () => {
  const annualized = ["annualizedReturn", "annualizedVolatility", "sharpe", "sortino", "calmar"] as const;
  const whole = runWith(DAY, 30);
  for (const name of annualized) assert(whole[name] !== null, name);
  assertEquals(whole.sampling, "1m");
  // Too short, too few samples, and both.
  for (
    const found of [runWith(DAY - 1, 1_440), runWith(DAY, 29), runWith(11 * 60_000_000, 11), runWith(DAY, 0)]
  ) {
    for (const name of annualized) assertEquals([name, found[name]], [name, null]);
    assertEquals([found.sampling, found.return], [null, "-0.1"]);
  }
});

Deno.test("metrics() shows at most six significant digits of figures made of samples", () => {
  const { annualizedVolatility, sharpe, sortino, calmar } = runWith(200 * DAY, 3_000);
  for (const figure of [annualizedVolatility, sharpe, sortino]) {
    const digits = figure!.replace(/^-?0*\.?0*/, "").replace(".", "");
    assert(digits.length <= 6, figure!);
  }
  // A quotient of exact figures has all the digits that are shown.
  assertEquals(calmar!.split(".")[1]!.length, 8);
});

Deno.test("metrics() gives no times and no length to a fall too small to be a period", () => {
  const drawdown = { peak: m(100), amount: m("1e-11"), from: 5, to: 9 };
  assertEquals(metrics({ ...IDLE, drawdown, longestUnderWater: null }).maxDrawdown, {
    fraction: "0",
    amount: "0.00000000001",
    from: null,
    to: null,
    lengthMs: null,
  });
});

Deno.test("metrics() has null, never 0, for what does not exist", () => {
  const found = metrics(IDLE);
  const expected = {
    netProfit: "0",
    realizedProfit: "0",
    openProfit: "0",
    grossProfit: "0",
    grossLoss: "0",
    fees: "0",
    roundTrips: 0,
    wins: 0,
    losses: 0,
    breakEven: 0,
    longestWinningStreak: 0,
    longestLosingStreak: 0,
    return: "0",
  };
  for (const [name, value] of Object.entries(found)) {
    assertEquals([name, value], [name, (expected as Record<string, unknown>)[name] ?? null]);
  }
});

Deno.test("metrics() rounds halves to even", () => {
  const half = (units: number) =>
    metrics({
      ...IDLE,
      roundTrips: { ...NO_ROUND_TRIPS, count: 2, wins: 2, grossProfit: m(units).times("1e-8") },
    });
  assertEquals([1, 3, 5].map((units) => half(units).averageWin), ["0", "0.00000002", "0.00000002"]);
  const held = (total: number) =>
    metrics({
      ...IDLE,
      roundTrips: { ...NO_ROUND_TRIPS, count: 2, holding: { shortest: 0, total, longest: 3 } },
    }).holdingTimeMs?.mean;
  assertEquals([1, 3, 5].map(held), [0, 0.002, 0.002]);
});

Deno.test("metrics() writes amounts and ratios as plain decimals, and its parts agree", () => {
  const amount = fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.nat(18)).map(([units, decimals]) =>
    m(`${units}e-${decimals}`)
  );
  fc.assert(
    fc.property(
      fc.record({
        cash: fc.bigInt(1n, 10n ** 15n).map((units) => m(`${units}e-8`)),
        equity: fc.bigInt(0n, 10n ** 15n).map((units) => m(`${units}e-8`)),
        realized: amount,
        grossProfit: amount.map((value) => value.abs()),
        grossLoss: amount.map((value) => value.abs().neg()),
        squares: amount.map((value) => value.abs()),
        wins: fc.nat(50),
        losses: fc.nat(50),
        span: fc.integer({ min: 100 * DAY, max: 1_000 * DAY }),
        returns: fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true })),
      }),
      ({ cash, equity, realized, span, returns, wins, losses, ...sums }) => {
        const price = m("42000.5");
        const found = metrics({
          ...IDLE,
          cash,
          equity,
          realized,
          trades: { first: { time: 0, price }, last: { time: span, price } },
          roundTrips: { ...NO_ROUND_TRIPS, ...sums, count: wins + losses, wins, losses },
          sampled: { sampling: "1d", returns },
        });
        for (const value of Object.values(found)) {
          if (typeof value !== "string" || value === "1d") continue;
          assert(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/.test(value) && value !== "-0", value);
        }
        assertEquals(m(found.realizedProfit).plus(found.openProfit).toFixed(), m(found.netProfit).toFixed());
        assertEquals(found.return, found.excessReturn);
      },
    ),
  );
});

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { rollingVolatility, VOLATILITY_WINDOW } from "../../../src/domain/performance/rolling_volatility.ts";
import { DAY, HOUR } from "../../../src/domain/numbers/time.ts";

/** Returns of full periods, between the two of a shorter time that every run has. */
function between(returns: readonly number[]): number[] {
  return [99, ...returns, -99];
}

Deno.test("rollingVolatility() is the deviation of the last full returns, annualised, at the end of each period", () => {
  const returns = Array.from({ length: VOLATILITY_WINDOW + 2 }, (_, at) => at % 2 === 0 ? 0.01 : -0.01);
  const first = 40 * DAY + 5;
  const points = rollingVolatility(between(returns), "1d", first);
  assertEquals(points.map(({ time }) => time), [31, 32, 33].map((days) => (40 + days) * DAY));
  // Half of the returns are 0.01 above the mean of zero, half as much below.
  const deviation = 0.01 * Math.sqrt(VOLATILITY_WINDOW / (VOLATILITY_WINDOW - 1));
  for (const { value } of points) assertAlmostEquals(value, deviation * Math.sqrt(365), 1e-12);
});

Deno.test("rollingVolatility() counts hours as hours, and is empty with too few returns", () => {
  const returns = Array<number>(VOLATILITY_WINDOW).fill(0.5);
  assertEquals(rollingVolatility(between(returns), "1h", 7 * HOUR), [{
    time: (7 + VOLATILITY_WINDOW + 1) * HOUR,
    value: 0,
  }]);
  assertEquals(rollingVolatility(between(returns.slice(1)), "1h", 7 * HOUR), []);
});

import fc from "fast-check";
import { COLUMNS, SpanSeries } from "../../../src/views/chart/span_series.ts";
import { assertEquals } from "../../support/equals.ts";

/** What SpanSeries keeps, from all values at once. */
function reference(values: readonly (readonly [time: number, value: number])[], width: number) {
  const columns = new Map<number, number[]>();
  let newest = -1;
  for (const [time, value] of values) {
    newest = Math.max(newest, Math.floor(time / width));
    columns.set(newest, [...columns.get(newest) ?? [], value]);
  }
  return [...columns].filter(([at]) => at > newest - COLUMNS).map(([at, all]) => ({
    time: (at + 0.5) * width,
    first: all[0]!,
    last: all.at(-1)!,
    low: Math.min(...all),
    high: Math.max(...all),
  }));
}

Deno.test("SpanSeries keeps first, last, lowest and highest of its newest columns, and nothing older", () => {
  const steps = fc.array(
    fc.tuple(
      fc.oneof(fc.integer({ min: -50, max: 300 }), fc.constant(90_000)),
      fc.integer({ min: -9, max: 9 }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (steps) => {
      const series = new SpanSeries(COLUMNS * 100);
      let time = 5_000;
      const values = steps.map(([after, value]) => [time = Math.max(0, time + after), value] as const);
      for (const [time, value] of values) series.add(time, value);
      assertEquals(series.columns(), reference(values, 100));
    }),
    { numRuns: 100 },
  );
});

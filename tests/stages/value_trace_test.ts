import { assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { MOST_SAMPLES, ValueTrace } from "../../src/stages/value_trace.ts";

/** A strategy whose values are the number of the bar, and which has none for the first three bars. */
const numbersOf = (bar: number) => bar < 3 ? null : { bar };
const valuesOf = (bar: number) => bar < 3 ? null : { bar: String(bar) };

Deno.test("ValueTrace samples every n-th bar, and keeps the values of none when there are too many", () => {
  const trace = new ValueTrace();
  const bars = 5 * MOST_SAMPLES;
  for (let bar = 0; bar < bars; bar++) trace.bar(bar * 1_000, () => valuesOf(bar));
  const [line] = trace.lines();
  assertEquals(line!.name, "bar");
  assertLessOrEqual(line!.points.length, MOST_SAMPLES);
  const steps = line!.points.slice(1).map(({ value }, at) => value - line!.points[at]!.value);
  // Bars are eight apart in the end, whichever of them came first.
  assertEquals([...new Set(steps)].every((step) => step === 8), true, steps.slice(0, 9).join());
  assertEquals(line!.points.every(({ time, value }) => time === value * 1_000), true);
});

Deno.test("ValueTrace.rows() takes the same samples as bar() for each row, however rows are cut", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 12 }), (sizes) => {
    const [one, many] = [new ValueTrace(), new ValueTrace()];
    let bar = 0;
    for (const size of sizes) {
      const times = Float64Array.from({ length: size }, (_, row) => (bar + row) * 1_000);
      const start = bar;
      many.rows(times, size, (row) => numbersOf(start + row));
      for (let row = 0; row < size; row++, bar++) one.bar(times[row]!, () => valuesOf(start + row));
    }
    assertEquals(many.lines(), one.lines());
  }));
});

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { M4Columns, type Point } from "../../../src/domain/performance/m4_columns.ts";

const walk = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: -50, max: 50 })), {
  minLength: 1,
  maxLength: 400,
});

function pointsOf(steps: readonly (readonly [number, number])[]): Point[] {
  let time = 1_000_000;
  let value = 1_000;
  return steps.map(([later, change]) => ({ time: time += later, value: value += change }));
}

/** The four points of each column of this width, found with nothing but loops over all points. */
function plainly(points: readonly Point[], width: number): Map<number, Record<string, number>> {
  const columns = new Map<number, Record<string, number>>();
  for (const { time, value } of points) {
    const at = Math.floor(time / width);
    const column = columns.get(at) ?? { first: value, low: value, high: value, last: value };
    columns.set(at, {
      ...column,
      low: Math.min(column.low!, value),
      high: Math.max(column.high!, value),
      last: value,
    });
  }
  return columns;
}

Deno.test("M4Columns keeps first, last, lowest and highest of every column, whatever the points are", () => {
  fc.assert(fc.property(walk, fc.integer({ min: 2, max: 64 }), (steps, most) => {
    const points = pointsOf(steps);
    const columns = new M4Columns(1, most);
    for (const { time, value } of points) columns.add(time, Float64Array.of(value));
    assertEquals(plainly(columns.points(0), columns.width), plainly(points, columns.width));
  }));
});

Deno.test("M4Columns returns points in order of time, at most four a column", () => {
  fc.assert(fc.property(walk, fc.integer({ min: 2, max: 64 }), (steps, most) => {
    const columns = new M4Columns(1, most);
    for (const { time, value } of pointsOf(steps)) columns.add(time, Float64Array.of(value));
    const kept = columns.points(0);
    assertLessOrEqual(kept.length, 4 * most);
    assert(kept.every(({ time }, at) => at === 0 || time >= kept[at - 1]!.time));
  }));
});

Deno.test("M4Columns draws a point whose time steps back at the time of the point before it", () => {
  const columns = new M4Columns(1);
  for (const [time, value] of [[5_000, 1], [5_900, 4], [5_100, 2], [4_000, 9]] as const) {
    columns.add(time, Float64Array.of(value));
  }
  assertEquals(columns.points(0), [
    { time: 5_000, value: 1 },
    { time: 5_900, value: 9 },
  ]);
});

Deno.test("M4Columns keeps a hundred years of points in a bounded number of columns", () => {
  const columns = new M4Columns(1, 16);
  for (let year = 0; year < 100; year++) columns.add(year * 365 * 86_400_000_000, Float64Array.of(year));
  const kept = columns.points(0);
  assertEquals([kept[0]!.value, kept.at(-1)!.value], [0, 99]);
  assertLessOrEqual(kept.length, 64);
});

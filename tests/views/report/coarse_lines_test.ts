import { assert, assertEquals, assertLess } from "@std/assert";
import { drawnPlaces } from "../../../src/views/report/coarse_lines.ts";

Deno.test("drawnPlaces() keeps every point of a short line, and the ends and extremes of each stretch of a long one", () => {
  assertEquals(drawnPlaces([5, 6, 7], 12), [0, 1, 2]);
  assertEquals(drawnPlaces([], 12), []);
  const values = Array.from({ length: 10_000 }, (_, at) => Math.sin(at / 300));
  [values[1_234], values[7_777]] = [9, -9];
  const places = drawnPlaces(values, 100);
  assertLess(places.length, 101);
  assertEquals(places, places.toSorted((one, other) => one - other));
  for (const place of [0, 1_234, 7_777, 9_999]) assert(places.includes(place), `${place}`);
});

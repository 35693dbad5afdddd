import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { FillMarks, MOST_MARKS } from "../../../src/domain/performance/fill_marks.ts";

Deno.test("FillMarks gives every fill its own mark while there are few", () => {
  const marks = new FillMarks();
  for (const side of ["buy", "buy", "sell"] as const) marks.add(1_000, side, 5);
  assertEquals(marks.marks(), [
    { time: 1_000, side: "buy", price: 5, count: 1 },
    { time: 1_000, side: "buy", price: 5, count: 1 },
    { time: 1_000, side: "sell", price: 5, count: 1 },
  ]);
  assert(marks.isWhole);
});

Deno.test("FillMarks counts every fill of each side once when marks are shared, in order of time", () => {
  const marks = new FillMarks();
  const fills = 7 * MOST_MARKS;
  for (let at = 0; at < fills; at++) marks.add(at * 400, at % 3 === 0 ? "buy" : "sell", at);
  const found = marks.marks();
  assertLessOrEqual(found.length, MOST_MARKS);
  assert(!marks.isWhole);
  for (const [side, count] of [["buy", Math.ceil(fills / 3)], ["sell", Math.floor(fills * 2 / 3)]] as const) {
    const ofSide = found.filter((mark) => mark.side === side);
    assertEquals(ofSide.reduce((sum, mark) => sum + mark.count, 0), count, side);
    // A mark is at the first of its fills.
    assert(ofSide.every(({ time, price }) => time === price * 400));
  }
  assert(found.every(({ time }, at) => at === 0 || time >= found[at - 1]!.time));
});

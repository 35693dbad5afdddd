import { assertEquals } from "@std/assert";
import { Continuity, DUPLICATE, NEXT, UNPROVEN } from "../../src/domain/continuity.ts";

/** A sequence that has come to `lastId`. */
function at(lastId: number): Continuity {
  const continuity = new Continuity();
  continuity.moveTo(lastId);
  return continuity;
}

Deno.test("Continuity.judge() takes the first id, whatever it is, and the one after it", () => {
  const continuity = new Continuity();
  assertEquals(continuity.last, -1);
  assertEquals(continuity.judge(3_735_683_259, 3_735_683_259), NEXT);
  assertEquals(continuity.judge(3_735_683_260, 3_735_683_264), NEXT);
  assertEquals(continuity.last, 3_735_683_264);
  assertEquals(new Continuity().judge(0, 0), NEXT);
});

Deno.test("Continuity.judge() knows a duplicate, at or below the last id, and stays where it is", () => {
  const continuity = at(100);
  for (const id of [100, 99, 1, 0]) assertEquals(continuity.judge(id, id), DUPLICATE);
  assertEquals(continuity.judge(90, 100), DUPLICATE);
  assertEquals(continuity.last, 100);
});

Deno.test("Continuity.judge() counts what a gap lacks, and goes on behind it", () => {
  const continuity = at(100);
  assertEquals(continuity.judge(102, 102), 1);
  assertEquals(continuity.judge(203, 210), 100);
  assertEquals(continuity.judge(211, 211), NEXT);
  assertEquals(at(7).judge(1_000_000_007, 1_000_000_007), 999_999_999);
});

Deno.test("Continuity.judge() finds no gap where an aggregate covers old ids and new ones", () => {
  const continuity = at(100);
  assertEquals(continuity.judge(95, 105), 0);
  assertEquals(continuity.last, 105);
});

Deno.test("Continuity.judge() believes no leap of more than 10^9, forwards or backwards", () => {
  const continuity = at(2_000_000_000);
  assertEquals(continuity.judge(3_000_000_001, 3_000_000_001), UNPROVEN);
  assertEquals(continuity.judge(999_999_999, 999_999_999), UNPROVEN);
  assertEquals(continuity.judge(0, 0), UNPROVEN);
  assertEquals(continuity.judge(1_000_000_000, 1_000_000_000), DUPLICATE);
  assertEquals(continuity.last, 2_000_000_000);
});

Deno.test("Continuity.skip() takes over the next id only", () => {
  const continuity = at(100);
  continuity.skip(102);
  continuity.skip(100);
  continuity.skip(5);
  assertEquals(continuity.last, 100);
  continuity.skip(101);
  assertEquals(continuity.last, 101);
  assertEquals(continuity.judge(102, 102), NEXT);
});

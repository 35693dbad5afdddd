import { assert, assertEquals } from "@std/assert";
import { Continuity, DUPLICATE, NEXT, UNPROVEN, UNSEEN } from "../../../src/domain/market/continuity.ts";

/** A sequence in which everything up to `lastId` was seen. */
function at(lastId: number): Continuity {
  const continuity = new Continuity();
  continuity.restore(lastId);
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

Deno.test("Continuity.judge() recognises a duplicate at or below the last id, and does not move", () => {
  const continuity = at(100);
  for (const id of [100, 99, 1, 0]) assertEquals(continuity.judge(id, id), DUPLICATE);
  assertEquals(continuity.judge(90, 100), DUPLICATE);
  assertEquals(continuity.last, 100);
});

Deno.test("Continuity.judge() counts the trades missing in a gap, and jump() continues after it", () => {
  const continuity = at(100);
  assertEquals(continuity.judge(102, 102), 1);
  assertEquals(continuity.last, 100);
  continuity.jump(102, 102);
  assertEquals(continuity.judge(203, 210), 100);
  continuity.jump(203, 210);
  assertEquals(continuity.judge(211, 211), NEXT);
  assertEquals(at(7).judge(1_000_000_007, 1_000_000_007), 999_999_999);
});

Deno.test("Continuity.judge() counts only seen ids as duplicates", () => {
  const continuity = new Continuity();
  for (const id of [100, 101]) continuity.judge(id, id);
  continuity.jump(110, 112);
  continuity.jump(120, 120);
  for (const id of [99, 0, 102, 109, 113, 119]) assertEquals(continuity.judge(id, id), UNSEEN, `${id}`);
  for (const id of [100, 101, 110, 111, 112, 120]) assertEquals(continuity.judge(id, id), DUPLICATE, `${id}`);
  assertEquals(continuity.judge(90, 99), UNSEEN);
  assertEquals(continuity.judge(103, 108), UNSEEN);
  // At least one id of each aggregate was seen, even if most of them are new.
  for (const [first, last] of [[90, 100], [101, 102], [109, 110], [113, 120]] as const) {
    assertEquals(continuity.judge(first, last), DUPLICATE, `${first} to ${last}`);
  }
  assertEquals(continuity.last, 120);
});

Deno.test("Continuity.judge() closes the part of a hole that an aggregate with new ids covers", () => {
  const continuity = new Continuity();
  continuity.judge(100, 101);
  continuity.jump(110, 110);
  assertEquals(continuity.judge(105, 111), NEXT);
  assertEquals(continuity.snapshot(), { first: 100, last: 111, holes: [102, 104] });
  assertEquals([continuity.judge(104, 104), continuity.judge(105, 105)], [UNSEEN, DUPLICATE]);
  const across = at(10);
  across.jump(20, 20);
  across.jump(30, 30);
  assertEquals(across.judge(15, 31), NEXT);
  assertEquals(across.snapshot().holes, [11, 14]);
});

Deno.test("Continuity.judge() finds no gap when an aggregate covers old ids and new ones", () => {
  const continuity = at(100);
  assertEquals(continuity.judge(95, 105), NEXT);
  assertEquals(continuity.last, 105);
});

Deno.test("Continuity.judge() suspects a single id more than 10^9 ahead", () => {
  const continuity = at(2_000_000_000);
  assertEquals(continuity.judge(3_000_000_001, 3_000_000_001), UNPROVEN);
  assertEquals(continuity.judge(3_000_000_000, 3_000_000_000), 999_999_999);
  assertEquals(continuity.judge(0, 0), DUPLICATE);
  assertEquals(continuity.last, 2_000_000_000);
});

Deno.test("Continuity.skip() leaves no hole before the next trade, and still lets a better copy through", () => {
  const continuity = new Continuity();
  continuity.skip(0, 0);
  assertEquals(continuity.readTo, -1);
  continuity.restore(100);
  for (const id of [102, 100, 5]) continuity.skip(id, id);
  assertEquals([continuity.last, continuity.readTo], [100, 100]);
  continuity.skip(101, 103);
  continuity.skip(104, 104);
  assertEquals([continuity.last, continuity.readTo], [100, 104]);
  assertEquals(continuity.judge(107, 107), 2);
  const restored = new Continuity();
  restored.restore(continuity.readTo, continuity.snapshot());
  for (const one of [continuity, restored]) {
    assertEquals([one.judge(101, 101), one.last], [NEXT, 101]);
    assertEquals([one.judge(105, 105), one.last], [NEXT, 105]);
    assertEquals(one.snapshot().holes, []);
  }
});

Deno.test("Continuity.judge() counts no id as seen that only an unusable message had, whatever came after it", () => {
  const continuity = at(100);
  continuity.skip(101, 103);
  assertEquals(continuity.judge(104, 104), NEXT);
  continuity.skip(105, 105);
  assertEquals(continuity.judge(109, 109), 3);
  continuity.jump(109, 109);
  const restored = new Continuity();
  restored.restore(continuity.readTo, JSON.parse(JSON.stringify(continuity.snapshot())));
  for (const one of [continuity, restored]) {
    assertEquals(one.snapshot(), { first: 0, last: 109, holes: [106, 108], unusable: [101, 103, 105, 105] });
    for (const id of [101, 102, 103, 105, 106]) assertEquals(one.judge(id, id), UNSEEN, `${id}`);
    for (const id of [100, 104, 109]) assertEquals(one.judge(id, id), DUPLICATE, `${id}`);
    // An aggregate that reaches beyond the last id is seen with all its ids.
    assertEquals(one.judge(103, 110), NEXT);
    assertEquals([one.judge(102, 102), one.judge(103, 103), one.judge(105, 105)], [
      UNSEEN,
      DUPLICATE,
      DUPLICATE,
    ]);
  }
  for (let id = 1_000; id < 500_000; id += 2) {
    continuity.skip(continuity.last + 1, id);
    continuity.judge(id + 1, id + 1);
  }
  assertEquals(continuity.snapshot().unusable!.length, 32);
});

Deno.test("Continuity.restart() forgets the ids before", () => {
  const continuity = at(100);
  continuity.jump(110, 110);
  continuity.restart(5, 5);
  assertEquals(continuity.snapshot(), { first: 5, last: 5, holes: [] });
  assertEquals([continuity.judge(4, 4), continuity.judge(5, 5), continuity.judge(6, 6)], [
    UNSEEN,
    DUPLICATE,
    NEXT,
  ]);
});

Deno.test("Continuity.restore() of a snapshot judges as the original sequence does", () => {
  const continuity = new Continuity();
  continuity.judge(50, 50);
  for (let id = 60; id <= 100; id += 10) continuity.jump(id, id);
  const restored = new Continuity();
  restored.restore(continuity.last, JSON.parse(JSON.stringify(continuity.snapshot())));
  for (let id = 40; id <= 100; id++) assertEquals(restored.judge(id, id), continuity.judge(id, id), `${id}`);
  // An older journal holds only the last id.
  const older = new Continuity();
  older.restore(100);
  assertEquals([older.judge(40, 40), older.judge(55, 55)], [DUPLICATE, DUPLICATE]);
});

Deno.test("Continuity keeps its memory and its snapshot bounded, and counts nothing as seen that it has forgotten", () => {
  const continuity = new Continuity();
  continuity.judge(1, 1);
  for (let id = 3; id < 500_000; id += 2) continuity.jump(id, id);
  const { first, last, holes } = continuity.snapshot();
  assertEquals(holes.length, 32);
  assertEquals(first, holes[0]! - 1);
  assertEquals([continuity.judge(499_999, 499_999), continuity.judge(499_998, 499_998)], [DUPLICATE, UNSEEN]);
  assertEquals(continuity.judge(3, 3), UNSEEN);
  const restored = new Continuity();
  restored.restore(last, { first, last, holes });
  assertEquals(restored.judge(first - 2, first - 2), UNSEEN);
  assert(JSON.stringify(holes).length < 1_000);
});

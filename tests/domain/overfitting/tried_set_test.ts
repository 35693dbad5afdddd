import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TriedSet } from "../../../src/domain/overfitting/tried_set.ts";
import { Random } from "../../../src/simulator/random.ts";

const hash = fc.integer({ min: 0, max: 2 ** 48 - 1 });

Deno.test("TriedSet counts different hashes, in whatever order and portions they arrive", () => {
  fc.assert(fc.property(fc.array(fc.array(hash)), (portions) => {
    const tried = new TriedSet();
    for (const portion of portions) tried.add(portion);
    assertEquals(tried.count, new Set(portions.flat()).size);
    const whole = new TriedSet();
    whole.add(portions.flat().reverse());
    assertEquals(whole.text(), tried.text());
  }));
});

Deno.test("TriedSet.from() restores what text() returned", () => {
  fc.assert(fc.property(fc.array(hash), hash, (hashes, another) => {
    const tried = new TriedSet();
    tried.add([0, 2 ** 48 - 1, ...hashes]);
    const restored = TriedSet.from(tried.text())!;
    assertEquals(restored.text(), tried.text());
    tried.add([another]);
    restored.add([another]);
    assertEquals(restored.text(), tried.text());
  }));
});

Deno.test("TriedSet.from() returns null for any other text", () => {
  const text = (hashes: number[]) => {
    const tried = new TriedSet();
    tried.add(hashes);
    return tried.text();
  };
  const [one, two] = [text([5]), text([9])];
  assertEquals(TriedSet.from(one + two)?.count, 2);
  for (const wrong of ["A", one.slice(1), `${one.slice(1)}!`, two + one, one + one, "A".repeat(8 * 16_385)]) {
    assertEquals(TriedSet.from(wrong), null, wrong);
  }
});

Deno.test("TriedSet stays small, and estimates what it cannot hold to within two per cent", () => {
  const random = new Random(1);
  const tried = new TriedSet();
  let added = 0, before = 0;
  for (const size of [16_383, 1, 1, 50_000, 100_000]) {
    tried.add(Array.from({ length: size }, () => random.uint32() * 2 ** 16 + random.below(2 ** 16)));
    added += size;
    const { count } = tried;
    if (added < 16_384) assertEquals(count, added);
    assertAlmostEquals(count, added, 0.02 * added);
    assert(count >= before);
    before = count;
  }
  assertEquals(tried.text().length, 131_072);
  assertEquals(TriedSet.from(tried.text())?.count, tried.count);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { naturalOrder } from "../../../src/feeds/files/natural_order.ts";

Deno.test("naturalOrder() compares digits as numbers, and the rest as it is", () => {
  const ordered = [
    "a",
    "a0",
    "a00",
    "a1b",
    "a01c",
    "a1c",
    "a2",
    "a10",
    "a99999999999999999999998",
    "a99999999999999999999999",
    "b-2025-01-02.csv",
    "b-2025-01-10.csv",
    "b-2025-02-01.csv",
  ];
  assertEquals(ordered.toReversed().sort(naturalOrder), ordered);
  assertEquals(naturalOrder("a1", "a1"), 0);
});

Deno.test("naturalOrder() is a total order", () => {
  const name = fc.string({ unit: fc.constantFrom("0", "1", "2", "10", "a", "b", ".", "_"), maxLength: 6 });
  fc.assert(fc.property(name, name, name, (a, b, c) => {
    assertEquals(Math.sign(naturalOrder(a, b)), -Math.sign(naturalOrder(b, a)) + 0);
    assertEquals(naturalOrder(a, b) === 0, a === b);
    assert(!(naturalOrder(a, b) < 0 && naturalOrder(b, c) < 0) || naturalOrder(a, c) < 0);
  }));
});

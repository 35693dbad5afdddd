import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MOST_ADDED, WideSum } from "../../../src/domain/numbers/wide_sum.ts";

const part = fc.oneof(
  fc.integer({ min: 0, max: 100_000_000 }),
  fc.maxSafeNat().map((value) => Math.min(value, MOST_ADDED)),
  fc.constant(MOST_ADDED),
);

Deno.test("WideSum is exact, however large it grows, and its estimate is near", () => {
  const step = fc.oneof(
    fc.tuple(part, part),
    fc.bigInt({ min: 0n, max: 10n ** 30n }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const sum = new WideSum();
    let expected = 0n;
    for (const step of steps) {
      if (typeof step === "bigint") sum.addBig(step);
      else sum.add(...step);
      expected += typeof step === "bigint" ? step : BigInt(step[0]) * 100_000_000n + BigInt(step[1]);
      assertEquals(sum.total, expected);
      assertAlmostEquals(sum.estimate, Number(expected), Number(expected) * 1e-15);
    }
    const copy = new WideSum();
    copy.take(sum);
    sum.set(5n);
    sum.add(1, 2);
    assertEquals([copy.total, sum.total], [expected, 100_000_007n]);
  }));
});

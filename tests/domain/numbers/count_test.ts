import { assertEquals } from "@std/assert";
import { exactCount, wholeCount } from "../../../src/domain/numbers/count.ts";
import { Money } from "../../../src/domain/numbers/money.ts";

const MOST = Number.MAX_SAFE_INTEGER;

Deno.test("wholeCount() rounds down, and stays at the largest safe integer", () => {
  const cases: [string, number, number][] = [
    ["12.345", 3, 12_345],
    ["12.345", 5, 1_234_500],
    ["12.345", 2, 1_234],
    ["0.009", 2, 0],
    ["9007199254740991", 0, MOST],
    ["9007199254740993", 0, MOST],
    ["90071992547409.919", 2, MOST],
    ["1e300", 0, 0],
  ];
  for (const [amount, decimals, count] of cases) assertEquals(wholeCount(new Money(amount), decimals), count);
});

Deno.test("exactCount() gives no number for an amount that is not one exactly", () => {
  const cases: [string, number, number][] = [
    ["12.345", 3, 12_345],
    ["12.340", 2, 1_234],
    ["12.345", 2, NaN],
    ["0", 8, 0],
    ["9007199254740991", 0, MOST],
    ["9007199254740992", 0, NaN],
    ["1e300", 0, NaN],
  ];
  for (const [amount, decimals, count] of cases) assertEquals(exactCount(new Money(amount), decimals), count);
});

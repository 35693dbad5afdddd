/** How a sweep divides its trades into folds, and its configurations into passes. */
import { assertEquals, assertThrows } from "@std/assert";
import { foldsOf } from "../../src/commands/backtest/sweep/folds.ts";
import { passesOf } from "../../src/commands/backtest/sweep/passes.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { Money } from "../../src/domain/numbers/money.ts";

function foldsIn(trades: number, test: string | null, walkForward: number | null): string[] {
  return foldsOf(trades, { test: test === null ? null : new Money(test), walkForward })
    .map(({ id, use, from, to }) => `${id} ${use} ${from}..${to}`);
}

Deno.test("foldsOf() holds out the last share of the trades, and cuts the rest into one window more than are traded", () => {
  assertEquals(foldsIn(11, "0.3", null), ["0 choice 0..8", "1 test 8..Infinity"]);
  assertEquals(foldsIn(10, null, 2), [
    ...["0 choice 0..Infinity", "1 window 0..3", "2 window 3..6", "3 window 6..Infinity"],
  ]);
  assertEquals(foldsIn(11, "0.3", 1), [
    ...["0 choice 0..8", "1 test 8..Infinity", "2 window 0..4", "3 window 4..8"],
  ]);
});

Deno.test("foldsOf() takes parts of two trades, and refuses smaller ones", () => {
  assertEquals(foldsIn(10, "0.2", 3).length, 6);
  for (
    const [trades, test, walkForward, why] of [
      [9, "0.2", null, "the files have 9 trades: too few for --test"],
      [5, null, 2, "the files have 5 trades: too few for --walk-forward"],
    ] as const
  ) {
    assertThrows(() => foldsIn(trades, test, walkForward), ConfigError, why);
  }
});

Deno.test("passesOf() makes even passes, with fewer configurations for large files but never fewer than 256", () => {
  const places = Array.from({ length: 1_025 }, (_, place) => place);
  const sizes = (bytes: number | null, lanes?: number) => {
    const passes = passesOf(places, bytes, lanes);
    assertEquals(passes.flat(), places);
    return passes.map(({ length }) => length);
  };
  assertEquals(sizes(null), [342, 342, 341]);
  assertEquals(sizes(1_000), [342, 342, 341]);
  assertEquals(sizes(null, 600), [513, 512]);
  // 8 million trades of 40 bytes: 375 configurations are 3 billion rows.
  assertEquals(sizes(320_000_000), [342, 342, 341]);
  assertEquals(sizes(1e12), [205, 205, 205, 205, 205]);
});

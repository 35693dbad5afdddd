import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { progressLine } from "../../../src/views/report/backtest_narration.ts";
import type { BacktestProgress } from "../../../src/views/view.ts";

const STATE: BacktestProgress = {
  bytesRead: 123_456_789,
  bytesTotal: 493_827_156,
  trades: 5_000_000,
  elapsedMs: 1_000,
};

function line(changes: Partial<BacktestProgress> = {}, width = 200): string {
  return progressLine({ ...STATE, ...changes }, width);
}

Deno.test("progressLine() shows the progress, the speed, and the time left", () => {
  assertEquals(line(), "25 %  123.5 of 493.8 MB  5,000,000 trades  5,000,000 trades/s  3 s left");
  assertEquals(
    line({ bytesRead: 493_827_155, elapsedMs: 2_500 }),
    "99 %  493.8 of 493.8 MB  5,000,000 trades  2,000,000 trades/s  0 ms left",
  );
});

Deno.test("progressLine() shows the time left in its two largest units", () => {
  const left = (ms: number) =>
    / {2}([^ ].*) left$/.exec(line({ elapsedMs: ms / 3 }))?.[1]?.split("  ").at(-1);
  assertEquals(
    [12, 900, 59_000, 90_000, 10_800_000, 100_800_000].map(left),
    ["12 ms", "0.9 s", "59 s", "1 m 30 s", "3 h 0 m", "1 d 4 h"],
  );
});

Deno.test("progressLine() leaves out the time left while less than 1 % is done", () => {
  const state = { bytesTotal: 1_000_000_000, elapsedMs: 1_000 };
  assertEquals(
    line({ ...state, bytesRead: 9_999_999 }),
    "0 %  10.0 of 1000.0 MB  5,000,000 trades  5,000,000 trades/s",
  );
  assertEquals(
    line({ ...state, bytesRead: 10_000_000 }),
    "1 %  10.0 of 1000.0 MB  5,000,000 trades  5,000,000 trades/s  1 m 39 s left",
  );
});

Deno.test("progressLine() leaves out what cannot be known: share and time left without a total", () => {
  assertEquals(line({ bytesTotal: null }), "123.5 MB  5,000,000 trades  5,000,000 trades/s");
});

Deno.test("progressLine() never divides by zero", () => {
  assertEquals(
    line({ bytesRead: 0, trades: 0, elapsedMs: 0, bytesTotal: 2_000_000 }),
    "0 %  0.0 of 2.0 MB  0 trades",
  );
  assertEquals(line({ bytesRead: 0, bytesTotal: 0 }), "0.0 of 0.0 MB  5,000,000 trades  5,000,000 trades/s");
  assertEquals(
    line({ bytesRead: 0, trades: 0, bytesTotal: 2_000_000 }),
    "0 %  0.0 of 2.0 MB  0 trades  0 trades/s",
  );
});

Deno.test("progressLine() never shows more than 100 %, even if a file has grown meanwhile", () => {
  assert(line({ bytesRead: 600_000_000 }).startsWith("100 %  600.0 of 493.8 MB"));
});

Deno.test("progressLine() is cut to the width, with an ellipsis", () => {
  const whole = line();
  assertEquals(line({}, whole.length), whole);
  assertEquals(line({}, 30), "25 %  123.5 of 493.8 MB  5,00…");
  const amount = fc.double({ min: 0, max: 1e15, noNaN: true }).map(Math.floor);
  fc.assert(fc.property(
    fc.record({
      bytesRead: amount,
      bytesTotal: fc.option(amount),
      trades: amount,
      elapsedMs: amount,
    }),
    fc.integer({ min: 1, max: 120 }),
    (state, width) => {
      const shown = progressLine(state, width);
      assert(shown.length <= width, shown);
      assert(!/NaN|Infinity|undefined|null|-/.test(shown), shown);
    },
  ));
});

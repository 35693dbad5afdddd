import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type BacktestProgress, grouped, progressLine } from "../../src/views/progress.ts";

const STATE: BacktestProgress = {
  bytesRead: 123_456_789,
  bytesTotal: 493_827_156,
  trades: 5_000_000,
  elapsedMs: 1_000,
};

function line(changes: Partial<BacktestProgress> = {}, width = 200): string {
  return progressLine({ ...STATE, ...changes }, width);
}

Deno.test("progressLine() says how far it has come, how fast, and how long it will take", () => {
  assertEquals(line(), "25 %  123.5 of 493.8 MB  5,000,000 trades  5,000,000 trades/s  3 s left");
  assertEquals(
    line({ bytesRead: 493_827_155, elapsedMs: 2_500 }),
    "99 %  493.8 of 493.8 MB  5,000,000 trades  2,000,000 trades/s  0 s left",
  );
});

Deno.test("progressLine() leaves out what cannot be known: share and time left without a total", () => {
  assertEquals(line({ bytesTotal: null }), "123.5 MB  5,000,000 trades  5,000,000 trades/s");
});

Deno.test("progressLine() divides by nothing that is zero", () => {
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

Deno.test("progressLine() never says more than 100 %, also when a file has grown meanwhile", () => {
  assert(line({ bytesRead: 600_000_000 }).startsWith("100 %  600.0 of 493.8 MB"));
});

Deno.test("progressLine() is cut to the width, and says so with an ellipsis", () => {
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

Deno.test("grouped() puts commas between thousands", () => {
  const shown = [0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991].map(grouped);
  assertEquals(shown, ["0", "7", "999", "1,000", "12,345", "999,999", "1,000,000", "9,007,199,254,740,991"]);
});

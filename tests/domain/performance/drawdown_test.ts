import { assertGreater } from "@std/assert";
import fc from "fast-check";
import { Drawdown } from "../../../src/domain/performance/drawdown.ts";
import type { DrawdownPeriod } from "../../../src/domain/performance/drawdown_periods.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { Exact } from "../../support/exact.ts";
import { type Run, run, stepsOf } from "../drawdown_run.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string) => new Money(amount);

/** The worst fall of a run, by Drawdown and by a reference that looks at every point of the equity. */
function outcomes(made: Run): { found: string; expected: string } {
  let found = "0";
  let peak = Exact.of(made.cash);
  let worst = { fall: new Exact(0n), peak };
  const measure = (equity: Exact): void => {
    if (equity.compare(peak) > 0) peak = equity;
    const fall = peak.minus(equity);
    if (fall.times(worst.peak).compare(worst.fall.times(peak)) > 0) worst = { fall, peak };
  };
  for (const { drawdown, marked, filled } of stepsOf(made)) {
    measure(marked);
    if (filled !== null) measure(filled);
    found = drawdown.worst();
  }
  return { found, expected: worst.fall.ratio(worst.peak, 8).toString() };
}

Deno.test("Drawdown finds the worst fall, as an exact reference does", () => {
  let falls = 0;
  fc.assert(
    fc.property(run, (made) => {
      const { found, expected } = outcomes(made);
      assertEquals(found, expected);
      if (expected !== "0") falls++;
    }),
    { numRuns: 5_000 },
  );
  assertGreater(falls, 1_000);
});

/** A drawdown that bought 10 at 100 for 1000 of its 1000, without a fee. */
function invested(): Drawdown {
  const drawdown = new Drawdown(m("1000"));
  drawdown.mark(100, 0, 0);
  drawdown.rebook(m("0"), m("10"), 100, 0);
  return drawdown;
}

Deno.test("Drawdown.worst() measures from the highest peak, not from the start", () => {
  const drawdown = invested();
  for (const price of [200, 150, 300, 151, 150]) drawdown.mark(price, 0, 0);
  assertEquals(drawdown.worst(), "0.5");
});

Deno.test("Drawdown keeps its peak over a sale, so that the fall continues", () => {
  const drawdown = invested();
  drawdown.mark(200, 0, 0);
  drawdown.mark(120, 0, 0);
  drawdown.rebook(m("1200"), m("0"), 120, 0);
  for (const price of [1, 1_000_000]) drawdown.mark(price, 0, 0);
  drawdown.rebook(m("0"), m("10"), 120, 0);
  for (const price of [101, 100]) drawdown.mark(price, 0, 0);
  assertEquals(drawdown.worst(), "0.5");
});

Deno.test("Drawdown.mark() takes prices in any unit", () => {
  const drawdown = invested();
  drawdown.mark(1201, 1, 0);
  drawdown.mark(9_608_000_000, 8, 0);
  assertEquals(drawdown.worst(), "0.2");
});

Deno.test("Drawdown.worst() is 0 before anything was bought", () => {
  const drawdown = new Drawdown(m("1000"));
  for (const price of [5, 1, 9]) drawdown.mark(price, 0, 0);
  assertEquals(drawdown.worst(), "0");
});

/** A period as texts and times. */
function shown(period: DrawdownPeriod | null): unknown {
  return period && { ...period, peak: plain(period.peak), amount: plain(period.amount) };
}

Deno.test("Drawdown.worstFall() has the peak, the amount, and the times of the last trade at the peak and of the trough", () => {
  const drawdown = invested();
  const times: [price: number, time: number][] = [[120, 1], [110, 2], [120, 3], [90, 4], [96, 5], [90, 6]];
  for (const [price, time] of times) drawdown.mark(price, 0, time);
  const fall = { peak: "1200", amount: "300", from: 3, to: 4, recovered: null };
  assertEquals(shown(drawdown.worstFall()), fall);
  // From a higher peak it takes a fall of more than 300 to be worse.
  drawdown.mark(200, 0, 7);
  drawdown.mark(151, 0, 8);
  assertEquals(shown(drawdown.worstFall()), fall);
  drawdown.mark(149, 0, 9);
  assertEquals(shown(drawdown.worstFall()), { peak: "2000", amount: "510", from: 7, to: 9, recovered: null });
});

Deno.test("Drawdown.worstFall() starts and ends at the same trade if it is the cost of a fill", () => {
  const drawdown = new Drawdown(m("1000"));
  drawdown.mark(100, 0, 7);
  drawdown.rebook(m("0"), m("9.99"), 100, 7);
  assertEquals(shown(drawdown.worstFall()), { peak: "1000", amount: "1", from: 7, to: 7, recovered: null });
});

Deno.test("Drawdown.worstFall() and longestUnderWater() are null until equity falls", () => {
  const drawdown = new Drawdown(m("1000"));
  const nothing = () => [drawdown.worstFall(), drawdown.longestUnderWater(99), drawdown.deepestPeriods()];
  assertEquals(nothing(), [null, null, []]);
  [5, 1, 9].forEach((price, at) => drawdown.mark(price, 0, at));
  assertEquals(nothing(), [null, null, []]);
  drawdown.rebook(m("10"), m("110"), 9, 2);
  [9, 9, 10, 10].forEach((price, at) => drawdown.mark(price, 0, 3 + at));
  assertEquals(nothing(), [null, null, []]);
});

Deno.test("Drawdown counts time under water from the last trade at the peak, even while nothing is held", () => {
  const drawdown = invested();
  drawdown.mark(120, 0, 10);
  drawdown.mark(120, 0, 20);
  drawdown.mark(110, 0, 30);
  assertEquals(drawdown.longestUnderWater(35), 15);
  drawdown.rebook(m("1100"), m("0"), 110, 40);
  drawdown.mark(500, 0, 50);
  assertEquals(drawdown.longestUnderWater(50), 30);
  drawdown.rebook(m("0"), m("10"), 110, 60);
  drawdown.mark(120, 0, 70);
  // It ended back at the peak, and later times change nothing.
  assertEquals(drawdown.longestUnderWater(1_000), 50);
});

Deno.test("Drawdown at its peak without a position starts the next fall at the next buy", () => {
  const drawdown = invested();
  drawdown.mark(120, 0, 10);
  drawdown.rebook(m("1200"), m("0"), 120, 10);
  drawdown.mark(60, 0, 20);
  drawdown.mark(60, 0, 30);
  drawdown.rebook(m("0"), m("20"), 60, 30);
  drawdown.mark(54, 0, 40);
  assertEquals(shown(drawdown.worstFall()), {
    peak: "1200",
    amount: "120",
    from: 30,
    to: 40,
    recovered: null,
  });
  assertEquals(drawdown.longestUnderWater(40), 10);
});

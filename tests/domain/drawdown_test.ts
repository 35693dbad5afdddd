import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Drawdown } from "../../src/domain/drawdown.ts";
import type { DrawdownPeriod } from "../../src/domain/drawdown_periods.ts";
import { Money, plain } from "../../src/domain/money.ts";
import { Exact } from "../support/exact.ts";
import { type Run, run, stepsOf } from "./drawdown_run.ts";

const m = (amount: string) => new Money(amount);

interface Outcome {
  readonly worst: string;
  /** Index and value of the first trade at which the limit was reached. */
  readonly breach: { readonly at: number; readonly value: string } | null;
}

/** Runs the drawdown and a reckoning that looks at every point of the equity. */
function outcomes(made: Run): { found: Outcome; expected: Outcome } {
  let found: Outcome = { worst: "0", breach: null };
  let breach: Outcome["breach"] = null;
  let peak = Exact.of(made.cash);
  let worst = { fall: new Exact(0n), peak };
  const measure = (equity: Exact): Exact => {
    if (equity.compare(peak) > 0) peak = equity;
    const fall = peak.minus(equity);
    if (fall.times(worst.peak).compare(worst.fall.times(peak)) > 0) worst = { fall, peak };
    return fall;
  };
  let at = 0;
  for (const { drawdown, breach: value, marked, filled } of stepsOf(made)) {
    const fall = measure(marked);
    if (breach === null && made.limit !== null && fall.compare(Exact.of(made.limit).times(peak)) >= 0) {
      breach = { at, value: fall.ratio(peak, 8).toString() };
    }
    if (filled !== null) measure(filled);
    const first = value === null ? null : { at, value };
    found = { worst: drawdown.worst(), breach: found.breach ?? first };
    at++;
  }
  return { found, expected: { worst: worst.fall.ratio(worst.peak, 8).toString(), breach } };
}

Deno.test("Drawdown finds the worst fall and the first trade at the limit, as an exact reckoning does", () => {
  let breaches = 0;
  fc.assert(
    fc.property(run, (made) => {
      const { found, expected } = outcomes(made);
      assertEquals(found, expected);
      if (expected.breach !== null) breaches++;
    }),
    { numRuns: 12_000 },
  );
  assertGreater(breaches, 3_000);
});

/** A drawdown that bought 10 at 100 for 1000 of its 1000, without a fee. */
function invested(limit: string | null): Drawdown {
  const drawdown = new Drawdown(m("1000"), limit === null ? null : m(limit));
  drawdown.mark(100, 0, 0);
  drawdown.rebook(m("0"), m("10"), 100, 0);
  return drawdown;
}

Deno.test("Drawdown.mark() is true from the price on at which the fall is the limit itself", () => {
  const drawdown = invested("0.2");
  assertEquals([120, 97, 96].map((price) => drawdown.mark(price, 0, 0)), [false, false, true]);
  const breach = drawdown.breachAt(96);
  assertEquals([plain(breach!.limit), plain(breach!.value)], ["0.2", "0.2"]);
  assertEquals(drawdown.breachAt(97), null);
});

Deno.test("Drawdown.mark() measures from the highest peak, not from the start", () => {
  const drawdown = invested("0.5");
  assertEquals([200, 150, 300, 151].map((price) => drawdown.mark(price, 0, 0)), [false, false, false, false]);
  assertEquals(drawdown.mark(150, 0, 0), true);
  assertEquals(drawdown.worst(), "0.5");
});

Deno.test("Drawdown.mark() finds the limit reached at a price above the fill's, when the fill cost that much", () => {
  // A fee of 200: from the fill on the fall is the limit at 120 and below.
  const drawdown = new Drawdown(m("1000"), m("0.1"));
  drawdown.mark(100, 0, 0);
  drawdown.rebook(m("0"), m("7.5"), 100, 0);
  assertEquals([121, 120].map((price) => drawdown.mark(price, 0, 0)), [false, true]);
});

Deno.test("Drawdown keeps its peak over a sale: the fall goes on from there", () => {
  const drawdown = invested("0.5");
  drawdown.mark(200, 0, 0);
  drawdown.mark(120, 0, 0);
  drawdown.rebook(m("1200"), m("0"), 120, 0);
  assertEquals([1, 1_000_000].map((price) => drawdown.mark(price, 0, 0)), [false, false]);
  drawdown.rebook(m("0"), m("10"), 120, 0);
  assertEquals([101, 100].map((price) => drawdown.mark(price, 0, 0)), [false, true]);
  assertEquals(drawdown.worst(), "0.5");
});

Deno.test("Drawdown.mark() goes by the price, whatever its unit", () => {
  const drawdown = invested("0.2");
  assertEquals(drawdown.mark(1201, 1, 0), false);
  assertEquals(drawdown.mark(9_608_000_001, 8, 0), false);
  assertEquals(drawdown.mark(9_608_000_000, 8, 0), true);
});

Deno.test("Drawdown without a limit never says that it is reached, and measures all the same", () => {
  const drawdown = invested(null);
  assertEquals([100, 1].map((price) => drawdown.mark(price, 0, 0)), [false, false]);
  assertEquals(drawdown.breachAt(1), null);
  assertEquals(drawdown.worst(), "0.99");
});

Deno.test("Drawdown.worst() is 0 before anything was bought", () => {
  const drawdown = new Drawdown(m("1000"), m("0.2"));
  assertEquals([5, 1, 9].map((price) => drawdown.mark(price, 0, 0)), [false, false, false]);
  assertEquals(drawdown.worst(), "0");
});

/** A period as texts and times. */
function shown(period: DrawdownPeriod | null): unknown {
  return period && { ...period, peak: plain(period.peak), amount: plain(period.amount) };
}

Deno.test("Drawdown.worstFall() says peak, amount, the last trade at the peak and the trough", () => {
  const drawdown = invested(null);
  const times: [price: number, time: number][] = [[120, 1], [110, 2], [120, 3], [90, 4], [96, 5], [90, 6]];
  for (const [price, time] of times) drawdown.mark(price, 0, time);
  const fall = { peak: "1200", amount: "300", from: 3, to: 4, recovered: null };
  assertEquals(shown(drawdown.worstFall()), fall);
  // Higher up it takes more than 300 to be worse.
  drawdown.mark(200, 0, 7);
  drawdown.mark(151, 0, 8);
  assertEquals(shown(drawdown.worstFall()), fall);
  drawdown.mark(149, 0, 9);
  assertEquals(shown(drawdown.worstFall()), { peak: "2000", amount: "510", from: 7, to: 9, recovered: null });
});

Deno.test("Drawdown.worstFall() begins and ends at one trade when it is the cost of the fill there", () => {
  const drawdown = new Drawdown(m("1000"), null);
  drawdown.mark(100, 0, 7);
  drawdown.rebook(m("0"), m("9.99"), 100, 7);
  assertEquals(shown(drawdown.worstFall()), { peak: "1000", amount: "1", from: 7, to: 7, recovered: null });
});

Deno.test("Drawdown.worstFall() and longestUnderWater() are null as long as equity has not fallen", () => {
  const drawdown = new Drawdown(m("1000"), m("0.2"));
  const nothing = () => [drawdown.worstFall(), drawdown.longestUnderWater(99), drawdown.deepestPeriods()];
  assertEquals(nothing(), [null, null, []]);
  [5, 1, 9].forEach((price, at) => drawdown.mark(price, 0, at));
  assertEquals(nothing(), [null, null, []]);
  drawdown.rebook(m("10"), m("110"), 9, 2);
  [9, 9, 10, 10].forEach((price, at) => drawdown.mark(price, 0, 3 + at));
  assertEquals(nothing(), [null, null, []]);
});

Deno.test("Drawdown counts time under water from the last trade at the peak, also while nothing is held", () => {
  const drawdown = invested(null);
  drawdown.mark(120, 0, 10);
  drawdown.mark(120, 0, 20);
  drawdown.mark(110, 0, 30);
  assertEquals(drawdown.longestUnderWater(35), 15);
  drawdown.rebook(m("1100"), m("0"), 110, 40);
  drawdown.mark(500, 0, 50);
  assertEquals(drawdown.longestUnderWater(50), 30);
  drawdown.rebook(m("0"), m("10"), 110, 60);
  drawdown.mark(120, 0, 70);
  // Back at the peak it has ended, and later times change nothing.
  assertEquals(drawdown.longestUnderWater(1_000), 50);
});

Deno.test("Drawdown at its peak without a position: the fall after the next buy begins there", () => {
  const drawdown = invested(null);
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

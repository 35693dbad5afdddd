import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Drawdown } from "../../src/domain/drawdown.ts";
import { Money, plain } from "../../src/domain/money.ts";
import { Exact } from "../support/exact.ts";

const m = (amount: string) => new Money(amount);

/** One trade, and perhaps a fill at it. */
interface Move {
  readonly price: number;
  /** How many decimals the unit grows by at this trade. */
  readonly finer: number;
  /** Part of the cash to spend, in thousandths, when there is no position; 0 for no fill. A position is sold whole. */
  readonly share: number;
}

interface Run {
  readonly cash: string;
  readonly fee: string;
  readonly limit: string | null;
  readonly moves: readonly Move[];
}

interface Outcome {
  readonly worst: string;
  /** Index and value of the first trade at which the limit was reached. */
  readonly breach: { readonly at: number; readonly value: string } | null;
}

const move: fc.Arbitrary<Move> = fc.record({
  price: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 9_000, max: 11_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 9_990, max: 10_010 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
  ),
  finer: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 2 }),
  }),
  share: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 1000 }),
  }),
});

const run: fc.Arbitrary<Run> = fc.record({
  cash: fc.constantFrom("10000", "0.12345678", "98765432109.87654321"),
  fee: fc.constantFrom("0", "0.001", "0.05", "0.3"),
  limit: fc.constantFrom("0.2", "0.0001", "0.001", "0.01", "0.05", "0.12", "0.5", null),
  moves: fc.array(move, { minLength: 1, maxLength: 25, size: "max" }),
});

/** The books after the fill that a move asks for: cash and position, or null for no fill. */
function traded(
  cash: Exact,
  position: Exact,
  price: Exact,
  fee: Exact,
  share: number,
): [Exact, Exact] | null {
  if (share === 0) return null;
  const one = new Exact(1n);
  if (!position.isZero()) {
    return [cash.plus(position.times(price).times(one.minus(fee))), new Exact(0n)];
  }
  const lots = cash.times(new Exact(BigInt(share), 3)).wholeTimes(
    price.times(one.plus(fee)).times(new Exact(1n, 8)),
  );
  if (lots === 0n) return null;
  const quantity = new Exact(lots, 8);
  return [cash.minus(quantity.times(price).times(one.plus(fee))), quantity];
}

/** Runs the drawdown and a reckoning that looks at every point of the equity, each against the other's books. */
function outcomes({ cash: start, fee, limit, moves }: Run): { found: Outcome; expected: Outcome } {
  const drawdown = new Drawdown(m(start), limit === null ? null : m(limit));
  let breach: Outcome["breach"] = null;
  let expectedBreach: Outcome["breach"] = null;
  let cash = Exact.of(start), position = new Exact(0n), peak = cash;
  let worst = { fall: new Exact(0n), peak };
  let decimals = 0;
  const measure = (equity: Exact): Exact => {
    if (equity.compare(peak) > 0) peak = equity;
    const fall = peak.minus(equity);
    if (fall.times(worst.peak).compare(worst.fall.times(peak)) > 0) worst = { fall, peak };
    return fall;
  };
  moves.forEach(({ price: level, finer, share }, at) => {
    decimals = Math.min(8, decimals + finer);
    // The level keeps its meaning in quote currency while the unit gets finer, give or take a few units.
    const units = level * 10 ** decimals + (finer > 0 ? 7 : 0);
    const price = new Exact(BigInt(units), decimals);
    const fall = measure(cash.plus(position.times(price)));
    if (expectedBreach === null && limit !== null && fall.compare(Exact.of(limit).times(peak)) >= 0) {
      expectedBreach = { at, value: fall.ratio(peak, 8).toString() };
    }
    if (drawdown.mark(units, decimals, 0) && breach === null) {
      breach = { at, value: plain(drawdown.breachAt(units)!.value.toDecimalPlaces(8)) };
    }
    const books = traded(cash, position, price, Exact.of(fee), share);
    if (books === null) return;
    [cash, position] = books;
    measure(cash.plus(position.times(price)));
    drawdown.rebook(m(cash.toString()), m(position.toString()), units, 0);
  });
  const expected = { worst: worst.fall.ratio(worst.peak, 8).toString(), breach: expectedBreach };
  return { found: { worst: drawdown.worst(), breach }, expected };
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

/** Random runs of a Drawdown: trades, some with a fill, and every point of the equity as it should be. */
import fc from "fast-check";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import type { EquityPoint } from "../support/drawdown_reference.ts";
import { Exact } from "../support/exact.ts";

/** One trade, and perhaps a fill at it. */
export interface Move {
  readonly price: number;
  /** How many decimals the unit grows by at this trade. */
  readonly finer: number;
  /**
   * The share of the cash to spend, in thousandths; 0 for no fill. If there is a position, all of it is sold.
   */
  readonly share: number;
  /** µs since the trade before. */
  readonly later: number;
}

/** A whole run, amounts as decimal text. */
export interface Run {
  readonly cash: string;
  readonly fee: string;
  readonly moves: readonly Move[];
}

/**
 * Any move with such a price and such a time. For every `sameUnit` moves there is one with a finer unit, for
 * every `noFill` moves one with a fill.
 */
function moves(
  price: fc.Arbitrary<number>,
  later: fc.Arbitrary<number>,
  { sameUnit, noFill }: { readonly sameUnit: number; readonly noFill: number },
): fc.Arbitrary<Move> {
  return fc.record({
    price,
    finer: fc.oneof({ weight: sameUnit, arbitrary: fc.constant(0) }, {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 2 }),
    }),
    share: fc.oneof({ weight: noFill, arbitrary: fc.constant(0) }, {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 1000 }),
    }),
    later,
  });
}

const anyPrice = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 9_000, max: 11_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 9_990, max: 10_010 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
);

/** A run with prices all over, of any account. */
export const run: fc.Arbitrary<Run> = fc.record({
  cash: fc.constantFrom("10000", "0.12345678", "98765432109.87654321"),
  fee: fc.constantFrom("0", "0.001", "0.05", "0.3"),
  moves: fc.array(moves(anyPrice, fc.integer({ min: 1, max: 9 }), { sameUnit: 12, noFill: 3 }), {
    minLength: 1,
    maxLength: 25,
    size: "max",
  }),
});

/**
 * A run with few prices, so that equity is at its peak and its troughs over and over, and times that may
 * stand still.
 */
export const restlessRun: fc.Arbitrary<Run> = fc.record({
  cash: fc.constantFrom("10000", "0.12345678", "98765432109.87654321"),
  fee: fc.constantFrom("0", "0", "0.001", "0.0001"),
  moves: fc.array(
    moves(
      fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 100, max: 103 }) },
        { weight: 1, arbitrary: fc.integer({ min: 90, max: 110 }) },
      ),
      fc.integer({ min: 0, max: 3 }),
      { sameUnit: 40, noFill: 15 },
    ),
    { minLength: 40, maxLength: 100, size: "max" },
  ),
});

/** A drawdown after one more trade, and the trade. */
export interface Step {
  readonly drawdown: Drawdown;
  readonly units: number;
  readonly decimals: number;
  readonly time: number;
  /** Equity at the trade, before its orders. */
  readonly marked: Exact;
  /** Equity after the fill at this trade; null without one. */
  readonly filled: Exact | null;
}

/** Runs a new drawdown through the moves. The books are computed by separate exact arithmetic. */
export function* stepsOf({ cash: start, fee, moves }: Run): Generator<Step> {
  const drawdown = new Drawdown(new Money(start));
  let cash = Exact.of(start), position = new Exact(0n);
  let decimals = 0, time = 1_000;
  for (const { price: level, finer, share, later } of moves) {
    time += later;
    decimals = Math.min(8, decimals + finer);
    // The level keeps its meaning in quote currency while the unit gets finer, give or take a few units.
    const units = level * 10 ** decimals + (finer > 0 ? 7 : 0);
    const price = new Exact(BigInt(units), decimals);
    const marked = cash.plus(position.times(price));
    drawdown.mark(units, decimals, time);
    const books = traded(cash, position, price, Exact.of(fee), share);
    if (books !== null) {
      [cash, position] = books;
      drawdown.rebook(new Money(cash.toString()), new Money(position.toString()), units, time);
    }
    const filled = books === null ? null : cash.plus(position.times(price));
    yield { drawdown, units, decimals, time, marked, filled };
  }
}

/** The points of the equity that a step adds. */
export function pointsOf({ time, marked, filled }: Step): EquityPoint[] {
  return filled === null ? [{ time, equity: marked }] : [{ time, equity: marked }, { time, equity: filled }];
}

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

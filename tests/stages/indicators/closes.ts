/** Closes as a market may have them: of any size, in a unit that sometimes becomes finer. */
import fc from "fast-check";
import { Exact } from "../../support/exact.ts";

/** One close: an integer count of 10^-decimals. */
export interface Close {
  readonly close: number;
  readonly decimals: number;
}

/** Up to 120 closes, each with at least the decimals of the one before; equal ones are common, large ones rare. */
export const closes: fc.Arbitrary<readonly Close[]> = fc.array(
  fc.record({
    level: fc.oneof(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 9_999_990, max: 10_000_000 }),
    ),
    offset: fc.nat(9),
    finer: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 4 }),
    }),
  }),
  { minLength: 1, maxLength: 120, size: "max" },
).map((steps) => {
  let decimals = 0;
  return steps.map(({ level, offset, finer }) => {
    decimals = Math.min(8, decimals + finer);
    return { close: Math.min(level * 10 ** decimals + offset, 10_000_000 * 10 ** decimals), decimals };
  });
});

/** The same amounts, all in the finest of their units. */
export function inOneUnit(some: readonly Close[]): readonly Close[] {
  const finest = Math.max(0, ...some.map(({ decimals }) => decimals));
  return some.map(({ close, decimals }) => ({ close: close * 10 ** (finest - decimals), decimals: finest }));
}

/** The amount of a close. */
export function exactly({ close, decimals }: Close): Exact {
  return new Exact(BigInt(close), decimals);
}

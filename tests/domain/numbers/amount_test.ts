/** Amounts against decimal.js, digit for digit. */
import { Decimal } from "decimal.js";
import fc from "fast-check";
import { Amount } from "../../../src/domain/numbers/amount.ts";
import { assertEquals } from "../../support/equals.ts";

const Reference: Decimal.Constructor = Decimal.clone({
  defaults: true,
  precision: 100,
  maxE: 100_000,
  minE: -100_000,
  rounding: Decimal.ROUND_HALF_EVEN,
});
/** Up to 49 digits: the products of longer ones have more than the 100 digits that decimal.js keeps. */
const RUNS = 8_000;
const ROUNDINGS = [
  Decimal.ROUND_UP,
  Decimal.ROUND_DOWN,
  Decimal.ROUND_CEIL,
  Decimal.ROUND_FLOOR,
  Decimal.ROUND_HALF_EVEN,
] as const;

/** Texts of amounts: round, long, next to each other, below zero, and thirds. */
const digits = (most: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 10n ** BigInt(most) - 1n }).map(String),
    fc.constantFrom("0", "1", "5", "10", "25", "9999999", "10000000", "9007199254740991", "9007199254740993"),
  );
const amount = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom("", "-"), digits(18), digits(18)).map((parts) => textOf(parts)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom("", "-"), digits(4), digits(3)).map((parts) => textOf(parts)),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant(""), digits(25), digits(24)).map((parts) => textOf(parts)) },
  { weight: 1, arbitrary: fc.constantFrom("0", "1e-8", "1e21", "0.00000000", "100", "1e300", "1e-300") },
);

/** Thirty thousand digits with one another and with others: a few, because each costs as much as a thousand amounts. */
const HUGE = ["1e30000", "1e-30000"].flatMap((one) =>
  ["1e30000", "1e-30000", "0", "-1.5"].flatMap((other, at) =>
    [false, true].map((isThird): [string[], typeof ROUNDINGS[number], number, boolean] => [
      at % 2 === 0 ? [one, other, "0.25"] : [other, one, "3"],
      ROUNDINGS[at]!,
      5 * at,
      isThird,
    ])
  )
);

function textOf([sign, whole, fraction]: readonly [string, string, string]): string {
  return `${sign}${whole}.${fraction}`;
}

/** An amount as plain text; zero has no sign. */
function text(value: Amount | Decimal): string {
  return value.isZero() ? "0" : value.toFixed();
}

Deno.test("Amount adds, subtracts, multiplies, divides, rounds and compares as decimal.js does, digit for digit", () => {
  fc.assert(
    fc.property(
      fc.array(amount, { minLength: 3, maxLength: 3 }),
      fc.constantFrom(...ROUNDINGS),
      fc.integer({ min: 0, max: 20 }),
      fc.boolean(),
      (texts, rounding, places, isThird) => {
        const [a, b, c] = texts.map((each) => isThird ? new Amount(each).div(3) : new Amount(each)) as Three<
          Amount
        >;
        const [x, y, z] = texts.map((each) =>
          isThird ? new Reference(each).div(3) : new Reference(each)
        ) as Three<Decimal>;
        const compare = (found: Amount, expected: Decimal) => assertEquals(text(found), text(expected));
        compare(a.plus(b), x.plus(y));
        compare(a.minus(b), x.minus(y));
        compare(a.minus(b).plus(b).minus(a), x.minus(y).plus(y).minus(x));
        compare(a.times(b), x.times(y));
        compare(a.neg(), x.neg());
        compare(a.abs(), x.abs());
        compare(a.toDecimalPlaces(places, rounding), x.toDecimalPlaces(places, rounding));
        compare(a.times(b).toDecimalPlaces(places, rounding), x.times(y).toDecimalPlaces(places, rounding));
        compare(Amount.max(a, b, c), Reference.max(x, y, z));
        compare(Amount.min(a, b, c), Reference.min(x, y, z));
        assertEquals(Math.sign(a.cmp(b)), x.cmp(y));
        assertEquals([a.lt(b), a.lte(b), a.gt(b), a.gte(b), a.eq(b)], [
          x.lt(y),
          x.lte(y),
          x.gt(y),
          x.gte(y),
          x.eq(y),
        ]);
        assertEquals([a.isZero(), a.isNegative() && !a.isZero()], [
          x.isZero(),
          x.isNegative() && !x.isZero(),
        ]);
        assertEquals(a.toNumber(), x.toNumber() + 0);
        if (b.isZero()) return;
        compare(a.div(b), x.div(y));
        if (x.abs().gt(y.abs().times("1e60")) || isThird) return;
        compare(a.divToInt(b), x.divToInt(y));
        compare(a.mod(b), x.mod(y));
        if (texts.some((each) => each.includes("e"))) return;
        const ratio = x.times(z).div(y).toDecimalPlaces(places, rounding);
        compare(a.timesRatio(c, b, places, rounding), ratio);
        compare(a.timesTo(b, places, rounding), x.times(y).toDecimalPlaces(places, rounding));
        compare(a.abs().inSteps(b.abs()), x.abs().divToInt(y.abs()).times(y.abs()));
      },
    ),
    { numRuns: RUNS, examples: HUGE },
  );
});

type Three<T> = [T, T, T];

/** How estimates used to be computed from decimal.js's words: journals hold the results. */
function estimateOf(value: Decimal): number {
  const { d, e, s } = value;
  if (d === null || d.length > 4) return value.toNumber();
  let sum = 0;
  for (const word of d) sum = sum * 1e7 + word;
  const exponent = 7 * (Math.floor(e / 7) - d.length + 1);
  const power = Number(`1e${Math.abs(exponent)}`);
  if (Math.abs(exponent) > 28) return value.toNumber();
  return s * (exponent < 0 ? sum / power : sum * power);
}

Deno.test("Amount.toDouble() gives the double that decimal.js's words give, to the last bit", () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 9 }), (each, zeros) => {
      const found = new Amount(each).times(`1${"0".repeat(zeros)}`).times("1.000");
      const expected = new Reference(each).times(`1${"0".repeat(zeros)}`);
      assertEquals(found.toDouble() + 0, estimateOf(expected) + 0);
      assertEquals(new Amount(each).toDouble() + 0, estimateOf(new Reference(each)) + 0);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Amount reads what decimal.js reads, and writes plain text without trailing zeros", () => {
  const values = [
    0,
    1,
    -1,
    0.1,
    1e21,
    1e-7,
    9007199254740993,
    NaN,
    Infinity,
    "1e5",
    "-0",
    "0010.500",
    "1e999999999",
  ];
  for (const value of values) {
    const [found, expected] = [new Amount(value), new Reference(value)];
    assertEquals([text(found), found.toString()], [
      text(expected),
      expected.isZero() ? "0" : expected.toString(),
    ]);
    assertEquals(new Amount(expected).toFixed(2), expected.isZero() ? "0.00" : expected.toFixed(2));
  }
  assertEquals(new Amount(-12_500n, 3).toFixed(), "-12.5");
  assertEquals(JSON.stringify([new Amount(5n, 1)]), '["0.5"]');
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { normalProbability, normalQuantile } from "../../../src/domain/numbers/normal_distribution.ts";

/** Φ at doubles, by mpmath 1.3.0 with 50 digits (`ncdf`), rounded to the nearest double. */
const PROBABILITIES: readonly (readonly [x: number, probability: number])[] = [
  [-37.5, 4.605353009581955e-308],
  [-30, 4.906713927148187e-198],
  [-10, 7.619853024160525e-24],
  [-5.5, 1.8989562465887718e-8],
  [-3, 0.0013498980316300946],
  [-2, 0.02275013194817921],
  [-1.0001, 0.15863105806885877],
  [-1, 0.15865525393145705],
  [-0.9999, 0.1586794522137626],
  [-0.5, 0.3085375387259869],
  [-1e-9, 0.49999999960105773],
  [0.3, 0.6179114221889527],
  [0.99, 0.8389129404891691],
  [1, 0.8413447460685429],
  [1.5, 0.9331927987311419],
  [2, 0.9772498680518208],
  [5, 0.9999997133484281],
];

/** Φ⁻¹ of doubles, by mpmath 1.3.0 with 50 digits (`erfinv`, and a root of log Φ in the tail). */
const QUANTILES: readonly (readonly [probability: number, x: number])[] = [
  [1e-300, -37.0470962993612],
  [1e-100, -21.273453560965326],
  [1e-20, -9.262340089798407],
  [1e-10, -6.361340902404057],
  [1e-5, -4.264890793922825],
  [0.001, -3.0902323061678136],
  [0.02425, -1.972961051311885],
  [0.1, -1.2815515655446004],
  [0.3, -0.5244005127080408],
  [0.45, -0.12566134685507402],
  [0.4999, -0.00025066283008800747],
  [0.499999999, -2.5066283428845328e-9],
  [0.6, 0.2533471031357997],
  [0.95, 1.6448536269514722],
  [0.99, 2.3263478740408408],
];

/** The distance of two doubles in units of 2^-52 of the second. */
const ulps = (found: number, expected: number) => Math.abs(found - expected) / Math.abs(expected) * 2 ** 52;

Deno.test("normalProbability() gives the values of an arbitrary-precision library, far into the tail", () => {
  for (const [x, probability] of PROBABILITIES) {
    const found = normalProbability(x);
    assert(ulps(found, probability) <= 8, `Φ(${x}) = ${found}, expected ${probability}`);
  }
  assertEquals(normalProbability(0), 0.5);
  assertEquals([-Infinity, -39, 39, Infinity].map(normalProbability), [0, 0, 1, 1]);
  assertEquals(normalProbability(NaN), NaN);
});

Deno.test("normalQuantile() gives the values of an arbitrary-precision library, far into the tail", () => {
  for (const [probability, x] of QUANTILES) {
    const found = normalQuantile(probability);
    assert(ulps(found, x) <= 8, `Φ⁻¹(${probability}) = ${found}, expected ${x}`);
  }
  assertEquals([0, 0.5, 1].map(normalQuantile), [-Infinity, 0, Infinity]);
});

Deno.test("normalQuantile() refuses anything but a probability", () => {
  for (const p of [-1e-9, 1.000001, NaN]) {
    assertThrows(() => normalQuantile(p), RangeError, `A probability is a number from 0 to 1: got ${p}`);
  }
});

Deno.test("normalProbability() rises, and mirrors at zero", () => {
  const point = fc.double({ min: -37, max: 37, noNaN: true });
  fc.assert(fc.property(point, point, (one, other) => {
    const [low, high] = one < other ? [one, other] : [other, one];
    // Neighbouring doubles may round to the same value, and where the methods meet, one unit the wrong way.
    assert(normalProbability(low) <= normalProbability(high) * (1 + 2 ** -51));
    assert(Math.abs(normalProbability(one) + normalProbability(-one) - 1) <= 2 ** -52);
  }));
});

Deno.test("normalQuantile() is the inverse of normalProbability()", () => {
  fc.assert(fc.property(fc.double({ min: -37, max: 0, noNaN: true }), (x) => {
    const p = normalProbability(x);
    // In the tail an error of Φ by one unit moves x by that ÷ |x|; in the middle p has the last digits of x no more.
    assert(Math.abs(normalQuantile(p) - x) <= 2 ** -49 * Math.max(1, Math.abs(x)));
  }));
});

import { assert, assertEquals as assertEqualsInDetail, assertThrows, equal } from "@std/assert";
import fc from "fast-check";
import { Amount } from "../../src/domain/numbers/amount.ts";
import { areSame, assertEquals } from "./equals.ts";

/** Has one property, and one value that only its accessor shows. */
class Hiding {
  readonly shown: number;
  readonly #hidden: unknown;

  constructor(shown: number, hidden: unknown) {
    this.shown = shown;
    this.#hidden = hidden;
  }

  get hidden(): unknown {
    return this.#hidden;
  }
}

class MoreHiding extends Hiding {}

class Named extends Map<number, number> {
  readonly name = "a map";
}

/** Values that differ in one way only from one another. */
const CLOSE: readonly unknown[] = [
  ...[undefined, null, 0, NaN, 1, 1n, "1", "", true],
  ...[[], [undefined], new Array(1), [1], [[1]], Object.assign([1], { at: 2 })],
  ...[{}, { a: undefined }, { b: undefined }, { a: 1 }, { a: [1] }, { a: { b: 1 } }, { a: 1, b: 2 }],
  ...[{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 2 }, { 0: 1 }, { length: 1 }],
  ...[new Map([[1, 2]]), new Map([[1, 3]]), new Set([1]), new Set([2]), new Date(1), new Date(2), /a/, /b/],
  ...[new Uint8Array([1]), new Uint8Array([2]), new Float64Array([1]), new Amount("1"), new Amount("2")],
  ...[new Hiding(1, 1), new Hiding(2, 1), new Hiding(1, 2), new Hiding(1, [1]), new MoreHiding(1, 1)],
  ...[
    Object.assign(new Hiding(1, 1), { more: 1 }),
    Object.defineProperty(new Hiding(1, 1), "more", { value: 1 }),
  ],
  ...[
    Object.defineProperty(new Hiding(1, 1), "more", { value: 2 }),
    new Named([[1, 2]]),
    new Named([[1, 3]]),
  ],
  ...[new URL("http://a/"), new URL("http://b/"), new URLSearchParams("a=1"), new URLSearchParams("a=2")],
  ...[new Error("a"), new Error("b"), new RangeError("a")],
];

Deno.test("areSame() never calls values equal that @std/assert tells apart", () => {
  for (const one of CLOSE) {
    for (const other of CLOSE) {
      for (const wrap of [(value: unknown) => value, (value: unknown) => [{ value }]]) {
        if (areSame(wrap(one), wrap(other))) assert(equal(wrap(one), wrap(other)));
      }
    }
  }
  const value = fc.anything({
    withBigInt: true,
    withSparseArray: true,
    withNullPrototype: true,
    maxDepth: 2,
  });
  fc.assert(fc.property(value, value, (one, other) => !areSame(one, other) || equal(one, other)));
  fc.assert(fc.property(fc.jsonValue(), (one) => areSame(one, structuredClone(one))));
  assert(areSame(new Hiding(1, [{ a: 1 }]), new Hiding(1, [{ a: 1 }])));
});

Deno.test("assertEquals() for large values says what that of @std/assert says", () => {
  assertEquals({ a: [0, { b: 1n }] }, { a: [-0, { b: 1n }] });
  const [one, other] = [{ a: [1, { b: "x" }] }, { a: [1, { b: "y" }] }];
  const { message } = assertThrows(() => assertEqualsInDetail(one, other, "why"), Error);
  assertThrows(() => assertEquals(one, other, "why"), Error, message);
});

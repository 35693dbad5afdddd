import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";

Deno.test("every assertion passes on what it asserts and throws an AssertionError otherwise", () => {
  const cases: Record<string, [() => void, () => void]> = {
    assert: [() => assert(1), () => assert(0)],
    assertFalse: [() => assertFalse(0), () => assertFalse(1)],
    assertEquals: [() => assertEquals({ a: [1] }, { a: [1] }), () => assertEquals({ a: [1] }, { a: [2] })],
    assertNotEquals: [() => assertNotEquals([1], [2]), () => assertNotEquals([1], [1])],
    assertStrictEquals: [() => assertStrictEquals(NaN, NaN), () => assertStrictEquals([1], [1])],
    assertAlmostEquals: [() => assertAlmostEquals(0.1 + 0.2, 0.3), () => assertAlmostEquals(1, 1.1, 0.05)],
    assertArrayIncludes: [() => assertArrayIncludes([1, 2], [2]), () => assertArrayIncludes([1, 2], [3])],
    assertExists: [() => assertExists(0), () => assertExists(null)],
    assertGreater: [() => assertGreater(2, 1), () => assertGreater(1, 1)],
    assertGreaterOrEqual: [() => assertGreaterOrEqual(1, 1), () => assertGreaterOrEqual(0, 1)],
    assertLess: [() => assertLess(1, 2), () => assertLess(1, 1)],
    assertLessOrEqual: [() => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1)],
    assertInstanceOf: [() => assertInstanceOf(new Map(), Map), () => assertInstanceOf(new Set(), Map)],
    assertMatch: [() => assertMatch("abc", /b/), () => assertMatch("abc", /d/)],
    assertObjectMatch: [
      () => assertObjectMatch({ a: 1, b: 2 }, { a: 1 }),
      () => assertObjectMatch({ a: 1 }, { a: 2 }),
    ],
    assertStringIncludes: [() => assertStringIncludes("abc", "b"), () => assertStringIncludes("abc", "d")],
    assertThrows: [() => assertThrows(() => unreachable()), () => assertThrows(() => 1)],
  };
  for (const [name, [passing, failing]] of Object.entries(cases)) {
    passing();
    try {
      failing();
    } catch (error) {
      assert(error instanceof AssertionError, `${name} threw ${error}`);
      continue;
    }
    throw new Error(`${name} did not throw`);
  }
  assertThrows(() => fail("no"), AssertionError, "no");
});

Deno.test("assertThrows() returns the error, and checks its class and message", () => {
  const error = assertThrows(() => JSON.parse("{"), SyntaxError);
  assertInstanceOf(error, SyntaxError);
  assertThrows(() => assertThrows(() => JSON.parse("{"), TypeError), AssertionError);
  assertThrows(() => assertThrows(() => fail("one"), Error, "two"), AssertionError, "two");
});

Deno.test("assertRejects() resolves to the reason, and refuses a promise that is fulfilled", async () => {
  const error = await assertRejects(() => Promise.reject(new RangeError("far")), RangeError, "far");
  assertEquals(error.message, "far");
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), AssertionError);
});

Deno.test("equal() compares deeply, and takes 0 and -0 for the same", () => {
  assert(equal(new Map([["a", new Set([1])]]), new Map([["a", new Set([1])]])));
  assertFalse(equal({ a: undefined }, {}));
  assert(equal(0, -0));
  assert(equal(new Uint8Array([1, 2]), new Uint8Array([1, 2])));
});

Deno.test("assertExists() and assertInstanceOf() narrow the type", () => {
  const value: string | undefined = ["a"][0];
  assertExists(value);
  const length: number = value.length;
  const unknown: unknown = new Date(0);
  assertInstanceOf(unknown, Date);
  assertEquals([length, unknown.getTime()], [1, 0]);
});

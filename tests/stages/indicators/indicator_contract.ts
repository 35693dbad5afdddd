/** What every indicator must pass: its tests call `testIndicator` with a way to compute it from scratch. */
import { assert } from "@std/assert";
import fc from "fast-check";
import type { Indicator } from "../../../src/stages/indicators/indicator.ts";
import type { Exact } from "../../support/exact.ts";
import { type Close, closes, exactly, inOneUnit } from "./closes.ts";
import { assertEquals } from "../../support/equals.ts";

/** An indicator with these options, and what it should be. */
export interface IndicatorCase<Value, Memory> {
  make(): Indicator<Value, Memory>;
  /** After how many closes it has a value. */
  readonly after: number;
  /** The value over all closes since it was made, oldest first, at least `after` of them, computed from scratch. */
  reference(closes: readonly Exact[]): Value;
}

/** Registers the contract's tests for the indicator `name`. */
export function testIndicator<Value, Memory>(name: string, subject: IndicatorCase<Value, Memory>): void {
  const { make, after, reference } = subject;

  /** The value after each of these closes. */
  function valuesOf(indicator: Indicator<Value, Memory>, some: readonly Close[]): (Value | null)[] {
    return some.map(({ close, decimals }) => {
      indicator.add(close, decimals);
      assertEquals(indicator.value() === null, !indicator.isReady, "it has a value when it is ready");
      return indicator.value();
    });
  }

  Deno.test(`${name} has a value after ${after} closes, and not before`, () => {
    const indicator = make();
    assertEquals([indicator.isReady, indicator.value()], [false, null]);
    fc.assert(fc.property(closes, (some) => {
      const ready = valuesOf(make(), some).map((value) => value !== null);
      assertEquals(ready, some.map((_, at) => at + 1 >= after));
    }));
  });

  Deno.test(`${name} equals what is computed from scratch, at any unit`, () => {
    fc.assert(
      fc.property(closes, (some) => {
        const exact = some.map(exactly);
        const expected = exact.map((_, at) => at + 1 < after ? null : reference(exact.slice(0, at + 1)));
        assertEquals(valuesOf(make(), some), expected);
        assertEquals(valuesOf(make(), inOneUnit(some)), expected, "in one unit");
      }),
      { numRuns: 300 },
    );
  });

  Deno.test(`${name} keeps its value while the close stays the same`, () => {
    const indicator = make();
    const same = Array.from({ length: 3 * after + 10 }, () => ({ close: 4_712, decimals: 2 }));
    const found = new Set(valuesOf(indicator, same).slice(after - 1).map((value) => JSON.stringify(value)));
    assertEquals(found.size, 1);
  });

  Deno.test(`${name} that was reset is like a new one`, () => {
    fc.assert(fc.property(closes, closes, (before, some) => {
      const indicator = make();
      valuesOf(indicator, inOneUnit(before).map(({ close }) => ({ close, decimals: 0 })));
      indicator.reset();
      assertEquals([indicator.isReady, indicator.value()], [false, null]);
      assertEquals(valuesOf(indicator, some), valuesOf(make(), some));
    }));
  });

  Deno.test(`${name} continues from a snapshot as if it had never stopped, whatever it held before`, () => {
    fc.assert(fc.property(closes, closes, fc.nat(), (before, some, cut) => {
      const at = cut % (some.length + 1);
      const first = make();
      const found = valuesOf(first, some.slice(0, at));
      const second = make();
      valuesOf(second, before);
      const kept = JSON.stringify(first.snapshot());
      second.restore(JSON.parse(kept));
      assertEquals(JSON.stringify(second.snapshot()), kept, "what it remembers is what it was given");
      assertEquals([second.isReady, second.value()], [first.isReady, first.value()]);
      found.push(...valuesOf(second, some.slice(at)));
      assertEquals(found, valuesOf(make(), some));
      assert(found.length === some.length);
    }));
  });
}

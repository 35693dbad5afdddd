/** The contract of strategies. Each strategy's tests call `testStrategy` with a way to make it. */
import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import type { Target, ValueNumbers, Values } from "../../../src/domain/market/signal.ts";
import type { BlockStrategy, Strategy } from "../../../src/stages/strategies/strategy.ts";
import { flatBar } from "../../support/bars.ts";
import { testStrategyInStage } from "./strategy_stage_contract.ts";
import { type Close, closes, exactly, inOneUnit } from "../indicators/closes.ts";

type Found = readonly [Target, Values | null];

/** The targets and values after each of these closes. */
function foundBy(strategy: Strategy, some: readonly Close[]): Found[] {
  return some.map(({ close, decimals }) => {
    const target = strategy.add(flatBar(close, decimals));
    assertEquals(strategy.values() === null, !strategy.isReady, "it has values when it is ready");
    return [target, strategy.values()];
  });
}

/** Its state as a store keeps it, written to text and read again. */
function keptOf(strategy: Strategy): Parameters<Strategy["restore"]> {
  return JSON.parse(JSON.stringify([strategy.snapshot(), strategy.closes(strategy.remembers)]));
}

/** Registers the contract's tests for the strategy `name`, which a random walk must make want what is in `wants`. */
export function testStrategy(name: string, make: () => Strategy, wants: readonly Target[] = [1, -1]): void {
  testStrategyInStage(name, make);

  Deno.test(`${name} wants nothing before it has values, and later ${wants.join(" and ")}`, () => {
    assertEquals([make().isReady, make().values()], [false, null]);
    const wanted = new Set<Target>();
    fc.assert(fc.property(closes, (some) => {
      for (const [target, values] of foundBy(make(), some)) {
        if (target === 0) continue;
        wanted.add(target);
        assertNotEquals(values, null);
      }
    }));
    assertEquals(wanted, new Set(wants));
  });

  Deno.test(`${name} wants the same in any unit`, () => {
    fc.assert(fc.property(closes, (some) => {
      assertEquals(foundBy(make(), some), foundBy(make(), inOneUnit(some)));
    }));
  });

  Deno.test(`${name} that was reset is like a new one`, () => {
    fc.assert(fc.property(closes, closes, (before, some) => {
      const strategy = make();
      foundBy(strategy, inOneUnit(before).map(({ close }) => ({ close, decimals: 0 })));
      strategy.reset();
      assertEquals([strategy.isReady, strategy.values()], [false, null]);
      assertEquals(strategy.closes(strategy.remembers).values, []);
      assertEquals(foundBy(strategy, some), foundBy(make(), some));
    }));
  });

  Deno.test(`${name} remembers as many of the last closes as it says, and no more`, () => {
    fc.assert(fc.property(closes, fc.nat(60), (some, most) => {
      const strategy = make();
      foundBy(strategy, some);
      const { decimals, values } = strategy.closes(most);
      const count = Math.min(most, strategy.remembers, some.length);
      const last = count === 0 ? [] : some.slice(-count);
      assertEquals(values.length, count);
      values.forEach((close, at) => {
        assertEquals(exactly({ close, decimals }).compare(exactly(last[at]!)), 0);
      });
    }));
  });

  Deno.test(`${name} continues from what it remembers as if it had never stopped, whatever it held before`, () => {
    fc.assert(fc.property(closes, closes, fc.nat(), (before, some, cut) => {
      const at = cut % (some.length + 1);
      const first = make();
      const found = foundBy(first, some.slice(0, at));
      const second = make();
      foundBy(second, before);
      const kept = keptOf(first);
      second.restore(...kept);
      assertEquals(keptOf(second), kept, "what it remembers is what it was given");
      assertEquals([second.isReady, second.values()], [first.isReady, first.values()]);
      found.push(...foundBy(second, some.slice(at)));
      assertEquals(found, foundBy(make(), some));
    }));
  });

  if (make().seesOnlyCloses === true) {
    Deno.test(`${name} looks at nothing in a bar but its close, as it says`, () => {
      fc.assert(fc.property(closes, (some) => {
        const [one, other] = [make(), make()];
        for (const { close, decimals } of some) {
          const bar = {
            open: 1,
            high: close + 5,
            low: 1,
            volume: 7n,
            value: 9n,
            trades: 3,
            openTime: 5,
            closeTime: 6,
          };
          const target = other.add({ ...flatBar(close, decimals), ...bar });
          assertEquals([target, other.values()], [one.add(flatBar(close, decimals)), one.values()]);
        }
      }));
    });
  }

  if (!("addAll" in make())) return;
  Deno.test(`${name} takes many closes at once like one by one`, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(closes, sizes, (some, sizes) => {
      const strategy = make() as BlockStrategy;
      const found: Found[] = [];
      for (let cuts = 0; found.length < some.length; cuts++) {
        const rest = some.slice(found.length, found.length + sizes[cuts % sizes.length]!);
        const { decimals } = rest[0]!;
        const finer = rest.findIndex((one) => one.decimals !== decimals);
        const block = rest.slice(0, finer < 0 ? rest.length : finer);
        const targets = new Int8Array(block.length).fill(7);
        const prices = Float64Array.from(block, ({ close }) => close);
        const taken = strategy.addAll(prices, block.length, decimals, targets);
        for (let row = 0; row < taken; row++) {
          const values = strategy.valuesAt(row);
          found.push([targets[row] as Target, values]);
          assertSameNumbers(strategy.numbersAt(row), values);
        }
        found.push(...foundBy(strategy, block.slice(taken)));
      }
      assertEquals(found, foundBy(make(), some));
    }));
  });
}

/** Checks numbers against texts, which have 8 decimals. */
function assertSameNumbers(numbers: ValueNumbers | null, values: Values | null): void {
  assertEquals(Object.keys(numbers ?? {}), Object.keys(values ?? {}));
  for (const [name, number] of Object.entries(numbers ?? {})) {
    const text = Number(values![name]);
    assertAlmostEquals(number, text, 5.001e-9 + Math.abs(text) * Number.EPSILON);
  }
}

import { assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Block } from "../../../src/domain/market/block.ts";
import type { Target } from "../../../src/domain/market/signal.ts";
import type { Tick } from "../../../src/domain/market/tick.ts";
import { TradeBlock } from "../../../src/domain/market/trade_block.ts";
import { AverageStage } from "../../../src/stages/average.ts";
import { Crossover, EmaCrossover } from "../../../src/stages/strategies/crossover.ts";
import { Exact } from "../../support/exact.ts";
import { SeededRandom } from "../../support/random.ts";
import { type GivenTick, tickOf, ticksAt } from "../../support/ticks.ts";
import { testStrategy } from "./strategy_contract.ts";
import { targetsOver } from "./targets.ts";
import { assertEquals } from "../../support/equals.ts";

testStrategy("crossover", () => new Crossover(3, 8));
testStrategy("crossover of exponential averages", () => new EmaCrossover(3, 8));

/** One block, which holds one of these ticks after the other: a new one for each would cost more than its averages. */
function* lent(ticks: Iterable<Tick>): Generator<Block> {
  const block = new TradeBlock("BTCUSDT", null, 1);
  for (const tick of ticks) {
    block.take(tick);
    yield block;
  }
}

/** The target after each tick, and both averages as text. */
type Found = [Target, string | null, string | null];

/** The average stage with a crossover, and its values. */
class Averages {
  readonly strategy: Crossover;
  readonly stage: AverageStage;

  constructor(short: number, long: number) {
    this.strategy = new Crossover(short, long);
    this.stage = new AverageStage(this.strategy);
  }

  /** The target after each of these ticks. */
  *over(ticks: Iterable<Tick>): Generator<Target> {
    for (const { targets } of this.stage.over(lent(ticks))) yield targets[0] as Target;
  }

  get values(): [string | null, string | null] {
    const { shortAverage = null, longAverage = null } = this.strategy.values() ?? {};
    return [shortAverage, longAverage];
  }
}

function foundBy(averages: Averages, trades: readonly GivenTick[]): Found[] {
  const found: Found[] = [];
  for (const target of averages.over(trades.map(tickOf))) found.push([target, ...averages.values]);
  return found;
}

/** The same by adding up whole windows. */
function naive(short: number, long: number, trades: readonly GivenTick[]): Found[] {
  let kept: Exact[] = [];
  return trades.map(({ price = 100, decimals = 0, missing = 0 }) => {
    if (missing !== 0) kept = [];
    kept.push(new Exact(BigInt(price), decimals));
    const total = (window: number) => kept.slice(-window).reduce((sum, one) => sum.plus(one), new Exact(0n));
    const text = (window: number) =>
      kept.length < long ? null : total(window).ratio(new Exact(BigInt(window)), 8).toString();
    const side = total(short).times(new Exact(BigInt(long))).compare(
      total(long).times(new Exact(BigInt(short))),
    );
    const target = kept.length < long || side === 0 ? 0 : side > 0 ? 1 : -1;
    return [target, text(short), text(long)];
  });
}

const windows = fc.record({ short: fc.integer({ min: 1, max: 12 }), more: fc.integer({ min: 1, max: 40 }) })
  .map(({ short, more }) => ({ short, long: short + more }));

/** Ticks with occasional gaps, finer units and ids that start over. */
const trades = fc.array(
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
    missing: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, {
      weight: 1,
      arbitrary: fc.constantFrom(1, 500, -1),
    }),
  }),
  { minLength: 1, maxLength: 150, size: "max" },
).map((steps) => {
  let decimals = 0;
  return steps.map(({ level, offset, finer, missing }, at): GivenTick => {
    decimals = Math.min(8, decimals + finer);
    const price = Math.min(level * 10 ** decimals + offset, 10_000_000 * 10 ** decimals);
    return { id: at + 1, price, decimals, missing };
  });
});

Deno.test("Crossover.add() equals windows added up from scratch, at any unit and over gaps", () => {
  fc.assert(
    fc.property(windows, trades, ({ short, long }, trades) => {
      assertEquals(foundBy(new Averages(short, long), trades), naive(short, long, trades));
    }),
    { numRuns: 300 },
  );
});

Deno.test("Crossover.restore() continues from its closes as if it had never stopped", () => {
  fc.assert(
    fc.property(windows, trades, fc.nat(), ({ short, long }, trades, cut) => {
      const at = cut % (trades.length + 1);
      const first = new Averages(short, long);
      const before = foundBy(first, trades.slice(0, at));
      const second = new Averages(short, long);
      // Whatever it held before is gone.
      foundBy(second, [{ price: 77, decimals: 0 }, { price: 5, decimals: 0 }]);
      second.stage.restore(first.stage.snapshot(), JSON.parse(JSON.stringify(first.stage.closes)));
      assertEquals(second.stage.closes, first.stage.closes);
      const whole = foundBy(new Averages(short, long), trades);
      assertEquals([...before, ...foundBy(second, trades.slice(at))], whole);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Crossover.add() wants nothing and shows nothing until both averages exist", () => {
  const found = foundBy(new Averages(1, 3), [{ price: 10 }, { price: 20 }, { price: 60 }, {
    price: 10,
  }]);
  assertEquals(found, [
    [0, null, null],
    [0, null, null],
    [1, "60", "30"],
    [-1, "10", "30"],
  ]);
});

Deno.test("Crossover.add() treats averages as equal only if they are, to the last unit", () => {
  const equal = foundBy(new Averages(1, 3), [{ price: 10 }, { price: 12 }, { price: 11 }]).at(-1);
  assertEquals(equal, [0, "11", "11"]);
  // The averages differ by a third of 10^-8, and are shown as the same text.
  const above = foundBy(
    new Averages(2, 3),
    [1_000_000_001, 1_000_000_002, 1_000_000_001].map((price) => ({ price, decimals: 8 })),
  );
  assertEquals(above.at(-1), [1, "10.00000002", "10.00000001"]);
});

Deno.test("Crossover.add() rescales what it keeps when a price with more decimals arrives", () => {
  const found = foundBy(new Averages(1, 2), [
    { price: 95_420 },
    { price: 954_205, decimals: 1 },
    { price: 9_542_050_000_001, decimals: 8 },
  ]);
  assertEquals(found.slice(1), [
    [1, "95420.5", "95420.25"],
    [1, "95420.50000001", "95420.5"],
  ]);
});

Deno.test("Crossover.add() stays exact across a million trades, at the finest unit and the largest price", () => {
  const [short, long] = [333_333, 1_000_000];
  const random = new SeededRandom(7);
  const prices = new Float64Array(1_200_000);
  for (let at = 0; at < prices.length; at++) {
    prices[at] = random.whole(Number.MAX_SAFE_INTEGER - 10_000_000, Number.MAX_SAFE_INTEGER);
  }
  const total = (window: number, end: number) => {
    let sum = 0n;
    for (let at = end - window; at < end; at++) sum += BigInt(prices[at]!);
    return new Exact(sum, 8);
  };
  const averages = new Averages(short, long);
  const trades = function* () {
    for (let at = 0; at < prices.length; at++) yield tickOf({ id: at + 1, price: prices[at]!, decimals: 8 });
  };
  let seen = 0;
  for (const target of averages.over(trades())) {
    seen++;
    if (seen === long - 1) assertEquals([target, ...averages.values], [0, null, null]);
    if (seen !== long && seen !== 1_100_001 && seen !== prices.length) continue;
    const [shortSum, longSum] = [total(short, seen), total(long, seen)];
    const side = shortSum.times(new Exact(BigInt(long))).compare(longSum.times(new Exact(BigInt(short))));
    assertEquals(target, side > 0 ? 1 : side < 0 ? -1 : 0);
    assertEquals(averages.values, [
      shortSum.ratio(new Exact(BigInt(short)), 8).toString(),
      longSum.ratio(new Exact(BigInt(long)), 8).toString(),
    ]);
  }
  assertEquals(seen, prices.length);
});

Deno.test("Crossover.add() notices a difference of one unit in a sum far beyond 2^53", () => {
  const price = 1_000_000_000_000_000;
  const averages = new Averages(1, 20_000);
  const prices = [price - 1, ...Array(19_999).fill(price), price - 1, price];
  const targets = [...averages.over(ticksAt(prices, 8))].slice(19_998);
  assertEquals(targets, [0, 1, -1, 1]);
});

Deno.test("Crossover.add() notices a difference of one in products beyond 2^53 of sums below it", () => {
  const price = 9_000_000_000_000;
  const averages = new Averages(999, 1_000);
  const prices = [...Array(1_000).fill(price), price + 1, ...Array(1_000).fill(price), price - 1];
  const targets = [...averages.over(ticksAt(prices, 8))];
  assertEquals(targets.slice(998, 1_001), [0, 0, 1]);
  assertEquals(targets.slice(-3), [-1, 0, -1]);
});

Deno.test("new Crossover() refuses windows that are not whole numbers with 1 ≤ short < long ≤ 1000000", () => {
  for (
    const [short, long] of [[0, 5], [5, 5], [6, 5], [1.5, 5], [1, 5.5], [-1, 5], [1, 1_000_001], [
      NaN,
      5,
    ]] as const
  ) {
    assertThrows(
      () => new Crossover(short, long),
      RangeError,
      `Windows must be whole with 1 ≤ short < long ≤ 1000000: got ${short} and ${long}`,
    );
  }
  new Crossover(1, 2);
  new Crossover(999_999, 1_000_000);
});

Deno.test("EmaCrossover.add() compares two exponential averages as they are, from the bar on at which both exist", () => {
  const strategy = new EmaCrossover(1, 2);
  // The long one: the mean of 10 and 13, then two thirds of the way to each close.
  assertEquals(targetsOver(strategy, ["10", "13", "11.5"]), [0, 1, 0]);
  assertEquals(strategy.values(), { shortAverage: "11.5", longAverage: "11.5" });
  assertEquals(targetsOver(strategy, ["4"]), [-1]);
  assertEquals(strategy.values(), { shortAverage: "4", longAverage: "6.5" });
});

Deno.test("new EmaCrossover() refuses the windows that Crossover refuses", () => {
  assertThrows(() => new EmaCrossover(5, 5), RangeError, "1 ≤ short < long ≤ 1000000: got 5 and 5");
});

/** The part of the contract of strategies that concerns the stage they run in. `testStrategy` calls it. */
import { assert, assertEquals } from "@std/assert";
import type { Values } from "../../../src/domain/market/signal.ts";
import { AverageStage } from "../../../src/stages/average.ts";
import type { Strategy } from "../../../src/stages/strategies/strategy.ts";
import { blocksOf } from "../../support/blocks.ts";
import { SeededRandom } from "../../support/random.ts";
import { type GivenTick, tickOf } from "../../support/ticks.ts";

const CUTS = 1_000;
const BARS = 300;

/** A random walk with a finer unit on the way and, if wanted, gaps. */
function walk(seed: number, withGaps = false): GivenTick[] {
  const random = new SeededRandom(seed);
  let price = random.whole(2_000, 3_000);
  let id = 1;
  return Array.from({ length: BARS }, (_, at) => {
    price = Math.max(1, price + random.whole(-40, 40));
    const decimals = at < 60 ? 0 : 2;
    const missing = withGaps && at > 0 && random.whole(1, 70) === 1 ? 5 : 0;
    id += 1 + missing;
    return { id, time: (at + 1) * 1_000, price: price * 10 ** decimals, decimals, missing };
  });
}

/** The target after each trade, and the values that the stage kept. */
interface Found {
  readonly targets: number[];
  readonly values: Map<number, Values>;
}

/** Runs trades in blocks of at most `rows`; with `rows` as a function, blocks of many lengths. */
function foundIn(strategy: Strategy, trades: readonly GivenTick[], rows: () => number): Found {
  const stage = new AverageStage(strategy);
  const found: Found = { targets: [], values: new Map() };
  for (let at = 0; at < trades.length;) {
    const some = trades.slice(at, at += rows());
    for (const block of stage.over(blocksOf(some.map(tickOf), some.length))) {
      for (const { row, values } of block.turns) found.values.set(found.targets.length + row, values!);
      found.targets.push(...block.targets.subarray(0, block.size));
    }
  }
  return found;
}

/** The targets up to `cut` and the values kept there. */
function upTo({ targets, values }: Found, cut: number): [number[], [number, Values][]] {
  return [targets.slice(0, cut), [...values].filter(([at]) => at < cut)];
}

/** Registers the tests of a strategy in its stage. */
export function testStrategyInStage(name: string, make: () => Strategy): void {
  Deno.test(`${name} knows nothing of later bars: 1,000 prefixes, each with a different future`, () => {
    const trades = walk(1);
    const whole = foundIn(make(), trades, () => BARS);
    assert(whole.targets.some((target) => target !== 0));
    const random = new SeededRandom(2);
    for (let at = 0; at < CUTS; at++) {
      const cut = random.whole(1, BARS - 1);
      const prefix = trades.slice(0, cut);
      // The rest of the block has other prices.
      const future = trades.slice(cut, cut + 20).map((trade) => ({
        ...trade,
        price: trade.price! * random.whole(1, 3) + random.whole(1, 9),
      }));
      const found = foundIn(make(), [...prefix, ...future], () => BARS);
      assertEquals(upTo(found, cut), upTo(whole, cut), `after ${cut} bars`);
    }
  });

  Deno.test(`${name} wants the same however trades are cut into blocks, over gaps and finer units`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const trades = walk(seed, true);
      const random = new SeededRandom(seed);
      const one = foundIn(make(), trades, () => 1);
      assertEquals(foundIn(make(), trades, () => BARS), one);
      assertEquals(foundIn(make(), trades, () => random.whole(1, 40)), one);
    }
  });

  Deno.test(`${name} starts over at a gap that is not filled`, () => {
    const trades = walk(4);
    const cut = 150;
    const found = foundIn(
      make(),
      trades.map((trade, at) => at === cut ? { ...trade, missing: 7 } : trade),
      () => 64,
    );
    assertEquals(found.targets.slice(cut), foundIn(make(), trades.slice(cut), () => 64).targets);
  });

  Deno.test(`${name} continues from what it remembers after every single bar`, () => {
    const trades = walk(5).map(tickOf);
    const first = new AverageStage(make());
    const whole = foundIn(make(), walk(5), () => 1).targets;
    for (let cut = 1; cut < BARS; cut++) {
      for (const block of first.over(blocksOf([trades[cut - 1]!]))) {
        assertEquals(block.targets[0], whole[cut - 1]);
      }
      const second = new AverageStage(make());
      second.restore(
        ...JSON.parse(JSON.stringify([first.snapshot(), first.closes])) as Parameters<typeof second.restore>,
      );
      assertEquals([second.snapshot(), second.closes], [first.snapshot(), first.closes]);
      const targets: number[] = [];
      for (const block of second.over(blocksOf(trades.slice(cut, cut + 8)))) targets.push(block.targets[0]!);
      assertEquals(targets, whole.slice(cut, cut + 8));
    }
  });
}

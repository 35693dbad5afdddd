import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { barSizeIn } from "../../src/domain/market/bar_size.ts";
import type { Bar } from "../../src/domain/market/bar.ts";
import type { Target, Values } from "../../src/domain/market/signal.ts";
import type { Tick } from "../../src/domain/market/tick.ts";
import { AverageStage } from "../../src/stages/average.ts";
import { BarStage, barStageOf } from "../../src/stages/bars.ts";
import type { Closes } from "../../src/stages/indicators/indicator.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import type { Strategy } from "../../src/stages/strategies/strategy.ts";
import { blocksOf } from "../support/blocks.ts";
import { type GivenTick, tickOf } from "../support/ticks.ts";

const SECOND = 1_000_000;
const START = 1_723_161_255 * SECOND;
const DAY = 86_400 * SECOND;

function stageOf(size: string): BarStage {
  return new BarStage(barSizeIn(size)!);
}

/** Ticks at these seconds after the start. */
function ticks(...given: readonly (GivenTick & { readonly at: number })[]): Tick[] {
  return given.map(({ at, ...tick }, place) => tickOf({ id: place + 1, ...tick, time: START + at * SECOND }));
}

/** Remembers the bars that it was shown. */
class Shown implements Strategy {
  readonly label = "shown";
  readonly remembers = 0;
  readonly isReady = true;
  readonly bars: Bar[] = [];

  add(bar: Bar): Target {
    const { openTime, closeTime, open, high, low, close, decimals, volume, value, trades } = bar;
    this.bars.push({ openTime, closeTime, open, high, low, close, decimals, volume, value, trades });
    return 0;
  }

  reset(): void {}

  values(): Values {
    return {};
  }

  closes(): Closes {
    return { decimals: 0, values: [] };
  }

  snapshot(): null {
    return null;
  }

  restore(): void {}
}

/** The bars that a strategy is shown, and the stage. */
function shownBy(
  size: string,
  some: readonly Tick[],
): { readonly bars: readonly Bar[]; readonly stage: BarStage } {
  const stage = stageOf(size);
  const strategy = new Shown();
  for (const _block of new AverageStage(strategy).over(stage.over(blocksOf(some, 5))));
  return { bars: strategy.bars, stage };
}

Deno.test("BarStage closes a time bar at the first trade of a later interval, and flat ones with it", () => {
  const { bars, stage } = shownBy(
    "10s",
    // The first interval starts 5 s before.
    ticks(
      { at: 0, price: 100, quantity: 2 },
      { at: 4, price: 90, quantity: 1 },
      { at: 25, price: 105, quantity: 3 },
      // A time that steps back belongs to the open bar.
      { at: 2, price: 80, quantity: 1 },
      { at: 35, price: 70, quantity: 1 },
    ),
  );
  const interval = (number: number) => ({
    openTime: START - 5 * SECOND + number * 10 * SECOND,
    closeTime: START + 5 * SECOND + number * 10 * SECOND,
    decimals: 0,
  });
  const flat = { open: 90, high: 90, low: 90, close: 90, volume: 0n, value: 0n, trades: 0 };
  assertEquals(bars, [
    {
      ...interval(0),
      ...{
        open: 100,
        high: 100,
        low: 90,
        close: 90,
        volume: 300_000_000n,
        value: 29_000_000_000n,
        trades: 2,
      },
    },
    { ...interval(1), ...flat },
    { ...interval(2), ...flat },
    {
      ...interval(3),
      ...{
        open: 105,
        high: 105,
        low: 80,
        close: 80,
        volume: 400_000_000n,
        value: 39_500_000_000n,
        trades: 2,
      },
    },
  ]);
  assertEquals([stage.closed, stage.open?.close], [4, 70]);
});

Deno.test("BarStage closes other bars with the trade that completes them, and drops the excess", () => {
  const some = ticks(
    { at: 0, price: 100, quantity: 2 },
    { at: 1, price: 90, quantity: 5 },
    { at: 2, price: 110, quantity: 1 },
    { at: 3, price: 120, quantity: 2 },
    { at: 4, price: 130, quantity: 9 },
  );
  const found = (size: string) => {
    const { bars, stage } = shownBy(size, some);
    const times = (bar: Bar) => [(bar.openTime - START) / SECOND, (bar.closeTime - START) / SECOND];
    return [...bars.map((bar) => [...times(bar), bar.trades]), stage.open?.trades ?? 0];
  };
  assertEquals(found("2t"), [[0, 1, 2], [2, 3, 2], 1]);
  assertEquals(found("1t"), [[0, 0, 1], [1, 1, 1], [2, 2, 1], [3, 3, 1], [4, 4, 1], 0]);
  assertEquals(found("7v"), [[0, 1, 2], [2, 4, 3], 0]);
  assertEquals(found("7.00000001v"), [[0, 2, 3], [3, 4, 2], 0]);
  assertEquals(found("650q"), [[0, 1, 2], [2, 4, 3], 0]);
  assertEquals(found("650.00000001q"), [[0, 2, 3], [3, 4, 2], 0]);
});

Deno.test("BarStage drops the open bar at a gap that is not filled, and when the ids start over", () => {
  for (const missing of [7, -1]) {
    const some = ticks({ at: 0, price: 100 }, { at: 1, price: 500 }, { at: 30, price: 90, missing }, {
      at: 31,
      price: 95,
    }, { at: 40, price: 80 });
    const { bars, stage } = shownBy("10s", some);
    assertEquals(bars.map(({ open, close, trades }) => [open, close, trades]), [[90, 95, 2]]);
    assertEquals(stage.closed, 1);
    assertEquals(shownBy("3t", some).bars.map(({ open, close }) => [open, close]), [[90, 80]]);
  }
});

Deno.test("a year without trades closes a flat bar for each of its seconds, most of which are skipped", () => {
  const seconds = 365 * 86_400;
  const some = ticks({ at: 0, price: 100 }, { at: seconds, price: 90 }, { at: seconds + 1, price: 90 });
  for (const windows of [{ short: 20, long: 50 }, { short: 5, long: 100_000 }]) {
    const stage = stageOf("1s");
    const strategy = strategyOf(windows)();
    const add = strategy.add.bind(strategy);
    let shown = 0;
    strategy.add = (bar) => {
      shown++;
      return add(bar);
    };
    const averages = new AverageStage(strategy);
    for (const _block of averages.over(stage.over(blocksOf(some, 5))));
    assertEquals(stage.closed, seconds + 1);
    const { values } = averages.closes;
    assertEquals(values, [...Array(windows.long - 1).fill(100), 90]);
    assertLess(shown, windows.long + 20_000);
  }
});

Deno.test("skipped flat bars leave the same state as those shown one by one", () => {
  const prices = [100, 130, 90, 120, 80, 140, 100, 101];
  for (const flats of [3, 4_096, 4_097, 20_000, 54_321]) {
    const some = ticks(
      ...prices.map((price, at) => ({ at, price })),
      { at: prices.length + flats, price: 150 },
      { at: prices.length + flats + 1, price: 90 },
      { at: prices.length + flats + 2, price: 95 },
    );
    const found = [true, false].map((passes) => {
      const averages = new AverageStage(new Counting(passes));
      const turns = [];
      for (const block of averages.over(stageOf("1s").over(blocksOf(some, 50)))) turns.push(...block.turns);
      return { turns, closes: averages.closes, state: averages.snapshot() };
    });
    assertEquals(found[0], found[1]);
    assertGreater(found[0]!.turns.length, 3);
  }
});

/** An average that comes ever nearer to the close, in doubles, until it no longer moves. */
class Counting implements Strategy {
  readonly label = "counting";
  readonly remembers = 1;
  readonly isReady = true;
  declare readonly seesOnlyCloses?: true;
  #mean = 105;
  #close = 0;

  constructor(passes: boolean) {
    if (passes) this.seesOnlyCloses = true;
  }

  add({ close }: Bar): Target {
    this.#mean += (close - this.#mean) / 1_000;
    this.#close = close;
    return close > this.#mean ? 1 : close < this.#mean ? -1 : 0;
  }

  reset(): void {}

  values(): Values {
    return { mean: String(this.#mean) };
  }

  closes(): Closes {
    return { decimals: 0, values: [this.#close] };
  }

  snapshot(): object {
    return { mean: this.#mean };
  }

  restore(): void {}
}

Deno.test("BarStage.restore() refuses a state that none of its bars can have", () => {
  const stage = stageOf("1d");
  for (const _block of stage.over(blocksOf(ticks({ at: 0, price: 100 }, { at: 1, price: 90 }))));
  const sound = stage.snapshot();
  stageOf("1d").restore(sound, 0);
  assertThrows(() => stageOf("1d").restore(undefined, 0), TypeError, "it has no bars");
  const open = sound.open!;
  for (
    const wrong of [{ openTime: open.openTime + 1 }, { closeTime: open.closeTime + DAY }, { decimals: 1 }]
  ) {
    assertThrows(() => stageOf("1d").restore({ closed: 0, open: { ...open, ...wrong } }, 0), TypeError);
  }
  assertThrows(() => stageOf("1m").restore(sound, 0), TypeError);
});

Deno.test("barStageOf() makes no stage where every trade is a bar", () => {
  assertEquals([barStageOf(), barStageOf({ by: "trade" })], [null, null]);
  assertEquals(barStageOf({ by: "count", trades: 1 })?.closed, 0);
});

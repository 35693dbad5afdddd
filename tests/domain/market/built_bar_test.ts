import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BuiltBar } from "../../../src/domain/market/built_bar.ts";
import { TradeBlock } from "../../../src/domain/market/trade_block.ts";
import { tickOf } from "../../support/ticks.ts";

interface Trade {
  readonly price: number;
  readonly whole: number;
  readonly fraction: number;
}

const trade: fc.Arbitrary<Trade> = fc.record({
  price: fc.oneof(fc.integer({ min: 1, max: 10_000_000 }), fc.maxSafeNat().map((price) => price + 1)),
  whole: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1e15 })),
  fraction: fc.integer({ min: 0, max: 99_999_999 }),
}).map((made) => ({ ...made, price: Math.min(made.price, Number.MAX_SAFE_INTEGER) }));

function blockOf(trades: readonly Trade[]): TradeBlock {
  const block = new TradeBlock("BTCUSDT", null, trades.length);
  block.open(1, 2, false);
  for (const [at, { price, whole, fraction }] of trades.entries()) {
    const amounts = { quantityWhole: whole, quantityFraction: fraction };
    block.add({ ...tickOf({ id: at + 1, price, decimals: 2 }), lastId: at + 1, ...amounts }, price, 0);
  }
  return block;
}

/** The same by adding up bigints. */
function exactly(trades: readonly Trade[]) {
  const volume = trades.map(({ whole, fraction }) => BigInt(whole) * 100_000_000n + BigInt(fraction));
  return {
    open: trades[0]!.price,
    high: Math.max(...trades.map(({ price }) => price)),
    low: Math.min(...trades.map(({ price }) => price)),
    close: trades.at(-1)!.price,
    trades: trades.length,
    volume: volume.reduce((sum, one) => sum + one, 0n),
    value: volume.reduce((sum, one, at) => sum + one * BigInt(trades[at]!.price), 0n),
  };
}

function shown({ open, high, low, close, trades, volume, value }: BuiltBar) {
  return { open, high, low, close, trades, volume, value };
}

const several = fc.array(trade, { minLength: 1, maxLength: 60, size: "max" });
const small = fc.array(trade.filter(({ price, whole }) => price <= 10_000_000 && whole <= 1_000), {
  minLength: 1,
  maxLength: 60,
  size: "max",
});

Deno.test("BuiltBar.add() is exact for any prices and quantities, however the trades are split", () => {
  fc.assert(fc.property(fc.oneof(several, small), fc.array(fc.nat(60), { maxLength: 4 }), (trades, cuts) => {
    const block = blockOf(trades);
    const bar = new BuiltBar();
    bar.rescale(2);
    let from = 0;
    for (const to of [...cuts.sort((one, other) => one - other), trades.length]) {
      bar.add(block, from, Math.min(to, trades.length));
      from = Math.min(to, trades.length);
    }
    assertEquals(shown(bar), exactly(trades));
    const restored = new BuiltBar();
    restored.restore(JSON.parse(JSON.stringify(bar.snapshot())));
    assertEquals([shown(restored), restored.snapshot()], [shown(bar), bar.snapshot()]);
    const copy = new BuiltBar();
    copy.take(bar);
    bar.clear();
    bar.add(block, 0, 1);
    assertEquals([shown(copy), shown(bar)], [exactly(trades), exactly(trades.slice(0, 1))]);
  }));
});

Deno.test("BuiltBar.rescale() changes the unit and no amount", () => {
  const bar = new BuiltBar();
  bar.rescale(2);
  bar.add(blockOf([{ price: 150, whole: 2, fraction: 1 }, { price: 125, whole: 0, fraction: 3 }]), 0, 2);
  bar.rescale(5);
  const volume = 200_000_004n;
  const value = (150n * 200_000_001n + 125n * 3n) * 1_000n;
  assertEquals(shown(bar), {
    ...{ open: 150_000, high: 150_000, low: 125_000, close: 125_000, trades: 2 },
    ...{ volume, value },
  });
  assertEquals(bar.decimals, 5);
});

Deno.test("BuiltBar.restore() throws a TypeError for a snapshot that no trades can make", () => {
  const bar = new BuiltBar();
  bar.rescale(2);
  bar.add(blockOf([{ price: 150, whole: 2, fraction: 1 }]), 0, 1);
  const sound = bar.snapshot();
  new BuiltBar().restore(sound);
  for (
    const wrong of [
      ...[{ open: "150" }, { high: 149 }, { low: 151 }, { close: 1.5 }, { decimals: 9 }, { trades: 0 }],
      ...[{ volume: 5 }, { value: "-1" }, { volume: "1e9" }, { value: "9".repeat(61) }, { openTime: -1 }],
    ]
  ) {
    assertThrows(() => new BuiltBar().restore({ ...sound, ...wrong as object }), TypeError, "its open bar");
  }
});

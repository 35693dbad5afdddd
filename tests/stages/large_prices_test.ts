/** Prices as large as in currencies with many zeros, up to 2^53 in their unit, against bigints. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import type { Target } from "../../src/domain/market/signal.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { AverageStage } from "../../src/stages/average.ts";
import { Parse } from "../../src/stages/parse.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { Crossover } from "../../src/stages/strategies/crossover.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { computeReference, type PlainTrade } from "../support/reference.ts";
import { walk } from "../support/trade_files.ts";
import { ticksIn } from "../support/blocks.ts";
import { assertEquals } from "../support/equals.ts";

const LIMIT = 2n ** 53n;

interface Price {
  /** In its own unit, trailing zeros dropped. */
  readonly units: bigint;
  readonly decimals: number;
}

function textOf({ units, decimals }: Price): string {
  const digits = String(units).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Any price that fits by itself, often close to the limit. */
const price: fc.Arbitrary<Price> = fc.record({
  units: fc.oneof(
    fc.bigInt({ min: 1n, max: LIMIT - 1n }),
    fc.bigInt({ min: LIMIT - 50n, max: LIMIT - 1n }),
    fc.bigInt({ min: 1n, max: 1_000_000n }),
  ),
  decimals: fc.oneof(fc.constant(0), fc.constant(2), fc.nat(8)),
}).map(({ units, decimals }) => {
  while (decimals > 0 && units % 10n === 0n) {
    units /= 10n;
    decimals--;
  }
  return { units, decimals };
});

/** Which prices are accepted, and what the averages over them want, added up from scratch. */
function reference(
  prices: readonly Price[],
  short: number,
  long: number,
): { taken: bigint[]; targets: Target[] } {
  let decimals = 0;
  let taken: bigint[] = [];
  const targets: Target[] = [];
  for (const price of prices) {
    const finest = Math.max(decimals, price.decimals);
    const unit = (value: bigint, from: number) => value * 10n ** BigInt(finest - from);
    const now = [...taken.map((value) => unit(value, decimals)), unit(price.units, price.decimals)];
    if (now.some((value) => value >= LIMIT)) continue;
    [taken, decimals] = [now, finest];
    const sum = (window: number) => taken.slice(-window).reduce((sum, value) => sum + value, 0n);
    const [left, right] = [sum(short) * BigInt(long), sum(long) * BigInt(short)];
    targets.push(taken.length < long ? 0 : left > right ? 1 : left < right ? -1 : 0);
  }
  return { taken, targets };
}

Deno.test("Parse and AverageStage accept exactly the prices that are exact in one unit with the others", () => {
  const windows = fc.record({ short: fc.integer({ min: 1, max: 5 }), more: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(windows, fc.array(price, { maxLength: 60 }), fc.nat(60), ({ short, more }, prices, cut) => {
      const long = short + more;
      const expected = reference(prices, short, long);
      const messages = prices.map((price, at) =>
        messageOf({ firstId: at + 1, lastId: at + 1, time: 1_723_161_255_342_000, price: textOf(price) })
      );
      let parse = new Parse();
      const averages = new AverageStage(new Crossover(short, long));
      const targets: Target[] = [];
      let gaps = 0;
      const run = (some: readonly string[]) => {
        for (const block of averages.over(parse.over(reading(some)))) {
          for (let row = 0; row < block.size; row++) targets.push(block.targets[row] as Target);
          // A trade whose id could be read leaves no hole, whatever its price.
          if (block.missing !== 0) gaps++;
        }
      };
      run(messages.slice(0, cut));
      // A resumed run knows what came before.
      const { snapshot, ...counts } = { snapshot: parse.snapshot(), ...parse.counts };
      parse = new Parse();
      parse.restore(JSON.parse(JSON.stringify(snapshot)), null);
      run(messages.slice(cut));
      assertEquals(targets, expected.targets);
      const kept = averages.closes.values;
      assertEquals(kept.map(BigInt), expected.taken.slice(-long));
      assertEquals(parse.counts.rejected, prices.length - expected.targets.length);
      assertEquals([gaps, counts.duplicates], [0, 0]);
    }),
    { numRuns: 500 },
  );
});

Deno.test("Parse.over() says which price is too large or too fine for the others", () => {
  const message = (id: number, price: string) =>
    messageOf({ firstId: id, lastId: id, time: 1_723_161_255_342_000, price });
  const reasons = (...prices: string[]) => {
    const parse = new Parse();
    const taken = [...ticksIn(parse.over(reading(prices.map((price, at) => message(at + 1, price)))))].length;
    return [taken, parse.takeRejections()?.reason];
  };
  assertEquals(reasons("1700000000.25", "1700000001"), [2, undefined]);
  assertEquals(reasons("0.00000001", "90071993"), [
    1,
    "price is 90071993, too large to be exact with the 8 decimals that prices of BTCUSDT have had",
  ]);
  assertEquals(reasons("90071993", "0.00000001"), [
    1,
    "price is 0.00000001, too fine to be exact together with 90071993, which came before",
  ]);
});

Deno.test("Pipeline books prices of thousands of millions as an exact reference does, exits and limits among them", () => {
  const choices = {
    ...DEFAULTS,
    ...{ short: 5, long: 20, cash: "90000000000000", stake: "5000000000000", slippage: "3", tick: "1" },
  };
  const trades: PlainTrade[] = walk(11, 3_000).map((trade) => ({
    ...trade,
    // Some 61,837,630,000,000 with two decimals: nearly 2^53 in its unit.
    price: `${trade.price.replace(".", "").slice(0, -6)}${"0".repeat(7)}.0${trade.firstId % 10}`,
  }));
  const pipeline = new Pipeline(optionsOf(choices));
  const batch = new FrameBatch(new BinanceMessageReader(choices.symbol));
  const events: PipelineEvent[] = [];
  for (const { firstId, lastId, time, price } of trades) {
    events.push(...pipeline.run(batch.open([messageOf({ firstId, lastId, time, price })])));
  }
  events.push(...pipeline.end());
  const expected = computeReference(trades, choices);
  assertEquals(events, expected.events);
  for (const [key, value] of Object.entries(expected.totals)) {
    assertEquals((pipeline.totals as unknown as Record<string, unknown>)[key], value, key);
  }
  assertGreater(pipeline.totals.fills, 50);
  assertStringIncludes(String(trades[0]!.price), "00.0");
});

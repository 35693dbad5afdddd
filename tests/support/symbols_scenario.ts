/** Made-up streams of three symbols for property tests of one account. */
import fc from "fast-check";
import { Money } from "../../src/domain/numbers/money.ts";
import type { EngineOptions } from "../../src/stages/engine.ts";
import { optionsOf } from "./pipeline_input.ts";
import type { Choices } from "./reference.ts";
import type { SymbolChoices } from "./symbols_reference.ts";
import type { ArrivedTrade } from "./symbols_run.ts";

/** The time of the first trade, µs since 1970, less a little. */
export const START = 1_723_161_255_342_000;
const LOTS = { BTCUSDT: "0.001", ETHUSDT: "0.3", PEPEUSDT: "1000" };
const BASES: Readonly<Record<string, readonly [price: number, decimals: number]>> = {
  BTCUSDT: [61_837, 2],
  ETHUSDT: [2_431, 3],
  PEPEUSDT: [9, 6],
};

/** The symbols of the scenarios, in the order in which runs have them. */
export const symbols = Object.keys(LOTS);

/** The options of a run in all three symbols, each with its own lot. */
export function optionsFor(choices: Choices, names: readonly string[] = symbols): EngineOptions {
  const others = names.slice(1).map((name) => [name, { lot: new Money(LOTS[name as keyof typeof LOTS]) }]);
  return {
    ...optionsOf({ ...choices, symbol: names[0]!, lot: LOTS.BTCUSDT }),
    others: Object.fromEntries(others),
  };
}

const step = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "BTCUSDT", "ETHUSDT", "ETHUSDT", "PEPEUSDT"),
  level: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 960, max: 1_040 }) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 600, max: 1_400 }),
  }),
  repeats: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 2, max: 6 }),
  }),
  finer: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  later: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400_000 })),
  skips: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 9 }),
  }),
});

/** Trades of three symbols as they arrive, with gaps in their ids, which run from different numbers. */
export const arrivals: fc.Arbitrary<readonly ArrivedTrade[]> = fc.array(step, {
  minLength: 20,
  maxLength: 90,
  size: "max",
})
  .map((steps) => {
    const ids = new Map(symbols.map((symbol, at) => [symbol, 100 * at]));
    const trades: ArrivedTrade[] = [];
    let time = START;
    for (const { symbol, level, repeats, finer, later, skips } of steps) {
      for (let n = 0; n < repeats; n++) {
        time += later;
        const id = ids.get(symbol)! + 1 + (n === 0 ? skips : 0);
        ids.set(symbol, id);
        const [base, decimals] = BASES[symbol]!;
        const price = (base * (level + 3 * n) / 1_000).toFixed(decimals - 2 + finer * 2);
        trades.push({ symbol, firstId: id, lastId: id, time, price: Number(price) === 0 ? "1" : price });
      }
    }
    return trades;
  });

/** Any choices that the reference knows. */
export const choices: fc.Arbitrary<SymbolChoices> = fc.record({
  short: fc.integer({ min: 1, max: 2 }),
  long: fc.integer({ min: 3, max: 4 }),
  cash: fc.constantFrom("10000", "10000", "700.12345678"),
  stake: fc.constantFrom("4000", "10000", "333.33"),
  fee: fc.constantFrom("0.001", "0", "0.02"),
  latency: fc.constantFrom(0, 0, 250_000),
  lots: fc.constant(LOTS),
  minNotional: fc.constantFrom("5", "300"),
  maxDrawdown: fc.constantFrom("0.02", "0.05", "0.5"),
  onHalt: fc.constantFrom("hold", "flatten"),
  cooldown: fc.constantFrom(null, null, 700_000),
});

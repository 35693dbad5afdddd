/** Made-up streams for property tests of the risk gate: every limit, partial fills, halts by hand, days that end. */
import fc from "fast-check";
import { Exact } from "./exact.ts";
import { messageOf } from "./pipeline_input.ts";
import type { Choices, PlainHalt, PlainTrade } from "./reference.ts";

/** A stream under many limits, with halts by hand, and with places where the run is stopped and resumed. */
export interface GuardedScenario {
  readonly choices: Choices;
  readonly trades: readonly PlainTrade[];
  readonly messages: readonly string[];
  /** In the order of their trades. */
  readonly halts: readonly PlainHalt[];
  /** The trades before which the run is stopped and resumed. */
  readonly restarts: readonly number[];
}

const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.oneof(fc.constant(null), fc.constantFrom(...values));

const choices: fc.Arbitrary<Choices> = fc.record({
  cash: fc.constantFrom("10000", "10000", "1000.123456789", "30"),
  stake: fc.constantFrom("1000", "10000", "300.333", "33.3%", "100%"),
  fee: fc.constantFrom("0.001", "0", "0.0123456789123", "0.05"),
  slippage: fc.constantFrom("0", "0", "12.345"),
  latency: fc.constantFrom(0, 0, 1_000, 2_000_000),
  fill: fc.constantFrom("signal" as const, "next" as const),
  lot: fc.constantFrom("0.00001", "0.00001", "0.003", "1", "500"),
  minNotional: fc.constantFrom("5", "0", "90"),
  maxDrawdown: fc.constantFrom("0.2", null, "0.001", "0.01", "0.05"),
  maxDailyLoss: maybe("0.0005", "0.01", "0.05", "0.3"),
  onHalt: fc.constantFrom("hold" as const, "flatten" as const),
  maxPosition: maybe("999.9", "1500", "400"),
  maxOrders: maybe({ count: 1, within: 1_000 }, { count: 2, within: 60_000 }, { count: 3, within: 5 }),
  cooldown: maybe(1_000, 2_000_000, 30_000_000),
  participation: maybe("0.1", "0.5", "1", "0.003"),
  orderTtl: maybe(0, 1_000, 3_000_000),
  stopLoss: maybe("0.001", "0.02", "0.2"),
  takeProfit: maybe("0.001", "0.03", "1.5"),
  trailingStop: maybe("0.001", "0.0123456789123", "0.04", "0.3"),
}).map((made) => ({ symbol: "BTCUSDT", short: 1, long: 2, tick: "0.01", ...made }));

const step = fc.record({
  later: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3_000_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2_000, max: 40_000_000_000 }) },
  ),
  idStep: fc.oneof({ weight: 40, arbitrary: fc.constant(1) }, {
    weight: 1,
    arbitrary: fc.constantFrom(0, 9),
  }),
  level: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 970, max: 1_030 }) },
    { weight: 1, arbitrary: fc.integer({ min: 500, max: 1_500 }) },
  ),
  decimals: fc.constantFrom(2, 2, 2, 8, 0),
  quantity: fc.constantFrom("0.001", "0.5", "1", "3.25", "40", "1000", "0.00000001", "9.87654321"),
});

const FIRST_TIME = 1_723_161_255_342_000;

/** Streams of a few trades around one price, under any of the limits. */
export const guardedScenario: fc.Arbitrary<GuardedScenario> = fc.record({
  choices,
  base: fc.constantFrom("100", "61837.63", "0.7097"),
  steps: fc.array(step, { minLength: 5, maxLength: 45, size: "max" }),
  halts: fc.array(
    fc.record({ before: fc.nat({ max: 60 }), action: fc.constantFrom("hold", "flatten", "release") }),
    {
      maxLength: 1,
    },
  ),
  restarts: fc.uniqueArray(fc.integer({ min: 1, max: 44 }), { maxLength: 3 }),
}).map(({ choices, base, steps, halts, restarts }) => {
  let id = 1_000;
  let time = FIRST_TIME;
  const trades = steps.map(({ later, idStep, level, decimals, quantity }): PlainTrade => {
    time += later;
    id += idStep;
    const units = Exact.of(base).times(new Exact(BigInt(level), 3)).wholeTimes(new Exact(1n, decimals));
    const price = `${new Exact(units === 0n ? 1n : units, decimals)}`;
    return { firstId: id, lastId: id, time, price, quantity };
  });
  return {
    choices,
    trades,
    messages: trades.map((trade) => messageOf(trade)),
    halts: halts.map(({ before, action }) => ({ before, action, time: FIRST_TIME + before }) as PlainHalt),
    restarts,
  };
});

/** Made-up streams for property tests of the whole pipeline. */
import fc from "fast-check";
import { Exact } from "./exact.ts";
import { messageOf, type MessageShape } from "./pipeline_input.ts";
import type { Choices, PlainTrade } from "./reference.ts";

/** One message of a made-up stream, relative to the one before. */
interface Step {
  readonly idStep: number;
  readonly width: number;
  readonly later: number;
  /** Price as a fraction of the base price, in thousandths. */
  readonly level: number;
  readonly decimals: number;
  readonly trailingZeros: number;
  readonly shape: MessageShape;
  /** A message before it in the stream that is not a trade. */
  readonly noise: string | null;
}

/** A made-up stream with the options of its run. */
export interface Scenario {
  readonly choices: Choices;
  readonly trades: readonly PlainTrade[];
  readonly messages: readonly string[];
}

const NOISE = [
  `{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}}`,
  `{"result":null,"id":1}`,
  `{"e":"trade","E":1,"s":"ETHUSDT","t":99999,"p":"1","q":"1","T":1,"m":true}`,
  `{"e":"trade","E":1,"s":"BTCUSDT","t":`,
  `{"note":"ünverständlich"}`,
  "",
];

const step: fc.Arbitrary<Step> = fc.record({
  idStep: fc.oneof(
    { weight: 30, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.integer({ min: -3, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 500 }) },
  ),
  width: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 2, max: 4 }),
  }),
  later: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -3_000, max: 3_000_000 }) },
  ),
  level: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 950, max: 1050 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2000 }) },
  ),
  decimals: fc.oneof({ weight: 3, arbitrary: fc.constant(8) }, {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 8 }),
  }),
  trailingZeros: fc.integer({ min: 0, max: 3 }),
  shape: fc.constantFrom<MessageShape>(
    "trade",
    "old trade",
    "combined trade",
    "aggTrade",
    "combined aggTrade",
  ),
  noise: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, {
    weight: 1,
    arbitrary: fc.constantFrom(...NOISE),
  }),
});

const choices: fc.Arbitrary<Choices> = fc.record({
  short: fc.integer({ min: 1, max: 4 }),
  more: fc.integer({ min: 1, max: 6 }),
  cash: fc.constantFrom("10000", "10000", "100.123456789", "7", "0.00001", "98765432109"),
  stake: fc.constantFrom("1000", "1000", "10000", "0.3333333333", "12345678.9", "37.5%", "100%"),
  fee: fc.constantFrom("0.001", "0.001", "0", "0.00075", "0.0123456789123", "0.3"),
  slippage: fc.constantFrom("0", "0", "1.5", "12.345", "300"),
  latency: fc.constantFrom(0, 0, 1, 1_000, 25_000, 2_000_000),
  lot: fc.constantFrom("0.00001", "0.00001", "1", "0.003", "100"),
  tick: fc.constantFrom("0.01", "0.00000001", "0.03", "5"),
  minNotional: fc.constantFrom("5", "0", "0.000001", "999"),
  maxDrawdown: fc.constantFrom("0.2", null, "0.0001", "0.001", "0.01", "0.5", "0.99"),
}).map(({ short, more, ...rest }) => ({ symbol: "BTCUSDT", short, long: short + more, ...rest }));

/** Prices around these, in quote currency. */
const basePrice = fc.constantFrom("61837.63", "0.00000908", "0.7097", "4999999.99999999", "123456.7", "1");

/** Streams with gaps, duplicates, noise, bursts and prices that gain decimals, with any options. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  choices,
  base: basePrice,
  steps: fc.array(step, { minLength: 1, maxLength: 120, size: "max" }),
}).map(({ choices, base, steps }) => {
  const trades: PlainTrade[] = [];
  const messages: string[] = [];
  let last = 1_000;
  let time = 1_723_161_255_342_000;
  for (const { idStep, width, later, level, decimals, trailingZeros, shape, noise } of steps) {
    time += later;
    const firstId = last + idStep;
    const lastId = shape.endsWith("aggTrade") ? firstId + width - 1 : firstId;
    last = Math.max(last, lastId);
    const price = priceText(base, level, decimals, trailingZeros);
    const trade = { firstId, lastId, time, price };
    trades.push(trade);
    if (noise !== null) messages.push(noise);
    messages.push(messageOf(trade, shape));
  }
  return { choices, trades, messages };
});

/** base × level ÷ 1000, cut to `decimals`, at least one unit. */
function priceText(base: string, level: number, decimals: number, trailingZeros: number): string {
  const exact = Exact.of(base).times(new Exact(BigInt(level), 3));
  const units = exact.wholeTimes(new Exact(1n, decimals));
  const text = new Exact(units === 0n ? 1n : units, decimals).toString();
  return trailingZeros === 0 ? text : `${text}${text.includes(".") ? "" : "."}${"0".repeat(trailingZeros)}`;
}

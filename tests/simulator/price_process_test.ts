import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { priceProcess } from "../../src/simulator/price_process.ts";

const DEFAULTS = { seed: 1, rate: 20, firstId: 1, startTime: 1_777_807_004_059 };
const TRADES = priceProcess(DEFAULTS).take(200_000).toArray();

Deno.test("priceProcess() gives the same trades for the same seed, and different ones for another", () => {
  const start = TRADES.slice(0, 5000);
  assertEquals(priceProcess(DEFAULTS).take(5000).toArray(), start);
  for (const seed of [0, 2, -1, 2 ** 40 + 1]) {
    const other = priceProcess({ ...DEFAULTS, seed }).take(100).toArray();
    assertNotEquals(other, start.slice(0, 100), `seed ${seed}`);
    assertNotEquals(other, priceProcess({ ...DEFAULTS, seed: seed + 1 }).take(100).toArray(), `seed ${seed}`);
  }
});

Deno.test("priceProcess() still gives the same trades for the same seed", () => {
  assertEquals(TRADES.slice(0, 3), [
    { id: 1, price: "59999.96000000", quantity: "0.00208000", time: 1777807004364, buyerIsMaker: false },
    { id: 2, price: "59999.96000000", quantity: "0.03853000", time: 1777807004364, buyerIsMaker: false },
    { id: 3, price: "59999.95000000", quantity: "0.00532000", time: 1777807004486, buyerIsMaker: true },
  ]);
});

Deno.test("priceProcess() shifts times by the start time and ids by the first id, and changes nothing else", () => {
  const shifted = priceProcess({ ...DEFAULTS, startTime: 1000, firstId: 7_000_000_000 }).take(1000).toArray();
  assertEquals(
    shifted,
    TRADES.slice(0, 1000).map((trade) => ({
      ...trade,
      id: trade.id - 1 + 7_000_000_000,
      time: trade.time - DEFAULTS.startTime + 1000,
    })),
  );
});

Deno.test("priceProcess() keeps to the exchange's filters, with consecutive ids and times that never go back", () => {
  let time = 0;
  for (const [index, trade] of TRADES.entries()) {
    assertEquals(trade.id, index + 1);
    assert(/^[1-9]\d*\.\d\d000000$/.test(trade.price), trade.price);
    assert(/^\d+\.\d{5}000$/.test(trade.quantity) && Number(trade.quantity) >= 0.00001, trade.quantity);
    assert(Number.isSafeInteger(trade.time) && trade.time >= time);
    time = trade.time;
  }
});

Deno.test("priceProcess() trades at the requested rate", () => {
  for (const rate of [0.5, 20, 5000]) {
    const trades = priceProcess({ ...DEFAULTS, rate, startTime: 0 }).take(100_000).toArray();
    const measured = trades.length / (trades.at(-1)!.time / 1000);
    assert(Math.abs(measured / rate - 1) < 0.1, `rate ${rate}: measured ${measured}`);
  }
});

Deno.test("priceProcess() sweeps: most trades share the millisecond and the side of the previous one", () => {
  const pairs = TRADES.slice(1).map((trade, index) => [TRADES[index]!, trade] as const);
  const together = pairs.filter(([before, trade]) => before.time === trade.time);
  const share = together.length / pairs.length;
  assert(share > 0.57 && share < 0.65, `share ${share}`);
  const sameSide = together.filter(([before, trade]) => before.buyerIsMaker === trade.buyerIsMaker);
  assert(sameSide.length / together.length > 0.98);
  for (
    const [before, trade] of sameSide.filter(([before, trade]) => before.time === trade.time).slice(0, 1000)
  ) {
    assert(Math.abs(Number(trade.price) / Number(before.price) - 1) < 0.02);
  }
});

Deno.test("priceProcess() moves like a market: volatility clusters, returns have fat tails, prices stay plausible", () => {
  const last: number[] = [];
  for (const [index, trade] of TRADES.entries()) if (index % 50 === 0) last.push(Number(trade.price));
  const returns = last.slice(1).map((price, index) => Math.log(price / last[index]!));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const correlation = (values: number[], lag: number) => {
    const middle = mean(values);
    const variance = mean(values.map((value) => (value - middle) ** 2));
    return mean(values.slice(lag).map((value, index) => (value - middle) * (values[index]! - middle))) /
      variance;
  };
  const sizes = returns.map(Math.abs);
  assert(correlation(sizes, 1) > 0.1, `clustering ${correlation(sizes, 1)}`);
  assert(correlation(sizes, 3) > 0.05, `clustering ${correlation(sizes, 3)}`);
  const variance = mean(returns.map((value) => value ** 2));
  const kurtosis = mean(returns.map((value) => value ** 4)) / variance ** 2;
  assert(kurtosis > 3.3, `kurtosis ${kurtosis}`);
  assert(
    last.every((price) => price > 30_000 && price < 120_000),
    `${Math.min(...last)} to ${Math.max(...last)}`,
  );
});

Deno.test("priceProcess() moves as far as the recorded market over 20, 50, 200 and 1,000 trades", () => {
  const prices = TRADES.map((trade) => Number(trade.price));
  // BTCUSDT, 2024-08-08 23:54 to 2024-08-09 00:05, 19,904 trades: root mean square move in basis points.
  for (const [trades, recorded] of [[20, 0.68], [50, 1.32], [200, 3.3], [1000, 8.52]] as const) {
    const moves = prices.slice(trades).map((price, i) => 1e4 * Math.log(price / prices[i]!));
    const found = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / moves.length);
    assert(found > recorded / 1.5 && found < recorded * 1.5, `${trades} trades: ${found}, not ${recorded}`);
  }
});

Deno.test("priceProcess() makes averages over 20 and 50 trades cross several times a minute", () => {
  const prices = TRADES.map((trade) => Number(trade.price));
  let crossings = 0;
  let above: boolean | null = null;
  let short = 0;
  let long = 0;
  prices.forEach((price, index) => {
    short += price - (prices[index - 20] ?? 0);
    long += price - (prices[index - 50] ?? 0);
    if (index < 49 || short / 20 === long / 50) return;
    const now = short / 20 > long / 50;
    if (above !== null && now !== above) crossings++;
    above = now;
  });
  const minutes = (TRADES.at(-1)!.time - TRADES[0]!.time) / 60_000;
  assert(crossings / minutes > 3 && crossings / minutes < 40, `${crossings / minutes} a minute`);
});

Deno.test("priceProcess() refuses unusable options", () => {
  for (
    const bad of [{ rate: 0 }, { rate: -1 }, { rate: NaN }, { rate: Infinity }, { seed: 1.5 }, {
      firstId: 0.5,
    }]
  ) {
    assertThrows(() => priceProcess({ ...DEFAULTS, ...bad }).next(), RangeError);
  }
});

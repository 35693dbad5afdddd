/** Runs on an exchange whose clock runs faster than this machine's. */
import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { ArrivalClock } from "../../src/stages/arrival_clock.ts";
import { Engine, type EngineEvent } from "../../src/stages/engine.ts";
import { DEFAULTS, messageOf, optionsOf } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import type { Choices, PlainTrade } from "../support/reference.ts";

const SECOND = 1_000_000;
const START = 1_723_147_200_000_000;
const SPEED = 60;
const CONNECTED = { event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 } as const;

const OPTIONS: Choices = {
  ...DEFAULTS,
  ...{ short: 3, long: 9, latency: 2 * SECOND, cooldown: 60 * SECOND, maxDailyLoss: "0.005" },
  ...{ maxOrders: { count: 2, within: 60_000 }, maxLag: 30 * SECOND, stopLoss: "0.002" },
};

/** Ten hours of trades, over midnight, one every few seconds. */
const TRADES = trades();

function trades(): PlainTrade[] {
  const random = new SeededRandom(3);
  let time = START;
  let price = 60_000;
  return Array.from({ length: 9_000 }, (_, at): PlainTrade => {
    time += random.whole(1, 8) * SECOND;
    price += random.whole(-30, 30);
    return { firstId: at + 1, lastId: at + 1, time, price: `${price}.00` };
  });
}

/** When a trade arrives by this machine's clock, whose exchange started at START, after some ms on its way. */
function arrival({ time }: PlainTrade, ms: number): number {
  return START + Math.round((time - START) / SPEED) + ms * 1_000;
}

/** The events of a run that receives the trades in batches, so many ms after the last of each was made. */
function eventsOf(
  delays: (at: number) => number,
  { speed = SPEED, blockRows = 4_096, choices = OPTIONS } = {},
): EngineEvent[] {
  const engine = new Engine({ ...optionsOf(choices), blockRows });
  const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT"));
  const events = [...engine.apply({ event: "speed", speed }), ...engine.apply({ ...CONNECTED, time: START })];
  const sizes = new SeededRandom(9);
  for (let at = 0; at < TRADES.length;) {
    const some = TRADES.slice(at, at + sizes.whole(1, 3));
    const opened = batch.open(some.map((trade) => messageOf(trade)), arrival(some.at(-1)!, delays(at)));
    events.push(...engine.apply({ event: "frames", trades: opened }));
    at += some.length;
  }
  return [...events, ...engine.end()].filter(({ type }) => type !== "connected");
}

/** The events of the same trades from a file, which says nothing about arrivals. */
function eventsFromFile(): EngineEvent[] {
  const engine = new Engine(optionsOf(OPTIONS));
  const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT"));
  const read = batch.open(TRADES.map((trade) => messageOf(trade)));
  return [...engine.apply({ event: "frames", trades: read }), ...engine.end()];
}

Deno.test("ArrivalClock counts from the trade that was on its way for the shortest time", () => {
  const clock = new ArrivalClock();
  clock.speed = SPEED;
  assertEquals([clock.at(START), clock.here(START)], [0, null]);
  // On its way for 0.5 s, then for 0.1 s, then for 0.3 s.
  clock.see(START, START + 500_000);
  assertEquals(clock.at(START + 500_000), START);
  clock.see(START + 60 * SECOND, START + SECOND + 100_000);
  assertEquals(clock.at(START + SECOND + 100_000), START + 60 * SECOND);
  clock.see(START + 120 * SECOND, START + 2 * SECOND + 300_000);
  assertEquals(clock.at(START + 2 * SECOND + 300_000), START + 132 * SECOND);
  assertEquals(clock.here(START + 120 * SECOND), START + 2 * SECOND + 100_000);
  // A time far ahead is wrong, and sets no clock.
  clock.see(START + 3_600 * SECOND, START + 3 * SECOND);
  assertEquals(clock.at(START + 2 * SECOND + 100_000), START + 120 * SECOND);
});

Deno.test("ArrivalClock is set again by the first trade of the next connection", () => {
  const clock = new ArrivalClock();
  clock.speed = 2;
  clock.see(START, START);
  clock.restart();
  assertEquals(clock.at(START + SECOND), 0);
  clock.see(START - 900 * SECOND, START + SECOND);
  assertEquals(clock.at(START + 2 * SECOND), START - 898 * SECOND);
});

Deno.test("ArrivalClock leaves arrivals as they are at speed 1, and knows none where nothing can be compared", () => {
  const clock = new ArrivalClock();
  clock.see(START, START + SECOND);
  assertEquals([clock.at(START + 5), clock.at(0), clock.here(START)], [START + 5, 0, START]);
  clock.speed = Infinity;
  clock.see(START, START + SECOND);
  assertEquals([clock.at(START + 5), clock.here(START)], [0, null]);
});

Deno.test("Engine decides on a market that runs 60 times faster what it decides on the same trades in a file", () => {
  const expected = eventsFromFile();
  const random = new SeededRandom(5);
  const delays = Array.from(TRADES, () => random.whole(1, 15));
  for (const type of ["signal", "fill", "refusal", "halt", "released"]) {
    assertGreater(expected.filter((event) => event.type === type).length, 0, type);
  }
  for (const blockRows of [1, 7, 4_096]) {
    assertEquals(eventsOf((at) => delays[at]!, { blockRows }), expected);
  }
  // Without its speed, trades after the first hour would count as dated in the future.
  assertNotEquals(eventsOf((at) => delays[at]!, { speed: 1 }), expected);
});

Deno.test("Engine refuses the orders of trades that are late by the market's clock", () => {
  const choices = { ...OPTIONS, cooldown: null, maxOrders: null, maxDailyLoss: null };
  // Two seconds on this machine are two minutes of that market.
  const slow = (at: number) => at > 6_000 && at < 7_000 ? 2_000 : 10;
  const lags = eventsOf(slow, { choices }).flatMap((event) =>
    event.type === "refusal" && event.reason === "max-lag" ? [event] : []
  );
  assertGreater(lags.length, 10);
  for (const { tradeId, value, limit } of lags) {
    assertEquals([tradeId > 6_000 && tradeId < 7_004, limit], [true, "30000"]);
    // A batch is as late as its last trade, and the others are seconds older.
    assertGreater(Number(value), 119_000);
  }
});

Deno.test("Engine knows no lag and no arrival on a market that runs as fast as it can", () => {
  assertEquals(eventsOf(() => 9_999_999, { speed: Infinity }), eventsFromFile());
});

Deno.test("Engine sets the clock again at every connection: the market's may stand elsewhere by then", () => {
  const engine = new Engine(optionsOf({ ...DEFAULTS, short: 1, long: 2, maxLag: SECOND }));
  const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT"));
  const receive = (id: number, time: number, receivedAt: number, price: number): EngineEvent[] => {
    const message = messageOf({ firstId: id, lastId: id, time, price: `${price}.00` });
    return [...engine.apply({ event: "frames", trades: batch.open([message], receivedAt) })];
  };
  const connect = (time: number) => [...engine.apply({ ...CONNECTED, time })];
  [...engine.apply({ event: "speed", speed: SPEED }), ...connect(START)];
  [receive(1, START, START, 100), receive(2, START + 60 * SECOND, START + SECOND, 100)];
  connect(START + 2 * SECOND);
  // Half an hour behind where it would be.
  const events = [
    ...receive(3, START - 1_680 * SECOND, START + 2 * SECOND, 100),
    ...receive(4, START - 1_620 * SECOND, START + 3 * SECOND, 101),
  ];
  assertEquals(events.map(({ type }) => type), ["signal", "fill"]);
});

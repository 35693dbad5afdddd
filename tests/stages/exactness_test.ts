import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertGreater } from "@std/assert";
import type { Chunk } from "../../src/formats/trade_file.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import type { FillEvent } from "../../src/domain/run/event.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { originOf, SPOT_TRADES } from "../support/csv.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { CHUNK_TRADES, RandomWalk } from "./random_walk.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = 5_000_000;
const SHORT = 20;
const LONG = 50;

/** The first buys spend the stake, later ones what is left of the cash. */
const OPTIONS: Choices = {
  ...DEFAULTS,
  ...{ short: SHORT, long: LONG, cash: "10000", stake: "6000", fee: "0.00001", lot: "0.00001" },
  ...{ slippage: "0", latency: 0, minNotional: "0", maxDrawdown: null },
};
/** The same in the units of the reference: 10^-8 for cash, 10^-2 for prices, 10^-5 for lots and the fee. */
const CASH = 10_000n * 10n ** 8n;
const STAKE = 6_000n * 10n ** 8n;
const FEE = 1n;
const FEE_UNIT = 10n ** 5n;

/**
 * The whole strategy again, in whole numbers, all of which doubles hold exactly here. It counts money in units of
 * 10^-8, which are finer than a product of cents and lots.
 */
class WholeNumbers {
  /** Fills since they were last taken, each in one line. */
  fills: string[] = [];
  /** Whether the averages of doubles would have given another signal by now. */
  isAstray = false;
  /** The sum of all prices before each one, in cents: the sum of a window is the difference of two. */
  #totals = new Float64Array(LONG + CHUNK_TRADES + 1);
  #prices = new Float64Array(LONG + CHUNK_TRADES);
  #seen = 0;
  #holds = false;
  #doublesHold = false;
  #cash = CASH;
  #lots = 0n;
  #paid = 0n;

  /** Takes the next chunk; `id` is that of its first trade. */
  see(chunk: Int32Array, id: number): void {
    const totals = this.#totals;
    const prices = this.#prices;
    totals.copyWithin(0, CHUNK_TRADES);
    prices.copyWithin(0, CHUNK_TRADES);
    for (let n = 0; n < CHUNK_TRADES; n++) {
      totals[LONG + n + 1] = totals[LONG + n]! + chunk[n]!;
      prices[LONG + n] = chunk[n]! / 100;
    }
    for (let n = 0; n < CHUNK_TRADES; n++) {
      if (++this.#seen < LONG) continue;
      const end = LONG + n + 1;
      const [short, long] = [totals[end]! - totals[end - SHORT]!, totals[end]! - totals[end - LONG]!];
      const difference = short * LONG - long * SHORT;
      const turns = this.#holds ? difference < 0 : difference > 0;
      if (!this.isAstray) this.#turnInDoubles(end, turns);
      if (turns) this.#turn(id + n, BigInt(chunk[n]!));
    }
  }

  get cash(): string {
    return decimal(this.#cash, 8);
  }

  /** The same with the prices before `end` in doubles, until the signal differs. */
  #turnInDoubles(end: number, turns: boolean): void {
    const prices = this.#prices;
    const difference = sum(prices, end - SHORT, end) / SHORT - sum(prices, end - LONG, end) / LONG;
    const doublesTurn = this.#doublesHold ? difference < 0 : difference > 0;
    if (doublesTurn) this.#doublesHold = !this.#doublesHold;
    this.isAstray = turns !== doublesTurn;
  }

  #turn(id: number, price: bigint): void {
    this.#holds = !this.#holds;
    const grossed = FEE_UNIT + FEE;
    // cash ÷ (1 + fee) ÷ price and stake ÷ price, in whole lots: a lot costs 10 × price.
    const byCash = this.#cash * FEE_UNIT / (grossed * price * 10n);
    const byStake = STAKE / (price * 10n);
    const lots = !this.#holds ? this.#lots : byCash < byStake ? byCash : byStake;
    const notional = lots * price * 10n;
    const fee = (notional * FEE + FEE_UNIT - 1n) / FEE_UNIT;
    const realized = this.#holds ? "" : decimal(notional - fee - this.#paid, 8);
    this.#cash += this.#holds ? -notional - fee : notional - fee;
    this.#paid = this.#holds ? notional + fee : 0n;
    this.#lots = this.#holds ? lots : 0n;
    const side = this.#holds ? "buy" : "sell";
    const [paid, quantity, position] = [decimal(price, 2), decimal(lots, 5), decimal(this.#lots, 5)];
    this.fills.push(
      `${id} ${side} ${quantity} at ${paid} fee ${decimal(fee, 8)}: ${this.cash} ${position} ${realized}`,
    );
  }
}

/** Adds up part of a list. */
function sum(values: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let at = start; at < end; at++) total += values[at]!;
  return total;
}

/** Units of 10^-scale as decimal text without trailing zeros. */
function decimal(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const fraction = digits.slice(-scale).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -scale)}${fraction && `.${fraction}`}`;
}

function lineOf({ tradeId, side, quantity, price, fee, cash, position, realized }: FillEvent): string {
  return `${tradeId} ${side} ${quantity} at ${price} fee ${fee}: ${cash} ${position} ${realized ?? ""}`;
}

Deno.test("Pipeline fills 5,000,000 random-walk trades as whole numbers do, to the last digit", () => {
  const walk = new RandomWalk(20_240_808);
  const expected = new WholeNumbers();
  const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), true);
  const pipeline = new Pipeline(optionsOf(OPTIONS));
  const origin = originOf(SPOT_TRADES);
  let fills = 0;
  for (let seen = 0; seen < TRADES; seen += CHUNK_TRADES) {
    const first = walk.id;
    walk.next();
    const chunk: Chunk = { origin, bytes: walk.bytes, start: 0, end: walk.bytes.length };
    const found: string[] = [];
    for (const event of pipeline.run(reader.open(chunk))) {
      if (event.type === "fill") found.push(lineOf(event));
    }
    expected.fills = [];
    expected.see(walk.cents, first);
    // A long list is compared as one text, and taken apart only if it differs.
    if (found.join("\n") !== expected.fills.join("\n")) assertEquals(found, expected.fills);
    fills += found.length;
  }
  const { trades, fills: printed, cash, signals, refusals } = pipeline.totals;
  assertEquals({ trades, printed, cash, signals, refusals }, {
    ...{ trades: TRADES, printed: fills, cash: expected.cash, signals: fills, refusals: 0 },
  });
  assertGreater(fills, 100_000);
  // A program that divides and compares sums of doubles would have bought and sold at other trades.
  assert(expected.isAstray);
});

/** The averages in binary floating point: sums of doubles, divided. */
function averagesInDoubles(prices: readonly string[], short: number): [short: number, long: number] {
  const values = Float64Array.from(prices, Number);
  const { length } = values;
  return [sum(values, length - short, length) / short, sum(values, 0, length) / length];
}

/** The pipeline's signals if these are all the trades, just enough for its long window. */
function signalsAt(prices: readonly string[], short: number): string[] {
  const pipeline = new Pipeline(optionsOf({ ...DEFAULTS, short, long: prices.length }));
  const messages = prices.map((price, at) =>
    messageOf({ firstId: 100 + at, lastId: 100 + at, time: 1_723_161_255_342_000, price })
  );
  return pipeline.run(reading(messages)).filter(({ type }) => type === "signal")
    .map((event) => event.type === "signal" ? `${event.side} ${event.shortAverage} ${event.longAverage}` : "")
    .toArray();
}

Deno.test("Pipeline sees equal averages where doubles see a crossing: 0.2 is 0.2", () => {
  const prices = ["0.2", "0.3", "0.1"];
  assertEquals(averagesInDoubles(prices, 2), [0.2, 0.19999999999999998]);
  assertEquals(signalsAt(prices, 2), []);
});

Deno.test("Pipeline sees equal averages over 20 and 50 trades where doubles see a crossing", () => {
  // Found by search: the first among random prices from 10.0 to 10.9.
  const tenths = "79826520096741070648489830253562175286549523048438";
  const prices = [...tenths].map((digit) => `10.${digit}`);
  assertEquals(averagesInDoubles(prices, 20), [10.460000000000003, 10.459999999999997]);
  assertEquals(signalsAt(prices, 20), []);
  // With a hundred-millionth more in the last trade, it is a crossing.
  assertEquals(signalsAt(prices.with(-1, "10.80000001"), 20), ["buy 10.46 10.46"]);
});

Deno.test("Pipeline sees the short average above the long one where doubles see it below", () => {
  // Found by search, among prices with the most digits there can be; their last digits average 4.15 and 4.14.
  const lastDigits = "05366570189252508651841308181695994485320168303121";
  const prices = [...lastDigits].map((digit) => `4999999.9999999${digit}`);
  assertEquals(averagesInDoubles(prices, 20), [4999999.999999941, 4999999.999999942]);
  assertEquals(signalsAt(prices, 20), ["buy 4999999.99999994 4999999.99999994"]);
});

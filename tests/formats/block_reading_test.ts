/** Blocks hold the same trades as reading one by one, and only trades that need no judgement. */
import { assert, assertGreater } from "@std/assert";
import type { Followed, TradeReader } from "../../src/domain/market/trade_reader.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { MessageLines } from "../../src/formats/message_lines.ts";
import type { FileReader } from "../../src/formats/trade_file.ts";
import { FUTURES_AGGREGATES, open, originOf, SPOT_AGGREGATES, SPOT_TRADES } from "../support/csv.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { SeededRandom } from "../support/random.ts";
import { readBlocks, readSingly } from "../support/read_blocks.ts";
import { assertEquals } from "../support/equals.ts";

const HOUR = 3_600_000_000;
/** Each holds about 100 trades. */
const FILES = fuzzCases(100, 100);
const START = { id: 3735683258, time: 1735689600000000 };

/** Frames without a trade. The second is not ASCII, so frames encoded together with it are not scanned. */
const NOTICES = [`{"result":null,"id":1}`, `{"result":"é","id":1}`];

interface Made {
  readonly firstId: number;
  readonly lastId: number;
  readonly price: string;
  readonly quantity: string;
  readonly time: number;
  readonly buyerIsMaker: boolean;
}

/** Trades that mostly follow each other, with some gaps, repeats, jumps in time and finer prices. */
function makeTrades(random: SeededRandom, areAggregates: boolean): Made[] {
  let { id, time } = START;
  // Exchanges write all decimals; prices in a row have most digits in common.
  const isPadded = random.whole(0, 1) === 0;
  const base = random.pick([0, 0, 9_999_000, 123_456_000]);
  return Array.from({ length: random.whole(1, 200) }, () => {
    const odd = random.whole(0, 100);
    if (odd === 0) id += random.pick([-3, -1, 1, 5, 2_000_000_000]);
    if (odd === 1) time += random.pick([-1, 1]) * random.pick([HOUR - 1000, HOUR, HOUR + 1000, 30 * HOUR]);
    const firstId = id + 1;
    id += areAggregates ? random.pick([1, 1, 2, 7]) : 1;
    time += 1000 * random.whole(0, 500);
    const decimals = odd === 2 ? 8 : random.pick([0, 1, 2, 2, 2]);
    const cents = base === 0 ? random.whole(1, 10_000_000) : base + random.whole(0, 2_000);
    const plain = (cents / 100).toFixed(isPadded ? Math.max(1, decimals) : decimals);
    const price = odd === 3 ? "9007199254740991" : isPadded ? padded(plain) : plain;
    const quantity = `${random.whole(0, 3)}.${random.whole(1, 99_999)}`;
    return {
      firstId,
      lastId: id,
      price: odd === 4 ? "-1" : odd === 5 ? `0${price}` : Number(price) === 0 ? "1" : price,
      quantity: isPadded ? padded(quantity) : quantity,
      time,
      buyerIsMaker: random.whole(0, 1) === 0,
    };
  });
}

/** An amount with eight decimals, as exchanges write it. */
function padded(amount: string): string {
  return amount.padEnd(amount.indexOf(".") + 9, "0");
}

/** Headers that name the columns in their own order, with an id last and with one first. */
const BY_TIME = "time,qty,price,isBuyerMaker,id";
const BY_RANGE = "lastId,firstId,note,price,qty,isBuyerMaker,time";

function csvRow(made: Made, header: string): string {
  const { firstId, lastId, price, quantity, time, buyerIsMaker } = made;
  if (header === BY_TIME) return `${time},${quantity},${price},${buyerIsMaker},${lastId}`;
  if (header === BY_RANGE) return `${lastId},${firstId},x,${price},${quantity},${buyerIsMaker},${time}`;
  if (header === SPOT_TRADES) return `${lastId},${price},${quantity},1.5,${time},${buyerIsMaker},true`;
  const flag = header === SPOT_AGGREGATES ? ",true" : "";
  return `${firstId},${price},${quantity},${firstId},${lastId},${time},${buyerIsMaker}${flag}`;
}

function frameOf({ firstId, lastId, price, quantity, time, buyerIsMaker }: Made): string {
  const end = `"T":${time},"m":${buyerIsMaker},"M":true}`;
  return firstId === lastId
    ? `{"e":"trade","E":1,"s":"BTCUSDT","t":${lastId},"p":"${price}","q":"${quantity}",${end}`
    : `{"e":"aggTrade","E":1,"s":"BTCUSDT","a":7,"p":"${price}","q":"${quantity}","f":${firstId},"l":${lastId},${end}`;
}

Deno.test("takeBlock() and next() of every reader give, in any mixture, what next() alone gives", () => {
  const random = new SeededRandom(20241130);
  const counts = { single: 0, inBlocks: 0, blocks: 0 };
  const encoder = new TextEncoder();
  for (let n = 0; n < FILES; n++) {
    const header = random.pick([SPOT_TRADES, SPOT_AGGREGATES, FUTURES_AGGREGATES, BY_TIME, BY_RANGE]);
    const made = makeTrades(random, header !== SPOT_TRADES && header !== BY_TIME);
    const text = made.map((trade) => `${csvRow(trade, header)}\n`).join("");
    const frames = made.map((trade) => random.whole(0, 40) === 0 ? random.pick(NOTICES) : frameOf(trade));
    const isTimed = random.whole(0, 1) === 0;
    const lines = frames.map((frame, index) => `${isTimed ? `${START.time + index} ` : ""}${frame}\n`).join(
      "",
    );
    const bytes = encoder.encode("7\n7".repeat(2) + lines);
    const ways: readonly (readonly [name: string, make: () => TradeReader])[] = [
      ["rows", () => open(originOf(header), text)],
      ["frames", () => new FrameBatch(new BinanceMessageReader("BTCUSDT")).open(frames, 5)],
      ["lines", () => {
        const reader: FileReader = new MessageLines(new BinanceMessageReader("BTCUSDT"), false, isTimed);
        reader.open({ origin: { ...originOf(header), name: "lines" }, bytes, start: 6, end: bytes.length });
        return reader;
      }],
    ];
    for (const [name, make] of ways) {
      const expected = readSingly(make()).join("\n");
      const found = readBlocks(make(), START, random, counts).join("\n");
      if (found !== expected) assertEquals({ name, text, found }, { name, text, found: expected });
    }
  }
  // Most trades must be in blocks, but enough must not, or the test would prove little.
  assertGreater(counts.inBlocks, counts.single);
  assertGreater(counts.single, 30 * FILES);
  assertGreater(counts.blocks, 10 * FILES);
});

Deno.test("takeBlock() reads a file of consecutive trades in as few blocks as possible", () => {
  const rows = Array.from(
    { length: 5_000 },
    (_, index) => `${index + 1},1.25,1,1.25,${START.time},true,true\n`,
  );
  const reader = open(originOf(SPOT_TRADES), rows.join(""));
  assertEquals(reader.next(), "trade");
  let after: Followed = { id: 1, time: START.time, decimals: 2 };
  const sizes: number[] = [];
  for (let block = reader.takeBlock!(after, 4096); block !== null; block = reader.takeBlock!(after, 4096)) {
    sizes.push(block.size);
    after = { ...after, id: block.id[block.size - 1]! };
    assertEquals(reader.line, after.id);
  }
  assertEquals(sizes.reduce((sum, size) => sum + size, 0), 4_999);
  assert(sizes.length <= 10, `${sizes}`);
  assertEquals(reader.next(), null);
});

Deno.test("FrameBatch.takeBlock() returns all frames of a batch except those encoded with one that is not ASCII", () => {
  const made = { price: "1.25", quantity: "1", time: START.time, buyerIsMaker: true };
  const frames = Array.from(
    { length: 250 },
    (_, at) => frameOf({ firstId: at + 1, lastId: at + 1, ...made }),
  );
  frames[150] = NOTICES[1]!;
  const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT")).open(frames);
  const sizes: number[] = [];
  let after: Followed = { id: 0, time: START.time, decimals: 2 };
  for (;;) {
    const block = batch.takeBlock(after, 4096);
    if (block !== null) {
      sizes.push(block.size);
      after = { ...after, id: block.id[block.size - 1]! };
      continue;
    }
    const read = batch.next();
    if (read === null) break;
    if (read === "trade") after = { ...after, id: batch.trade.lastId };
  }
  // Lots of 64 frames. The third is decoded, and so is the next frame, because the last one might have held more
  // trades.
  assertEquals([sizes, batch.taken], [[64, 64, 57], 250]);
});

/** Klines as prints: as computed from the contract's words, by blocks or one by one, and against damaged files. */
import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { READ_AHEAD } from "../../src/domain/numbers/decimal_bytes.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { PeekedSource } from "../../src/feeds/files/byte_source.ts";
import { lineChunks } from "../../src/feeds/files/line_chunks.ts";
import { binanceKlines } from "../../src/formats/binance_klines.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { layoutOf, TRADE_FILES } from "../../src/formats/file_layout.ts";
import { KlineScan } from "../../src/formats/kline_scan.ts";
import { type Kline, KLINE_HEADER, klineRow, parts, printsOf } from "../support/klines.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { assertEquals } from "../support/equals.ts";

const ENCODER = new TextEncoder();
const MINUTE = 60_000_000;
/** A print as read: id, time, price and quantity in hundred-millionths. */
type Read = readonly [id: number, time: number, price: bigint, quantity: bigint];

/** All that is read of a file: prints, and reasons of rejections with the ids that they name. */
async function readAll(
  text: string,
  { chunkBytes = 1 << 18, strict = true, blocks = [0], unit = 8 }: {
    readonly chunkBytes?: number;
    readonly strict?: boolean;
    readonly blocks?: readonly number[];
    /** The unit of blocks. */
    readonly unit?: number;
  } = {},
): Promise<(Read | string)[]> {
  const found: (Read | string)[] = [];
  const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), strict);
  const nothing = { read: () => Promise.resolve(null), close: () => Promise.resolve() };
  const source = new PeekedSource(ENCODER.encode(text), nothing);
  let turn = 0;
  for await (const chunk of lineChunks("a.csv", source, { chunkBytes, onWarning: () => {} })) {
    // Bytes are lent, and others are around them.
    const part = chunk.bytes.subarray(chunk.start, chunk.end);
    const lent = ENCODER.encode("7".repeat(part.length + READ_AHEAD + 9));
    lent.set(part, 5);
    reader.open({ origin: chunk.origin, bytes: lent, start: 5, end: 5 + part.length });
    for (;;) {
      const most = blocks[turn++ % blocks.length]!;
      const last = found.at(-1);
      const after = typeof last === "object" ? { id: last[0], time: last[1], decimals: unit } : null;
      const block = most === 0 || after === null ? null : reader.takeBlock(after, most);
      if (block !== null && turn % 3 === 0) {
        const { size } = block;
        reader.giveBack();
        assertEquals(reader.takeBlock(after!, most)?.size, size);
      }
      for (let row = 0; row < (block?.size ?? 0); row++) {
        const { id, time, price, quantityWhole, quantityFraction } = block!;
        const quantity = BigInt(quantityWhole[row]!) * 100_000_000n + BigInt(quantityFraction[row]!);
        found.push([id[row]!, time[row]!, BigInt(price[row]!) * 10n ** BigInt(8 - unit), quantity]);
      }
      if (block !== null) continue;
      const read = reader.next();
      if (read === null) break;
      if (read === "rejected") found.push(`${reader.reason} (${reader.emptyFirstId} to ${reader.emptyId})`);
      if (read !== "trade") continue;
      const { lastId, time, price, decimals, quantityWhole, quantityFraction } = reader.trade;
      const quantity = BigInt(quantityWhole) * 100_000_000n + BigInt(quantityFraction);
      found.push([lastId, time, BigInt(price) * 10n ** BigInt(8 - decimals), quantity]);
    }
  }
  return found;
}

function expected(kline: Kline, unit: "ms" | "µs"): Read[] {
  return printsOf(kline, unit).map(({ time, price, quantity }, at) => [
    4 * kline.openTime / kline.interval + at,
    time,
    parts(price),
    parts(quantity),
  ]);
}

const INTERVALS: Readonly<Record<string, number>> = {
  "1s": MINUTE / 60,
  "1m": MINUTE,
  "15m": 15 * MINUTE,
  "4h": 240 * MINUTE,
  "1d": 1440 * MINUTE,
  "3d": 3 * 1440 * MINUTE,
};

/** Klines in a row, with some left out and some without trades. */
const klines = fc.record({
  interval: fc.constantFrom(...Object.values(INTERVALS)),
  first: fc.integer({ min: 5_000, max: 6_000 }),
  rows: fc.array(
    fc.record({
      step: fc.constantFrom(1, 1, 1, 1, 3),
      prices: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 900_000, max: 1_100_000 }))),
      volume: fc.constantFrom(0n, 1n, 3n, 4_000_000_005n, 5_535_695_061_200_000_000n, 123_456_789n),
    }),
    { minLength: 1, maxLength: 40 },
  ),
}).map(({ interval, first, rows }): Kline[] => {
  let number = first * Math.ceil(864_000_000_000 / interval);
  return rows.map(({ step, prices, volume }) => {
    number += step;
    const [low, ...between] = prices.toSorted((a, b) => a - b) as [number, number, number, number];
    const high = between.pop()!;
    const text = (price: number) => (price / 100).toFixed(low % 2 === 0 ? 2 : 8);
    const whole = `${volume}`.padStart(9, "0");
    return {
      interval,
      openTime: number * interval,
      open: text(between[0]!),
      high: text(high),
      low: text(low),
      close: text(between[1]!),
      volume: `${whole.slice(0, -8)}.${whole.slice(-8)}`,
    };
  });
});

Deno.test("a kline is four prints, as the documentation defines them, however the file is read", async () => {
  await fc.assert(
    fc.asyncProperty(
      klines,
      fc.constantFrom("ms" as const, "µs" as const),
      fc.boolean(),
      fc.integer({ min: 1, max: 700 }),
      fc.array(fc.constantFrom(0, 1, 8, 31, 2048), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(2, 8),
      async (made, unit, hasHeader, chunkBytes, blocks, places) => {
        const text = (hasHeader ? KLINE_HEADER : "") + made.map((kline) => klineRow(kline, unit)).join("");
        const found = await readAll(text, { chunkBytes, blocks, unit: places });
        assertEquals(found, made.flatMap((kline) => expected(kline, unit)));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("the low comes before the high if both are equally near to the open, and a kline without trades is not a print", async () => {
  const time = 1735689600000;
  const row = (minute: number, fields: string) =>
    `${time + minute * 60_000},${fields},${time + minute * 60_000 + 59_999},1,1,1,1,0\n`;
  const text = row(0, "10,12,8,11,4") + row(1, "10,12,7.9,11,4") + row(2, "11,11,11,11,0.00000000") +
    row(3, "10,12,8.5,11,0.00000003");
  const found = await readAll(text) as Read[];
  const prices = found.map(([, , price]) => Number(price) / 1e8);
  assertEquals(prices, [10, 8, 12, 11, 10, 12, 7.9, 11, 10, 8.5, 12, 11]);
  assertEquals(found.slice(8).map(([, , , quantity]) => quantity), [0n, 0n, 0n, 3n]);
  assertEquals(found[8]![0] - found[7]![0], 5);
});

Deno.test("no other format takes rows as Binance publishes them, spot and futures, for klines", () => {
  const rows = [
    // https://github.com/binance/binance-public-data#klines
    "1601510340000,4.15070000,4.15870000,4.15060000,4.15540000,539.23000000,1601510399999,2240.39860900,13,401.82000000,1669.98121300,0",
    // Spot in microseconds since 2025, and USD-M futures.
    "1735689600000000,93576.00000000,93610.93000000,93537.50000000,93610.93000000,8.21827000,1735689659999999,768978.53522090,2631,4.95157000,463347.45681680,0",
    "1672531200000,16537.50,16540.00,16537.00,16539.90,86.034,1672531259999,1422913.83270,1019,42.622,704947.29540,0",
    KLINE_HEADER.trimEnd(),
    "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,Taker buy base,Taker buy quote,Ignore",
  ];
  for (const row of rows) {
    const layout = layoutOf(ENCODER.encode(row));
    assert(typeof layout === "object", row);
    assertEquals(layout.name, "klines");
    for (const other of TRADE_FILES) {
      if (other !== binanceKlines) {
        assert(typeof layoutOf(ENCODER.encode(row), [other]) === "string", other.name);
      }
    }
  }
});

Deno.test("an unusable kline is named with its place, and leaves no gap if its ids can be read", async () => {
  const time = 1735689600000;
  const row = (minute: number, fields: string, length = MINUTE / 1000) =>
    `${time + minute * 60_000},${fields},${time + minute * 60_000 + length - 1},1,1,1,1,0\n`;
  const fine = row(0, "10,12,9,11,4");
  const first = 4 * time / 60_000;
  const cases: readonly (readonly [row: string, reason: string, firstId: number])[] = [
    [row(1, "10,9,9,11,4"), `:2:18: high is "9": expected the highest of the four prices`, first + 4],
    [row(1, "10,12,11,11,4"), `:2:21: low is "11": expected the lowest of the four prices`, first + 4],
    [row(1, "10,12,0,11,4"), `:2:21: low is "0": expected decimal text above 0`, first + 4],
    [
      row(1, "10,12,9,11,-4"),
      `:2:26: volume is "-4": expected decimal text from 0 up to 1000000000000000`,
      first + 4,
    ],
    [row(1, "10,12,9,11,4", 300_000), `expected the last time within 1m from open_time on`, first + 4],
    [row(1.5, "10,12,9,11,4"), `open_time is "1735689690000": expected a multiple of 1m since 1970`, -1],
    ["soon,10,12,9,11,4,5,1,1,1,1,0\n", `:2:1: open_time is "soon": expected a whole number of ms or µs`, -1],
    [
      "1,2\n",
      ":2:4: the row has 2 fields: expected 12 (open_time,open,high,low,close,volume,close_time,…)",
      -1,
    ],
    [fine.replace(",0\n", "\n"), "the row has 11 fields: expected 12", -1],
    [`${fine.trimEnd()},7\n`, "the row has 13 fields: expected 12", -1],
  ];
  for (const [bad, reason, firstId] of cases) {
    const found = await readAll(fine + bad + row(2, "10,12,9,11,4"), { strict: false });
    assertEquals(found.length, 9);
    assertStringIncludes(String(found[4]), reason);
    assertStringIncludes(String(found[4]), `(${firstId} to ${firstId < 0 ? -1 : firstId + 3})`);
    try {
      await readAll(fine + bad, { strict: true });
      throw new TypeError(`${bad} was read`);
    } catch (error) {
      assert(error instanceof UnusableInput);
      assert(String(found[4]).startsWith(error.message), error.message);
    }
  }
});

Deno.test("klines of a week or a month are refused, because bars start at multiples of their length since 1970", async () => {
  const week = Date.UTC(2025, 0, 6);
  const row = (from: number, to: number) => `${from},10,12,9,11,4,${to - 1},1,1,1,1,0\n`;
  for (
    const [text, what] of [
      [
        row(week, week + 7 * 86_400_000),
        "the kline covers 1w, and no bars of one length start on those days",
      ],
      [
        row(Date.UTC(2025, 0, 1), Date.UTC(2025, 1, 1)),
        "the kline covers 1M, and no bars of one length start on those days",
      ],
      [row(week, week + 90_000), "the kline covers 90s: expected one of 1s, 1m, 3m, 5m"],
      [
        row(week + 1000, week + 61_000),
        "the kline covers 1m, but does not start at a multiple of 1m since 1970",
      ],
    ] as const
  ) {
    const [reason, ...more] = await readAll(text, { strict: false });
    assertStringIncludes(String(reason), what);
    assertEquals(more, []);
  }
});

Deno.test("a kline that an outage cut short keeps its close time", async () => {
  const time = 1735689600000;
  const text = `${time},10,12,9,11,4,${time + 59_999},1,1,1,1,0\n${time + 60_000},10,12,9,11,4,${
    time + 110_000
  },1,1,1,1,0\n`;
  const found = await readAll(text);
  assertEquals(found.map((read) => (Number(read[1]) / 1000 - time) / 1000), [
    0,
    20,
    40,
    59.999,
    60,
    80,
    100,
    110,
  ]);
});

Deno.test("no damage to a file of klines makes its reader throw anything but UnusableInput, or invent a print", async () => {
  const base = Array.from({ length: 6 }, (_, at) =>
    klineRow({
      interval: MINUTE,
      openTime: (28_928_160 + at) * MINUTE,
      // As exchanges write them, and otherwise.
      open: at < 4 ? "60000.10000000" : "60000.10",
      high: at < 4 ? "60010.55000000" : "60010.55",
      low: "59990.00000000",
      close: at < 4 ? "60001.10000000" : "60001.1",
      volume: "12.34567891",
    }));
  const whole = ENCODER.encode(base.join(""));
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3 });
  const alphabet = ENCODER.encode("0123456789.,-\n\r \te+xT");
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.constantFrom(...alphabet).map((one) => [one]), bytes)),
        {
          maxLength: 4,
        },
      ),
      fc.nat(whole.length),
      fc.integer({ min: 1, max: 300 }),
      async (edits, end, chunkBytes) => {
        const damaged = whole.slice(0, end === 0 ? whole.length : end);
        for (const [at, put] of edits) {
          damaged.set([...put].slice(0, Math.max(0, damaged.length - at)), Math.min(at, damaged.length));
        }
        const text = new TextDecoder().decode(damaged);
        const outcomes: unknown[] = [];
        const ways = [
          { chunkBytes },
          { chunkBytes: 1 << 18 },
          { chunkBytes, blocks: [30, 0, 7] },
          { blocks: [30, 0, 7], unit: 2 },
        ];
        for (const options of ways) {
          try {
            outcomes.push(await readAll(text, { strict: false, ...options }));
          } catch (error) {
            assert(error instanceof UnusableInput, String(error));
            outcomes.push(error.message);
          }
        }
        assertEquals(outcomes[1], outcomes[0]);
        assertEquals(outcomes[2], outcomes[0]);
        assertEquals(outcomes[3], outcomes[0]);
        for (const read of Array.isArray(outcomes[0]) ? outcomes[0] as (Read | string)[] : []) {
          if (typeof read === "object") {
            assert(read[2] > 0n && read[3] >= 0n && Number.isSafeInteger(read[0]));
          }
        }
      },
    ),
    { numRuns: fuzzCases(500, 3) },
  );
});

Deno.test("the WebAssembly loop reads usual klines in blocks, up to one that has no trades", () => {
  const rows = Array.from({ length: 2_000 }, (_, at) =>
    klineRow({
      interval: MINUTE,
      openTime: (28_928_160 + at) * MINUTE,
      open: "60000.10000000",
      high: "60010.55000000",
      low: "59990.00000000",
      close: "60001.10000000",
      volume: at === 1_500 ? "0.00000000" : `${at % 9}.34567891`,
    }));
  const bytes = ENCODER.encode(rows.join(""));
  const scan = new KlineScan("BTCUSDT", 12);
  scan.open(bytes, bytes.length);
  let read = 1;
  let at = rows[0]!.length;
  for (;;) {
    const id = 4 * (28_928_160 + read) - 1;
    const block = scan.read(
      at,
      { id, time: (28_928_160 + read) * MINUTE - 1_000, decimals: 2 },
      4096,
      MINUTE,
    );
    if (block === null) break;
    assertEquals([block.firstId, block.id[0], block.highest], [id + 1, id + 1, 6_001_055]);
    assertEquals(block.latest, block.time[block.size - 1]);
    read += block.size / 4;
    at = scan.stoppedAt;
  }
  assertEquals([read, at], [1_500, rows.slice(0, 1_500).join("").length]);
});

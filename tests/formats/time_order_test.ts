/** `--sort` of rows without ids: by their times, and among rows of one time as they stood. */
import { assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { layoutOf } from "../../src/formats/file_layout.ts";
import { ownCsv } from "../../src/formats/own_csv.ts";
import { RowOrder, SortedBlock } from "../../src/formats/row_order.ts";
import type { Chunk, Layout } from "../../src/formats/trade_file.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { assertEquals } from "../support/equals.ts";

const LAYOUT = layoutOf(new TextEncoder().encode("1,2,3"), [
  ownCsv(["time", "price", "quantity"], "ms"),
]) as Layout;

/** A row: its time in milliseconds, and a price that tells it from all others. */
type Row = readonly [time: number, price: number];

function chunkOf(rows: readonly Row[], name: string): Chunk {
  const bytes = new TextEncoder().encode(rows.map(([time, price]) => `${time},${price},1\n`).join(""));
  return { origin: { name, layout: LAYOUT }, bytes, start: 0, end: bytes.length };
}

/** The prices in order, with the ids that the rows got, and the reasons for those that are out of order. */
function sorted(files: readonly (readonly Row[])[], { strict = true, ...limits }: {
  readonly strict?: boolean;
  readonly apart?: number;
  readonly block?: number;
} = {}) {
  const order = new RowOrder(new BinanceMessageReader("BTCUSDT"), strict, limits);
  const prices: number[] = [];
  const ids: number[] = [];
  const reasons: string[] = [];
  const run = (pieces: Iterable<SortedBlock | Chunk>) => {
    for (const piece of pieces) {
      if (!(piece instanceof SortedBlock)) throw new TypeError("expected sorted rows");
      for (let read = piece.next(); read !== null; read = piece.next()) {
        if (read === "rejected") reasons.push(piece.reason);
        if (read !== "trade") continue;
        prices.push(piece.trade.price * 10 ** -piece.trade.decimals);
        ids.push(piece.trade.lastId);
        assertEquals(piece.trade.firstId, piece.trade.lastId);
      }
    }
  };
  for (const [at, rows] of files.entries()) run(order.take(chunkOf(rows, `${at}.csv`)));
  run(order.end());
  return { prices, ids, reasons, tallies: order.tallies };
}

Deno.test("RowOrder keeps the order of rows with the same time, and reverses a file with the newest first", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          steps: fc.array(fc.constantFrom(0, 0, 1, 40, 1500), { maxLength: 30 }),
          isNewestFirst: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      (files) => {
        let price = 0;
        let time = 1;
        const oldestFirst = files.map(({ steps }) => {
          time++;
          return steps.map((step): Row => [time += step, ++price]);
        });
        const given = oldestFirst.map((rows, at) => {
          // Rows of a single time show no direction, and stay as they are.
          const isTurned = files[at]!.isNewestFirst && rows.some(([time]) => time !== rows[0]![0]);
          return isTurned ? rows.toReversed() : rows;
        });
        const { prices, ids, tallies } = sorted(given);
        assertEquals(prices, oldestFirst.flat().map(([, price]) => price));
        assertEquals(ids, prices.map((_, at) => at + 1));
        const counts = given.filter((rows) => rows.length > 0).map((rows) => rows.length);
        assertEquals(tallies.map(({ trades }) => trades).filter((trades) => trades > 0), counts);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("RowOrder does not reverse a file because of a small step back", () => {
  const rows: Row[] = [[5_000, 1], [4_990, 2], [5_010, 3], [5_010, 4], [9_000, 5], [9_000, 6]];
  assertEquals(sorted([rows]).prices, [2, 1, 3, 4, 5, 6]);
  assertEquals(sorted([rows.toReversed()]).prices, [2, 1, 3, 4, 5, 6]);
  assertEquals(sorted([rows.slice(0, 4), rows.slice(4).toReversed()]).prices, [2, 1, 3, 4, 6, 5]);
});

Deno.test("RowOrder sorts rows without ids by their times, whatever order they are in", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 60 }),
      (times) => {
        const { prices } = sorted([times.map((time): Row => [time, time])], { apart: 60, block: 7 });
        assertEquals(prices, times.toSorted((one, other) => one - other));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("RowOrder says what to do about a row without an id that is too far from its place", () => {
  const rows = Array.from({ length: 20 }, (_, at): Row => [at + 10, at + 1]).concat([[1, 99]]);
  const limits = { apart: 5, block: 3 };
  const { message } = assertThrows(() => sorted([rows], limits), UnusableInput);
  assertStringIncludes(
    message,
    "0.csv:21: the trade took place at 1970-01-01T00:00:00.001000Z, and the one before it at",
  );
  assertStringIncludes(
    message,
    `reverse it below its header, with "(head -n 1 FILE; tail -n +2 FILE | tac) |`,
  );
  const { prices, reasons } = sorted([rows], { ...limits, strict: false });
  assertEquals([prices.length, reasons.length], [20, 1]);
});

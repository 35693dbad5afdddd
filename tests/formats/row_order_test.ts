import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Chunk } from "../../src/formats/trade_file.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { Parse } from "../../src/stages/parse.ts";
import { RowOrder, SortedBlock } from "../../src/formats/row_order.ts";
import { originOf } from "../support/csv.ts";
import { ticksIn } from "../support/blocks.ts";

const TIME = 1_735_689_600_000;

/** A row of a file: an id, and a time in seconds after the first. */
type Row = readonly [id: number, seconds: number];

function rowOf([id, seconds]: Row, quantity = "1"): string {
  return `${id},1.5,${quantity},1,${TIME + seconds * 1000},true`;
}

function chunkOf(lines: readonly string[], name = "a.csv", isOwn = false): Chunk {
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const { layout } = originOf("1,1,1,1,1,true");
  return { origin: { name, layout: { ...layout, isOwn } }, bytes, start: 0, end: bytes.length };
}

interface Sorted {
  readonly ids: number[];
  readonly counts: Parse["counts"];
  readonly order: RowOrder;
  readonly passed: string[];
  readonly lines: string[];
}

/** The results of the parse stage for chunks whose rows were sorted. */
function sorted(chunks: readonly Chunk[], limits = {}, strict = true): Sorted {
  const order = new RowOrder(new BinanceMessageReader("BTCUSDT"), strict, limits);
  const parse = new Parse();
  const found: Sorted = { ids: [], counts: parse.counts, order, passed: [], lines: [] };
  const run = (pieces: Iterable<SortedBlock | Chunk>): void => {
    for (const piece of pieces) {
      if (!(piece instanceof SortedBlock)) {
        found.passed.push(`${piece.origin.name} after ${found.ids.length}`);
      } else {
        for (const tick of ticksIn(parse.over(piece))) found.ids.push(tick.id);
      }
    }
  };
  for (const chunk of chunks) run(order.take(chunk));
  run(order.end());
  return { ...found, counts: parse.counts };
}

/** Rows of these ids, a second apart. */
function rows(ids: readonly number[]): string[] {
  return ids.map((id) => rowOf([id, id]));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

Deno.test("RowOrder sorts rows by their ids, whatever order they arrive in", () => {
  const ids = range(100, 400);
  const shuffle = fc.shuffledSubarray(ids, { minLength: ids.length });
  fc.assert(fc.property(shuffle, fc.integer({ min: 1, max: 50 }), (shuffled, block) => {
    const { ids: found, counts } = sorted([chunkOf(rows(shuffled))], { apart: 300, block });
    assertEquals(found, ids);
    assertEquals([counts.duplicates, counts.outOfOrder], [0, 0]);
  }));
});

Deno.test("RowOrder sorts a file that is newest first, and one whose two halves alternate", () => {
  assertEquals(sorted([chunkOf(rows(range(0, 1_000).toReversed()))]).ids, range(0, 1_000));
  const turns = range(0, 500).flatMap((at) => [at, 10_000 + at]);
  const { ids, counts } = sorted([chunkOf(rows(turns))]);
  assertEquals(ids, [...range(0, 500), ...range(10_000, 10_500)]);
  assertEquals(counts.duplicates, 0);
});

Deno.test("RowOrder drops the repeated rows of overlapping files as duplicates, and counts them for each file", () => {
  const chunks = [
    chunkOf(rows(range(0, 60)), "a.csv"),
    chunkOf(rows(range(40, 100)), "b.csv"),
    chunkOf(rows(range(10, 20)), "c.csv"),
  ];
  for (const limits of [{}, { apart: 20, block: 7 }]) {
    const { ids, counts, order } = sorted(chunks, limits);
    assertEquals(ids, range(0, 100));
    assertEquals(counts.duplicates, 30);
    assertEquals(order.tallies, [
      { name: "a.csv", trades: 60, repeats: 0 },
      { name: "b.csv", trades: 60, repeats: 20 },
      { name: "c.csv", trades: 10, repeats: 10 },
    ]);
  }
});

Deno.test("RowOrder stops at a row that is too far from its place, and says what to do", () => {
  const lines = rows([...range(1, 100), 0]);
  const limits = { apart: 50, block: 10 };
  assertEquals(sorted([chunkOf(rows([...range(1, 50), 0]))], limits).ids, range(0, 50));
  const { message } = assertThrows(() => sorted([chunkOf(lines)], limits), UnusableInput);
  assertStringIncludes(message, "a.csv:100: trade 0 is out of order");
  assertStringIncludes(
    message,
    "--sort moves a row by at most 1,000,000 rows from its place",
  );
  const { ids, counts } = sorted([chunkOf(lines)], limits, false);
  assertEquals([ids, counts.outOfOrder], [range(1, 100), 1]);
});

Deno.test("RowOrder reuses the memory of rows that have been handed out", () => {
  const limits = { apart: 1_000, block: 500 };
  const order = new RowOrder(new BinanceMessageReader("BTCUSDT"), true, limits);
  const slots = new Set<number>();
  const add = order.rows.add.bind(order.rows);
  order.rows.add = (reader) => {
    const slot = add(reader);
    slots.add(slot);
    return slot;
  };
  for (let from = 0; from < 100_000; from += 100) {
    for (const _ of order.take(chunkOf(rows(range(from, from + 100)))));
  }
  assertEquals(slots.size <= 2_000, true, `${slots.size} slots`);
});

Deno.test("RowOrder keeps ids that started over after the old ones", () => {
  const old = range(100, 160).map((id): Row => [id, id]);
  const fresh = range(1, 130).map((id): Row => [id, 1_000 + id]);
  const both = [...old, ...fresh].map((row) => rowOf(row));
  const expected = [...range(100, 160), ...range(1, 130)];
  for (const chunks of [[chunkOf(both)], [chunkOf(both.slice(0, 60)), chunkOf(both.slice(60), "b.csv")]]) {
    const { ids, counts } = sorted(chunks);
    assertEquals(ids, expected);
    assertEquals([counts.resets, counts.duplicates, counts.outOfOrder], [1, 0, 0]);
  }
});

Deno.test("RowOrder keeps the ids of unusable rows in place, and counts unusable rows without ids", () => {
  const lines = [rowOf([3, 3]), rowOf([2, 2], "0"), "x", rowOf([1, 1]), "y"];
  const { ids, counts } = sorted([chunkOf(lines)], {}, false);
  assertEquals(ids, [1, 3]);
  assertEquals([counts.rejected, counts.outOfOrder], [3, 0]);
  const parse = new Parse();
  const order = new RowOrder(new BinanceMessageReader("BTCUSDT"), false);
  for (const _ of order.take(chunkOf(lines)));
  const ticks = [...order.end()].flatMap((block) => [...ticksIn(parse.over(block))]);
  assertEquals(ticks.map(({ missing }) => missing), [0, 0]);
  assertThrows(() => sorted([chunkOf(lines)]), UnusableInput, "a.csv:2:");
});

Deno.test("RowOrder hands on one of Penstock's recordings as it is, after the rows before it", () => {
  const chunks = [
    chunkOf(rows([2, 1])),
    chunkOf(rows([9]), "own.txt", true),
    chunkOf(rows([8]), "own.txt", true),
    chunkOf(rows([4, 3]), "b.csv"),
  ];
  const { ids, passed } = sorted(chunks);
  assertEquals([ids, passed], [[1, 2, 3, 4], ["own.txt after 2", "own.txt after 2"]]);
});

Deno.test("SortedBlock returns all rows in order, with all their fields", () => {
  const order = new RowOrder(new BinanceMessageReader("BTCUSDT"), true);
  const lines = ["7,61837.25,12.5,1,1735689600123,false", "6,0.00000001,1000000,1,1735689600122456,true"];
  for (const _ of order.take(chunkOf(lines)));
  const [block] = order.end();
  assert(block !== undefined);
  assertEquals([block.next(), { ...block.trade }], ["trade", {
    firstId: 6,
    lastId: 6,
    time: 1735689600122456,
    price: 1,
    decimals: 8,
    quantityWhole: 1_000_000,
    quantityFraction: 0,
    buyerIsMaker: true,
  }]);
  assertEquals([block.next(), { ...block.trade }], ["trade", {
    firstId: 7,
    lastId: 7,
    time: 1735689600123000,
    price: 6183725,
    decimals: 2,
    quantityWhole: 12,
    quantityFraction: 50_000_000,
    buyerIsMaker: false,
  }]);
  assertEquals(block.next(), null);
});

import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  aggregatesOf,
  answering,
  backfillOf,
  collect,
  FIRST_ID,
  onlyAggregates,
  past,
  restOf,
  rowOf,
  rowsFrom,
  START_TIME,
  tradesOf,
} from "../backfill_run.ts";
import { assertEquals } from "../../support/equals.ts";

const TRADES = tradesOf(3_300);
const AGGREGATES = aggregatesOf(TRADES);
const LAST_ID = FIRST_ID + TRADES.length - 1;

Deno.test("fetch() yields aggregates if only they are available, cut to the missing trades", async () => {
  await using exchange = await past(TRADES, onlyAggregates);
  const { backfill } = backfillOf(exchange.endpoint);
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: TRADES.length - 1 }),
      fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: TRADES.length })),
      async (from, count) => {
        const fromId = FIRST_ID + from;
        const untilId = Math.min(LAST_ID, fromId + count - 1);
        const { rows, end, pages } = await collect(backfill, fromId, untilId);
        const missing = AGGREGATES.filter(({ firstId, lastId }) => lastId >= fromId && firstId <= untilId);
        const expected = missing.map(rowOf).map((row) => ({
          ...row,
          firstId: Math.max(row.firstId, fromId),
          lastId: Math.min(row.lastId, untilId),
        }));
        assertEquals(rows, expected);
        if (missing[0]!.firstId < fromId || missing.at(-1)!.lastId > untilId) cuts++;
        assertEquals(end, { complete: true, fetched: untilId - fromId + 1, lastId: untilId });
        assertEquals(new Set(pages.map(({ source }) => source)), new Set(["aggTrades"]));
      },
    ),
    { numRuns: 60 },
  );
  assert(cuts > 20, `${cuts} cuts`);
});

Deno.test("fetch() finds an aggregate in a few requests, however far back it is", async () => {
  const trades = tradesOf(30_000, 3);
  const aggregates = aggregatesOf(trades);
  await using exchange = await past(trades, onlyAggregates);
  const { backfill } = backfillOf(exchange.endpoint);
  await collect(backfill, LAST_ID, LAST_ID);
  let most = 0;
  for (let index = 3; index < aggregates.length; index += 977) {
    exchange.asked.length = 0;
    const { firstId, lastId } = aggregates[index]!;
    const { rows } = await collect(backfill, firstId, lastId);
    assertEquals(rows, [rowOf(aggregates[index]!)]);
    most = Math.max(most, exchange.asked.length);
  }
  assert(most <= 6, `${most} requests`);
});

/** A row of aggTrades. */
function aggregate(a: number, f: number, l: number) {
  const [p, q] = l < 0 ? ["0", "0"] : ["61837.60000000", "0.02000000"];
  return { a, p, q, f, l, T: START_TIME, m: true, M: true };
}

/** A server with only these aggregates, which it reads again on every request. */
function serving(rows: () => readonly ReturnType<typeof aggregate>[], asked: (string | null)[] = []) {
  return answering((_number, url) => {
    if (url.pathname.endsWith("historicalTrades")) return { status: 404 };
    const from = url.searchParams.get("fromId");
    asked.push(from);
    const all = rows();
    const some = from === null ? all.slice(-1000) : all.filter(({ a }) => a >= Number(from)).slice(0, 1000);
    return { body: JSON.stringify(some) };
  });
}

Deno.test("fetch() skips known and invalid aggregates", async () => {
  const all = [
    aggregate(70, 1000, 1002),
    aggregate(71, -1, -1),
    aggregate(72, 1003, 1003),
    aggregate(73, -1, -1),
    aggregate(74, 1004, 1009),
    aggregate(75, -1, -1),
  ];
  await using server = serving(() => all);
  const { backfill } = backfillOf(restOf(server));
  const cases: [number, number[]][] = [[1003, [1003, 1004]], [1004, [1004]], [1006, [1006]], [1010, []]];
  for (const [fromId, expected] of cases) {
    const { rows, end } = await collect(backfill, fromId, null);
    assertEquals(rows.map(({ firstId }) => firstId), expected);
    assertEquals([end.complete, end.lastId], [true, 1009]);
  }
});

Deno.test("fetch() requests every page of aggregates once, even if some are invalid", async () => {
  const all = Array.from(
    { length: 2500 },
    (_, index) => index % 50 === 7 ? aggregate(index, -1, -1) : aggregate(index, 100 + index * 2, 0),
  );
  let next = 100;
  all.forEach((row) => {
    if (row.f < 0) return;
    row.f = next;
    next = (row.l = next + 1) + 1;
  });
  const asked: (string | null)[] = [];
  await using server = serving(() => all, asked);
  const { rows, end } = await collect(backfillOf(restOf(server)).backfill, 100, null);
  assertEquals([rows.length, end], [2450, { complete: true, fetched: 4900, lastId: 4999 }]);
  assertEquals([asked[0], asked.slice(-3)], [null, ["0", "1000", "2000"]]);
});

Deno.test("fetch() starts with the next aggregate if nothing was missed yet", async () => {
  const all = [aggregate(70, 1000, 1002)];
  const asked: (string | null)[] = [];
  await using server = serving(() => {
    if (asked.length === 3) all.push(aggregate(71, 1003, 1003));
    return all;
  }, asked);
  const { rows, end } = await collect(backfillOf(restOf(server)).backfill, 1003, 1003);
  assertEquals([rows.length, end], [1, { complete: true, fetched: 1, lastId: 1003 }]);
  assertEquals(asked, [null, "71", "71"]);
});

Deno.test("fetch() finds an aggregate among very different sizes", async () => {
  for (const sizes of [[1, 60], [60, 1], [1, 60, 1, 60, 1]]) {
    const all: ReturnType<typeof aggregate>[] = [];
    for (let a = 0, next = 1000; a < 10_000; a++) {
      const last = next + sizes[Math.floor(a * sizes.length / 10_000)]! - 1;
      all.push(aggregate(a, next, last));
      next = last + 1;
    }
    const asked: (string | null)[] = [];
    await using server = serving(() => all, asked);
    const { backfill } = backfillOf(restOf(server), { maxTrades: 1e9 });
    for (const a of [0, 1, 999, 1000, 4_444, 5_000, 8_999, 9_000, 9_998, 9_999]) {
      asked.length = 0;
      const { f, l } = all[a]!;
      const { rows } = await collect(backfill, f, l);
      assertEquals([rows[0]?.firstId, rows[0]?.lastId], [f, l]);
      assert(asked.length <= 8, `${asked}`);
    }
  }
});

Deno.test("fetch() detects in advance that too many aggregates are missing", async () => {
  await using exchange = await past(TRADES, onlyAggregates);
  const { backfill } = backfillOf(exchange.endpoint, { maxTrades: 1_500 });
  const { end } = await collect(backfill, FIRST_ID, null);
  assert(!end.complete);
  assertEquals([end.why, end.fetched], ["too-many", 0]);
});

const FROM = 100;
const AGGREGATE = aggregate(7, FROM, FROM + 2);
const UNBELIEVABLE_AGGREGATES: readonly [name: string, rows: unknown[], says: string][] = [
  ["trades", rowsFrom(FROM, 1), "aggregate id is undefined"],
  ["no trade ids", [{ ...AGGREGATE, f: undefined }], "covers trades undefined to 102"],
  ["ids in the wrong order", [{ ...AGGREGATE, l: FROM - 1 }], "covers trades 100 to 99"],
  ["aggregates out of order", [AGGREGATE, { ...AGGREGATE, f: 103, l: 103 }], "aggregate id is 7, expected 8"],
  ["overlapping aggregates", [AGGREGATE, { ...AGGREGATE, a: 8 }], "covers trades 100 to 102, expected 103"],
  ["a price of zero", [{ ...AGGREGATE, p: "0" }], `price is "0"`],
];

for (const [name, rows, says] of UNBELIEVABLE_AGGREGATES) {
  Deno.test(`fetch() rejects ${name} among aggregates`, async () => {
    await using server = answering((number) =>
      number === 1 ? { status: 404 } : { body: JSON.stringify(rows) }
    );
    const { end, rows: fetched } = await collect(backfillOf(restOf(server)).backfill, FROM, FROM + 2);
    assert(!end.complete);
    assertEquals([fetched, end.why], [[], "malformed"]);
    assert(server.visits.length <= 5, `${server.visits.length} requests`);
    assertStringIncludes(end.reason, says);
  });
}

Deno.test("fetch() gives up if the exchange's aggregates do not go back far enough", async () => {
  const all = Array.from(
    { length: 3000 },
    (_, index) => aggregate(50_000 + index, 50_000 + index, 50_000 + index),
  );
  await using server = serving(() => all);
  const { end } = await collect(backfillOf(restOf(server)).backfill, FROM, FROM + 2);
  assert(!end.complete);
  assertEquals(end.why, "no-join");
  assertStringIncludes(end.reason, "trade 100 is missing, the first one after it is 50000");
  assert(server.visits.length < 8, `${server.visits.length} requests`);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { backfillOf, collect, FIRST_ID, onlyAggregates, past, rowOf, tradesOf } from "../backfill_run.ts";

const TRADES = tradesOf(2_400);
const FROM = FIRST_ID + 100;
const UNTIL = FIRST_ID + 2_200;

/** Ids that the exchange lacks, by their place in the fetched range. */
const HOLES: Readonly<Record<string, readonly number[]>> = {
  "in the middle": [FIRST_ID + 160],
  "at the end of a page": [FROM + 999],
  "over the end of a page": [FROM + 998, FROM + 999, FROM + 1_000, FROM + 1_001],
  "at the start": [FROM],
  "at the end": [UNTIL - 1, UNTIL],
  "in many places": [FROM, FROM + 7, FROM + 8, FROM + 1_500, UNTIL],
};

for (const [where, ids] of Object.entries(HOLES)) {
  Deno.test(`fetch() yields all others if the exchange itself has no trade for an id ${where}`, async () => {
    const there = TRADES.filter(({ id }) => !ids.includes(id));
    await using exchange = await past(there);
    const { rows, end } = await collect(backfillOf(exchange.endpoint).backfill, FROM, UNTIL);
    const expected = there.filter(({ id }) => id >= FROM && id <= UNTIL);
    assertEquals(rows, expected.map(rowOf));
    assertEquals(end, { complete: true, fetched: expected.length, lastId: UNTIL });
  });

  Deno.test(`fetch() yields all other aggregates if the exchange itself has no trade for an id ${where}`, async () => {
    const there = TRADES.filter(({ id }) => !ids.includes(id));
    await using exchange = await past(there, onlyAggregates);
    const { rows, end } = await collect(backfillOf(exchange.endpoint).backfill, FROM, UNTIL);
    assert(end.complete, JSON.stringify(end));
    assertEquals(end.lastId, UNTIL);
    const covered = new Set(rows.flatMap(({ firstId, lastId }) => {
      return Array.from({ length: lastId - firstId + 1 }, (_, index) => firstId + index);
    }));
    assertEquals(end.fetched, covered.size);
    for (const { id } of there) assertEquals(covered.has(id), id >= FROM && id <= UNTIL, `${id}`);
  });
}

Deno.test("fetch() repeats a request whose answer has a hole, in case the exchange was only behind", async () => {
  let answers = 0;
  await using exchange = await past(TRADES, (url, answer) => {
    if (url.searchParams.get("fromId") !== `${FROM}` || ++answers > 1) return answer;
    return { ...answer, body: JSON.stringify(JSON.parse(answer.body).toSpliced(5, 3)) };
  });
  const { rows, end } = await collect(backfillOf(exchange.endpoint).backfill, FROM, FROM + 19);
  assertEquals(rows, TRADES.slice(100, 120).map(rowOf));
  assertEquals([end.complete, answers], [true, 2]);
});

Deno.test("fetch() does not count trades that the exchange no longer keeps as holes", async () => {
  // It has nothing older than the first trade after what is missing.
  await using exchange = await past(TRADES.slice(150));
  const { rows, end } = await collect(backfillOf(exchange.endpoint).backfill, FROM, UNTIL);
  assert(!end.complete);
  assertEquals([rows, end.why, end.fetched, end.lastId], [[], "no-join", 0, FROM - 1]);
  assertStringIncludes(end.reason, `trade ${FROM} is missing, the first one after it is ${FIRST_ID + 150}`);
});

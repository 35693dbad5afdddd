import { assert, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { BackfilledTrades } from "../../../src/domain/market/backfilled_trades.ts";
import { EXCHANGES } from "../../../src/exchanges/hosts.ts";
import type { RestAnswer } from "../../../src/simulator/rest.ts";
import { RestBudget } from "../../../src/feeds/rest/rest_budget.ts";
import {
  aggregatesOf,
  answering,
  backfillOf,
  collect,
  FIRST_ID,
  onlyAggregates,
  PassingClock,
  past,
  restOf,
  rowOf,
  rowsFrom,
  tradesOf,
  withRows,
} from "../backfill_run.ts";
import { assertEquals } from "../../support/equals.ts";

const TRADES = tradesOf(3_300);
const AGGREGATES = aggregatesOf(TRADES);
const LAST_ID = FIRST_ID + TRADES.length - 1;

Deno.test("fetch() yields exactly the missing trades, for any hole", async () => {
  await using exchange = await past(TRADES);
  const { backfill } = backfillOf(exchange.endpoint);
  const reader = new BackfilledTrades("BTCUSDT");
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: TRADES.length - 1 }),
      fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: TRADES.length })),
      fc.boolean(),
      async (from, count, isOpen) => {
        const missing = TRADES.slice(from, isOpen ? TRADES.length : from + count);
        const until = isOpen ? null : FIRST_ID + from + missing.length - 1;
        const { pages, rows, end } = await collect(backfill, FIRST_ID + from, until);
        assertEquals(rows, missing.map(rowOf));
        const lastId = FIRST_ID + from + missing.length - 1;
        assertEquals(end, { complete: true, fetched: missing.length, lastId });
        for (const { rows, source } of pages) {
          assertEquals([rows.length > 0, source], [true, "historicalTrades"]);
          reader.open(rows);
          for (let left = rows.length; left > 0; left--) assertEquals(reader.next(), "trade");
        }
      },
    ),
    { numRuns: 40, examples: [[0, 1000, false], [0, 2000, false], [300, 1, true], [3_299, 1, true]] },
  );
});

Deno.test("fetch() with null goes to the newest trade, wherever that is on its page", async () => {
  for (const count of [1, 999, 1000, 1001, 2000]) {
    const trades = TRADES.slice(0, count);
    await using exchange = await past(trades);
    const { rows, end } = await collect(backfillOf(exchange.endpoint).backfill, FIRST_ID, null);
    assertEquals(rows, trades.map(rowOf));
    assertEquals(end, { complete: true, fetched: count, lastId: FIRST_ID + count - 1 });
  }
});

Deno.test("fetch() with null completes without trades if nothing is newer, for trades and for aggregates", async () => {
  for (const onRest of [undefined, onlyAggregates]) {
    await using exchange = await past(TRADES, onRest);
    const { backfill, clock } = backfillOf(exchange.endpoint);
    const { end } = await collect(backfill, LAST_ID + 1, null);
    assertEquals(end, { complete: true, fetched: 0, lastId: LAST_ID });
    assertEquals(clock.pauses, []);
  }
});

Deno.test("fetch() requests nothing if nothing is missing, and refuses an invalid id", async () => {
  const { backfill } = backfillOf("http://127.0.0.1:9");
  assertEquals((await collect(backfill, 8, 7)).end, { complete: true, fetched: 0, lastId: 7 });
  for (const id of [-1, 0.5, NaN]) await assertRejects(() => collect(backfill, id, null), RangeError);
});

Deno.test("fetch() requests no more trades than are missing", async () => {
  await using exchange = await past(TRADES);
  await collect(backfillOf(exchange.endpoint).backfill, FIRST_ID, FIRST_ID + 1_004);
  assertEquals(exchange.asked, [
    `historicalTrades?symbol=BTCUSDT&fromId=${FIRST_ID}&limit=1000`,
    `historicalTrades?symbol=BTCUSDT&fromId=${FIRST_ID + 1000}&limit=5`,
  ]);
});

Deno.test("target ends a running fetch at that id", async () => {
  await using exchange = await past(TRADES);
  const { backfill } = backfillOf(exchange.endpoint);
  const narrowed = await collect(backfill, FIRST_ID, null, () => backfill.target = FIRST_ID + 1_499);
  assertEquals(narrowed.end, { complete: true, fetched: 1_500, lastId: FIRST_ID + 1_499 });
  assertEquals(exchange.asked.length, 2);
  // The next fetch has its own.
  assertEquals((await collect(backfill, LAST_ID, null)).end.fetched, 1);
});

Deno.test("target, set while an answer is in transit, cuts that answer", async () => {
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: set, resolve: isSet } = Promise.withResolvers<void>();
  await using server = answering(() => async (visit) => {
    isAsked();
    await set;
    const body = JSON.stringify(rowsFrom(100, 1000));
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    await visit.write(new TextEncoder().encode(head + body));
  });
  const { backfill } = backfillOf(restOf(server));
  const fetching = collect(backfill, 100, null);
  await asked;
  backfill.target = 102;
  isSet();
  const { rows, end } = await fetching;
  assertEquals(rows.map(({ firstId }) => firstId), [100, 101, 102]);
  assertEquals(end, { complete: true, fetched: 3, lastId: 102 });
});

for (const onRest of [undefined, onlyAggregates]) {
  const source = onRest === undefined ? "historicalTrades" : "aggTrades";
  Deno.test(`fetch() requests a tail again that the exchange does not have yet (${source})`, async () => {
    let released = FIRST_ID - 50;
    let requests = 0;
    // Thirty more trades are there at every third request.
    const lagging = (url: URL, answer: RestAnswer): RestAnswer => {
      const printed = onRest?.(url, answer) ?? answer;
      if (printed.status !== 200) return printed;
      if (++requests % 3 === 0) released += 30;
      return withRows(printed, (rows) => rows.filter((row) => (row.id ?? row.l) <= released));
    };
    await using exchange = await past(TRADES.slice(0, 200), lagging);
    const { backfill, clock } = backfillOf(exchange.endpoint, { deadlineMs: 600_000 });
    const { rows, end } = await collect(backfill, FIRST_ID, FIRST_ID + 99);
    assert(end.complete && end.lastId >= FIRST_ID + 99);
    assertEquals(rows.map(({ lastId }) => lastId).at(-1), end.lastId);
    rows.forEach((row, index) =>
      assertEquals(row.firstId, index === 0 ? FIRST_ID : rows[index - 1]!.lastId + 1)
    );
    // They grow while nothing arrives, and start again when something does.
    assertEquals(clock.pauses.slice(0, 4), [225, 350, 600, 1100]);
    assert(clock.pauses.slice(4).includes(225), `${clock.pauses}`);
  });
}

Deno.test("fetch() gives up on a tail that never arrives when its time runs out, and names it", async () => {
  await using exchange = await past(TRADES.slice(0, 10));
  const { backfill, clock } = backfillOf(exchange.endpoint, { deadlineMs: 20_000 });
  const { rows, end } = await collect(backfill, FIRST_ID, FIRST_ID + 11);
  assertEquals(rows.length, 10);
  assert(!end.complete);
  assertEquals([end.why, end.fetched, end.lastId], ["deadline", 10, FIRST_ID + 9]);
  const host = exchange.endpoint.slice("http://".length);
  assertEquals(
    end.reason,
    `${host} did not have trades ${FIRST_ID + 10} to ${FIRST_ID + 11} within 20000 ms`,
  );
  assert(clock.waited < 20_000 && clock.waited > 15_000, `${clock.waited}`);
});

Deno.test("fetch() switches to aggTrades if historicalTrades is refused, and stays there", async () => {
  const begins = AGGREGATES.filter(({ id }) => id % 100 === 0).map(({ firstId }) => firstId);
  for (const status of [400, 401, 403, 404, 410, 451]) {
    await using exchange = await past(
      TRADES,
      (url, answer) =>
        url.pathname.endsWith("aggTrades")
          ? answer
          : { status, body: `{"code":-1102,"msg":"x"}`, headers: {} },
    );
    const { backfill, clock } = backfillOf(exchange.endpoint);
    const first = await collect(backfill, begins[0]!, begins[0]! + 1);
    // A region is refused as a whole, so this host gets no other request.
    assertEquals(first.end.complete, status !== 451, String(status));
    await collect(backfill, begins[1]!, begins[1]! + 1);
    const refusals = exchange.asked.filter((path) => path.startsWith("historicalTrades"));
    assertEquals(refusals.length, status === 451 ? 2 : 1);
    assertEquals(clock.pauses, []);
  }
});

Deno.test("fetch() continues with aggregates if historicalTrades is refused half-way", async () => {
  const { firstId: at } = AGGREGATES.find(({ firstId }) => firstId > FIRST_ID + 1_500)!;
  await using exchange = await past(
    TRADES,
    (url, answer) => Number(url.searchParams.get("fromId")) === at ? onlyAggregates(url, answer) : answer,
  );
  const { backfill } = backfillOf(exchange.endpoint);
  const { rows, end, pages } = await collect(backfill, at - 1_000, LAST_ID);
  assertEquals(rows, [
    ...TRADES.filter(({ id }) => id >= at - 1_000 && id < at).map(rowOf),
    ...AGGREGATES.filter(({ firstId }) => firstId >= at).map(rowOf),
  ]);
  assertEquals(end.complete, true);
  assertEquals(pages.slice(0, 2).map(({ source }) => source), ["historicalTrades", "aggTrades"]);
});

Deno.test({
  name: "fetch() names the flags that let it reach Binance's hosts if it has no permission",
  // Whatever the tests are granted, this one does not reach the exchange.
  permissions: { net: false },
  fn: async () => {
    const { end } = await collect(backfillOf(null).backfill, 1, 2);
    assert(!end.complete && end.why === "not-permitted");
    assertEquals(
      end.reason,
      ["api.binance.com:443", "data-api.binance.vision:443"].map((host) =>
        `No permission to reach ${host}: allow it with --allow-net=${host} before main.ts, or in deno.json`
      ).join("; "),
    );
  },
});

Deno.test("fetch() asks Binance's hosts by default, and the market-data host for aggregates alone", async () => {
  const asked: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (input) => {
    const { host, pathname } = new URL(String(input));
    asked.push(host + pathname);
    return Promise.resolve(new Response("{}", { status: 403 }));
  };
  try {
    await collect(backfillOf(null).backfill, 1, 2);
    await collect(backfillOf(EXCHANGES.binance.marketDataRest).backfill, 1, 2);
  } finally {
    globalThis.fetch = fetch;
  }
  assertEquals(asked, [
    "api.binance.com/api/v3/historicalTrades",
    "api.binance.com/api/v3/aggTrades",
    "data-api.binance.vision/api/v3/aggTrades",
    "data-api.binance.vision/api/v3/aggTrades",
  ]);
});

Deno.test("fetch() gives up if more is missing than may be fetched, without a request if that is known", async () => {
  await using exchange = await past(TRADES);
  const { backfill } = backfillOf(exchange.endpoint, { maxTrades: 1_500 });
  const exact = await collect(backfill, FIRST_ID, FIRST_ID + 1_499);
  assertEquals(exact.end, { complete: true, fetched: 1_500, lastId: FIRST_ID + 1_499 });
  assertEquals((await collect(backfill, LAST_ID - 1_499, null)).end.complete, true);

  exchange.asked.length = 0;
  const { end } = await collect(backfill, FIRST_ID, FIRST_ID + 1_500);
  assert(!end.complete);
  assertEquals([end.why, end.fetched, exchange.asked], ["too-many", 0, []]);
  assertEquals(end.reason, "1501 trades are missing, more than the 1500 that may be fetched");

  const open = await collect(backfill, LAST_ID - 1_500, null);
  assert(!open.end.complete);
  assertEquals([open.end.why, open.end.fetched, open.end.lastId], ["too-many", 1_000, LAST_ID - 501]);

  const widened = await collect(backfill, FIRST_ID, null, () => backfill.target = LAST_ID);
  assert(!widened.end.complete);
  assertEquals([widened.end.why, widened.end.fetched], ["too-many", 1_000]);
});

Deno.test("fetch() stays within its share of the weight, whatever else uses the same address", async () => {
  const clock = new PassingClock();
  let used = 0;
  let minute = 0;
  let most = 0;
  await using exchange = await past(tradesOf(8_000), undefined, {
    onRest(_url, answer) {
      const now = Math.floor(clock.now() / 60_000);
      if (now !== minute) used = 0;
      minute = now;
      // Another program at the same address uses three times as much.
      used += 100;
      most = Math.max(most, used);
      const headers = { "X-MBX-USED-WEIGHT-1M": String(used) };
      return used > 500 ? { status: 429, body: "{}", headers } : { ...answer, headers };
    },
  });
  const budget = new RestBudget({ perMinute: 500 });
  const { backfill } = backfillOf(exchange.endpoint, { clock, budget, deadlineMs: 600_000 });
  const { end } = await collect(backfill, FIRST_ID, FIRST_ID + 7_999);
  assertEquals(end, { complete: true, fetched: 8_000, lastId: FIRST_ID + 7_999 });
  assert(most <= 500, `${most}`);
  assert(clock.waited > 60_000);
});

Deno.test("fetch() gives up at once if its budget outlasts its time, and reports how long it would wait", async () => {
  await using server = answering(() => ({
    body: JSON.stringify(rowsFrom(1, 1)),
    headers: { "X-MBX-USED-WEIGHT-1M": "5990" },
  }));
  const { backfill, clock } = backfillOf(restOf(server), { deadlineMs: 10_000 });
  const { rows, end } = await collect(backfill, 1, 2);
  assertEquals(rows.length, 1);
  assert(!end.complete && end.why === "busy");
  assertStringIncludes(end.reason, " s: its weight budget is used up");
  assert(clock.waited < 1_000);
});

Deno.test("fetch() counts the weight itself if the exchange does not report it", async () => {
  await using server = answering((_number, url) => ({
    body: JSON.stringify(rowsFrom(Number(url.searchParams.get("fromId")), 1000)),
  }));
  const budget = new RestBudget({ perMinute: 100 });
  const { backfill, clock } = backfillOf(restOf(server), { budget, deadlineMs: 600_000 });
  const { end } = await collect(backfill, 1, 7_000);
  assertEquals([end.complete, clock.pauses], [true, [61_000, 60_000]]);
});

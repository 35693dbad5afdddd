import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Backfill, type BackfillEnd } from "../../../src/feeds/rest/backfill.ts";
import { formatResponse } from "../../../src/simulator/http_request.ts";
import { RestBudget } from "../../../src/feeds/rest/rest_budget.ts";
import { clockOf } from "../../../src/feeds/rest/rest_client.ts";
import { answering, backfillOf, collect, restOf, rowsFrom } from "../backfill_run.ts";
import { RawServer, type Visit } from "../raw_server.ts";
import { DEAD_ENDPOINT } from "../../support/penstock.ts";

const FROM = 100;
const GOOD = { body: JSON.stringify(rowsFrom(FROM, 3)) };

/** The result of a fetch of trades 100 to 102. */
async function endOf(server: RawServer, options: Parameters<typeof backfillOf>[1] = {}) {
  const { backfill, clock } = backfillOf(restOf(server), options);
  const { rows, end } = await collect(backfill, FROM, FROM + 2);
  return { rows, end, clock };
}

function assertGaveUp(end: BackfillEnd): asserts end is BackfillEnd & { complete: false } {
  assert(!end.complete, "it was complete");
  // One line that fits a log, whatever the server sent.
  assertMatch(end.reason, /^[\x20-\x7e…]{1,600}$/);
}

for (const [status, seconds] of [[429, 7], [418, 40], [503, 3]] as const) {
  Deno.test(`fetch() waits as long as an exchange that answers ${status} asks`, async () => {
    await using server = answering((number) =>
      number === 1 ? { status, body: "{}", headers: { "Retry-After": `${seconds}` } } : GOOD
    );
    const { rows, end, clock } = await endOf(server);
    assertEquals([rows.length, end.complete], [3, true]);
    assertEquals(clock.pauses, [seconds * 1000]);
  });
}

Deno.test("fetch() gives up at once if it has to wait longer than its time, and remembers that", async () => {
  await using server = answering(() => ({
    status: 418,
    body: `{"code":-1003,"msg":"Way too much request weight used; IP banned."}`,
    headers: { "Retry-After": "7200" },
  }));
  const { backfill, clock } = backfillOf(restOf(server));
  const { end } = await collect(backfill, FROM, FROM + 2);
  assertGaveUp(end);
  assertEquals(end.why, "busy");
  assertStringIncludes(end.reason, "cannot be queried for another 7200 s: ");
  assertStringIncludes(end.reason, "HTTP 418, code -1003: Way too much request weight used; IP banned.");
  assertStringIncludes(end.hint!, "banned");

  const again = (await collect(backfill, FROM, FROM + 2)).end;
  assertGaveUp(again);
  assertEquals([again.why, server.visits.length, clock.pauses], ["busy", 1, []]);
});

Deno.test("fetch() shares a ban with all that share its budget", async () => {
  await using server = answering(() => ({ status: 429, headers: { "Retry-After": "7200" } }));
  const options = { budget: new RestBudget({ perMinute: 6_000 }) };
  for (let symbol = 0; symbol < 2; symbol++) assertGaveUp((await endOf(server, options)).end);
  assertEquals(server.visits.length, 1);
});

for (const [status, waitMs] of [[429, 10_000], [418, 120_000]] as const) {
  Deno.test(`fetch() waits ${waitMs} ms after ${status} without Retry-After`, async () => {
    await using server = answering((number) => number === 1 ? { status } : GOOD);
    const { end, clock } = await endOf(server, { deadlineMs: 300_000 });
    assertEquals([end.complete, clock.pauses], [true, [waitMs]]);
  });
}

Deno.test("fetch() points a restricted region to the market-data host", async () => {
  await using server = answering(() => ({ status: 451, body: `{"code":0,"msg":"restricted location"}` }));
  const { end } = await endOf(server);
  assertGaveUp(end);
  assertEquals([end.why, server.visits.length], ["refused", 1]);
  assertStringIncludes(end.reason, "refused: HTTP 451, code 0: restricted location");
  assertStringIncludes(end.hint!, "wss://data-stream.binance.vision:443");
});

Deno.test("fetch() reports all refusals if every endpoint refuses", async () => {
  await using server = answering((number) => ({ status: number === 1 ? 403 : 404, body: "<html>" }));
  const { end, clock } = await endOf(server);
  assertGaveUp(end);
  const host = restOf(server).slice("http://".length);
  assertEquals(end.reason, `${host} refused: HTTP 403; ${host} refused: HTTP 404`);
  assertStringIncludes(end.hint!, "firewall");
  assertEquals([end.why, server.visits.length, clock.pauses], ["refused", 2, []]);
});

Deno.test("fetch() queries a failing exchange again, at growing intervals", async () => {
  await using server = answering((number) =>
    number <= 4 ? { status: [500, 502, 504, 408][number - 1]! } : GOOD
  );
  const { rows, end, clock } = await endOf(server);
  assertEquals([rows.length, end.complete], [3, true]);
  assertEquals(clock.pauses, [125, 250, 500, 1000]);
});

Deno.test("fetch() stops querying an exchange that keeps failing when its time runs out", async () => {
  await using server = answering(() => ({ status: 500, body: `{"code":-1000,"msg":"Internal error"}` }));
  const { end, clock } = await endOf(server, { deadlineMs: 30_000 });
  assertGaveUp(end);
  assertEquals([end.why, end.fetched, end.lastId], ["unreachable", 0, FROM - 1]);
  assertStringIncludes(end.reason, "failed: HTTP 500, code -1000: Internal error");
  assert(clock.waited > 20_000 && clock.waited < 30_000, `${clock.waited}`);
});

Deno.test("fetch() tries again if nothing answers, and gives advice", async () => {
  const { host } = new URL(DEAD_ENDPOINT);
  const { backfill, clock } = backfillOf(`http://${host}`, { symbol: "TLSUSDT" });
  const { end } = await collect(backfill, FROM, null);
  assertGaveUp(end);
  assertEquals(end.why, "unreachable");
  assertEquals(end.reason, `nothing answers at ${host} (refused or unreachable)`);
  assertStringIncludes(end.hint!, "penstock demo");
  assert(clock.pauses.length > 5);
});

Deno.test("fetch() reports that TLS failed if the port does not speak it", async () => {
  await using server = RawServer.speaksPlainly();
  const { backfill } = backfillOf(restOf(server).replace("http:", "https:"));
  const { end } = await collect(backfill, FROM, null);
  assertGaveUp(end);
  assertMatch(end.reason, /^TLS with 127\.0\.0\.1:\d+ failed: /);
  assertStringIncludes(end.hint!, "DENO_TLS_CA_STORE=system");
});

Deno.test("fetch() survives connections that break before and within an answer", async () => {
  const whole = new TextDecoder().decode(formatResponse(200, GOOD.body));
  await using server = answering((number) => async (visit) => {
    // Cut within the head, within the body, and not at all.
    await visit.write(new TextEncoder().encode(whole.slice(0, [0, 30, whole.length - 9][number - 1])));
    visit.end();
  });
  const { rows, end } = await endOf(server);
  assertEquals([rows.length, end.complete, server.visits.length], [3, true, 4]);
});

Deno.test("fetch() does not mistake the address for the error", async () => {
  await using server = answering(() => (visit) => Promise.resolve(visit.end()));
  const { backfill } = backfillOf(restOf(server), { symbol: "TLSUSDT", deadlineMs: 1_000 });
  const { end } = await collect(backfill, FROM, null);
  assertGaveUp(end);
  const host = restOf(server).slice("http://".length);
  assertEquals(end.reason, `no connection to ${host}: connection closed before message completed`);
});

Deno.test("fetch() gives up on an answer that does not arrive in time, wherever it stops", async () => {
  const stages: ((visit: Visit) => Promise<void>)[] = [
    nothing,
    (visit) => write(visit, "HTTP/1.1 200 OK\r\nContent-Le"),
    (visit) => write(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"),
    async (visit) => {
      await write(visit, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
      // A byte from time to time is no answer either.
      for (;;) {
        await write(visit, " ");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  ];
  await using server = answering((number) => stages[number - 1] ?? GOOD);
  const { rows, end } = await endOf(server, { requestMs: 200 });
  assertEquals([rows.length, end.complete], [3, true]);
  assert(server.visits.length >= 5);

  await using silent = answering(() => nothing);
  const late = await endOf(silent, { requestMs: 40, deadlineMs: 2_000 });
  assertGaveUp(late.end);
  assertEquals(late.end.why, "unreachable");
  assertStringIncludes(late.end.reason, "no answer within 40 ms");
});

Deno.test("fetch() accepts a refusal whose explanation never ends", async () => {
  await using server = answering(() => (visit) =>
    write(visit, "HTTP/1.1 451 Unavailable\r\nContent-Length: 100\r\n\r\n{")
  );
  const { end } = await endOf(server, { requestMs: 300 });
  assertGaveUp(end);
  assertEquals(end.why, "refused");
  assertStringIncludes(end.reason, "HTTP 451");
});

Deno.test("fetch() does not follow a redirect", async () => {
  await using elsewhere = answering(() => GOOD);
  for (const status of [301, 302, 307, 308]) {
    await using server = answering(() => ({ status, headers: { Location: `${restOf(elsewhere)}/x` } }));
    const { end } = await endOf(server);
    assertGaveUp(end);
    assertEquals([end.why, server.visits.length], ["refused", 2]);
    assertStringIncludes(end.reason, `redirects to ${restOf(elsewhere)}/x (HTTP ${status})`);
  }
  assertEquals(elsewhere.visits.length, 0);
});

const [ROW] = rowsFrom(FROM, 1);
const NEXT = { ...ROW, id: FROM + 1 };
const UNBELIEVABLE: readonly [name: string, body: string, says: string][] = [
  ["nothing", "", "did not send JSON: "],
  ["a page for people", "<html>\r\n<body>Welcome to the hotel\x1b[31m</body>", "did not send JSON: <html>"],
  ["a long story", "once upon a time ".repeat(300), "did not send JSON: once upon a time"],
  ["half an answer", `[{"id":100`, "did not send JSON"],
  ["an error as an answer", `{"code":-1000,"msg":"?"}`, "is not an array"],
  ["null", "null", "is not an array"],
  ["rows that are none", `[[100,"1","2"]]`, "a row of the answer is not an object"],
  ["null for a row", "[null]", "a row of the answer is not an object"],
  ["more rows than asked for", JSON.stringify(rowsFrom(FROM, 4)), "4 rows, more than the 3 asked for"],
  ["ids below", JSON.stringify(rowsFrom(FROM - 1, 3)), "starts at trade 99, below the 100 asked for"],
  ["descending ids", JSON.stringify([NEXT, ROW]), "trade 100 comes after trade 101, expected 102"],
  ["an id twice", JSON.stringify([ROW, ROW]), "trade 100 comes after trade 100, expected 101"],
  ["aggregates", `[{"a":1,"p":"1","q":"1","f":100,"l":101,"T":1,"m":true}]`, "trade id is missing"],
  ["an id as text", JSON.stringify([{ ...ROW, id: "100" }]), `trade id is "100"`],
  ["an id with a fraction", JSON.stringify([{ ...ROW, id: 100.5 }]), "trade id is 100.5"],
  ["an unsafe id", `[${JSON.stringify(ROW).replace(":100,", ":90071992547409930,")}]`, "trade id is 9007"],
  ["a price that is a number", JSON.stringify([{ ...ROW, price: 61837.6 }]), "price is 61837.6, not decimal"],
  ["a price of zero", JSON.stringify([{ ...ROW, price: "0.00000000" }]), `price is "0.00000000"`],
  ["no quantity", JSON.stringify([{ ...ROW, qty: undefined }]), "quantity is missing"],
  ["no time", JSON.stringify([{ ...ROW, time: 0 }]), "trade time is 0"],
  ["no side", JSON.stringify([{ ...ROW, isBuyerMaker: "true" }]), "not true or false"],
];

for (const [name, body, says] of UNBELIEVABLE) {
  Deno.test(`fetch() rejects ${name}, and asks at most three times`, async () => {
    await using server = answering(() => ({ body }));
    const { rows, end } = await endOf(server);
    assertGaveUp(end);
    assertEquals([rows, end.why, end.fetched, server.visits.length], [[], "malformed", 0, 3]);
    assertStringIncludes(end.reason, says);

    await using better = answering((number) => number < 3 ? { body } : GOOD);
    assertEquals((await endOf(better)).end, { complete: true, fetched: 3, lastId: FROM + 2 });
  });
}

Deno.test("fetch() accepts only answers with status 200", async () => {
  await using server = answering(() => ({ ...GOOD, status: 206 }));
  const { end } = await endOf(server);
  assertGaveUp(end);
  assertEquals([end.why, server.visits.length], ["malformed", 3]);
  assertStringIncludes(end.reason, "answered HTTP 206, expected 200");
});

Deno.test("fetch() gives up if the exchange does not go back far enough", async () => {
  await using server = answering(() => ({ body: JSON.stringify(rowsFrom(FROM + 2, 3)) }));
  const { rows, end } = await endOf(server);
  assertGaveUp(end);
  assertEquals([rows, end.why, server.visits.length], [[], "no-join", 3]);
  assertStringIncludes(end.reason, "trade 100 is missing, the first one after it is 102");
});

Deno.test("fetch() keeps the trades before an answer that it rejects", async () => {
  await using server = answering((_number, url) => {
    const from = Number(url.searchParams.get("fromId"));
    return { body: from < 2100 ? JSON.stringify(rowsFrom(from, 1000)) : "garbage" };
  });
  const { backfill } = backfillOf(restOf(server));
  const { rows, end } = await collect(backfill, FROM, 5_000);
  assertGaveUp(end);
  assertEquals([rows.length, end.why, end.fetched, end.lastId], [2000, "malformed", 2000, 2099]);
});

Deno.test("fetch() reads no more than 1 MiB of an answer", async () => {
  const chunk = new TextEncoder().encode(" ".repeat(64 * 1024));
  let sent = 0;
  await using server = answering(() => async (visit) => {
    await write(visit, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[");
    try {
      for (sent = 0;; sent += chunk.length) await visit.write(chunk);
    } catch {
      // The client has closed the connection.
    }
  });
  const { end } = await endOf(server);
  assertGaveUp(end);
  assertEquals([end.why, server.visits.length], ["malformed", 3]);
  assertStringIncludes(end.reason, "sent more than 1048576 bytes");
  assert(sent < 32 * 1024 * 1024, `${sent}`);
});

Deno.test("fetch() decompresses no more than 1 MiB of a compressed answer", async () => {
  const compressed = new Response(
    new Blob([" ".repeat(64 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip")),
  );
  const bytes = new Uint8Array(await compressed.arrayBuffer());
  await using server = answering(() => async (visit) => {
    const head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" +
      `Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
    await write(visit, head);
    await visit.write(bytes);
    visit.end();
  });
  const { end } = await endOf(server);
  assertGaveUp(end);
  assertStringIncludes(end.reason, "sent more than 1048576 bytes");
});

const STOPPED: readonly [where: string, answer: Parameters<typeof answering>[0]][] = [
  ["before an answer", () => nothing],
  ["within an answer", () => (visit) => write(visit, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")],
  ["where it is to stay away", () => ({ status: 429, headers: { "Retry-After": "50" } })],
  ["in the wait for the tail", () => ({})],
];

for (const [where, answer] of STOPPED) {
  Deno.test(`fetch() ends at once when it is stopped ${where}`, async () => {
    const asked = Promise.withResolvers<void>();
    const paused = Promise.withResolvers<void>();
    await using server = answering((number, url) => {
      asked.resolve();
      return answer(number, url);
    });
    const stop = new AbortController();
    const { backfill } = backfillOf(restOf(server), {
      signal: stop.signal,
      // Nothing else ends it.
      requestMs: 600_000,
      deadlineMs: 600_000,
      clock: {
        now: clockOf(globalThis).now,
        pause(ms, signal) {
          paused.resolve();
          return clockOf(globalThis).pause(ms, signal);
        },
      },
    });
    const fetching = collect(backfill, FROM, FROM + 2);
    await (typeof answer(1, new URL("http://x")) === "function" ? asked : paused).promise;
    // The arrival of the start of an answer is not visible from outside.
    if (where === "within an answer") await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    const { end } = await fetching;
    assertGaveUp(end);
    assertEquals([end.why, end.lastId], ["stopped", FROM - 1]);
    // Nothing else starts from then on.
    const { length } = server.visits;
    assertEquals((await collect(backfill, FROM, null)).end.complete, false);
    assertEquals(server.visits.length, length);
  });
}

Deno.test("an abandoned fetch leaves nothing behind", async () => {
  await using server = answering((_number, url) => ({
    body: JSON.stringify(rowsFrom(Number(url.searchParams.get("fromId")), 1000)),
  }));
  const { backfill } = backfillOf(restOf(server));
  for await (const { rows } of backfill.fetch(FROM, 5_000)) {
    assertEquals(rows.length, 1000);
    break;
  }
  assertEquals(server.visits.length, 1);
});

Deno.test("a fetch takes no longer than it may, on a real clock", async () => {
  await using server = answering(() => nothing);
  const backfill = new Backfill({
    exchange: exchangeNamed("binance"),
    restEndpoint: restOf(server),
    symbol: "BTCUSDT",
    signal: new AbortController().signal,
    deadlineMs: 60,
    requestMs: 600_000,
  });
  const startedAt = performance.now();
  const { end } = await collect(backfill, FROM, FROM);
  const took = performance.now() - startedAt;
  assertGaveUp(end);
  assertEquals(end.why, "unreachable");
  assert(took >= 55, `${took}`);
});

/** Leaves a client without an answer. */
function nothing(): Promise<void> {
  return Promise.resolve();
}

function write(visit: Visit, text: string): Promise<void> {
  return visit.write(new TextEncoder().encode(text));
}

import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BuiltInExchange } from "../../../src/simulator/server.ts";
import {
  askInstrument,
  awaitInstrument,
  type InstrumentAnswer,
  type InstrumentQuestion,
} from "../../../src/feeds/rest/instruments.ts";
import { RestBudget } from "../../../src/feeds/rest/rest_budget.ts";
import { answering, NEVER, restOf } from "../backfill_run.ts";

/** Queries BTCUSDT unless `question` names another symbol. */
async function ask(
  restEndpoint: string | null,
  question: Partial<InstrumentQuestion> = {},
): Promise<InstrumentAnswer> {
  return await askInstrument({
    exchange: exchangeNamed("binance"),
    restEndpoint,
    symbol: "BTCUSDT",
    budget: new RestBudget({ perMinute: 6_000 }),
    signal: NEVER,
    ...question,
  });
}

function assertUnanswered(
  answer: InstrumentAnswer,
): asserts answer is InstrumentAnswer & { kind: "unanswered" } {
  assertEquals(answer.kind, "unanswered");
  assert(answer.kind === "unanswered");
  assertMatch(answer.reason, /^[\x20-\x7e…]{1,600}$/);
}

Deno.test("askInstrument() reads the built-in exchange's answer", async () => {
  await using exchange = BuiltInExchange.listen();
  assertEquals(await ask(exchange.restEndpoint), {
    kind: "answered",
    host: exchange.restEndpoint.slice("http://".length),
    info: {
      status: "TRADING",
      base: "BTC",
      quote: "USDT",
      rules: {
        lot: "0.00001",
        tick: "0.01",
        minQuantity: "0.00001",
        maxQuantity: "100",
        minNotional: "5",
        // Its maximum is not for market orders.
        maxNotional: "0",
      },
      flaws: [],
    },
  });
});

Deno.test("askInstrument() distinguishes an unknown symbol from an exchange that does not answer", async () => {
  await using exchange = BuiltInExchange.listen();
  const answer = await ask(exchange.restEndpoint, { symbol: "NOSUCHUSDT" });
  assert(answer.kind === "unknown");
  assertStringIncludes(answer.reason, "HTTP 400, code -1121: Invalid symbol.");
});

Deno.test("askInstrument() asks once, for one symbol, and counts its weight", async () => {
  await using server = answering(() => ({ status: 503, body: "{}" }));
  const budget = new RestBudget({ perMinute: 20, share: 1 });
  assertUnanswered(await ask(restOf(server), { budget }));
  assertEquals(server.visits.map(({ request: { url } }) => url.pathname + url.search), [
    "/api/v3/exchangeInfo?symbol=BTCUSDT",
  ]);
  // The next minute is too far away to wait for.
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  budget.spend(20, now);
  const clock = { now: () => now, pause: () => Promise.resolve() };
  const answer = await ask(restOf(server), { budget, clock });
  assertUnanswered(answer);
  assertStringIncludes(answer.reason, "its weight budget is used up");
  assertEquals(server.visits.length, 1);
});

Deno.test("askInstrument() returns one line for any other answer", async () => {
  const answers: [Parameters<typeof answering>[0], string][] = [
    [() => ({ body: "<html>\u0007" }), "did not send JSON: <html>"],
    [() => ({ body: "[1]" }), "the answer is [1], expected an object"],
    [() => ({ body: `{"symbols":"none"}` }), `"symbols" is "none", expected a list`],
    [() => ({ body: `{"symbols":[{"symbol":"ETHUSDT"}]}` }), "an answer about symbols other than BTCUSDT"],
    [() => ({ status: 404, body: "no" }), "refused: HTTP 404"],
    [() => ({ status: 451, body: `{"code":0,"msg":"restricted"}` }), "HTTP 451, code 0: restricted"],
    [() => ({ status: 429, headers: { "Retry-After": "7" } }), "refused: HTTP 429"],
    [
      () => ({ status: 302, headers: { Location: "http://127.0.0.1:1/" } }),
      "redirects to http://127.0.0.1:1/",
    ],
    [() => (visit) => Promise.resolve(visit.end()), "no connection to "],
  ];
  for (const [answer, expected] of answers) {
    await using server = answering(answer);
    const printed = await ask(restOf(server));
    assertUnanswered(printed);
    assertStringIncludes(printed.reason, expected);
    assertEquals([printed.isStopped, server.visits.length], [false, 1]);
  }
});

Deno.test("askInstrument() waits no longer than allowed for an exchange that hangs", async () => {
  const over = Promise.withResolvers<void>();
  await using server = answering(() => () => over.promise);
  const answer = await ask(restOf(server), { hostMs: 50 });
  assertUnanswered(answer);
  assertStringIncludes(answer.reason, "no answer within ");
  over.resolve();
});

Deno.test("askInstrument() ends at once when it is aborted", async () => {
  const asked = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await using server = answering(() => () => {
    asked.resolve();
    return over.promise;
  });
  const aborting = new AbortController();
  const answer = ask(restOf(server), { signal: aborting.signal, hostMs: 60_000 });
  await asked.promise;
  aborting.abort();
  assertEquals(await answer, { kind: "unanswered", reason: "stopped", hint: null, isStopped: true });
  over.resolve();
});

Deno.test({
  name: "askInstrument() asks Binance's market-data host first, and names the missing permission",
  // Whatever the tests are granted, this one does not reach the exchange.
  permissions: { net: false },
  fn: async () => {
    const answer = await ask(null);
    assertUnanswered(answer);
    const missing = (host: string) =>
      `No permission to reach ${host}: allow it with --allow-net=${host} before main.ts, or in deno.json`;
    assertEquals(
      answer.reason,
      `${missing("data-api.binance.vision:443")}; ${missing("api.binance.com:443")}`,
    );
  },
});

Deno.test("awaitInstrument() asks at growing intervals until it has every wanted rule", async () => {
  const filters = (...types: string[]) => ({
    symbols: [{
      symbol: "BTCUSDT",
      filters: [
        { filterType: "LOT_SIZE", stepSize: "0.5" },
        { filterType: "PRICE_FILTER", tickSize: "0.1" },
      ].filter(({ filterType }) => types.includes(filterType)),
    }],
  });
  const failing = [503, 503, 503, 503, 503, 503, 503, 503, 503, 503];
  const answers = [
    ...failing.map((status) => ({ status, body: "{}" })),
    { body: JSON.stringify(filters("LOT_SIZE")) },
    { body: JSON.stringify({ symbols: [] }) },
    { body: JSON.stringify(filters("LOT_SIZE", "PRICE_FILTER")) },
  ];
  await using server = answering(() => answers.shift()!);
  let now = 0;
  const waits: number[] = [];
  const clock = {
    now: () => now,
    pause(ms: number) {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  const question = {
    exchange: exchangeNamed("binance"),
    restEndpoint: restOf(server),
    symbol: "BTCUSDT",
    budget: new RestBudget({ perMinute: 6_000 }),
    signal: NEVER,
  };
  const reasons: string[] = [];
  const answer = await awaitInstrument(
    { ...question, clock },
    ["lot", "tick"],
    (reason) => reasons.push(reason),
    () => 0.999,
  );
  assertEquals(answer?.info.rules, { lot: "0.5", tick: "0.1" });
  assertEquals(waits, [500, 500, 999, 1998, 3996, 7992, 15984, 31968, 59940, 59940, 59940, 59940, 59940]);
  // An unchanged reason is logged once.
  assertEquals(reasons.length, 3);
  assertStringIncludes(reasons[0]!, "failed: HTTP 503");
  assertMatch(reasons[1]!, /^127\.0\.0\.1:\d+ does not give the tick$/);
  assertStringIncludes(reasons[2]!, "an answer about symbols other than BTCUSDT");
});

Deno.test("awaitInstrument() ends without an answer when it is aborted", async () => {
  await using server = answering(() => ({ status: 503, body: "{}" }));
  const ending = new AbortController();
  const question = {
    exchange: exchangeNamed("binance"),
    restEndpoint: restOf(server),
    symbol: "BTCUSDT",
    budget: new RestBudget({ perMinute: 6_000 }),
  };
  const answer = await awaitInstrument(
    { ...question, signal: ending.signal },
    ["lot"],
    () => ending.abort(),
  );
  assertEquals(answer, null);
});

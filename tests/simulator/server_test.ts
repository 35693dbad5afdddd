import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { priceProcess } from "../../src/simulator/price_process.ts";
import { BuiltInExchange, type ExchangeEvent } from "../../src/simulator/server.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import { Client, clientFrame, RawClient, type TradeMessage } from "./client.ts";

const RECORDING: readonly ExchangeTrade[] = [
  {
    id: 6268487624,
    price: "78530.40000000",
    quantity: "0.00039000",
    time: 1777807004059,
    buyerIsMaker: true,
  },
  {
    id: 6268487625,
    price: "78530.40000000",
    quantity: "0.10000000",
    time: 1777807004059,
    buyerIsMaker: true,
  },
  { id: 6268487626, price: "78530.41", quantity: "1", time: 1777807004059.25, buyerIsMaker: false },
];

Deno.test("a raw stream carries trades in Binance's form, byte for byte", async () => {
  await using exchange = BuiltInExchange.listen({ trades: RECORDING });
  await using client = await Client.connect(exchange);
  assertEquals(
    await client.next(),
    '{"e":"trade","E":1777807004059,"s":"BTCUSDT","t":6268487624,"p":"78530.40000000","q":"0.00039000",' +
      '"T":1777807004059,"m":true,"M":true}',
  );
  await client.next();
  assertEquals(
    await client.next(),
    '{"e":"trade","E":1777807004059,"s":"BTCUSDT","t":6268487626,"p":"78530.41","q":"1",' +
      '"T":1777807004059,"m":false,"M":true}',
  );
  assertEquals(exchange.released, 3);
});

Deno.test("a combined stream wraps every message, and carries microseconds when asked", async () => {
  await using exchange = BuiltInExchange.listen({ trades: RECORDING });
  await using client = await Client.connect(
    exchange,
    "/stream?streams=btcusdt@aggTrade/btcusdt@trade&timeUnit=MICROSECOND",
  );
  const frames = [];
  for (let frame = 0; frame < 5; frame++) frames.push(await client.next());
  assertEquals(frames.filter((frame) => String(frame).includes("aggTrade")), [
    '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1777807004059000,"s":"BTCUSDT","a":1,' +
    '"p":"78530.40000000","q":"0.10039000","f":6268487624,"l":6268487625,"T":1777807004059000,"m":true,"M":true}}',
    '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1777807004059250,"s":"BTCUSDT","a":2,' +
    '"p":"78530.41","q":"1","f":6268487626,"l":6268487626,"T":1777807004059250,"m":false,"M":true}}',
  ]);
  assertEquals(frames.filter((frame) => String(frame).includes("btcusdt@trade")).length, 3);
});

Deno.test("the end of a recording is an event, and connections stay open", async () => {
  const ended = Promise.withResolvers<ExchangeEvent>();
  await using exchange = BuiltInExchange.listen({
    trades: RECORDING,
    speed: Infinity,
    onEvent: (event) => event.type === "ended" && ended.resolve(event),
  });
  await using client = await Client.connect(exchange);
  await client.trades(3);
  assertEquals(await ended.promise, { type: "ended", released: 3 });
  await client.request({ method: "LIST_SUBSCRIPTIONS", id: 9 });
  assertEquals(await client.json(), { result: ["btcusdt@trade"], id: 9 });
  assertEquals(exchange.clients, 1);
});

Deno.test("the same seed gives the same trades at any speed, to any number of clients", async () => {
  const options = { seed: 11, startTime: 1_700_000_000_000, firstId: 100 };
  const expected = priceProcess({ rate: 20, ...options }).take(1000)
    .map(({ id, price, quantity, time, buyerIsMaker }) => [id, price, quantity, time, buyerIsMaker])
    .toArray();
  for (const speed of [Infinity, 5000, 300]) {
    await using exchange = BuiltInExchange.listen({ ...options, speed });
    await using idle = await Client.connect(exchange, "/ws");
    await using first = await Client.connect(exchange);
    const trades = await first.trades(1000);
    assertEquals(trades.map(({ t, p, q, T, m }) => [t, p, q, T, m]), expected, `speed ${speed}`);
    assert(trades.every(({ e, s, E, T, M }) => e === "trade" && s === "BTCUSDT" && E === T && M === true));
    await using second = await Client.connect(exchange);
    const joined = await second.json();
    assert(joined.t >= 1100, `a new client starts where the market is, not at ${joined.t}`);
    await idle.request({ method: "LIST_SUBSCRIPTIONS", id: 1 });
    assertEquals(await idle.json(), { result: [], id: 1 });
  }
});

Deno.test("market time starts with the first subscription, or at once when asked", async () => {
  await using waiting = BuiltInExchange.listen({ speed: 1000 });
  await using client = await Client.connect(waiting, "/ws/BTCUSDT@trade/nothing@trade");
  await client.request({ method: "LIST_SUBSCRIPTIONS", id: 1 });
  assertEquals(await client.json(), { result: ["BTCUSDT@trade", "nothing@trade"], id: 1 });
  assertEquals(waiting.released, 0);
  await client.request({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 2 });
  assertEquals(await client.json(), { result: null, id: 2 });
  const first: TradeMessage = await client.json();
  assertEquals(first.t, 1);
  assert(Math.abs(first.T - Date.now()) < 5000, "times count from the start of market time");

  await using running = BuiltInExchange.listen({ speed: 1000, startOnFirstSubscriber: false });
  await using late = await Client.connect(running);
  assert((await late.json()).t > 0);
});

Deno.test("control messages are answered as Binance answers them", async () => {
  await using exchange = BuiltInExchange.listen();
  const streams = (count: number) => Array.from({ length: count }, (_, index) => `s${index}@trade`);
  const cases: [request: unknown, answer: unknown][] = [
    [{ method: "SUBSCRIBE", params: ["a@trade", "b@trade", "a@trade"], id: 1 }, { result: null, id: 1 }],
    [{ method: "UNSUBSCRIBE", params: ["b@trade", "c@trade"], id: "two" }, { result: null, id: "two" }],
    [{ method: "LIST_SUBSCRIPTIONS", id: null }, { result: ["a@trade"], id: null }],
    ["{not json", { code: 3, id: null }],
    ["[]", { code: 2, id: null }],
    [{ method: "EXPLODE", id: 3 }, { code: 2, id: 3 }],
    [{ method: "SUBSCRIBE", id: 4 }, { code: 2, id: 4 }],
    [{ method: "SUBSCRIBE", params: [1], id: 5 }, { code: 2, id: 5 }],
    [{ method: "SUBSCRIBE", params: ["x".repeat(201)], id: 5 }, { code: 2, id: 5 }],
    [{ method: "SUBSCRIBE", params: [], id: -1 }, { code: 2, id: null }],
    [{ method: "SUBSCRIBE", params: streams(1025), id: 6 }, { code: 2, id: 6 }],
    [{ method: "SUBSCRIBE", params: streams(1024), id: 7 }, { result: null, id: 7 }],
  ];
  for (let from = 0; from < cases.length; from += 3) {
    await using client = await Client.connect(exchange, "/ws");
    for (const [request, answer] of cases.slice(from, from + 3)) {
      await client.request(request);
      const { error, ...rest } = await client.json();
      assertEquals(error === undefined ? rest : { code: error.code, ...rest }, answer);
      if (error !== undefined) assertMatch(error.msg, /^Invalid (request|JSON): /);
    }
  }
});

Deno.test("unsubscribing ends the data, and subscribing again continues where the market is", async () => {
  await using exchange = BuiltInExchange.listen({ speed: Infinity });
  await using client = await Client.connect(exchange);
  await client.request({ method: "UNSUBSCRIBE", params: ["btcusdt@trade"], id: 1 });
  let last = 0;
  for (let frame = await client.json(); frame.id !== 1; frame = await client.json()) last = frame.t;
  const head = exchange.released;
  await client.request({ method: "LIST_SUBSCRIPTIONS", id: 2 });
  while ((await client.json()).id !== 2);
  assertEquals(exchange.released, head);
  await client.request({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 3 });
  assertEquals(await client.json(), { result: null, id: 3 });
  const next = await client.json();
  assertEquals(next.t, head + 1);
  assert(next.t > last);
});

Deno.test("more than five requests a second close the connection", async () => {
  await using exchange = BuiltInExchange.listen();
  await using client = await Client.connect(exchange, "/ws");
  for (let id = 1; id <= 6; id++) await client.request({ method: "LIST_SUBSCRIPTIONS", id });
  for (let id = 1; id <= 5; id++) assertEquals((await client.json()).id, id);
  assertEquals(await client.closed(), { code: 1008, reason: "Too many requests" });
});

Deno.test("a client's pings, fragments and closing handshake are answered", async () => {
  const events: ExchangeEvent[] = [];
  await using exchange = BuiltInExchange.listen({ onEvent: (event) => events.push(event) });
  using client = await RawClient.upgrade(exchange);
  await client.write(clientFrame(1, '{"method":"LIST_SUBS', { final: false }));
  await client.write(clientFrame(9, "are you there"));
  await client.write(clientFrame(0, 'CRIPTIONS","id":1}'));
  const pong = await client.frame();
  assertEquals([pong?.opcode, pong?.text], [10, "are you there"]);
  assertEquals((await client.frame())?.text, '{"result":[],"id":1}');
  await client.write(clientFrame(8, Uint8Array.of(0x0f, 0xa0)));
  assertEquals(await client.closeCode(), 4000);
  assertEquals(await client.frame(), null);
  assertEquals(events.at(-1), { type: "disconnected", client: 1, reason: "closed by the client with 4000" });
});

Deno.test("frames that break the protocol close the connection with the right code", async () => {
  await using exchange = BuiltInExchange.listen();
  const cases: [frame: Uint8Array, code: number][] = [
    [clientFrame(1, "x", { masked: false }), 1002],
    [clientFrame(1, "x".repeat(65_537)), 1009],
    [clientFrame(1, Uint8Array.of(0xff)), 1007],
    [clientFrame(2, "x"), 1003],
  ];
  for (const [frame, code] of cases) {
    using client = await RawClient.upgrade(exchange);
    await client.write(frame);
    assertEquals(await client.closeCode(), code);
  }
});

Deno.test("a client that echoes pings stays, and one that does not is closed with 1008", async () => {
  await using exchange = BuiltInExchange.listen({ pingEveryMs: 20, pongWithinMs: 1_000 });
  await using faithful = await Client.connect(exchange, "/ws");
  const fate = faithful.next();
  using silent = await RawClient.upgrade(exchange);
  assertEquals((await silent.frame())?.opcode, 9);
  await silent.write(clientFrame(10, "unsolicited"));
  assertEquals(await silent.closeCode(), 1008);
  assertEquals(exchange.clients >= 1, true);
  exchange.send("still here");
  assertEquals(await fate, "still here");
});

Deno.test("a connection is closed when its lifetime is over", async () => {
  await using exchange = BuiltInExchange.listen({ lifetimeMs: 20 });
  await using client = await Client.connect(exchange, "/ws");
  assertEquals(await client.closed(), { code: 1001, reason: "The connection has reached its lifetime" });
});

Deno.test("a client that reads too slowly is closed, and holds no one up", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<ExchangeEvent>();
  await using exchange = BuiltInExchange.listen({
    speed: Infinity,
    historyLimit: 2000,
    onEvent: (event) => event.type === "disconnected" && resolve(event),
  });
  using slow = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  await using quick = await Client.connect(exchange);
  let reading = true;
  gone.then(() => reading = false);
  while (reading) await quick.next();
  assertEquals(await gone, { type: "disconnected", client: 1, reason: "The client reads too slowly" });
  assertEquals(exchange.clients, 1);
  assertEquals((await slow.frame())?.opcode, 1);
});

Deno.test("the market runs no further ahead than a thousand trades of the fastest client", async () => {
  await using exchange = BuiltInExchange.listen({ speed: Infinity });
  using client = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  let seen = 0;
  for (let frames = 0; frames < 100_000; frames++) {
    seen = JSON.parse((await client.frame())!.text).t;
  }
  assertEquals(seen, 100_000);
  // The kernel's buffers limit what is on its way in the socket: some megabytes at 130 bytes a trade.
  assert(exchange.released < seen + 100_000, `${exchange.released} released, ${seen} read`);
});

Deno.test("an exchange closes with clients in every state and leaves nothing behind", async () => {
  const abort = new AbortController();
  const exchange = BuiltInExchange.listen({ speed: Infinity, signal: abort.signal });
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  await using polite = await Client.connect(exchange);
  using deaf = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  using idle = await RawClient.upgrade(exchange, "/ws");
  await polite.trades(50_000);
  resolve();
  await reached;
  abort.abort();
  await exchange.close();
  assertEquals(exchange.clients, 0);
  assertEquals(await idle.closeCode(), 1001);
  await deaf.closeCode();
  await polite.rest();
  await exchange.close();
});

Deno.test("BuiltInExchange.listen() refuses options out of range", () => {
  for (
    const bad of [{ symbol: "btcusdt" }, { speed: 0 }, { speed: NaN }, { rate: 0 }, { seed: 0.5 }, {
      historyLimit: 0,
    }]
  ) {
    assertThrows(() => BuiltInExchange.listen(bad), RangeError);
  }
});

Deno.test("a client that keeps up is served from a very short history, too", async () => {
  await using exchange = BuiltInExchange.listen({ speed: Infinity, historyLimit: 3 });
  await using client = await Client.connect(exchange);
  const ids = (await client.trades(500)).map(({ t }) => t);
  assertEquals(ids, Array.from({ length: 500 }, (_, index) => index + 1));
});

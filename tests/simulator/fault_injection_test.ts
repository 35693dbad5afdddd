import { assert, assertEquals } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeEvent, type ExchangeOptions } from "../../src/simulator/server.ts";
import { Client, clientFrame, RawClient } from "./client.ts";

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function faulty(plan: string, options: ExchangeOptions = {}): BuiltInExchange {
  return BuiltInExchange.listen({ speed: Infinity, ...options, faults: parseFaults(plan) });
}

Deno.test("drop ends connections after exactly that trade, without a closing handshake", async () => {
  await using exchange = faulty("drop@2000");
  await using client = await Client.connect(exchange);
  assertEquals(await client.ids(2000), range(1, 2000));
  assertEquals(await client.closed(), null);
  await using again = await Client.connect(exchange);
  assertEquals(await again.ids(1), [2001]);
  assertEquals(exchange.connectionsAccepted, 2);
});

Deno.test("a fault at 0 happens to the first client, before the first trade, and to no other", async () => {
  await using exchange = faulty("drop@0");
  await using client = await Client.connect(exchange);
  assertEquals(await client.closed(), null);
  await using again = await Client.connect(exchange);
  assertEquals(await again.ids(2), [1, 2]);
});

Deno.test("close ends connections after exactly that trade with code 1001", async () => {
  await using exchange = faulty("close@150");
  await using client = await Client.connect(exchange, "/stream?streams=btcusdt@trade");
  const frames = await client.rest();
  assertEquals(frames.map((frame) => JSON.parse(String(frame)).data.t), range(1, 150));
  assertEquals(await client.closed(), { code: 1001, reason: "fault: close" });
});

Deno.test("stall keeps connections open and answers pings, but sends no more data", async () => {
  await using exchange = faulty("stall@100");
  using client = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  for (const id of range(1, 100)) assertEquals(JSON.parse((await client.frame())!.text).t, id);
  await client.write(clientFrame(9, "alive?"));
  assertEquals((await client.frame())?.opcode, 10);
  await using other = await Client.connect(exchange);
  await other.trades(1000);
  await client.write(clientFrame(9, "still?"));
  assertEquals((await client.frame())?.text, "still?");
  await client.write(clientFrame(8));
  assertEquals((await client.frame())?.opcode, 8);
  assertEquals(await client.frame(), null);
});

Deno.test("half-open no longer reads, writes or closes", async () => {
  const exchange = faulty("half-open@100", { pingEveryMs: 50, pongWithinMs: 500, lifetimeMs: 1_000 });
  using client = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  const trades = [];
  while (trades.length < 100) {
    const frame = (await client.frame())!;
    if (frame.opcode === 1) trades.push(JSON.parse(frame.text).t);
  }
  assertEquals(trades, range(1, 100));
  assertEquals(exchange.clients, 0);
  await client.write(clientFrame(9, "alive?"));
  await client.write(clientFrame(8));
  const nothing = client.frame();
  // Meanwhile another connection goes through several pings and its whole lifetime.
  await using other = await Client.connect(exchange, "/ws");
  assertEquals((await other.closed())?.code, 1001);
  assertEquals(await Promise.race([nothing, Promise.resolve("pending")]), "pending");
  await exchange.close();
  assertEquals(await nothing, null);
});

Deno.test("half-open ends when an operating system would drop the connection", async () => {
  const gone = Promise.withResolvers<ExchangeEvent>();
  await using exchange = faulty("half-open@100", {
    halfOpenMs: 500,
    onEvent: (event) => event.type === "disconnected" && gone.resolve(event),
  });
  await using client = await Client.connect(exchange);
  assertEquals(await client.ids(100), range(1, 100));
  assertEquals(await client.closed(), null);
  assertEquals(await gone.promise, { type: "disconnected", client: 1, reason: "fault: half-open" });
});

Deno.test("no-close answers pings but never a closing handshake", async () => {
  const exchange = faulty("no-close@100");
  using client = await RawClient.upgrade(exchange, "/ws/btcusdt@trade");
  for (const id of range(1, 100)) assertEquals(JSON.parse((await client.frame())!.text).t, id);
  await client.write(clientFrame(8, Uint8Array.of(0x03, 0xe8)));
  await client.write(clientFrame(9, "alive?"));
  assertEquals((await client.frame())?.text, "alive?");
  assertEquals(exchange.clients, 1);

  await using polite = await Client.connect(exchange);
  await polite.next();
  exchange.inject({ kind: "no-close" });
  await polite.trades(1000);
  polite.close();
  await exchange.close();
  assertEquals(await client.frame(), null);
});

Deno.test("duplicate, hole and reorder happen at exactly their places, and only on the streams", async () => {
  await using exchange = faulty("duplicate=5@700,hole=3@800,reorder@950");
  await using client = await Client.connect(exchange);
  const expected = [...range(1, 700), ...range(696, 800), ...range(804, 950), 952, 951, ...range(953, 1100)];
  assertEquals(await client.ids(expected.length), expected);
  const answer = await fetch(
    `${exchange.restEndpoint}/api/v3/historicalTrades?symbol=BTCUSDT&fromId=690&limit=400`,
  );
  assertEquals((await answer.json()).map(({ id }: { id: number }) => id), range(690, 1089));
});

Deno.test("a hole leaves out every aggregate that it touches", async () => {
  await using exchange = faulty("hole=7@300");
  await using client = await Client.connect(exchange, "/ws/btcusdt@aggTrade");
  let last = 0;
  const holes: [number, number][] = [];
  while (last < 1000) {
    const { f, l } = await client.json();
    if (f !== last + 1) holes.push([last + 1, f - 1]);
    last = l;
  }
  assertEquals(holes.length, 1);
  const [[from, to]] = holes as [[number, number]];
  assert(from <= 301 && to >= 307 && to - from < 30, `hole from ${from} to ${to}`);
});

Deno.test("malformed sends frames of many kinds between trades, and loses none", async () => {
  for (const path of ["/ws/btcusdt@trade", "/stream?streams=btcusdt@trade"]) {
    await using exchange = faulty("malformed@500");
    await using client = await Client.connect(exchange, path);
    const frames = [];
    while (frames.length < 1023) frames.push(await client.next());
    const id = (frame: unknown) => {
      const parsed = JSON.parse(String(frame));
      return (path.startsWith("/ws") ? parsed : parsed.data).t;
    };
    const strange = frames.slice(500, 523);
    assertEquals([...frames.slice(0, 500), ...frames.slice(523)].map(id), range(1, 1000));
    assert(strange.some((frame) => typeof frame !== "string"));
    assert(strange.some((frame) => typeof frame === "string" && frame.length === 100_000));
    const readable = strange.filter((frame) => {
      try {
        return id(frame) === 500;
      } catch {
        return false;
      }
    });
    assertEquals(readable.length, 2, "the escaped repetition and the contradiction, both with an old id");
  }
});

Deno.test("slow delays the data once, and nothing else", async () => {
  await using exchange = faulty("slow=150@100");
  await using client = await Client.connect(exchange);
  await client.trades(100);
  const from = performance.now();
  await client.request({ method: "LIST_SUBSCRIPTIONS", id: 1 });
  assertEquals((await client.json()).id, 1);
  assertEquals(await client.ids(1), [101]);
  assert(performance.now() - from > 100);
  assertEquals(await client.ids(500), range(102, 601));
});

Deno.test("shutdown sends the notice, continues for a while, and closes", async () => {
  for (const path of ["/ws/btcusdt@trade", "/stream?streams=btcusdt@trade"]) {
    // No flood of trades: a slow client would not read as far as the close frame in time.
    const market = { speed: 1, rate: 2_000, startTime: 0 };
    await using exchange = faulty("shutdown@100", { shutdownNoticeMs: 30, ...market });
    await using client = await Client.connect(exchange, path);
    for (let trade = 0; trade < 100; trade++) await client.next();
    const notice = await client.json();
    if (path.startsWith("/ws")) {
      assertEquals([notice.e, Object.keys(notice)], ["serverShutdown", ["e", "E"]]);
    } else {
      assertEquals([notice.stream, notice.data.e], ["!serverShutdown", "serverShutdown"]);
    }
    const after = await client.rest();
    assert(after.length > 0);
    assertEquals(await client.closed(), { code: 1001, reason: "The server is shutting down" });
  }
});

Deno.test("refuse ends connections and refuses the next ones", async () => {
  const events: ExchangeEvent[] = [];
  await using exchange = faulty("refuse=429:2:2@100", { onEvent: (event) => events.push(event) });
  await using client = await Client.connect(exchange);
  assertEquals((await client.rest()).length, 100);
  for (let attempt = 0; attempt < 2; attempt++) {
    const socket = new WebSocketStream(`${exchange.endpoint}/ws/btcusdt@trade`);
    socket.closed.catch(() => {});
    assertEquals(await socket.opened.then(() => "opened", () => "refused"), "refused");
  }
  await using again = await Client.connect(exchange);
  await again.next();
  assertEquals(events.filter(({ type }) => type === "refused").length, 2);
});

Deno.test("inject() causes a fault after the trades released so far", async () => {
  const events: ExchangeEvent[] = [];
  await using exchange = BuiltInExchange.listen({ rate: 2000, onEvent: (event) => events.push(event) });
  await using client = await Client.connect(exchange);
  await client.trades(10);
  const released = exchange.released;
  exchange.inject({ kind: "drop" });
  assertEquals((await client.rest()).length, released - 10);
  assertEquals(await client.closed(), null);
  assertEquals(events.find(({ type }) => type === "fault"), {
    type: "fault",
    fault: { kind: "drop" },
    released,
  });
});

Deno.test("a plan of random faults is the same every time", async () => {
  const run = async () => {
    const faults: unknown[] = [];
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    await using _exchange = faulty("random=50", {
      seed: 5,
      speed: 100_000,
      startOnFirstSubscriber: false,
      onEvent: (event) => {
        if (event.type !== "fault" || faults.length === 100) return;
        if (faults.push(event) === 100) resolve();
      },
    });
    await enough;
    return faults;
  };
  assertEquals(await run(), await run());
});

Deno.test("the classic WebSocket works with the exchange, too", async () => {
  await using exchange = faulty("close@300");
  const socket = new WebSocket(`${exchange.endpoint}/ws/btcusdt@trade`);
  const ids: number[] = [];
  const { promise, resolve } = Promise.withResolvers<CloseEvent>();
  socket.onmessage = ({ data }) => ids.push(JSON.parse(data).t);
  socket.onclose = resolve;
  const { code, wasClean } = await promise;
  assertEquals([code, wasClean], [1001, true]);
  assertEquals(ids, range(1, 300));
});

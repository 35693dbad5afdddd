import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { Handover } from "../../../src/feeds/live/handover.ts";
import { TradeSocket } from "../../../src/feeds/live/trade_socket.ts";
import { RawServer, socketTest, tradeMessage, type Visit } from "../raw_server.ts";

const NEVER = new AbortController().signal;
/** Longer than any pause of this process, which must end neither a handshake nor a quiet stream. */
const LONG_MS = 600_000;

/** A server whose connections send what the test gives them. */
class Scene implements AsyncDisposable {
  readonly #server: RawServer;
  readonly #visits: Visit[] = [];

  constructor() {
    this.#server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      this.#visits.push(visit);
    });
  }

  async open(staleMs = LONG_MS): Promise<{ socket: TradeSocket; exchange: Visit }> {
    const before = this.#visits.length;
    const socket = await TradeSocket.open(this.#server.endpoint, { handshakeMs: LONG_MS, staleMs }, NEVER);
    while (this.#visits.length === before) await turn();
    return { socket, exchange: this.#visits[before]! };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** A clock that runs ahead by an amount that a test sets, until it is disposed. */
class ShiftedClock implements Disposable {
  shiftMs = 0;

  constructor() {
    const { now } = Performance.prototype;
    const shifted = () => now.call(performance) + this.shiftMs;
    Object.defineProperty(performance, "now", { value: shifted, configurable: true });
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(performance, "now");
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

async function arrived(socket: TradeSocket, count: number): Promise<void> {
  while (socket.waiting.length < count) await turn();
}

function handoverOf(opening: Promise<TradeSocket>, old: TradeSocket): Handover {
  return new Handover(opening, old, new BinanceMessageReader("BTCUSDT"));
}

socketTest(
  "Handover waits until the old connection has delivered the trade before the new one's first",
  async () => {
    await using scene = new Scene();
    const old = await scene.open();
    const next = await scene.open();
    const handover = handoverOf(Promise.resolve(next.socket), old.socket);
    handover.note([tradeMessage(5)]);
    for (const id of [9, 10]) await next.exchange.send(tradeMessage(id));
    await arrived(next.socket, 2);
    assertEquals(handover.take(false), null);
    handover.note([tradeMessage(6), tradeMessage(7), `{"result":null,"id":1}`]);
    assertEquals(handover.take(false), null);
    handover.note([`{"result":null,"id":1}`]);
    assertEquals(handover.take(false), null);
    handover.note([tradeMessage(8)]);
    assertEquals(handover.take(false), next.socket);
    assertEquals(await next.socket.read(), [tradeMessage(9), tradeMessage(10)]);
    for (const { socket } of [old, next]) socket.abandon("enough");
  },
);

socketTest("Handover takes the new connection at once when both overlap", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open();
  const handover = handoverOf(Promise.resolve(next.socket), old.socket);
  await next.exchange.send(`{"result":null,"id":1}`);
  await next.exchange.send(tradeMessage(7));
  await arrived(next.socket, 2);
  assertEquals(handover.take(false), null);
  handover.note([tradeMessage(9)]);
  assertEquals(handover.take(false), next.socket);
  for (const { socket } of [old, next]) socket.abandon("enough");
});

socketTest("Handover does not join on a message that is not a trade of the symbol", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open();
  const handover = handoverOf(Promise.resolve(next.socket), old.socket);
  await next.exchange.send(tradeMessage(100));
  await arrived(next.socket, 1);
  handover.note([tradeMessage(100).replace("BTCUSDT", "ETHUSDT"), "x"]);
  assertEquals(handover.take(false), null);
  handover.drop();
  assertEquals(next.socket.end?.reason, "not needed");
  old.socket.abandon("enough");
});

socketTest("Handover nudges the old connection when the new one has its first trade", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open();
  const handover = handoverOf(Promise.resolve(next.socket), old.socket);
  handover.note([tradeMessage(1)]);
  const reading = old.socket.read();
  await next.exchange.send(tradeMessage(2));
  assertEquals(await reading, []);
  assertEquals(handover.take(false), next.socket);
  for (const { socket } of [old, next]) socket.abandon("enough");
});

socketTest("Handover takes the new connection when the old one ends, joined or not", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open();
  const handover = handoverOf(Promise.resolve(next.socket), old.socket);
  handover.note([tradeMessage(1)]);
  await next.exchange.send(tradeMessage(50));
  await arrived(next.socket, 1);
  assertEquals(handover.take(false), null);
  assertEquals(handover.take(true), next.socket);
  assertEquals(next.socket.end, null);
  for (const { socket } of [old, next]) socket.abandon("enough");
});

socketTest(
  "Handover takes the new connection, joined or not, once the old one has sent nothing for ten seconds",
  async () => {
    await using scene = new Scene();
    const old = await scene.open();
    const next = await scene.open();
    const handover = handoverOf(Promise.resolve(next.socket), old.socket);
    await next.exchange.send(tradeMessage(50));
    await arrived(next.socket, 1);
    {
      using clock = new ShiftedClock();
      clock.shiftMs = 9_000;
      handover.note([tradeMessage(1)]);
      // It has just sent something.
      clock.shiftMs = 18_000;
      assertEquals(handover.take(false), null);
      clock.shiftMs = 19_001;
      assertEquals(handover.take(false), next.socket);
    }
    for (const { socket } of [old, next]) socket.abandon("enough");
  },
);

socketTest("Handover returns why the new connection could not be made, and nudges the old one", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const reading = old.socket.read();
  const handover = handoverOf(Promise.reject(new Error("refused: HTTP 429")), old.socket);
  assertEquals(handover.failure, null);
  assertEquals(await reading, []);
  assertEquals(handover.failure, "refused: HTTP 429");
  assertEquals([handover.take(false), handover.take(true)], [null, null]);
  old.socket.abandon("enough");
});

socketTest("Handover keeps the old connection when the new one dies before it was taken", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open(100);
  const reading = old.socket.read();
  const handover = handoverOf(Promise.resolve(next.socket), old.socket);
  // The new one sends nothing until it counts as stale, and only the handover watches it.
  assertEquals(await reading, []);
  assertStringIncludes(handover.failure!, "no data for");
  assertEquals(handover.take(false), null);
  assertEquals(handover.take(true), null);
  handover.drop();
  assertEquals(old.socket.end, null);
  old.socket.abandon("enough");
});

socketTest(
  "Handover delivers the last trades of a dead new connection when the old one is dead too",
  async () => {
    await using scene = new Scene();
    const old = await scene.open();
    const next = await scene.open();
    const handover = handoverOf(Promise.resolve(next.socket), old.socket);
    await next.exchange.send(tradeMessage(2));
    await arrived(next.socket, 1);
    next.exchange.end();
    while (next.socket.end === null) await turn();
    assertEquals(handover.take(false), null);
    assertEquals(handover.take(true), next.socket);
    assertEquals(await next.socket.read(), [tradeMessage(2)]);
    old.socket.abandon("enough");
  },
);

socketTest("Handover abandons a new connection that opens after the handover was dropped", async () => {
  await using scene = new Scene();
  const old = await scene.open();
  const next = await scene.open();
  const opening = Promise.withResolvers<TradeSocket>();
  const handover = handoverOf(opening.promise, old.socket);
  handover.drop();
  assertEquals(next.socket.end, null);
  opening.resolve(next.socket);
  await turn();
  assertEquals(next.socket.end?.reason, "not needed");
  assertEquals(old.socket.end, null);
  assert(handover.take(true) === null);
  old.socket.abandon("enough");
});

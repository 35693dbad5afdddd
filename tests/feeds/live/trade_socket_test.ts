import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../../src/simulator/server.ts";
import { type MemoryUse, TradeSocket } from "../../../src/feeds/live/trade_socket.ts";
import { RawServer, socketTest, tradeMessage } from "../raw_server.ts";

const NEVER = new AbortController().signal;
/** Longer than any pause of this process, which must end neither a handshake nor a quiet stream. */
const LONG_MS = 600_000;

function open(server: { readonly endpoint: string }, staleMs = LONG_MS): Promise<TradeSocket> {
  // The process includes the memory of all tests that run in parallel.
  const memory = () => ({ rss: 0, heapTotal: 0, external: 0 });
  return TradeSocket.open(
    `${server.endpoint}/ws/btcusdt@trade`,
    { handshakeMs: LONG_MS, staleMs, memory },
    NEVER,
  );
}

function listen(plan: string, options: ExchangeOptions = {}): BuiltInExchange {
  return BuiltInExchange.listen({ speed: Infinity, faults: parseFaults(plan), ...options });
}

/** All frames until it ends. */
async function rest(socket: TradeSocket): Promise<string[]> {
  const frames: string[] = [];
  for (let some = await socket.read(); some !== null; some = await socket.read()) frames.push(...some);
  return frames;
}

function idsOf(frames: readonly string[]): number[] {
  return frames.map((frame) => Number(/"t":(\d+)/.exec(frame)![1]));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Reads `count` trades, which must follow `last`; returns the last id. */
async function readOn(socket: TradeSocket, count: number, last: number): Promise<number> {
  const end = last + count;
  while (last < end) {
    const frames = await socket.read();
    if (frames === null) throw new Error(`ended after ${last}: ${socket.end?.reason}`);
    for (const id of idsOf(frames)) if (id !== ++last) throw new Error(`${id} instead of ${last}`);
  }
  return last;
}

/** The frames read ahead, and one for every further pending read. */
const MOST_AHEAD = 256 + 1;

/** Waits until the exchange cannot send any more; returns the number of trades it has sent. */
async function stuckAt(exchange: BuiltInExchange): Promise<number> {
  for (let before = -1, steady = 0; steady < 4;) {
    steady = exchange.released === before ? steady + 1 : 0;
    before = exchange.released;
    await pause(50);
  }
  return exchange.released;
}

socketTest("TradeSocket delivers 200,000 frames of a flood in order, none lost, none doubled", async () => {
  await using exchange = listen("");
  const socket = await open(exchange);
  await readOn(socket, 200_000, 0);
  socket.abandon("enough");
});

socketTest("TradeSocket gathers the available frames, and delivers a single frame at once", async () => {
  await using exchange = listen("");
  const socket = await open(exchange);
  let most = 0;
  for (let i = 0; i < 200; i++) most = Math.max(most, (await socket.read())!.length);
  assert(most > 10 && most <= MOST_AHEAD, `${most} frames at most`);
  socket.abandon("enough");

  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    await visit.send(tradeMessage(1));
  });
  const quiet = await open(server);
  // Nothing else arrives that could wake it.
  assertEquals(idsOf((await quiet.read())!), [1]);
  assert(quiet.hasData);
  quiet.abandon("enough");
});

socketTest("TradeSocket slows the exchange down while no one reads, and memory stays flat", async () => {
  await using exchange = listen("");
  const socket = await open(exchange, 100);
  let last = await readOn(socket, 10_000, 0);
  const first = await stuckAt(exchange);
  const heap = Deno.memoryUsage().heapUsed;
  await pause(300);
  assertEquals(exchange.released, first, "the exchange kept sending");
  assert(Deno.memoryUsage().heapUsed - heap < 8e6, "the heap grew");
  assert(socket.waiting.length <= MOST_AHEAD, `${socket.waiting.length} frames wait`);
  assert(first - last < 100_000, `${first - last} trades are in transit`);
  // Much later than --stale, all frames have arrived, and the stream did not count as stale.
  assertEquals(socket.end, null);
  last = await readOn(socket, first, last);
  assert(exchange.released > first);
  socket.abandon("enough");
});

socketTest("TradeSocket reads no more than some large frames ahead", async () => {
  const large = "x".repeat(200_000);
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    for (let i = 0; i < 40; i++) await visit.send(large);
  });
  const socket = await open(server);
  let frames = 0;
  while (frames < 40) {
    const read = (await socket.read())!;
    frames += read.length;
    assert(read.length * large.length <= 1_600_000, `${read.length} frames of 200,000 characters at once`);
    await pause(5);
  }
  socket.abandon("enough");
});

socketTest("TradeSocket does not mistake a slow consumer for a stale exchange", async () => {
  await using exchange = listen("", { speed: 1, rate: 500 });
  const socket = await open(exchange, 500);
  let last = 0;
  for (let i = 0; i < 2; i++) {
    last = await readOn(socket, 1, last);
    await pause(750);
    last = await readOn(socket, 1, last);
    // The whole program is held up, so timers are late and frames wait in the network.
    for (const until = performance.now() + 750; performance.now() < until;);
  }
  await readOn(socket, 100, last);
  assertEquals(socket.end, null);
  socket.abandon("enough");
});

for (const fault of ["stall", "half-open", "no-close"]) {
  socketTest(`TradeSocket drops a stale connection: ${fault}`, async () => {
    await using exchange = listen(`${fault}@1000`, { pingEveryMs: 20 });
    const socket = await open(exchange, 500);
    const frames = await rest(socket);
    assertEquals(idsOf(frames), Array.from({ length: 1000 }, (_, at) => at + 1));
    const { cause, reason } = socket.end!;
    assert(cause === "stale" && Number(/^no data for (\d+) ms$/.exec(reason)?.[1]) >= 499, reason);
  });
}

socketTest("TradeSocket does not count pings as data", async () => {
  await using exchange = listen("", { pingEveryMs: 20 });
  const url = `${exchange.endpoint}/ws/nosuch@trade`;
  const socket = await TradeSocket.open(url, { handshakeMs: LONG_MS, staleMs: 200 }, NEVER);
  assertEquals(await socket.read(), null);
  assertEquals(socket.hasData, false);
  assertStringIncludes(socket.end!.reason, "no data for ");
});

socketTest("TradeSocket drops a connection that an unsolicited pong has stalled", async () => {
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    await visit.send(tradeMessage(1));
    await pause(50);
    await visit.write(Uint8Array.of(0x8a, 0x00));
    for (let id = 2; id < 200; id++) {
      await visit.send(tradeMessage(id));
      await pause(10);
    }
  });
  const socket = await open(server, 200);
  // A runtime without that defect delivers all of them instead, and then nothing.
  const ids = idsOf(await rest(socket));
  assertEquals(ids, Array.from(ids, (_, at) => at + 1));
  assertStringIncludes(socket.end!.reason, "no data for");
});

socketTest("TradeSocket reports how the exchange ended it, after the last trade", async () => {
  await using closing = listen("close@700");
  const closed = await open(closing);
  assertEquals((await rest(closed)).length, 700);
  assertEquals(closed.end!.reason, `the exchange closed the connection (1001 "fault: close")`);

  await using dropping = listen("drop@700");
  const dropped = await open(dropping);
  assertEquals((await rest(dropped)).length, 700);
  assert(/dropped the connection|the connection broke/.test(dropped.end!.reason), dropped.end!.reason);
});

socketTest("TradeSocket delivers a binary frame as an unusable message", async () => {
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    await visit.send(Uint8Array.of(0, 255, 123));
    await visit.send(new TextEncoder().encode(tradeMessage(1)));
    await visit.send(tradeMessage(2));
    visit.end();
  });
  const frames = await rest(await open(server));
  assertEquals(frames, ["(binary frame)", "(binary frame)", tradeMessage(2)]);
});

socketTest(
  "TradeSocket replaces an overlong text by its length, and does not keep the text",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      await visit.send("x".repeat(256 * 1024));
      await visit.send("x".repeat(256 * 1024 + 1));
      await visit.send(tradeMessage(2));
      visit.end();
    });
    const frames = await rest(await open(server));
    assertEquals(frames, ["x".repeat(256 * 1024), "(frame of 262145 characters)", tradeMessage(2)]);
  },
);

socketTest("TradeSocket.abandon() never waits for the peer, and the first reason stays", async () => {
  for (const kind of ["half-open", "no-close", "stall"] as const) {
    await using exchange = listen(`${kind}@500`);
    const socket = await open(exchange);
    await readOn(socket, 500, 0);
    const reading = socket.read();
    socket.abandon("the first reason");
    socket.abandon("the second reason");
    assertEquals(await reading, null);
    assertEquals(await socket.read(), null);
    assertEquals(socket.end?.reason, "the first reason");
  }
});

const MB = 1024 * 1024;
const GROWTHS: [what: string, MemoryUse, ends: "settled" | "runaway"][] = [
  ["the program's objects", { rss: 900 * MB, heapTotal: 850 * MB, external: 0 }, "settled"],
  ["the program's buffers", { rss: 900 * MB, heapTotal: 50 * MB, external: 800 * MB }, "settled"],
  ["freed buffers", { rss: 500 * MB, heapTotal: 50 * MB, external: 0 }, "settled"],
  ["the runtime's own memory", { rss: 900 * MB, heapTotal: 50 * MB, external: 400 * MB }, "runaway"],
];

/** How a dropped socket ends if `memoryOf` returns the memory after this many measurements. */
async function endOfDropped(memoryOf: (times: number) => MemoryUse): Promise<string> {
  await using exchange = listen("half-open@500");
  const over = Promise.withResolvers<string>();
  let times = 0;
  let isDropped = false;
  const socket = await TradeSocket.open(
    `${exchange.endpoint}/ws/btcusdt@trade`,
    {
      ...{ handshakeMs: LONG_MS, staleMs: LONG_MS, memory: () => memoryOf(isDropped ? times++ : 0) },
      onRunaway: () => over.resolve("runaway"),
    },
    NEVER,
  );
  await readOn(socket, 500, 0);
  socket.abandon("left");
  isDropped = true;
  socket.settled.then(() => over.resolve("settled"));
  return await over.promise;
}

const BEFORE: MemoryUse = { rss: 500 * MB, heapTotal: 50 * MB, external: 400 * MB };

socketTest(
  "TradeSocket, once dropped, ends as settled or as runaway depending on memory growth",
  async () => {
    // Each is watched for two seconds, all at the same time.
    await Promise.all(GROWTHS.map(async ([what, after, ends]) => {
      assertEquals(await endOfDropped((times) => times === 0 ? BEFORE : after), ends, what);
    }));
  },
);

socketTest(
  "TradeSocket, once dropped, is not settled before two seconds of watching, however long the program was held up",
  async () => {
    const { now } = performance;
    let heldUpMs = 0;
    performance.now = () => now.call(performance) + heldUpMs;
    try {
      const ends = await endOfDropped((times) => {
        // The program was suspended, for example by a debugger or a closed lid.
        if (times === 3) heldUpMs = 60_000;
        return times < 6 ? BEFORE : { rss: 900 * MB, heapTotal: 50 * MB, external: 400 * MB };
      });
      assertEquals(ends, "runaway");
    } finally {
      performance.now = now;
    }
  },
);

socketTest("TradeSocket still delivers what it has read after it is abandoned", async () => {
  await using exchange = listen("");
  const socket = await open(exchange);
  await readOn(socket, 1, 0);
  while (socket.waiting.length === 0) await pause(1);
  const waiting = [...socket.waiting];
  socket.abandon("enough");
  assertEquals((await rest(socket)).slice(0, waiting.length), waiting);
});

socketTest("TradeSocket.abandon() lets the exchange end a connection in full flood", async () => {
  const ended = Promise.withResolvers<string>();
  await using exchange = listen("", {
    onEvent: (event) => event.type === "disconnected" && ended.resolve(event.reason),
  });
  const socket = await open(exchange);
  await readOn(socket, 5000, 0);
  socket.abandon("enough");
  assertStringIncludes(await ended.promise, "closed by the client");
});

socketTest("TradeSocket.nudge() lets a read return with nothing", async () => {
  await using exchange = listen("");
  const url = `${exchange.endpoint}/ws/nosuch@trade`;
  const socket = await TradeSocket.open(url, { handshakeMs: LONG_MS, staleMs: LONG_MS }, NEVER);
  const reading = socket.read();
  socket.nudge();
  assertEquals(await reading, []);
  socket.nudge();
  assertEquals(await socket.read(), []);
  socket.abandon("enough");
});

socketTest("TradeSocket.open() drops a handshake that is never answered", async () => {
  await using server = RawServer.listen(null);
  const opening = TradeSocket.open(server.endpoint, { handshakeMs: 100, staleMs: LONG_MS }, NEVER);
  const error = await assertRejects(() => opening, DOMException, "no answer within 100 ms");
  assertEquals(error.name, "TimeoutError");
});

socketTest(
  "TradeSocket.open() ends at once when its signal aborts, before or during the handshake",
  async () => {
    await using server = RawServer.listen(null);
    const stop = new AbortController();
    const opening = TradeSocket.open(
      server.endpoint,
      { handshakeMs: LONG_MS, staleMs: LONG_MS },
      stop.signal,
    );
    while (server.accepted === 0) await pause(1);
    stop.abort(new Error("asked to stop"));
    await assertRejects(() => opening, Error, "asked to stop");
    await assertRejects(
      () => TradeSocket.open(server.endpoint, { handshakeMs: LONG_MS, staleMs: LONG_MS }, stop.signal),
      Error,
      "asked to stop",
    );
    assertEquals(server.accepted, 1);
  },
);

socketTest("TradeSocket.open() may be aborted at any moment around the end of the handshake", async () => {
  await using exchange = listen("");
  for (let i = 0; i < 60; i++) {
    const stop = new AbortController();
    const opening = TradeSocket.open(
      `${exchange.endpoint}/ws`,
      { handshakeMs: LONG_MS, staleMs: LONG_MS },
      stop.signal,
    );
    const timer = setTimeout(() => stop.abort(), i % 6);
    await opening.then((socket) => socket.abandon("enough"), () => {});
    clearTimeout(timer);
    stop.abort();
  }
});

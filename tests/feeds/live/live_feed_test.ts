import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../../src/simulator/server.ts";
import { ExchangeUnreachable, LiveFeed } from "../../../src/feeds/live/live_feed.ts";
import { FeedRun } from "../feed_run.ts";
import { RawServer, socketTest, tradeMessage } from "../raw_server.ts";

const TICK_MS = 20;
const REPLACED = "the connection was replaced by a newer one";

function listen(plan: string, options: ExchangeOptions = {}): BuiltInExchange {
  return BuiltInExchange.listen({ speed: 1, rate: 1500, faults: parseFaults(plan), ...options });
}

function renewals(run: FeedRun): number {
  return run.notices.filter((notice) => notice === REPLACED).length;
}

/** Nothing is missing, and every trade has been counted exactly once. */
function assertUnbroken(run: FeedRun): void {
  const { trades, gaps, distinct, first, last } = run.tally;
  assertEquals([trades, gaps, distinct], [last - first + 1, 0, last - first + 1]);
  const totals = run.pipeline.totals;
  assertEquals([totals.trades, totals.gaps, totals.rejected], [trades, 0, 0]);
  assertEquals(totals.duplicates, run.ids.length - trades);
  assertEquals(run.disconnected, []);
}

socketTest("LiveFeed hands over every trade of a flood once and in order", async () => {
  await using exchange = listen("", { speed: Infinity });
  await using run = new FeedRun(exchange.endpoint);
  await run.until(() => run.pipeline.trades >= 20_000);
  await run.stop();
  assertEquals(run.connected.map(({ attempt, endpoint }) => [attempt, endpoint]), [[1, exchange.endpoint]]);
  assertEquals(run.tally.first, 1);
  assertUnbroken(run);
});

socketTest("LiveFeed renews its connection again and again without missing or doubling a trade", async () => {
  await using exchange = listen("");
  await using run = new FeedRun(exchange.endpoint, { renewAfterMs: 300 });
  await run.until(() => renewals(run) === 5);
  assertEquals(exchange.connectionsAccepted, 6);
  await run.until(() => renewals(run) === 6);
  await run.stop();
  assert(run.pipeline.trades > 2000);
  assertEquals(run.connected.length, 1);
  assertUnbroken(run);
});

socketTest("LiveFeed renews in a flood, with a consumer that cannot keep up", async () => {
  // The exchange must not cut the old connection off for being slow: the new one drives the market on meanwhile.
  await using exchange = listen("", { speed: Infinity, historyLimit: 2_000_000 });
  // Nor may a pause of this process count as a stale stream: that ends a connection, and here it may leave a gap.
  await using run = new FeedRun(exchange.endpoint, { renewAfterMs: 50, staleMs: 20_000 });
  await run.until(() => renewals(run) === 2);
  await run.stop();
  assertUnbroken(run);
});

socketTest("LiveFeed closes the connection that it has replaced", async () => {
  await using exchange = listen("", { rate: 500 });
  await using run = new FeedRun(exchange.endpoint, { renewAfterMs: 100 });
  await run.until(() => renewals(run) === 8);
  // The last ones may still be about to close.
  while (exchange.clients > 3) await new Promise((resolve) => setTimeout(resolve, 1));
});

/** For how long this process got no turn while `use` ran, ms, all pauses together. */
async function pausedMs(use: () => Promise<void>): Promise<number> {
  let [paused, last] = [0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    paused += Math.max(0, now - last - 2 * TICK_MS);
    last = now;
  }, TICK_MS);
  await use();
  clearInterval(timer);
  return paused;
}

socketTest("LiveFeed renews before the exchange ends the connection for its age", async () => {
  for (let tries = 1;; tries++) {
    await using exchange = listen("", { rate: 500, lifetimeMs: 3_000 });
    await using run = new FeedRun(exchange.endpoint, { renewAfterMs: 600 });
    const paused = await pausedMs(() => run.until(() => renewals(run) === 6 || run.disconnected.length > 0));
    await run.stop();
    // The exchange's time passes on while a busy machine gives this process no turn to renew.
    if (run.disconnected.length > 0 && paused > 1_000 && tries < 10) continue;
    return assertUnbroken(run);
  }
});

socketTest("LiveFeed reconnects when the exchange ends the connection for its age", async () => {
  await using exchange = listen("", { rate: 500, lifetimeMs: 200 });
  await using run = new FeedRun(exchange.endpoint);
  await run.until(() => run.connected.length === 3);
  for (const { reason } of run.disconnected) assertStringIncludes(reason, "(1001 ");
  assertEquals(run.pipeline.trades, run.tally.distinct);
});

socketTest("LiveFeed reconnects at once on serverShutdown and misses no trade", async () => {
  await using exchange = listen("", { shutdownNoticeMs: 60_000 });
  // Every wait before a connection is drawn.
  let waits = 0;
  await using run = new FeedRun(exchange.endpoint, { retryMaxMs: 60_000, random: () => (waits++, 0.999) });
  for (let time = 1; time <= 2; time++) {
    const { trades } = run.pipeline;
    await run.until(() => run.pipeline.trades > trades + 400);
    exchange.inject({ kind: "shutdown" });
    await run.until(() => renewals(run) === time);
  }
  const { trades } = run.pipeline;
  await run.until(() => run.pipeline.trades > trades + 400);
  await run.stop();
  assertEquals([renewals(run), waits], [2, 0]);
  assertEquals(exchange.connectionsAccepted, 3);
  const { passedOver } = run.pipeline.totals;
  assert(passedOver >= 2, "the notices were not seen");
  assertUnbroken(run);
});

socketTest(
  "LiveFeed reconnects without any wait when an announced end precedes the replacement",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      if (visit.number === 2) return;
      await visit.upgrade();
      await visit.send(tradeMessage(visit.number));
      if (visit.number > 1) return;
      await visit.send(`{"e":"serverShutdown","E":1700000000000}`);
      // The second connection is never answered, and this one ends.
      while (server.visits.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      visit.end();
    });
    await using run = new FeedRun(server.endpoint, { retryMaxMs: 60_000, random: () => 0.999 });
    await run.until(() => run.ids.length === 2);
    assertEquals(run.disconnected.map(({ retryInMs }) => retryInMs), [0]);
    assertStringIncludes(run.disconnected[0]!.reason, "as it had announced");
  },
);

socketTest(
  "LiveFeed keeps the old connection while a new one is refused, and renews later",
  async () => {
    let refuse = true;
    const refused = Promise.withResolvers<void>();
    let id = 0;
    await using server = RawServer.listen(async (visit) => {
      if (!visit.isWebSocket || (visit.number > 1 && refuse)) {
        if (!visit.isWebSocket) refused.resolve();
        return visit.answer(429, { "Retry-After": "1" });
      }
      await visit.upgrade();
      for (;;) {
        await visit.send(tradeMessage(visit.number === 1 ? ++id : id));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    await using run = new FeedRun(server.endpoint, { renewAfterMs: 100 });
    await refused.promise;
    refuse = false;
    const [first, second] = [server.visits[1]!.at, id];
    await run.until(() => renewals(run) === 1);
    assert(id > second, "the old connection did not continue");
    assertStringIncludes(run.notices[0]!, "refused the connection: HTTP 429");
    const attempts = server.visits.filter(({ isWebSocket }) => isWebSocket).map(({ at }) => at);
    assertEquals(attempts.length, 3);
    assert(attempts[2]! - first >= 1000, `again after ${attempts[2]! - first} ms, before Retry-After`);
    assertEquals(run.disconnected, []);
    assertEquals(run.tally.gaps, 0);
  },
);

socketTest("LiveFeed keeps the old connection when the new one is dead from the start", async () => {
  let id = 0;
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    if (visit.number === 2) return;
    for (;;) {
      await visit.send(tradeMessage(visit.number === 1 ? ++id : id));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await using run = new FeedRun(server.endpoint, { renewAfterMs: 100, staleMs: 1_000 });
  await run.until(() => renewals(run) === 1);
  assertStringIncludes(run.notices[0]!, "the old one stays open: no data for");
  assertEquals([run.disconnected.length, run.tally.gaps], [0, 0]);
});

socketTest(
  "LiveFeed never exceeds the connection budget, however often the exchange announces its end",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      await visit.send(tradeMessage(visit.number));
      await visit.send(`{"e":"serverShutdown","E":1700000000000}`);
    });
    await using run = new FeedRun(server.endpoint, { random: () => 0 });
    await run.until(() => renewals(run) === 299);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assertEquals(server.accepted, 300);
    await run.stop();
  },
);

socketTest(
  "LiveFeed follows three announced ends in a minute at once, and waits longer and longer for later ones",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      await visit.send(tradeMessage(visit.number));
      await visit.send(`{"e":"serverShutdown","E":1700000000000}`);
      // The first three are left for the next ones; the others end.
      if (visit.number > 3) visit.end();
    });
    await using run = new FeedRun(server.endpoint, { retryMaxMs: 60_000, random: () => 0.5 });
    await run.until(() => run.disconnected.length === 3);
    assertEquals(run.disconnected.map(({ retryInMs }) => retryInMs), [125, 250, 500]);
    assertEquals(server.accepted, 6);
  },
);

socketTest("LiveFeed starts the backoff over after a minute of health, and not before", async () => {
  const real = performance.now;
  let ahead = 0;
  performance.now = () => real.call(performance) + ahead;
  try {
    await using server = RawServer.listen(async (visit) => {
      if (visit.number <= 3) return visit.end();
      await visit.upgrade();
      await visit.send(tradeMessage(visit.number));
      while (run.ids.length < visit.number - 3) await new Promise((resolve) => setTimeout(resolve, 1));
      if (visit.number === 5) ahead += 61_000;
      visit.end();
    });
    // The draws stay short while the ceiling doubles: the third draw is ten times as large as the first.
    await using run = new FeedRun(server.endpoint, {
      staleMs: 600_000,
      retryMaxMs: 60_000,
      random: () => 0.02,
    });
    await run.until(() => run.disconnected.length === 6);
    assertEquals(run.disconnected.map(({ retryInMs }) => retryInMs), [5, 10, 20, 40, 5, 10]);
  } finally {
    performance.now = real;
  }
});

socketTest("LiveFeed closes its connection when the consumer leaves, at whatever batch", async () => {
  for (const kind of ["connected", "messages", "notice"]) {
    await using exchange = listen("");
    const feed = new LiveFeed({
      exchange: exchangeNamed("binance"),
      endpoint: exchange.endpoint,
      symbol: "BTCUSDT",
      staleMs: 60_000,
      retryMaxMs: 100,
      attempts: null,
      renewAfterMs: 50,
      signal: new AbortController().signal,
    });
    for await (const batch of feed) if (batch.kind === kind) break;
    while (exchange.clients > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

socketTest(
  "LiveFeed ends after the allowed number of failures in a row, and reports the last",
  async () => {
    await using server = RawServer.listen((visit) => visit.answer(451));
    await using run = new FeedRun(server.endpoint, { attempts: 3 });
    const error = await assertRejects(() => run.over, ExchangeUnreachable);
    assertStringIncludes(error.message, "Gave up after 3 failed attempts in a row");
    assertStringIncludes(error.message, "HTTP 451");
    assertStringIncludes(error.message, "--endpoint wss://data-stream.binance.vision:443");
    assertEquals(server.visits.filter(({ isWebSocket }) => isWebSocket).length, 3);
    assertEquals(run.disconnected.length, 2);
  },
);

socketTest(
  "LiveFeed counts failures from zero again after data, but not after a mere connection",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      if (visit.number <= 4) await visit.send(tradeMessage(visit.number));
      visit.end();
    });
    await using run = new FeedRun(server.endpoint, { attempts: 2 });
    const error = await assertRejects(() => run.over, ExchangeUnreachable);
    assertStringIncludes(error.message, "Gave up after 2 failed attempts in a row");
    assertEquals(server.visits.length, 6);
    assertEquals(run.connected.map(({ attempt }) => attempt), [1, 1, 1, 1, 1, 2]);
  },
);

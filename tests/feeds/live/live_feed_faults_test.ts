import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../../src/simulator/server.ts";
import { ExchangeUnreachable } from "../../../src/feeds/live/live_feed.ts";
import { Pipeline } from "../../../src/stages/pipeline.ts";
import { DEFAULTS, optionsOf, reading } from "../../support/pipeline_input.ts";
import { FeedRun } from "../feed_run.ts";
import { RawServer, socketTest, tradeMessage } from "../raw_server.ts";

function listen(plan: string, options: ExchangeOptions = {}): BuiltInExchange {
  return BuiltInExchange.listen({ speed: 1, rate: 5000, faults: parseFaults(plan), ...options });
}

type Breaking = "drop" | "stall" | "half-open" | "no-close" | "close";

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * What was received is counted, once: the pipeline agrees with a count by hand, and with another pipeline that
 * is given everything at once.
 */
function assertCounted(run: FeedRun): void {
  const { trades, gaps, missing, first, last } = run.tally;
  const { totals } = run.pipeline;
  assertEquals([totals.trades, totals.gaps], [trades, gaps]);
  assertEquals(totals.duplicates + totals.outOfOrder >= run.ids.length - trades, true);
  assertEquals(trades + missing, last - first + 1);
  const gapEvents = run.events.filter((event) => event.type === "gap");
  assertEquals(gapEvents.reduce((sum, gap) => sum + gap.missing, 0), missing);

  const again = new Pipeline(optionsOf(DEFAULTS));
  const events = [...again.run(reading(run.messages)), ...again.end()];
  assertEquals(again.totals, totals);
  assertEquals(events.length, run.events.length);
}

/** Makes `kind` happen that often, each time in the midst of trades, and waits until they flow again. */
async function breakConnection(
  run: FeedRun,
  exchange: BuiltInExchange,
  kind: Breaking,
  times: number,
): Promise<void> {
  for (let time = 1; time <= times + 1; time++) {
    await run.until(() => run.connected.length >= time);
    const { trades } = run.pipeline;
    await run.until(() => run.pipeline.trades > trades + 200);
    if (time <= times) exchange.inject({ kind });
  }
}

socketTest("LiveFeed keeps going after ten cuts, and every trade received is counted once", async () => {
  await using exchange = listen("");
  await using run = new FeedRun(exchange.endpoint, { retryMaxMs: 250, random: () => 0.2 });
  await breakConnection(run, exchange, "drop", 10);
  await run.stop();
  assertEquals(exchange.connectionsAccepted, 11);
  assertEquals([run.disconnected.length, run.connected.length], [10, 11]);
  for (const { attempt } of run.connected) assertEquals(attempt, 1);
  assertEquals(run.tally.distinct, run.pipeline.trades);
  assertEquals(run.tally.gaps, 10);
  assertCounted(run);
});

for (const fault of ["stall", "half-open", "no-close", "close"] as const) {
  socketTest(`LiveFeed drops a connection after --stale and continues: ${fault}`, async () => {
    await using exchange = listen("", { pingEveryMs: 20 });
    await using run = new FeedRun(exchange.endpoint, { staleMs: fault === "close" ? 60_000 : 200 });
    await breakConnection(run, exchange, fault, 2);
    await run.stop();
    const [cause, says] = fault === "close" ? ["closed", `(1001 "fault: close")`] : ["stale", "no data for "];
    for (const lost of run.disconnected) {
      assertStringIncludes(lost.reason, says);
      assertEquals([lost.cause, lost.hint], [cause, null]);
    }
    assert(run.disconnected.length >= 2, `${run.disconnected.length}`);
    assertEquals(run.tally.distinct, run.pipeline.trades);
    assertCounted(run);
  });
}

socketTest("LiveFeed recovers from an unsolicited pong, which stalls a WebSocketStream", async () => {
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    for (let id = 0; id < 20; id++) {
      await visit.send(tradeMessage(100 * visit.number + id));
      if (id === 10 && visit.number === 1) {
        await pause(50);
        await visit.write(Uint8Array.of(0x8a, 0x00));
      }
      await pause(5);
    }
  });
  await using run = new FeedRun(server.endpoint, { staleMs: 250 });
  // Of any connection after the first: a pause of this process would end the second one, too.
  await run.until(() => run.ids.some((id) => id > 200 && id % 100 === 19));
  assertStringIncludes(run.disconnected[0]!.reason, "no data for");
  assertCounted(run);
});

socketTest("LiveFeed honours Retry-After when it is refused with 429", async () => {
  await using server = RawServer.listen(async (visit) => {
    if (visit.number <= 2) return await visit.answer(429, { "Retry-After": "1" });
    await visit.upgrade();
    await visit.send(tradeMessage(visit.number));
  });
  await using run = new FeedRun(server.endpoint, { random: () => 0 });
  await run.until(() => run.ids.length === 1);
  const [refused] = run.disconnected;
  assertStringIncludes(refused!.reason, "refused the connection: HTTP 429");
  assert(refused!.retryInMs > 0 && refused!.retryInMs <= 1000, `${refused!.retryInMs}`);
  const [first, , third] = server.visits;
  assert(third!.at - first!.at >= 1000, `again after ${third!.at - first!.at} ms`);
  assertEquals(run.connected[0]!.attempt, 2);
});

socketTest("LiveFeed waits as long as Retry-After asks, even longer than a timer can last", async () => {
  await using server = RawServer.listen((visit) => visit.answer(418, { "Retry-After": "99999999" }));
  await using run = new FeedRun(server.endpoint, { random: () => 0 });
  await run.until(() => run.disconnected.length === 1);
  await pause(200);
  assertEquals(server.visits.filter(({ isWebSocket }) => isWebSocket).length, 1);
  await run.stop();
});

socketTest(
  "LiveFeed waits for the longest backoff after a refusal for too many requests without Retry-After",
  async () => {
    await using exchange = listen("refuse=429:0@200");
    await using run = new FeedRun(exchange.endpoint, { retryMaxMs: 300, random: () => 0 });
    await run.until(() => run.connected.length === 2);
    const { trades } = run.pipeline;
    await run.until(() => run.pipeline.trades > trades + 100);
    await run.stop();
    const [first, second] = run.disconnected.map(({ retryInMs }) => retryInMs);
    assert(first === 0 && second! > 0 && second! <= 300, `${first}, ${second}`);
    assertCounted(run);
  },
);

socketTest("LiveFeed learns from the built-in exchange how long to stay away", async () => {
  await using exchange = listen("refuse=429:60@200");
  await using run = new FeedRun(exchange.endpoint, { retryMaxMs: 300, random: () => 0 });
  await run.until(() => run.disconnected.length === 2);
  const [first, second] = run.disconnected.map(({ retryInMs }) => retryInMs);
  // Some of it may have passed by the time of the signal.
  assert(first === 0 && second! > 20_000 && second! <= 60_000, `${first}, ${second}`);
  await run.stop();
});

socketTest(
  "LiveFeed points to the market-data host when the region is restricted, and keeps trying",
  async () => {
    await using exchange = listen("refuse=451:0:2@0");
    await using run = new FeedRun(exchange.endpoint);
    await run.until(() => run.pipeline.trades > 100);
    const [first, second] = run.disconnected;
    assertStringIncludes(first!.reason, "HTTP 451");
    assertStringIncludes(first!.hint!, "--endpoint wss://data-stream.binance.vision:443");
    assertStringIncludes(second!.reason, "HTTP 451");
    assertEquals(second!.hint, null, "what to do is said once");
    assertEquals(run.disconnected.length, 2);
    assertEquals(run.connected.map(({ attempt }) => attempt), [3]);
  },
);

socketTest("LiveFeed says so when no trade of a symbol ever arrives", async () => {
  await using exchange = listen("", { pingEveryMs: 20 });
  await using run = new FeedRun(exchange.endpoint, { symbol: "BTCUSDX", staleMs: 200, attempts: 2 });
  const error = await assertRejects(() => run.over, ExchangeUnreachable);
  assertStringIncludes(error.message, "no trade of BTCUSDX arrived: no data for ");
  const [{ reason, hint }] = run.disconnected as [FeedRun["disconnected"][0]];
  assertStringIncludes(reason, "no trade of BTCUSDX arrived");
  assertStringIncludes(hint!, "Is BTCUSDX a symbol of this exchange?");
  assertStringIncludes(hint!, "raise --stale");
});

socketTest("LiveFeed counts no stale stream of a symbol that the exchange is known to have", async () => {
  await using exchange = listen("", { pingEveryMs: 20 });
  await using run = new FeedRun(exchange.endpoint, {
    symbol: "BTCUSDX",
    staleMs: 100,
    attempts: 2,
    isConfirmed: true,
  });
  await run.until(() => run.disconnected.length === 4);
  assertEquals(
    run.disconnected.map(({ cause, retryInMs, hint }) => [cause, retryInMs, hint]),
    Array(4).fill(["stale", 0, null]),
  );
});

/** Serves a symbol that trades at some connections only: `ids` says which trades come at each, in order. */
function sparse(ids: readonly (readonly number[])[]): RawServer {
  return RawServer.listen(async (visit) => {
    await visit.upgrade();
    for (const id of ids[visit.number - 1] ?? []) await visit.send(tradeMessage(id));
  });
}

/** How long a connection was silent before it was dropped, ms, as its reason says. */
function silentMs({ reason }: { readonly reason: string }): number {
  return Number(/no data for (\d+) ms/.exec(reason)![1]);
}

socketTest(
  "LiveFeed counts no stale stream as a failure once a trade has arrived",
  async () => {
    await using server = sparse([[1, 2], [], [], [], []]);
    await using run = new FeedRun(server.endpoint, {
      staleMs: 60,
      attempts: 1,
      retryMaxMs: 60_000,
      random: () => 0.99,
    });
    await run.until(() => run.connected.length === 5);
    assertEquals(run.connected.map(({ attempt }) => attempt), [1, 1, 1, 1, 1]);
    assertEquals(
      run.disconnected.map(({ cause, retryInMs }) => [cause, retryInMs]),
      Array(4).fill(["stale", 0]),
    );
  },
);

socketTest(
  "LiveFeed accepts longer quiet times of a symbol that missed nothing, until trades were missed",
  async () => {
    await using server = sparse([[1, 2], [], [], [3], [4], [9]]);
    await using run = new FeedRun(server.endpoint, { staleMs: 60 });
    await run.until(() => run.disconnected.length === 6);
    const limits = run.disconnected.map(silentMs);
    // Trade 3 came after three silences: twice as much is believed, and more once trade 4 followed.
    assert(limits[3]! >= 6 * 60 && limits[4]! > limits[3]!, `${limits}`);
    assertEquals(run.notices.length, 3, `${run.notices}`);
    assertStringIncludes(run.notices[0]!, "and none was missed: its stream now counts as stale after");
    assertStringIncludes(run.notices[1]!, "and none was missed");
    assertStringIncludes(
      run.notices[2]!,
      "4 trades of BTCUSDT were missed while its stream sent nothing for",
    );
    assertStringIncludes(run.notices[2]!, "it counts as stale after 0.06 s without a trade again");
    assertEquals(run.tally.missing, 4);
  },
);

socketTest("LiveFeed stays within the exchange's connections, however short --stale is", async () => {
  await using server = sparse([[1]]);
  await using run = new FeedRun(server.endpoint, { staleMs: 1 });
  await run.until(() => run.disconnected.some(({ retryInMs }) => retryInMs > 1_000));
  assert(server.accepted <= 300, `${server.accepted} connections`);
});

socketTest("LiveFeed does not take an exchange's reason for closing for a stale stream", async () => {
  await using server = RawServer.listen(async (visit) => {
    await visit.upgrade();
    const reason = new TextEncoder().encode("no data for 9 ms");
    await visit.write(Uint8Array.of(0x88, reason.length + 2, 0x03, 0xe8, ...reason));
    visit.end();
  });
  await using run = new FeedRun(server.endpoint, { staleMs: 60_000 });
  await run.until(() => run.disconnected.length === 1);
  const [{ cause, reason, hint }] = run.disconnected as [FeedRun["disconnected"][0]];
  assertStringIncludes(reason, "no data for 9 ms");
  assertEquals([cause, hint], ["closed", null]);
});

socketTest("LiveFeed does not question the symbol once a trade of it has arrived", async () => {
  await using exchange = listen("stall@50", { rate: 1000 });
  await using run = new FeedRun(exchange.endpoint, { staleMs: 200, attempts: 1, retryMaxMs: 10 });
  await run.until(() => run.disconnected.length === 1);
  assertEquals(run.disconnected[0]!.hint, null);
  assert(run.disconnected[0]!.reason.startsWith("no data for"));
});

socketTest("LiveFeed passes on duplicates, disorder, holes and rubbish, and the pipeline copes", async () => {
  await using exchange = listen("duplicate=7@300,malformed@500,hole=5@700,reorder@900,malformed@1100");
  await using run = new FeedRun(exchange.endpoint);
  await run.until(() => run.pipeline.trades >= 2000);
  await run.stop();
  const { totals } = run.pipeline;
  assertEquals(run.disconnected, []);
  // The hole, and the one trade that a later one overtook.
  assertEquals([run.tally.gaps, run.tally.missing], [2, 6]);
  assert(
    totals.duplicates >= 7 && totals.outOfOrder === 1 && totals.rejected >= 10 && totals.passedOver >= 4,
    JSON.stringify(totals),
  );
  assert(run.pipeline.takeRejections()!.sample.length <= 200);
  assertCounted(run);
});

socketTest("LiveFeed survives every fault at random places", async () => {
  await using exchange = listen("random=400", { seed: 11, shutdownNoticeMs: 50, speed: Infinity });
  await using run = new FeedRun(exchange.endpoint, { staleMs: 200, renewAfterMs: 400 });
  await run.until(() => run.pipeline.trades >= 6_000);
  await run.stop();
  assert(run.disconnected.length >= 2);
  assertCounted(run);
});

/** Situations in which a feed may be stopped: where it connects, its options, and when it is there. */
const SITUATIONS: Record<string, (stop: (run: FeedRun) => Promise<void>) => Promise<void>> = {
  "before it starts": async (stop) => {
    await using server = RawServer.listen(null);
    await using run = new FeedRun(server.endpoint);
    await stop(run);
  },
  "while connecting": async (stop) => {
    await using server = RawServer.listen(null);
    await using run = new FeedRun(server.endpoint);
    while (server.accepted === 0) await pause(1);
    await stop(run);
  },
  "while it queries why it was refused": async (stop) => {
    await using server = RawServer.listen((visit) =>
      visit.isWebSocket ? visit.answer(429) : Promise.resolve()
    );
    await using run = new FeedRun(server.endpoint);
    while (server.visits.length < 2) await pause(1);
    await stop(run);
  },
  "while waiting to try again": async (stop) => {
    await using server = RawServer.listen((visit) => visit.answer(503));
    await using run = new FeedRun(server.endpoint, { retryMaxMs: 60_000, random: () => 0.999 });
    await run.until(() => run.disconnected.length === 1);
    await stop(run);
  },
  "in a stall": async (stop) => {
    await using exchange = listen("stall@500");
    await using run = new FeedRun(exchange.endpoint, { staleMs: 60_000 });
    await run.until(() => run.pipeline.trades === 500);
    await stop(run);
    assertEquals(run.ids.length, 500);
  },
  "with a half-open peer": async (stop) => {
    await using exchange = listen("half-open@500");
    await using run = new FeedRun(exchange.endpoint, { staleMs: 60_000 });
    await run.until(() => run.pipeline.trades === 500);
    await stop(run);
    assertEquals(run.ids.length, 500);
  },
  "with a peer that never finishes closing": async (stop) => {
    await using exchange = listen("no-close@500");
    await using run = new FeedRun(exchange.endpoint, { staleMs: 60_000 });
    await run.until(() => run.pipeline.trades === 500);
    await stop(run);
  },
  "in a flood": async (stop) => {
    await using exchange = listen("", { speed: Infinity });
    await using run = new FeedRun(exchange.endpoint);
    await run.until(() => run.pipeline.trades > 5000);
    await stop(run);
    assertEquals(run.tally.gaps, 0);
    assertCounted(run);
  },
  "while a newer connection is being opened": async (stop) => {
    await using server = RawServer.listen(async (visit) => {
      if (visit.number > 1) return;
      await visit.upgrade();
      await visit.send(tradeMessage(1));
    });
    await using run = new FeedRun(server.endpoint, { staleMs: 60_000, renewAfterMs: 50 });
    while (server.visits.length < 2) await pause(1);
    await stop(run);
    assertEquals(run.ids, [1]);
  },
};

for (const [situation, play] of Object.entries(SITUATIONS)) {
  socketTest(`LiveFeed ends at once when it is stopped ${situation}`, async () => {
    await play((run) => run.stop());
  });
}

socketTest(
  "LiveFeed hands over what both connections had received when it is stopped in between",
  async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      // The new connection is ahead of the old one, which never catches up.
      for (const id of visit.number === 1 ? [1, 2] : [5, 6]) await visit.send(tradeMessage(id));
    });
    await using run = new FeedRun(server.endpoint, { staleMs: 60_000, renewAfterMs: 50 });
    while (server.visits.length < 2) await pause(1);
    // What the new connection holds cannot be seen from outside: it is read in one of these turns.
    for (let turn = 0; turn < 100; turn++) await pause(1);
    assertEquals(run.ids, [1, 2]);
    await run.stop();
    assertEquals(run.ids, [1, 2, 5, 6]);
  },
);

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  type ConnectFailure,
  explain,
  NetPermissionError,
  retryAfterMs,
} from "../../../src/feeds/live/connect_failure.ts";
import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { parseFaults } from "../../../src/simulator/faults.ts";
import { BuiltInExchange } from "../../../src/simulator/server.ts";
import { TradeSocket } from "../../../src/feeds/live/trade_socket.ts";
import { DEAD_ENDPOINT } from "../../support/penstock.ts";
import { RawServer, socketTest } from "../raw_server.ts";

const BINANCE = exchangeNamed("binance");
const NEVER = new AbortController().signal;

/** What is said about the failure to connect to `url`. */
async function failureOf(url: string, signal = NEVER): Promise<ConnectFailure> {
  const error = await assertRejects(() =>
    TradeSocket.open(url, { handshakeMs: 600_000, staleMs: 600_000 }, NEVER)
  );
  return await explain(error, url, BINANCE, signal);
}

/** The same, in its own program with these permissions. */
async function failureInChild(url: string, permissions: string[]): Promise<string> {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { exchangeNamed } from ${module("../../../src/exchanges/known_exchanges.ts")};
    import { explain } from ${module("../../../src/feeds/live/connect_failure.ts")};
    import { TradeSocket } from ${module("../../../src/feeds/live/trade_socket.ts")};
    const never = new AbortController().signal;
    try {
      await TradeSocket.open(${JSON.stringify(url)}, { handshakeMs: 600_000, staleMs: 600_000 }, never);
    } catch (error) {
      const explained = await explain(error, ${
    JSON.stringify(url)
  }, exchangeNamed("binance"), never).catch((error) => error);
      console.log(explained instanceof Error ? String(explained) : JSON.stringify(explained));
    }`;
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", "--config", config, ...permissions, "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

function refusing(status: number, headers: Record<string, string> = {}): RawServer {
  return RawServer.listen((visit) => visit.answer(status, headers));
}

socketTest("explain() says that a name cannot be resolved", async () => {
  const printed = JSON.parse(
    await failureInChild("wss://stream.invalid:9443/ws", ["--allow-net=stream.invalid"]),
  );
  assertEquals(printed.reason, "the name stream.invalid cannot be resolved (DNS)");
  assertStringIncludes(printed.hint, "penstock demo");
  assertEquals([printed.status, printed.retryAfterMs], [null, 0]);
});

socketTest("explain() finds the status that the runtime hides where TLS is on", async () => {
  const hidden = new Error("failed to connect to WebSocket: Didn't receive h2 alpn, aborting connection");
  for (const [status, seconds] of [[451, 0], [429, 7], [302, 0]] as const) {
    await using server = refusing(status, seconds === 0 ? {} : { "Retry-After": String(seconds) });
    const printed = await explain(hidden, `${server.endpoint}/ws/btcusdt@trade`, BINANCE, NEVER);
    assertStringIncludes(printed.reason, `refused the connection: HTTP ${status}`);
    assertEquals([printed.status, printed.retryAfterMs], [status, seconds * 1000]);
  }
});

socketTest(
  "explain() leaves a refusal unexplained if a plain request gets the usual answer",
  async () => {
    const hidden = new Error("Didn't receive h2 alpn, aborting connection");
    for (const status of [400, 404, 426]) {
      await using server = refusing(status);
      const printed = await explain(hidden, `${server.endpoint}/ws/btcusdt@trade`, BINANCE, NEVER);
      assertStringIncludes(printed.reason, "refused the connection, and does not say why");
      assertEquals([printed.status, printed.hint], [null, null]);
    }
  },
);

socketTest("explain() throws where permission is missing, and names the flag that grants it", async () => {
  const nothing = await failureInChild("wss://stream.binance.com:9443/ws/btcusdt@trade", []);
  assertEquals(
    nothing,
    "NetPermissionError: No permission to reach stream.binance.com:9443: " +
      "allow it with --allow-net=stream.binance.com:9443 before main.ts, or in deno.json",
  );
  const another = await failureInChild("wss://data-stream.binance.vision/ws", ["--allow-net=127.0.0.1"]);
  assertStringIncludes(another, "--allow-net=data-stream.binance.vision:443");
});

socketTest("explain() names the host of a missing permission from any error of that kind", async () => {
  const denied = new Deno.errors.NotCapable("Requires net access");
  const error = await assertRejects(
    () => explain(denied, "ws://[::1]/ws", BINANCE, NEVER),
    NetPermissionError,
  );
  assertStringIncludes(error.message, "--allow-net=[::1]:80");
});

socketTest("explain() says that nothing answers at a port", async () => {
  const { reason, hint, status } = await failureOf(`${DEAD_ENDPOINT}/ws/btcusdt@trade`);
  assertEquals(reason, `nothing answers at ${new URL(DEAD_ENDPOINT).host} (refused or unreachable)`);
  assertStringIncludes(hint!, "penstock demo");
  assertEquals(status, null);
});

socketTest("explain() says that TLS failed when the port does not speak it", async () => {
  await using server = RawServer.speaksPlainly();
  const host = server.endpoint.slice("ws://".length);
  const { reason, hint } = await failureOf(`wss://${host}/ws`);
  assert(reason.startsWith(`TLS with ${host} failed: `), reason);
  assertStringIncludes(hint!, "DENO_TLS_CA_STORE=system");
});

socketTest("explain() names a restricted region and points to the market-data host", async () => {
  await using exchange = BuiltInExchange.listen({ faults: parseFaults("refuse=451:0@0") });
  const host = exchange.endpoint.slice("ws://".length);
  const { reason, hint, status } = await failureOf(`${exchange.endpoint}/ws/btcusdt@trade`);
  assertEquals(reason, `${host} refused the connection: HTTP 451`);
  assertStringIncludes(hint!, "region");
  assertStringIncludes(hint!, "wss://data-stream.binance.vision:443");
  assertEquals(status, 451);
});

socketTest("explain() finds Retry-After with one more request to the same address", async () => {
  await using server = refusing(429, { "Retry-After": "7" });
  const failure = await failureOf(`${server.endpoint}/ws/btcusdt@trade`);
  assertEquals([failure.status, failure.retryAfterMs], [429, 7000]);
  assertEquals(server.visits.map(({ request, isWebSocket }) => [request.url.pathname, isWebSocket]), [
    ["/ws/btcusdt@trade", true],
    ["/ws/btcusdt@trade", false],
  ]);
});

socketTest("explain() understands a Retry-After that is a date", async () => {
  const inTenSeconds = new Date(Date.now() + 10_000).toUTCString();
  await using server = refusing(418, { "Retry-After": inTenSeconds });
  const failure = await failureOf(`${server.endpoint}/ws`);
  assert(failure.retryAfterMs > 8000 && failure.retryAfterMs <= 10_000, `${failure.retryAfterMs}`);
  assertStringIncludes(failure.hint!, "banned");
});

socketTest("explain() does without Retry-After, even if the second request is dropped", async () => {
  await using plain = refusing(503);
  assertEquals((await failureOf(`${plain.endpoint}/ws`)).retryAfterMs, 0);
  await using dropping = RawServer.listen((visit) =>
    visit.isWebSocket ? visit.answer(429) : Promise.resolve(visit.end())
  );
  const { reason, retryAfterMs } = await failureOf(`${dropping.endpoint}/ws`);
  assertStringIncludes(reason, "HTTP 429");
  assertEquals(retryAfterMs, 0);
});

socketTest("explain() stops asking when its signal aborts", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = RawServer.listen((visit) => {
    if (visit.isWebSocket) return visit.answer(429);
    asked.resolve();
    return Promise.resolve();
  });
  const stop = new AbortController();
  const { timeout } = AbortSignal;
  try {
    // Nothing else ends it.
    AbortSignal.timeout = () => NEVER;
    const failure = failureOf(`${server.endpoint}/ws`, stop.signal);
    await asked.promise;
    stop.abort();
    assertEquals((await failure).retryAfterMs, 0);
  } finally {
    AbortSignal.timeout = timeout;
  }
});

socketTest("explain() passes on what it does not know, with the address", async () => {
  const timeout = new DOMException("no answer within 10 ms", "TimeoutError");
  assertEquals(await explain(timeout, "wss://h/ws", BINANCE, NEVER), {
    reason: "no connection to h:443: no answer within 10 ms",
    hint: null,
    status: null,
    retryAfterMs: 0,
  });
});

Deno.test("retryAfterMs() reads seconds and dates, and treats everything else as none", () => {
  const now = Date.parse("2026-07-01T12:00:00Z");
  const table: [string | null, number][] = [
    [null, 0],
    ["", 0],
    ["0", 0],
    ["120", 120_000],
    ["259200", 259_200_000],
    ["259201", 259_200_000],
    ["999999999", 259_200_000],
    ["Wed, 01 Jul 2026 12:00:30 GMT", 30_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 259_200_000],
    ["Wed, 01 Jul 2026 11:59:30 GMT", 0],
    ["soon", 0],
    ["-5", 0],
    ["1.5", 0],
    ["12345678901", 0],
  ];
  for (const [header, expected] of table) {
    assertEquals(retryAfterMs(header, now), expected, String(header));
  }
});

Deno.test("retryAfterMs() is never negative and never not a number, whatever the header says", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+ ]?\d{1,12}[.\d]*$/)), (header) => {
    const wait = retryAfterMs(header, 1_700_000_000_000);
    assert(wait >= 0 && wait <= 259_200_000, `${wait}`);
  }));
  fc.assert(fc.property(fc.integer({ min: 0, max: 259_200 }), (seconds) => {
    assertEquals(retryAfterMs(String(seconds), 0), seconds * 1000);
  }));
});

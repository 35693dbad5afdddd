import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { QuietLimit } from "../../../src/feeds/live/quiet_limit.ts";
import { tradeMessage } from "../raw_server.ts";

const STALE = 15_000;
const HOUR = 3_600_000;

/** A limit after trade 1 at 0 and no trade until `at`, with a stale connection dropped meanwhile. */
function quietUntil(at: number, id = 2): { readonly limit: QuietLimit; readonly printed: string | null } {
  const limit = new QuietLimit(STALE, new BinanceMessageReader("BTCUSDT"));
  assertEquals(limit.received([tradeMessage(1)], 0), null);
  limit.dropped();
  return { limit, printed: limit.received([tradeMessage(id)], at) };
}

Deno.test("QuietLimit accepts twice the quiet time in which no trade was missed, and logs it", () => {
  const { limit, printed } = quietUntil(20_000);
  assertEquals(limit.limitMs, 40_000);
  assertStringIncludes(printed!, "no trade of BTCUSDT arrived for 20 s, and none was missed");
  assertStringIncludes(printed!, "stale after 40 s");
});

Deno.test("QuietLimit measures a quiet time over several connections", () => {
  const limit = new QuietLimit(STALE, new BinanceMessageReader("BTCUSDT"));
  limit.received([tradeMessage(1), tradeMessage(2)], 0);
  for (let time = 0; time < 3; time++) limit.dropped();
  // A message that is not a trade proves nothing.
  assertEquals(limit.received(["{}", "rubbish"], 50_000), null);
  assertEquals(limit.limitMs, STALE);
  limit.received(["{}", tradeMessage(3), tradeMessage(4)], 60_000);
  assertEquals(limit.limitMs, 120_000);
});

Deno.test("QuietLimit accepts at most ten minutes, or --stale if that is longer", () => {
  assertEquals(quietUntil(3 * HOUR).limit.limitMs, 600_000);
  const patient = new QuietLimit(HOUR, new BinanceMessageReader("BTCUSDT"));
  patient.received([tradeMessage(1)], 0);
  patient.dropped();
  assertEquals(patient.received([tradeMessage(2)], 2 * HOUR), null);
  assertEquals(patient.limitMs, HOUR);
});

Deno.test("QuietLimit returns to --stale if trades were missed, and logs how many", () => {
  const { limit } = quietUntil(20_000);
  limit.dropped();
  const printed = limit.received([tradeMessage(6)], 70_000);
  assertEquals(limit.limitMs, STALE);
  assertStringIncludes(printed!, "3 trades of BTCUSDT were missed while its stream sent nothing for 50 s");
  assertStringIncludes(printed!, "stale after 15 s without a trade again");
});

Deno.test("QuietLimit accepts nothing if trades were missed, or if ids prove nothing", () => {
  for (const id of [3, 1, 5_000_000_000]) {
    const { limit, printed } = quietUntil(20_000, id);
    assertEquals([limit.limitMs, printed], [STALE, null], `${id}`);
  }
  const empty = new QuietLimit(STALE, new BinanceMessageReader("BTCUSDT"));
  empty.dropped();
  assertEquals(empty.received([tradeMessage(7)], 20_000), null);
  assertEquals(empty.limitMs, STALE);
});

Deno.test("QuietLimit forgets after an hour in which the symbol was never that quiet", () => {
  const { limit } = quietUntil(20_000);
  let now = 20_000;
  let id = 3;
  const trade = (ms: number) => limit.received([tradeMessage(id++)], now += ms);
  // Another quiet time renews the limit.
  for (let passed = 0; passed < HOUR - 30_000; passed += 10_000) assertEquals(trade(10_000), null);
  assertEquals(trade(16_000), null);
  for (let passed = 0; passed < HOUR - 30_000; passed += 10_000) assertEquals(trade(10_000), null);
  assertEquals(limit.limitMs, 40_000);
  const printed = Array.from({ length: 5 }, () => trade(10_000)).filter((text) => text !== null);
  assertEquals([printed.length, limit.limitMs], [1, STALE]);
  assertStringIncludes(printed[0]!, "for an hour");
});

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type KeptRun, statusOf } from "../../../src/domain/run/run_status.ts";
import type { HaltEvent } from "../../../src/domain/run/event.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { statusTable } from "../../../src/views/tables/status_table.ts";

const SECOND = 1_000_000;
const STARTED = 1_723_161_255_342_123;
const NOW = STARTED + 3_723 * SECOND;

const KEPT: KeptRun = {
  journal: "data/penstock.db",
  run: 2,
  symbol: "BTCUSDT",
  started: STARTED,
  resumed: null,
  stopped: null,
  lastAlive: NOW - 2 * SECOND,
  pid: 4711,
  trades: 12_345,
  throughput: { tradesPerSecond: 20, lagMs: 35 },
  connection: {
    event: { type: "connected", time: isoTime(STARTED), endpoint: "wss://stream.test:9443", attempt: 1 },
    since: STARTED + SECOND,
  },
  last: { price: "60100", time: NOW - SECOND / 2 },
  startCash: "10000",
  account: { cash: "8999.12345678", fees: "1.5", realized: "-0.5" },
  position: { quantity: "0.01665", cost: "1000.37654322" },
  halt: null,
  awaitsRules: false,
  requests: [],
  counts: { signals: 13, fills: 11, refusals: 1, gaps: 2 },
  checked: { from: 812, to: 911, isCut: false },
  lastFills: [
    {
      type: "fill",
      time: isoTime(STARTED + 60 * SECOND),
      symbol: "BTCUSDT",
      side: "sell",
      price: "59904.1",
      quantity: "0.0167",
      fee: "0.99977607",
      cash: "1",
      position: "0",
      tradeId: 1,
      signalTradeId: 1,
      realized: "-2.10980944",
    },
    {
      type: "fill",
      time: isoTime(STARTED + 61 * SECOND),
      symbol: "BTCUSDT",
      side: "buy",
      price: "60023.22",
      quantity: "0.01665",
      fee: "0.99938661",
      cash: "1",
      position: "0.01665",
      tradeId: 2,
      signalTradeId: 2,
    },
  ],
  lastRefusals: [{
    type: "refusal",
    time: isoTime(STARTED),
    symbol: "BTCUSDT",
    side: "buy",
    reason: "min-notional",
    limit: "5",
    value: "4.9",
    tradeId: 9,
  }],
  lastGaps: [
    {
      type: "gap",
      time: isoTime(STARTED),
      symbol: "BTCUSDT",
      fromId: 11,
      toId: 1_210,
      missing: 1_200,
      filled: 1_200,
    },
    { type: "gap", time: isoTime(STARTED), symbol: "BTCUSDT", fromId: 5, toId: 4, missing: 0, filled: 0 },
  ],
};

const shown = (over: Partial<KeptRun> = {}, now = NOW) => statusTable(statusOf({ ...KEPT, ...over }, now));

Deno.test("statusTable() shows everything about a run in progress", () => {
  assertEquals(
    shown(),
    `
Run 2 of BTCUSDT in data/penstock.db, on paper
  state           running since 2024-08-08 23:54:15 UTC (1 h 2 m ago), process 4711
  last heartbeat  2 s ago
  connection      connected since 2024-08-08 23:54:16 UTC (1 h 2 m ago) to wss://stream.test:9443
  trading         not halted
  trades seen     12,345, 20 a second, lag 35 ms
  checked         entries 812 to 911 of the chain, and every older one shown here

Account
  position        0.01665 BTC, bought at 60,082.68 on average with fees (1,000.38 USDT)
  last price      60,100, 2024-08-09 00:56:17 UTC (0.5 s ago)
  cash            8,999.12 USDT
  equity          9,999.79 USDT
  realized           -0.50 USDT
  unrealized         +0.29 USDT
  result             -0.21 USDT (-0.0021 %)
  fees                1.50 USDT

Fills: the last 2 of 11
  time, UTC                  quantity, BTC      price  fee, USDT  result, USDT
  2024-08-08 23:55:15  sell        0.01670  59,904.10       1.00         -2.11
  2024-08-08 23:55:16  buy         0.01665  60,023.22       1.00

Refused orders: 1
  2024-08-08 23:54:15  buy refused (min-notional): 4.9 found, limit 5, trade 9

Gaps: 2
  2024-08-08 23:54:15  1,200 missing (11 to 1210), 1,200 fetched
  2024-08-08 23:54:15  the trade ids start again at 5
`,
  );
});

Deno.test("statusTable() shows the bars closed, and the open one", () => {
  const bars = { size: "1m", closed: 1_234, open: null };
  assertStringIncludes(shown({ bars }), "  bars            1,234 of 1m closed\n");
  const prices = {
    open: "60100",
    high: "60150.5",
    low: "60099",
    close: "60120",
    volume: "1.5",
    value: "90180",
  };
  const open = { openTime: isoTime(STARTED - 342_123), ...prices, trades: 12 };
  assertStringIncludes(
    shown({ bars: { ...bars, open } }),
    "1,234 of 1m closed; open since 2024-08-08 23:54:15: 60,100, high 60,150.5, low 60,099, now 60,120\n",
  );
  assertEquals(statusOf({ ...KEPT, bars }, NOW).bars, bars);
});

Deno.test("statusTable() shows that trading was halted by hand", () => {
  const halt: HaltEvent = {
    type: "halt",
    time: isoTime(STARTED),
    symbol: "BTCUSDT",
    reason: "manual",
    limit: "released",
    value: "halted",
    tradeId: 5,
    action: "flatten",
  };
  const since = "trading         HALTED at 2024-08-08 23:54:15 UTC by hand";
  assertStringIncludes(shown({ halt }), `${since}\n`);
  assertStringIncludes(shown({ halt: { ...halt, text: "odd prices" } }), `${since}: odd prices\n`);
});

Deno.test("statusTable() shows the requests that the run has not handled yet", () => {
  const requests = [
    { kind: "halt", action: "flatten", text: "odd prices", time: STARTED },
    { kind: "release", halt: 7, text: "fine", time: NOW - SECOND },
  ] as const;
  const filed = "filed 2024-08-08 23:54:15 UTC (1 h 2 m ago)";
  const halt = `  waiting         a halt that sells the position (odd prices), ${filed}: `;
  assertStringIncludes(
    shown({ requests }),
    `${halt}the run has not answered yet\n` +
      "                  a release of the halt (fine), filed 2024-08-09 00:56:17 UTC (1 s ago): the run has not answered yet\n",
  );
  const stopped = { time: NOW, reason: "asked to" };
  assertStringIncludes(shown({ requests, stopped }), `${halt}the next start halts before it trades\n`);
});

Deno.test("statusTable() shows that no orders are placed until the rules arrive", () => {
  const refusal = { ...KEPT.lastRefusals[0]!, reason: "no-rules", limit: "known", value: "awaited" } as const;
  const table = shown({ awaitsRules: true, lastRefusals: [refusal] });
  assertStringIncludes(
    table,
    "trading         NO ORDERS: the exchange has not sent the lot and tick of BTCUSDT\n",
  );
  assertStringIncludes(table, "buy refused (no-rules): the rules have not arrived, trade 9\n");
});

Deno.test("statusTable() shows what is wrong: halted, not connected, stale, stopped, or a clock that is behind", () => {
  const halted = shown({
    halt: {
      type: "halt",
      time: isoTime(STARTED),
      symbol: "BTCUSDT",
      reason: "max-drawdown",
      limit: "0.2",
      value: "0.21",
      tradeId: 5,
      action: "hold",
    },
  });
  assertStringIncludes(
    halted,
    "trading         HALTED at 2024-08-08 23:54:15 UTC: max-drawdown 0.21 reached the limit 0.2 at trade 5",
  );
  const down = shown({
    connection: {
      event: { type: "disconnected", time: isoTime(STARTED), reason: "no data for 15 s", retryInMs: 1 },
      since: NOW - 20 * SECOND,
    },
  });
  assertStringIncludes(
    down,
    "connection      NOT CONNECTED since 2024-08-09 00:55:58 UTC (20 s ago): no data for 15 s",
  );
  const silent = shown({ resumed: STARTED + SECOND }, NOW + 600 * SECOND);
  assertStringIncludes(silent, "state           SILENT, process 4711 was killed, failed or hangs. Start it");
  assertStringIncludes(silent, "started         2024-08-08 23:54:15 UTC (1 h 12 m ago)");
  assertStringIncludes(silent, "last heartbeat  10 m 2 s ago");
  assertStringIncludes(
    silent,
    "connection      NOT CONNECTED since 2024-08-09 00:56:16 UTC (10 m 2 s ago)",
  );
  const stopped = shown({ stopped: { time: NOW - 60 * SECOND, reason: "asked to" } });
  assertStringIncludes(
    stopped,
    "state           stopped 2024-08-09 00:55:18 UTC (1 m 0 s ago): on request",
  );
  // A run that ended properly has no broken connection.
  assertMatch(stopped, /^ {2}connection {6}none since .*$/m);
  assertStringIncludes(shown({}, NOW - 10 * SECOND), "last heartbeat  8 s ahead of this clock");
});

Deno.test("statusTable() of a run without trades claims nothing", () => {
  const table = shown({
    trades: 0,
    throughput: null,
    last: null,
    pid: null,
    connection: null,
    lastFills: [],
    lastRefusals: [],
    account: { cash: "10000", fees: "0", realized: "0" },
    position: { quantity: "0", cost: "0" },
    counts: { signals: 0, fills: 0, refusals: 0, gaps: 0 },
    lastGaps: [],
  });
  for (
    const line of [
      "position        none",
      "last price      none yet",
      "trades seen     0, 0 a second",
      "No fills yet",
      "Refused orders: none",
      "Gaps: none",
      "result               0.00 USDT (0.00 %)",
    ]
  ) assertStringIncludes(table, `${line}\n`);
  assert(!/null|NaN|undefined/.test(table), table);
});

Deno.test("statusTable() escapes everything that steers a terminal", () => {
  const table = shown({ stopped: { time: NOW, reason: "\x1b[2J\nno" }, symbol: "BTC\x07USDT" });
  assert(!/[\p{Cc}\p{Cf}]/u.test(table.replaceAll("\n", "")), table);
  assertStringIncludes(table, "\\u{1b}[2J\\u{a}no");
});

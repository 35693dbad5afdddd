import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { haltByHand } from "../../../src/domain/risk/halt.ts";
import { BuiltBar } from "../../../src/domain/market/built_bar.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import type { RunState } from "../../../src/stages/run_state.ts";
import { statusEvent, statusLine } from "../../../src/views/terminal/status_line.ts";
import { textWidth } from "../../../src/views/terminal/text_width.ts";

const THROUGHPUT = { symbol: "BTCUSDT", connected: true, tradesPerSecond: 41.6, lagMs: 12.4 };

function readingsOf(shortAverage: string, longAverage: string): RunState["readings"] {
  return { label: "sma", values: () => ({ shortAverage, longAverage }) };
}

function stateOf(changes: Partial<RunState> = {}): RunState {
  return {
    trades: 100,
    lastTime: 1,
    price: new Money("61607.85"),
    readings: readingsOf("61610.12345678", "61609"),
    stance: "long",
    cash: new Money("9000"),
    position: new Money("0.01623"),
    equity: new Money("9999.98765"),
    fall: null,
    halt: null,
    ...changes,
  };
}

Deno.test("statusLine() shows price, averages, position, equity and throughput", () => {
  assertEquals(
    statusLine(stateOf(), THROUGHPUT, 200),
    "● BTCUSDT 61607.85  sma 61610.123 / 61609.000  0.01623 BTC  equity 9999.99 USDT  42 trades/s  lag 12 ms",
  );
});

Deno.test("statusLine() shows the open bar, and drops its prices and then its number if there is no room", () => {
  const open = new BuiltBar();
  Object.assign(open, { low: 6_159_950, high: 6_161_000, decimals: 2, trades: 7 });
  const state = stateOf({ bars: { size: { by: "time", length: 60_000_000 }, closed: 14, open } });
  const line = statusLine(state, THROUGHPUT, 200);
  assertStringIncludes(line, "61609.000  1m bar 15 61599.50–61610.00  0.01623 BTC");
  assertStringIncludes(statusLine(state, THROUGHPUT, 100), "  bar 15  ");
  assertEquals(statusLine(state, THROUGHPUT, 40).includes("bar"), false);
  const none = stateOf({ bars: { size: { by: "count", trades: 100 }, closed: 0, open: null } });
  assertStringIncludes(statusLine(none, THROUGHPUT, 200), "  100t bar 1  0.01623 BTC");
  const event = statusEvent(state, THROUGHPUT, "2025-01-01T00:00:00.000000Z");
  assertEquals([event.trades, event.bars], [100, 14]);
  assertEquals("bars" in statusEvent(stateOf(), THROUGHPUT, ""), false);
});

Deno.test("statusLine() shows that rules are awaited, names the known assets, and counts columns", () => {
  const throughput = {
    ...THROUGHPUT,
    symbol: "币安人生USDT",
    assets: { base: "币安人生", quote: "USDT" },
    awaitsRules: true,
  };
  const line = statusLine(stateOf(), throughput, 200);
  assertStringIncludes(line, "● waiting for rules  币安人生USDT 61607.85  ");
  assertStringIncludes(line, "  0.01623 币安人生  equity 9999.99 USDT  42 trades/s");
  const wide = textWidth(line);
  assertEquals(statusLine(stateOf(), throughput, wide), line);
  for (let width = 1; width < wide; width++) {
    assert(textWidth(statusLine(stateOf(), throughput, width)) <= width);
  }
});

Deno.test("statusLine() shows what is missing and what is wrong", () => {
  const nothing = { price: null, readings: { label: "sma", values: () => null }, position: new Money(0) };
  const throughput = { ...THROUGHPUT, connected: false, lagMs: null, tradesPerSecond: 0 };
  assertEquals(
    statusLine(stateOf({ ...nothing, halt: haltByHand("hold", 7) }), throughput, 200),
    "○ offline  HALTED manual  BTCUSDT waiting for trades  sma warming up  flat  equity 9999.99 USDT  0 trades/s",
  );
});

Deno.test("statusLine() gives averages enough digits to differ, and keeps its length from trade to trade", () => {
  const line = (short: string, long: string, price: string) =>
    statusLine(
      stateOf({ readings: readingsOf(short, long), price: new Money(price) }),
      THROUGHPUT,
      200,
    );
  assertStringIncludes(
    line("0.00001234", "0.00001233", "0.0000123"),
    "BTCUSDT 0.0000123  sma 0.00001234 / 0.00001233",
  );
  assertStringIncludes(line("0.70971234", "0.7", "0.7097"), "sma 0.709712 / 0.700000");
  assertEquals(
    line("61610.1", "61609", "61607.5").length,
    line("61610.12345678", "61609.5", "61607.55").length,
  );
});

Deno.test("statusLine() keeps its labels at 80 columns or fewer, and leaves out the least important parts", () => {
  const shown = (width: number, changes: Partial<RunState> = {}) =>
    statusLine(stateOf(changes), THROUGHPUT, width);
  assertEquals(shown(80), "● BTCUSDT 61607.85 sma 61610.12/61609.00 0.01623 BTC equity 9999.99 lag 12 ms");
  assertEquals(shown(72), "● BTCUSDT 61607.85  sma 61610.12/61609.00  0.01623 BTC  equity 9999.99");
  assertEquals(shown(60), "● BTCUSDT 61607.85  0.01623 BTC  equity 9999.99");
  assertEquals(shown(40), "● BTCUSDT 61607.85  equity 9999.99");
  assertEquals(shown(20), "● BTCUSDT 61607.85");
  assertEquals(shown(10), "● 61607.85");
  assertEquals(shown(6), "● 616…");
  const flat = { position: new Money(0) };
  assertEquals(
    shown(80, flat),
    "● BTCUSDT 61607.85  sma 61610.12/61609.00  flat  equity 9999.99  42/s  lag 12 ms",
  );
});

Deno.test("statusLine() shows a halt before anything else", () => {
  const halt = { halt: haltByHand("hold", 7) };
  assertEquals(
    statusLine(stateOf(halt), THROUGHPUT, 80),
    "● HALTED manual  BTCUSDT 61607.85  0.01623 BTC  equity 9999.99",
  );
  assertEquals(statusLine(stateOf(halt), THROUGHPUT, 20), "● HALTED manual 616…");
});

Deno.test("statusLine() never shows an equity above zero as zero", () => {
  const line = statusLine(
    stateOf({ equity: new Money("0.00412345") }),
    { ...THROUGHPUT, symbol: "ETHBTC" },
    200,
  );
  assertStringIncludes(line, "  equity 0.004123 BTC  ");
});

Deno.test("statusLine() is never wider than the terminal and never breaks", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.boolean(), (width, halted) => {
    const line = statusLine(stateOf({ halt: halted ? haltByHand("hold", 7) : null }), THROUGHPUT, width);
    assert(line.length <= width && !line.includes("\n"));
    assert(width < 24 || !line.endsWith("…"), line);
  }));
});

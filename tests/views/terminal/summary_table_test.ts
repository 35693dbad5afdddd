import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SummaryEvent } from "../../../src/domain/run/event.ts";
import { haltByHand } from "../../../src/domain/risk/halt.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import { summaryTable } from "../../../src/views/terminal/summary_table.ts";
import { SUMMARY as BACKTEST } from "../../support/sample_metrics.ts";

/** A live run has no metrics. */
const { metrics: _metrics, tradesPerSecond: _perSecond, ...LIVE } = BACKTEST;
const SUMMARY: SummaryEvent = { ...LIVE, time: "2024-08-09T00:10:00.000000Z", signals: 208 };

function table(changes: Partial<SummaryEvent> = {}): string {
  return summaryTable({ ...SUMMARY, ...changes }, new Money(10_000));
}

Deno.test("summaryTable() shows the run's results", () => {
  assertEquals(
    table(),
    `
Summary: on paper, a loss of 193.42 USDT
  symbol            BTCUSDT
  trades seen       1,019,904 in 2.34 s
  from              2024-08-08 23:54:15 UTC
  to                2024-08-09 00:09:59 UTC
  signals           208
  fills             206
  fees              205.95837875 USDT
  realized          -193.42148085 USDT
  result            -193.42148085 USDT (-1.93 %)
  largest drawdown  2.02 %
  cash              9806.57851915 USDT
  equity            9806.57851915 USDT
  stream            no gaps, no duplicates
`,
  );
});

Deno.test("summaryTable() shows a small loss of a valuable quote currency", () => {
  const text = table({ symbol: "ETHBTC", equity: "9999.99871234" });
  assertStringIncludes(text, "on paper, a loss of 0.001288 BTC");
});

Deno.test("summaryTable() shows a gain, the position held, and what went wrong", () => {
  const text = table({
    symbol: "ETHBTC",
    refusals: 2,
    gaps: 1,
    duplicates: 1_200,
    outOfOrder: 4,
    resets: 1,
    rejected: 3,
    cash: "9000.5",
    position: "0.5",
    equity: "10012.3456",
    realized: "12",
    halt: haltByHand("hold", 7),
  });
  for (
    const line of [
      "Summary: on paper, a gain of 12.35 BTC",
      "  fills             206, 2 refused",
      "  realized          +12 BTC",
      "  result            +12.3456 BTC (+0.12 %)",
      "  halted            manual",
      "  cash + position   9000.5 BTC and 0.5 ETH",
      "  stream            1 gap, 1,200 duplicates, 1 reset, 3 unusable messages, 4 out of order",
    ]
  ) assertStringIncludes(text, `${line}\n`);
});

Deno.test("summaryTable() of a run without trades claims nothing", () => {
  const text = table({ trades: 0, firstTime: null, lastTime: null, equity: "10000", symbol: "XY" });
  assertStringIncludes(text, "on paper, neither a gain nor a loss");
  assertStringIncludes(text, "  from              –\n");
  assertStringIncludes(text, "  result            0 quote (0.00 %)\n");
});

Deno.test("summaryTable() counts the trades of a resumed run separately, and ids without a trade", () => {
  const text = table({ resumedAfter: 1_000_000, elapsedMs: 14_000, absent: 2 });
  assertStringIncludes(text, "trades seen       1,019,904, 19,904 of them in these 14 s\n");
  assertStringIncludes(text, "stream            2 empty ids\n");
});

Deno.test("summaryTable() counts the bars of a run that trades on them", () => {
  assertEquals(/bars closed/.test(table()), false);
  assertStringIncludes(table({ bars: 1_234 }), "  bars closed       1,234\n");
});

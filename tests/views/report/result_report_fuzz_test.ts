import { assert } from "@std/assert";
import * as fc from "fast-check";
import { htmlPage } from "../../../src/views/report/html_page.ts";
import { NoReport, resultReport } from "../../../src/views/report/result_report.ts";
import { METRICS, SUMMARY } from "../../support/sample_metrics.ts";

const KIND = { schema: "penstock-result", version: 1 };
const NUMBERS = { places: 2, values: [1, 2] };
const LINE = { name: "line", places: 2, times: [1, 2], values: [1, 2] };
const TIME = "2024-08-08T23:54:18.000000Z";
const TOTALS = { count: 2, wins: 1, profit: "1.5" };
const RESULT = {
  ...KIND,
  options: { symbol: "BTCUSDT", cash: "10000" },
  environment: { penstock: "0.1.0" },
  files: ["trades.csv"],
  fills: [],
  summary: SUMMARY,
  metrics: METRICS,
  drawdownPeriods: [
    { peak: "10", amount: "1", fraction: "0.1", from: TIME, to: TIME, recovered: null },
  ],
  models: [{ ...SUMMARY, model: "optimistic", slippage: "0", latency: 0, metrics: METRICS }],
  pictures: {
    data: {
      ...{ symbol: "BTCUSDT", base: "BTC", quote: "USDT", cash: 10_000, exposure: 0.1 },
      ...{ price: LINE, equity: LINE, drawdown: LINE, volatility: null, averages: [LINE] },
      fills: { times: [1, 2], prices: NUMBERS, buys: [1, 0], counts: [1, 1] },
      trips: {
        ...{ numbers: [1], entries: [1], held: [1], entryPrices: NUMBERS, exitPrices: NUMBERS },
        ...{ best: NUMBERS, worst: NUMBERS, quantities: ["1"], costs: ["1"], fees: ["1"], profits: ["1"] },
        ...{ cause: [0], causes: ["signal"] },
      },
      tripCount: 1,
      incidents: [["gap", 1, "40 trades missing"]],
    },
    hasAllFills: true,
    trips: {
      count: 2,
      byHour: [[1, TOTALS]],
      byWeekday: [[1, TOTALS]],
      byMonth: [["2024-08", TOTALS]],
      byReturn: [[1, TOTALS]],
    },
    refused: [["cooldown", 3]],
    moreIncidents: 0,
    assumptions: ["fee 0.1 %"],
    dataDigest: "0123456789abcdef",
  },
};

/** The result with the value at a place, which `choices` lead to, replaced. */
function changed(choices: readonly number[], value: unknown): unknown {
  const copy = structuredClone(RESULT);
  let at: Record<string, unknown> = copy;
  for (const choice of choices) {
    const names = Object.keys(at);
    if (names.length === 0) break;
    const name = names[choice % names.length]!;
    const next = at[name];
    if (typeof next !== "object" || next === null || choice % 5 === 4) {
      at[name] = value;
      break;
    }
    at = next as Record<string, unknown>;
  }
  return copy;
}

Deno.test("a result with any value in any place gives a page in which nothing runs, or a NoReport", async () => {
  const value = fc.oneof(
    fc.constantFrom("<script>alert(1)</script>", "-1", "1e99", "2024-99-99T00:00:00Z", undefined),
    fc.jsonValue({ maxDepth: 2 }),
    fc.double(),
  );
  let pages = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(999), { minLength: 2, maxLength: 8 }), value, async (choices, value) => {
      let report;
      try {
        report = resultReport(changed(choices, value), KIND, () => "penstock backtest");
      } catch (error) {
        assert(error instanceof NoReport, String(error));
        return;
      }
      const page = await htmlPage(report);
      assert(!page.includes("<script>"));
      pages++;
    }),
    { numRuns: 1_500 },
  );
  assert(pages > 20);
});

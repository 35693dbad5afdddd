import { assertEquals } from "@std/assert";
import type { Comparison } from "../../../src/domain/comparison/comparison.ts";
import { comparisonText } from "../../../src/views/tables/comparison_table.ts";

const HEAD = { path: "a.json", kind: "result", version: "1", symbol: "BTCUSDT", run: null } as const;

Deno.test("comparisonText() has names on the left and figures on the right, with their differences", () => {
  const comparison: Comparison = {
    a: HEAD,
    b: { ...HEAD, path: "b.json" },
    options: [{ name: "stopLoss", a: null, b: "0.01", difference: null }],
    figures: {
      rows: [
        { name: "fills", a: 1_234, b: 1_234, difference: "0" },
        { name: "netProfit", a: "-3.5", b: "10000", difference: "10003.5" },
        { name: "holdingTimeMs.mean", a: "90.5", b: "90.5", difference: "0" },
        { name: "maxDrawdown.lengthMs", a: "1", b: "2", difference: "1" },
      ],
      onlyInA: [],
      onlyInB: ["maxDrawdown.fraction"],
    },
    events: null,
    configurations: null,
  };
  assertEquals(
    comparisonText(comparison, false),
    `A  a.json: result of BTCUSDT, by Penstock 1
B  b.json: result of BTCUSDT, by Penstock 1

Options that differ  A     B
  stop loss          –  0.01

Figures                         A       B      B − A
  fills                     1,234   1,234
  net profit                 -3.5  10,000  +10,003.5
  holding time: mean, ms     90.5    90.5
  max drawdown: length, ms      1       2         +1

Not compared, because only B has them: max drawdown: fraction`,
  );
});

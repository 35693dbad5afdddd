import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { heatMap } from "../../../src/views/tables/heat_map.ts";
import type { RankedRows } from "../../../src/views/tables/ranked_rows.ts";
import { sweepProgress } from "../../../src/views/tables/sweep_narration.ts";
import type { SweepTasks } from "../../../src/views/view.ts";
import { figureText, sweepTable } from "../../../src/views/tables/sweep_table.ts";
import { CONFIGURATION, SWEEP } from "../../support/sample_sweep.ts";

const RANKED: RankedRows = {
  axes: [{ name: "short", values: ["5", "10"] }, { name: "long", values: ["20", "40", "60"] }],
  values: Float64Array.of(0.5, 1.8, 0.9, NaN, 1.2, -1),
  isLessBetter: false,
  rows: [
    { row: CONFIGURATION, figure: "1.8", neighbours: 0.8666666 },
    { row: { ...CONFIGURATION, options: { short: 10, long: 40 } }, figure: "1.2", neighbours: null },
  ],
};

/** A map with each colour as its number, in brackets. */
function plainMap(ranked: RankedRows): string[] {
  // deno-lint-ignore no-control-regex
  return heatMap(ranked).map((text) => text.replaceAll(/\x1b\[48;5;(\d+)m {2}\x1b\[0m/g, "[$1]"));
}

Deno.test("sweepTable() shows the best rows with their neighbours, and never without what they mean", () => {
  assertEquals(
    sweepTable({ asked: "sharpe", event: SWEEP, ranked: RANKED }, false),
    `BTCUSDT: 5 configurations over 1,000 trades, 1 combination refused, ranked by Sharpe ratio

   short  long  Sharpe ratio  neighbours  net profit  return  max drawdown  round trips  fills
1      5    40         1.800       0.867     +100.00  1.00 %        1.23 %          617  1,234
2     10    40         1.200           –     +100.00  1.00 %        1.23 %          617  1,234

Nothing can be said about luck.
It is too early.
`,
  );
});

Deno.test("sweepTable() says that a sweep is partial, and shows windows with their efficiency", () => {
  const window = {
    from: CONFIGURATION.time,
    to: CONFIGURATION.time,
    options: { short: 5, stopLoss: "0.01" },
    chosenProfit: "50",
    netProfit: "-20",
  };
  const walked = { walkForward: [window], walkForwardNetProfit: "-20", walkForwardEfficiency: "-0.4" };
  const event = { ...SWEEP, ...walked, partial: true, rank: "net-profit" };
  const text = sweepTable({ asked: "sharpe", event, ranked: RANKED }, false);
  assertStringIncludes(text, "ranked by net profit, because in some window no row has a Sharpe ratio");
  const whole = { ...event, walkForward: [] };
  const other = sweepTable({ asked: "sharpe", event: whole, ranked: RANKED }, false);
  assertStringIncludes(other, "ranked by net profit, because no row has a Sharpe ratio. Stopped");
  assertStringIncludes(text, "   short  long  neighbours  net profit");
  assertStringIncludes(text, "Stopped before the end");
  assertStringIncludes(text, "2025-01-02T00:00:00  short 5, stop-loss 1%         +50.00       -20.00");
  assertStringIncludes(text, "all windows -20.00, efficiency -40.00 %");
});

Deno.test("figureText() shows money to the hundredth, and to four digits if it is small, shares in percent, and ratios with three decimals", () => {
  const shown = (rank: string, ...figures: number[]): string[] => figures.map((one) => figureText(one, rank));
  assertEquals(shown("net-profit", 12.345678, -1, 0.000123456, NaN), ["+12.35", "-1.00", "+0.0001235", "–"]);
  assertEquals(shown("win-rate", 0.5), ["50.00 %"]);
  assertEquals(shown("sharpe", 15.5077, -3.2), ["15.508", "-3.200"]);
});

Deno.test("heatMap() has a block of colour for each pair, dots where there is no figure, and more of them for three options", () => {
  assertEquals(plainMap(RANKED), [
    " 5 [71][229][107]\n10 ··[179][17]",
    "rows short, columns long from 20 to 60; [17] worst [229] best; " +
    "·· has no such figure, or no run accepts it",
  ]);
  const [best] = plainMap({ ...RANKED, isLessBetter: true });
  assertStringIncludes(best!, "[229]\n".trim());
  const outer = { name: "bars", values: ["1m", "5m"] };
  const values = Float64Array.of(...RANKED.values, ...RANKED.values.toReversed());
  const maps = plainMap({ ...RANKED, axes: [outer, ...RANKED.axes], values });
  assertEquals(maps[0]!.split("\n")[0], "bars 1m    bars 5m  ");
  assertEquals(maps[0]!.split("\n")[1], " 5 [71][229][107]   5 [17][179]··");
  assertEquals(heatMap({ ...RANKED, axes: RANKED.axes.slice(1) }), []);
});

Deno.test("sweepTable() only says that no configuration is finished if that is so", () => {
  const event = { ...SWEEP, configurations: 0, partial: true };
  assertEquals(
    sweepTable({ asked: "sharpe", event, ranked: { ...RANKED, rows: [] } }, true),
    "BTCUSDT: stopped before a configuration was finished\n",
  );
});

Deno.test("sweepProgress() shows configurations, trades, their rate and the time left", () => {
  const glance = {
    report: null,
    of: "sweep",
    bytesRead: 50,
    bytesTotal: 100,
    trades: 5_000,
    seen: 4_000,
    elapsedMs: 2_000,
  } as const;
  assertEquals(
    sweepProgress({ ...glance, configurations: 190, done: 0, lanes: 190 }, 200),
    "40 %  0 of 190 configurations  4,000 trades  380,000 trades × configurations/s  3 s left",
  );
  const report = { at: 2, of: 5 };
  assertEquals(
    sweepProgress({ ...glance, configurations: 10, done: 10, lanes: 5, report }, 200),
    "report 2 of 5 for the page  50 %  5,000 trades",
  );
  assert(sweepProgress({ ...glance, configurations: 10, done: 5, lanes: 5 }, 20).length <= 20);
});

Deno.test("sweepProgress() shows the tasks in a queue, and a time left once one of them was computed", () => {
  const glance = {
    of: "sweep",
    ...{
      bytesRead: 100,
      bytesTotal: 100,
      trades: 1_000,
      seen: 1_000,
      elapsedMs: 500,
      lanes: 0,
      report: null,
    },
    ...{ configurations: 96, done: 0 },
  } as const;
  const text = (tasks: SweepTasks, done = 0) => sweepProgress({ ...glance, done, tasks }, 200);
  assertEquals(
    text({ done: 0, of: 12, before: 0, elapsedMs: 60_000 }),
    "0 of 12 tasks  0 of 96 configurations",
  );
  // Those that were there before took no time.
  assertEquals(
    text({ done: 6, of: 12, before: 6, elapsedMs: 60_000 }, 48),
    "6 of 12 tasks  48 of 96 configurations",
  );
  assertEquals(
    text({ done: 9, of: 12, before: 6, elapsedMs: 60_000 }, 64),
    "75 %  9 of 12 tasks  64 of 96 configurations  1 m 0 s left",
  );
});

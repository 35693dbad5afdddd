/** Shows on its own output what a backtest's view makes of some progress and many gaps; takes options. */
import { configure } from "../../src/config/config.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { BacktestView } from "../../src/views/report/backtest_view.ts";

const { given } = readArguments(["backtest", ...Deno.args, "-"]);
const view = new BacktestView(configure(given, [], "backtest").config, new AbortController().signal);
for (const elapsedMs of [250, 4_999, 5_000, 5_250, 9_999, 10_000]) {
  view.progress({ bytesRead: 5e6, bytesTotal: 1e7, trades: 70_000, elapsedMs });
}
for (let fromId = 1; fromId <= 25; fromId++) {
  const gap = { fromId, toId: fromId, missing: 1, filled: 0 };
  view.event({ type: "gap", time: "2025-01-01T00:00:00.000000Z", symbol: "BTCUSDT", ...gap });
}
await view.close();

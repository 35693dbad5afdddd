/** Shows some progress and many gaps in the views of a backtest, on its own output. Takes options. */
import { configure } from "../../src/config/config.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { openViews } from "../../src/views/known_views.ts";
import { show } from "../../src/views/view.ts";

const { given } = readArguments(["backtest", ...Deno.args, "-"]);
const { stdout, stderr } = Deno;
const { signal } = new AbortController();
const run = { isBacktest: true, stdout, stderr, stop: signal, signal, onBroken: () => {} };
const view = openViews(configure(given, [], "backtest").config, run);
for (const elapsedMs of [250, 4_999, 5_000, 5_250, 9_999, 10_000]) {
  view.glance?.({ of: "backtest", bytesRead: 5e6, bytesTotal: 1e7, trades: 70_000, elapsedMs });
}
for (let fromId = 1; fromId <= 25; fromId++) {
  const gap = { fromId, toId: fromId, missing: 1, filled: 0 };
  show(view, [{ type: "gap", time: "2025-01-01T00:00:00.000000Z", symbol: "BTCUSDT", ...gap }]);
}
await view.close();

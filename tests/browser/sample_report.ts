/** A backtest or a sweep of made-up trades for the tests of its page. */
import { printedBy } from "./own_process.ts";

/** One trade; its time in ms since 1970. */
export interface SampleTrade {
  readonly id: number;
  readonly price: number;
  readonly time: number;
}

/** Two and a half days of trades: a wave with noise, and 40 ids missing in the middle. */
export function sampleTrades(count: number): SampleTrade[] {
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1 + (at > count / 2 ? 40 : 0),
    price: Number((60_000 + 900 * Math.sin(at / 900) + 200 * Math.sin(at / 77) + 30 * random()).toFixed(2)),
    time: Date.UTC(2025, 0, 6) + Math.floor(at * 86_400_000 * 2.5 / count),
  }));
}

/** Backtests or sweeps the trades with these options; returns where the page is, and the result. */
export async function sampleReport(
  folder: string,
  trades: readonly SampleTrade[],
  options: readonly string[],
  command: "backtest" | "sweep" = "backtest",
): Promise<{ readonly path: string; readonly result: unknown }> {
  const rows = trades.map(({ id, price, time }) =>
    `${id},${price.toFixed(2)},0.5,0,${time},${id % 2 === 0 ? "True" : "False"},True`
  );
  await Deno.writeTextFile(`${folder}/trades.csv`, `${rows.join("\n")}\n`);
  const path = `${folder}/report.html`;
  await printedBy(
    folder,
    "main.ts",
    ...[command, `${folder}/trades.csv`, "--log-level", "error", "--out", `${folder}/result.json`],
    ...["--report", path, ...options],
  );
  return { path, result: JSON.parse(await Deno.readTextFile(`${folder}/result.json`)) };
}

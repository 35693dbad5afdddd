/** `penstock backtest` on unmodified recorded market data, compared with figures computed by hand. */
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import { eventsFrom } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const CASES = [
  {
    what: "the PEPEUSDT spot aggregates to the known 1,584 fills, cash and fees",
    files: ["spot-PEPEUSDT-aggTrades-2024-10-27.zip"],
    options: ["--symbol=PEPEUSDT", "--lot", "1", "--tick", "0.00000001", "--max-drawdown", "99%"],
    known: { trades: 57_229, fills: 1_584, gaps: 0, cash: "8020.80005308", fees: "1583.60440517" },
  },
  {
    what: "the APEUSDT futures aggregates to the known gap, 1,038 fills and cash",
    files: ["futures-APEUSDT-aggTrades-2024-10-18.zip"],
    options: ["--symbol=APEUSDT", "--lot", "1", "--tick", "0.0001"],
    known: { trades: 45_342, fills: 1_038, gaps: 1, cash: "8980.7589239" },
  },
  {
    what: "the two BTCUSDT recordings to the 206 fills, cash and fees of the live run",
    files: ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"],
    options: [],
    known: { trades: 19_904, fills: 206, gaps: 0, cash: "9806.57851915", fees: "205.95837875" },
  },
];

for (const { what, files, options, known } of CASES) {
  Deno.test({
    name: `penstock backtest trades ${what}`,
    ignore: !isRecorded(...files),
    fn: async () => {
      const summary = (await eventsFrom([...options, ...files.map(recordedFile)])).at(-1)!;
      for (const [name, value] of Object.entries(known)) assertEquals(summary[name], value, name);
      assertEquals([summary.rejected, summary.duplicates, summary.position], [0, 0, "0"]);
    },
  });
}

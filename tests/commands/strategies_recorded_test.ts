/**
 * Every strategy over a day of recorded trades, on bars of a minute. The digests are those of a reference in another
 * language, written from the formulas: each signal's trade, side and values, to the last digit.
 */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { eventsOf } from "../support/penstock.ts";
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import { backtest } from "./backtest_run.ts";

const FILE = "spot-PEPEUSDT-aggTrades-2024-10-27.zip";
const MARKET = ["--symbol=PEPEUSDT", "--lot=1", "--tick=0.00000001", "--max-drawdown=99%", "--bars=1m"];

const KNOWN = [
  {
    options: ["--average=ema", "--short=3", "--long=10"],
    values: ["shortAverage", "longAverage"],
    signals: 194,
    digest: "72e0636cd275bceb",
  },
  {
    options: ["--strategy=rsi", "--period=5", "--below=35", "--above=65"],
    values: ["rsi"],
    signals: 83,
    digest: "0173b44fef821eaa",
  },
  {
    options: ["--strategy=bollinger", "--period=8", "--width=1.5"],
    values: ["lowerBand", "upperBand"],
    signals: 93,
    digest: "4ef38c0582ea1419",
  },
  { options: ["--strategy=macd"], values: ["macd", "smoothed"], signals: 137, digest: "d7f972f78060fdfb" },
  {
    options: ["--strategy=donchian"],
    values: ["highest", "lowest"],
    signals: 48,
    digest: "46d21097ee0e2bea",
  },
];

for (const { options, values, signals, digest } of KNOWN) {
  Deno.test({
    name: `penstock backtest ${options.join(" ")} gives the signals of another program over recorded trades`,
    ignore: !isRecorded(FILE),
    fn: async () => {
      const { code, stdout, stderr } = await backtest(["--json", ...MARKET, ...options, recordedFile(FILE)]);
      assertEquals([code, stderr], [0, ""]);
      const found = eventsOf(stdout).filter(({ type }) => type === "signal");
      const text = found.map((signal) =>
        `${[signal["tradeId"], signal["side"], ...values.map((name) => signal[name])].join(" ")}\n`
      ).join("");
      const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
      assertEquals([found.length, hash], [signals, digest]);
    },
  });
}

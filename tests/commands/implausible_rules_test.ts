/** A backtest stops and reports a default tick or lot that makes no sense for its prices. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Folder } from "../feeds/recorded_input.ts";
import { eventsOf } from "../support/penstock.ts";
import { backtest } from "./backtest_run.ts";

const WINDOWS = ["--short=2", "--long=5"];

/** Rows at these prices, one a second. */
function csv(prices: readonly string[]): string {
  return prices.map((price, at) =>
    `${1000 + at},${price},1000000,1,${1_735_689_600_000 + at * 1000},true,true`
  ).join("\n");
}

/** Prices that go up and down by a few of these steps. */
function around(start: number, step: number, decimals: number): string[] {
  return Array.from(
    { length: 200 },
    (_, at) => (start + step * (at % 12 < 6 ? at % 6 : 6 - at % 6)).toFixed(decimals),
  );
}

Deno.test("penstock backtest stops if the tick is above a thousandth of the price, unless the user gave it", async () => {
  await using folder = new Folder();
  const file = await folder.write("pepe.csv", csv(around(0.0000123, 0.0000001, 8)));
  const out = `${folder.path}/result.json`;
  const { code, stdout, stderr } = await backtest(["--json", "--out", out, ...WINDOWS, file]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "the tick is 0.01, the default, at a price of 0.0000");
  assertStringIncludes(
    stderr,
    "Give the symbol's own, by the decimals of this price with --tick 0.0000001, or all its rules with --instruments FILE",
  );
  assertEquals(eventsOf(stdout).filter(({ type }) => type === "fill" || type === "summary"), []);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["pepe.csv"]);

  const given = await backtest(["--json", "--tick=0.01", ...WINDOWS, file]);
  assertEquals(given.code, 0, given.stderr);
  const config = await folder.write("my.json", `{"tick": "0.00000001"}`);
  assertEquals((await backtest(["--config", config, ...WINDOWS, file])).code, 0);
  const filters = [{ filterType: "LOT_SIZE", stepSize: "1" }, {
    filterType: "PRICE_FILTER",
    tickSize: "0.00000001",
  }];
  const info = await folder.write("info.json", JSON.stringify({ symbols: [{ symbol: "BTCUSDT", filters }] }));
  assertEquals((await backtest(["--instruments", info, ...WINDOWS, file])).code, 0);
});

Deno.test("penstock backtest stops if one lot is worth more than the stake, unless the user gave the lot", async () => {
  await using folder = new Folder();
  const file = await folder.write("idr.csv", csv(around(1_700_000_000, 500_000, 0)));
  const { code, stderr } = await backtest([...WINDOWS, file]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "the lot is 0.00001, the default, at a price of 17");
  assertStringIncludes(
    stderr,
    "more than the stake of 1000. Give --lot, all rules of the symbol with --instruments FILE, or a larger --stake",
  );
  for (const args of [["--lot=0.00001"], ["--stake=5000000", "--cash=100000000"]]) {
    assertEquals((await backtest([...args, ...WINDOWS, file])).code, 0, args.join(" "));
  }
});

Deno.test("penstock backtest stops when prices fall so low that its tick makes no sense", async () => {
  await using folder = new Folder();
  const falling = [...around(80, 1, 2), ...around(0.001, 0.0001, 4)];
  const journal = `${folder.path}/run.db`;
  const file = await folder.write("luna.csv", csv(falling));
  const { code, stderr } = await backtest([...WINDOWS, "--state", journal, file]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "at a price of 0.001");
});

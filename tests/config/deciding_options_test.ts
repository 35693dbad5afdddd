import { assert, assertEquals } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { GivenOptions } from "../../src/config/configuration.ts";
import { comparedOptions } from "../../src/config/deciding_options.ts";
import { triedOptions } from "../../src/config/tried_options.ts";

function triedWith(options: Readonly<Record<string, string>>): string {
  const given = Object.entries(options).map(([name, text]) => [name, { text, source: "command line" }]);
  return triedOptions(
    shownConfig(configure(Object.fromEntries(given) as GivenOptions, [], "backtest").config),
  );
}

Deno.test("triedOptions() is one text for configurations that do the same", () => {
  assertEquals(triedWith({}), "{}");
  for (
    const same of [
      { short: "20", long: "50" },
      { fee: "0.1%" },
      { maxDrawdown: "0.2" },
      { symbol: "ETHUSDT", json: "on", out: "a.json", logLevel: "warn", skipBad: "on", from: "2025-01-01" },
      { strategy: "crossover", average: "sma" },
    ]
  ) assertEquals(triedWith(same), "{}", JSON.stringify(same));
  assertEquals(triedWith({ fee: "0.2%" }), triedWith({ fee: "0.002" }));
});

Deno.test("triedOptions() differs for each option that decides", () => {
  const different = [
    ...[{}, { short: "10" }, { long: "60" }, { bars: "1m" }, { cash: "5000" }, { stake: "10%" }, {
      fee: "0",
    }],
    ...[{ average: "ema" }, { strategy: "rsi" }, { strategy: "rsi", period: "10" }, { stopLoss: "1%" }],
    ...[{ maxDrawdown: "10%" }, { slippage: "1" }, { latency: "5ms" }, { fill: "next" }, { lot: "0.1" }],
    ...[{ tick: "0.1" }, { minNotional: "1" }, { maxOrders: "10/1m" }],
  ].map((options) => triedWith(options as Record<string, string>));
  assertEquals(new Set(different).size, different.length);
  assertEquals(triedWith({ long: "60" }), `{"long":60}`);
});

Deno.test("triedOptions() identifies a user's own strategy by the hash of its file", () => {
  const own = (path: string, strategySha256: string) =>
    triedOptions({ strategy: path, set: "edge=1", strategySha256 });
  assertEquals(own("a.ts", "00"), own("/elsewhere/b.ts", "00"));
  assert(own("a.ts", "00") !== own("a.ts", "01"));
});

Deno.test("comparedOptions() has the default of an option that an older version did not show", () => {
  const whole = comparedOptions(shownConfig(configure({}, [], "backtest").config));
  assertEquals(comparedOptions({ symbol: "BTCUSDT", short: 20, long: 50 }), whole);
  assertEquals(whole["fee"], "0.001");
  assertEquals(whole["stopLoss"], null);
  for (const name of ["out", "json", "endpoint", "state", "period", "strategySha256"]) {
    assert(!(name in whole), name);
  }
  const own = comparedOptions({ strategy: "a.ts", set: null, strategySha256: "00" });
  assertEquals([own["strategySha256"], "strategy" in own, "short" in own], ["00", false, false]);
});

import { assertEquals } from "@std/assert";
import { commandLine } from "../../src/config/command_line.ts";
import { configure, shownConfig } from "../../src/config/config.ts";

Deno.test("commandLine() names what differs from the defaults, and leaves out where results go", () => {
  const given = {
    symbol: "ETHUSDT",
    bars: "1m",
    slippage: "1.5",
    skipBad: "on",
    out: "r.json",
    state: "j.db",
  };
  const { config } = configure(
    Object.fromEntries(
      Object.entries(given).map(([name, text]) => [name, { text, source: "command line" as const }]),
    ),
  );
  assertEquals(
    commandLine("backtest", ["a b.csv", "it's.csv", "plain-1.zip"], shownConfig(config)),
    "penstock backtest 'a b.csv' 'it'\\''s.csv' plain-1.zip --symbol ETHUSDT --bars 1m --skip-bad --slippage 1.5",
  );
});

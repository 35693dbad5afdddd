import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import { configureSweep, Grid } from "../../src/config/grid.ts";
import { NotAllowed } from "../../src/config/option_values.ts";
import { valuesIn } from "../../src/config/value_list.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";

const given = (texts: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, { text, source: "command line" as const }]),
  );

Deno.test("valuesIn() reads lists, ranges of numbers, shares and durations, and mixes of them", () => {
  assertEquals(valuesIn("5,10,20..100:40"), ["5", "10", "20", "60", "100"]);
  assertEquals(valuesIn("1%..2%:0.25%"), ["1%", "1.25%", "1.5%", "1.75%", "2%"]);
  assertEquals(valuesIn("1m..5m:2m"), ["1m", "3m", "5m"]);
  assertEquals(valuesIn("45s..2m:45s"), ["45s", "90s"]);
  assertEquals(valuesIn("0.1..0.3:0.1"), ["0.1", "0.2", "0.3"]);
  assertEquals(valuesIn("100t..300t:100t,trades"), ["100t", "200t", "300t", "trades"]);
});

Deno.test("valuesIn() refuses ranges that go nowhere, never end or mix units", () => {
  for (const text of ["5..1:1", "5..9", "5..9:0", "5..9:-1", "1%..5:1", "a..b:c", "..:", "1..1000001:1"]) {
    assertThrows(() => valuesIn(text), NotAllowed);
  }
});

Deno.test("valuesIn() refuses a list of many long ranges before it has made them all", () => {
  const ranges = `1..2:1${",1..1000000:1".repeat(100_000)}`;
  assertThrows(() => valuesIn(ranges), NotAllowed, "a list of up to 1000000 values");
});

Deno.test("Grid has the product of the values in the order of the options, the last one turning fastest", () => {
  const { swept: { grid, places } } = configureSweep(given({ long: "20,40", short: "10,30", fee: "0" }), []);
  assertEquals(grid.axes.map(({ name }) => name), ["long", "short"]);
  assertEquals(places, [0, 2, 3]);
  assertEquals(places.map((place) => grid.options(grid.configuration(place))), [
    { long: 20, short: 10 },
    { long: 40, short: 10 },
    { long: 40, short: 30 },
  ]);
  assertEquals([grid.neighbour(0, 0, 1), grid.neighbour(0, 1, 1), grid.neighbour(3, 1, 1)], [2, 1, null]);
  assertEquals([grid.neighbour(0, 0, -1), grid.neighbour(2, 1, -1), grid.neighbour(3, 1, -1)], [
    null,
    null,
    2,
  ]);
});

Deno.test("Grid has the configurations that single runs have, value for value", () => {
  const texts: readonly Record<string, string>[] = [
    {
      short: "10..40:10",
      long: "20,30",
      fee: "0,0.1%",
      stake: "1000,50%",
      bars: "trades,1m",
      cooldown: "1m",
    },
    { strategy: "rsi,bollinger,hold", period: "5,9", maxDrawdown: "20%,5%" },
    { strategy: "macd", fast: "5,12,30", slow: "26", maxOrders: "5/1m,9/1h", symbol: "ETHUSDT" },
    { minNotional: "5,500", maxNotional: "100,1000", tick: "0.01" },
    // Bollinger bands need two closes, and the other one takes a period of 1.
    { strategy: "rsi,bollinger,hold", period: "1,5", below: "20,40" },
    { strategy: "donchian,crossover", short: "5,30", long: "20", stopLoss: "1%,2%" },
    { strategy: "rsi", below: "20,80", above: "30,90", fee: "0,0.1%" },
    { strategy: "own.ts", set: "window=5..15:5,edge=1,wide=-0.5,0.5", fee: "0,0.1%" },
    { strategy: "macd,own", fast: "5" },
  ];
  for (const one of texts) {
    const grid = new Grid(given(one), []);
    const accepted: number[] = [];
    for (let place = 0; place < grid.size; place++) {
      const found = outcome(() => grid.configuration(place));
      assertEquals(found, outcome(() => configure(grid.given(place), [], "sweep")));
      if ("shown" in found) accepted.push(place);
    }
    if (accepted.length > 0) assertEquals(grid.accepted(), accepted, JSON.stringify(one));
    else assertThrows(() => grid.accepted(), ConfigError);
  }
});

Deno.test("Grid judges a large grid by its rules, not one combination after the other", async () => {
  const windows = { short: "501..1000:1", long: "2..500:1" };
  const error = assertThrows(() => configureSweep(given(windows), []), ConfigError);
  assertEquals(error.mistakes.slice(0, 2), [
    "none of the 249500 configurations of the grid can run: expected at least one. The first one:",
    "--short is 501 and --long is 2: expected the short window to be smaller than the long one",
  ]);
  // One after the other, these would take days.
  const many = { short: "1..999999:1", long: "2..1000000:1", fee: "0,0.1%" };
  assertThrows(
    () => configureSweep(given(many), []),
    ConfigError,
    "the grid has at least 999998000001 configurations",
  );
  const us = await cpuTimeOf(windows);
  assert(us < 1_000_000, `${us} µs`);
});

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** The CPU time of judging a grid, µs: in its own process, since that of this one has all tests that run beside it. */
async function cpuTimeOf(options: Readonly<Record<string, string>>): Promise<number> {
  const module = JSON.stringify(import.meta.resolve("../../src/config/grid.ts"));
  const code = `import { cpuUsage } from "node:process";
    import { configureSweep } from ${module};
    const start = cpuUsage();
    try {
      configureSweep(${JSON.stringify(given(options))}, []);
    } catch {
      console.log(cpuUsage(start).user);
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--ext=ts", `--config=${CONFIG}`, code],
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  assertMatch(text, /^\d+$/);
  return Number(text);
}

Deno.test("Grid reports a mistake that no value changes, and not that the grid is wrong", () => {
  const windows = { short: "5,10", long: "20,30" };
  for (
    const [one, mistake] of [
      [{ ...windows, rank: "luck" }, '--rank is "luck"'],
      [{ ...windows, from: "2025-01-02", to: "2025-01-01" }, "--from is"],
    ] as const
  ) {
    const { mistakes } = assertThrows(() => configureSweep(given(one), []), ConfigError);
    assertEquals([mistakes.length, mistakes[0]!.startsWith(mistake)], [1, true], mistakes.join());
  }
});

Deno.test("Grid has an axis for each option within --set that varies", () => {
  const { swept: { grid, places }, config } = configureSweep(
    given({ strategy: "own.ts", set: "window=5,10,edge=0.5..1:0.5,wide=2", stopLoss: "1%,2%" }),
    [],
  );
  assertEquals(grid.axes.map(({ name, values }) => [name, ...values]), [
    ["set.window", "5", "10"],
    ["set.edge", "0.5", "1"],
    ["stopLoss", "1%", "2%"],
  ]);
  assertEquals([places.length, config.set], [8, "window=5,edge=0.5,wide=2"]);
  const fifth = grid.configuration(5);
  const options = { "set.window": 10, "set.edge": 0.5, stopLoss: "0.02" };
  assertEquals([fifth.config.set, grid.options(fifth)], ["window=10,edge=0.5,wide=2", options]);
  assertEquals([grid.placeOf(options, "own.ts"), grid.neighbour(5, 1, 1)], [5, 7]);
});

/** A configuration as it is shown, or why it is not valid. */
function outcome(make: () => Configuration): object {
  try {
    const { config, sources } = make();
    return { shown: shownConfig(config), sources };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { mistakes: error.mistakes };
  }
}

Deno.test("Grid skips values that it already has, however they are written", () => {
  const mistakes: string[] = [];
  const { axes } = new Grid(given({ stopLoss: "1%,0.01,2%", cooldown: "1m,60s" }), mistakes);
  assertEquals(mistakes, []);
  assertEquals(axes.map(({ values }) => values), [["1%", "2%"]]);
  const { config } = configureSweep(
    given({ short: "5..5:1", fee: "0.1%,0.001", strategy: "crossover,crossover" }),
    [],
  );
  assertEquals([config.short, `${config.fee}`, config.strategy], [5, "0.001", "crossover"]);
});

Deno.test("Grid names every value that no run takes, and leaves commas to options that have them", () => {
  const error = assertThrows(
    () => configureSweep(given({ short: "5,zero", stopLoss: "1%..5%:0%", cash: "-1" }), []),
    ConfigError,
  );
  assertEquals(error.mistakes.length, 3);
  const { axes } = new Grid(
    given({ strategy: "own.ts", set: "window=3,edge=1", columns: "time,price,quantity" }),
    [],
  );
  assertEquals(axes, []);
  const mistakes: string[] = [];
  new Grid(given({ strategy: "crossover,own.ts" }), mistakes);
  assertEquals(mistakes.length, 1);
});

Deno.test("configureSweep() says nothing about the combinations of an option that it cannot read", () => {
  const refused = (options: Record<string, string>) =>
    assertThrows(() => configureSweep(given(options), []), ConfigError).mistakes;
  // The default of short is larger than this long.
  assertEquals(refused({ short: "2..6", long: "5" }).map((text) => text.slice(0, 27)), [
    '--short is "2..6": expected',
  ]);
});

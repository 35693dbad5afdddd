import { assertEquals, assertThrows } from "@std/assert";
import { type Configuration, configure, shownConfig } from "../../src/config/config.ts";
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
  ];
  for (const one of texts) {
    const grid = new Grid(given(one), []);
    let refused = 0;
    for (let place = 0; place < grid.size; place++) {
      const found = outcome(() => grid.configuration(place));
      assertEquals(found, outcome(() => configure(grid.given(place), [], "sweep")));
      if ("mistakes" in found) refused++;
    }
    assertEquals(grid.accepted().length, grid.size - refused);
  }
});

/** A configuration as it is shown, or why it is none. */
function outcome(make: () => Configuration): object {
  try {
    const { config, sources } = make();
    return { shown: shownConfig(config), sources };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { mistakes: error.mistakes };
  }
}

Deno.test("Grid passes over values that are there already, however they are written", () => {
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

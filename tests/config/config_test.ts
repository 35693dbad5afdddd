import { assert, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  configFrom,
  configure,
  readConfigFile,
  shownConfig,
  tradingParametersOf,
} from "../../src/config/config.ts";
import { type GivenOptions, nameIn } from "../../src/config/configuration.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { plain } from "../../src/domain/numbers/money.ts";
import { isStrategyOption } from "../../src/config/strategy_options.ts";
import { STRATEGIES, STRATEGY_OPTION_NAMES } from "../../src/stages/strategies/known_strategies.ts";
import { ALARM_OPTIONS } from "../../src/config/alarm_options.ts";
import { WATCH_OPTIONS } from "../../src/config/watch_options.ts";
import { OPTION_NAMES } from "../../src/config/options.ts";
import { assertEquals } from "../support/equals.ts";

/** Reads a file's text; returns the texts given and the mistakes. */
function read(text: string): { given: Record<string, string>; mistakes: string[] } {
  const mistakes: string[] = [];
  const given = readConfigFile(text, "my.json", "run", mistakes);
  for (const { source } of Object.values(given)) assertEquals(source, "file");
  return {
    given: Object.fromEntries(Object.entries(given).map(([name, option]) => [name, option.text])),
    mistakes,
  };
}

/** The mistakes in the options given. */
function mistakesIn(given: GivenOptions, before: readonly string[] = []): readonly string[] {
  return assertThrows(() => configure(given, before), ConfigError).mistakes;
}

Deno.test("readConfigFile() reads texts, numbers and switches", () => {
  assertEquals(read(`{"symbol": "ethusdt", "short": 5, "cash": 12.50, "json": true, "stale": "30s"}`), {
    given: { symbol: "ethusdt", short: "5", cash: "12.5", json: "on", stale: "30s" },
    mistakes: [],
  });
  assertEquals(read(`{"json": false}`).given, { json: "off" });
});

Deno.test("readConfigFile() writes numbers as plain decimals", () => {
  assertEquals(read(`{"lot": 1e-7, "cash": 1e17, "fee": 0.1e-2, "tick": 5E-18}`).given, {
    lot: "0.0000001",
    cash: "100000000000000000",
    fee: "0.001",
    tick: "0.000000000000000005",
  });
});

Deno.test("readConfigFile() keeps all digits of a number, even those that a double cannot hold", () => {
  assertEquals(read(`{"cash": 1000.123456789012345678, "stake": 123456789012345678, "short": 20.0}`).given, {
    cash: "1000.123456789012345678",
    stake: "123456789012345678",
    short: "20",
  });
  assertEquals(read(`{"cash": 1e400, "fee": 1e-999999999}`).given, { cash: "Infinity", fee: "0" });
});

Deno.test("readConfigFile() takes null for absent", () => {
  assertEquals(read(`{"attempts": null, "cash": null}`), { given: {}, mistakes: [] });
});

Deno.test("readConfigFile() skips a byte order mark", () => {
  assertEquals(read(`\ufeff{"short": 5}`), { given: { short: "5" }, mistakes: [] });
});

Deno.test("readConfigFile() names unknown keys and values that are neither text, number nor switch", () => {
  const lists = `"penstock run --help" lists them`;
  assertEquals(read(`{"min-notional": 5, "config": "x", "__proto__": 1, "cash": [1], "fee": {"a": 1}}`), {
    given: {},
    mistakes: [
      `"min-notional" in the configuration file is not an option; did you mean "minNotional"? ${lists}`,
      `"config" in the configuration file is not an option; ${lists}`,
      `"__proto__" in the configuration file is not an option; ${lists}`,
      `"cash" in the configuration file is [1]: expected a text or a number`,
      `"fee" in the configuration file is {"a":1}: expected a text or a number`,
    ],
  });
});

Deno.test("readConfigFile() refuses a key that appears twice, however it is written", () => {
  const twice = (key: string) =>
    `"${key}" appears more than once in the configuration file: expected each option once`;
  assertEquals(read(`{"cash": 1, "stake": 5, "cash": 2}`).mistakes, [twice("cash")]);
  assertEquals(read(`{"cash": 1, "c\\u0061sh" : 2, "stake":1,"stake":1,"stake":1}`).mistakes, [
    twice("cash"),
    twice("stake"),
  ]);
  // The same text in a value, and keys in nested objects, are not keys of the file.
  assertEquals(read(`{"record": "\\"cash\\": {", "state": "cash", "cash": 2}`).mistakes, []);
});

Deno.test("readConfigFile() refuses what is not a JSON object", () => {
  for (const text of ["[]", "null", "5", `"a"`]) {
    assertEquals(read(text).mistakes, ["--config my.json: expected a JSON object of options"]);
  }
  for (const text of ["", "{", "{a: 1}", "{'a': 1}"]) {
    const { mistakes } = read(text);
    assertEquals(mistakes.length, 1);
    assertStringIncludes(mistakes[0]!, "--config my.json: not JSON: ");
  }
});

Deno.test("readConfigFile() and configure() read any JSON or refuse it by name", () => {
  const name = fc.oneof(fc.constantFrom(...OPTION_NAMES), fc.string());
  const value = fc.oneof(fc.jsonValue(), fc.double(), fc.integer(), fc.string());
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (options) => {
      const mistakes: string[] = [];
      const given = readConfigFile(JSON.stringify(options), "my.json", "run", mistakes);
      try {
        configure(given, mistakes);
      } catch (error) {
        assert(error instanceof ConfigError);
        for (const mistake of error.mistakes) {
          assert(
            Object.keys(options).some((key) => mistake.includes(`"${key}" in the configuration`)),
            mistake,
          );
        }
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("configure() uses defaults where nothing is given, and remembers where each value came from", () => {
  const { config, sources } = configure({
    short: { text: "5", source: "file" },
    cash: { text: "1.50", source: "command line" },
  });
  assertEquals([config.short, config.long, plain(config.cash)], [5, 50, "1.5"]);
  assertEquals([sources.short, sources.long, sources.cash], ["file", "default", "command line"]);
  assertEquals(config.attempts, null);
});

Deno.test("configure() names every mistake at once, after those found before", () => {
  const mistakes = mistakesIn({
    cash: { text: "0", source: "command line" },
    fee: { text: "1", source: "file" },
    stale: { text: "", source: "command line" },
  }, ["found before"]);
  assertEquals(mistakes, [
    "found before",
    `--cash is "0": expected an amount above 0`,
    `"fee" in the configuration file is "1": expected a rate from 0 to below 1, such as 0.1% or 0.001`,
    "--stale has no value: expected a duration from 50ms to 24h, such as 250ms, 30s, 5m",
  ]);
});

Deno.test("configure() refuses a short window that is not below the long one, wherever they come from", () => {
  assertEquals(mistakesIn({ short: { text: "50", source: "file" } }), [
    `"short" in the configuration file is 50 and --long is 50: expected the short window to be smaller than the long one`,
  ]);
  configure({ short: { text: "49", source: "file" } });
  // A window that cannot be read is one mistake, not two.
  assertEquals(mistakesIn({ short: { text: "x", source: "file" } }).length, 1);
});

Deno.test("configure() refuses a smallest limit above the largest one, and takes equal ones", () => {
  assertEquals(
    mistakesIn({
      minQuantity: { text: "2", source: "file" },
      maxQuantity: { text: "1", source: "command line" },
      minNotional: { text: "5", source: "command line" },
      maxNotional: { text: "4", source: "command line" },
    }),
    [
      `"minQuantity" in the configuration file is 2 and --max-quantity is 1: ` +
      "expected the minimum to be no more than the maximum",
      "--min-notional is 5 and --max-notional is 4: expected the minimum to be no more than the maximum",
    ],
  );
  configure({
    minQuantity: { text: "2", source: "file" },
    maxQuantity: { text: "2", source: "file" },
    // 0 is no limit.
    minNotional: { text: "7", source: "file" },
    maxNotional: { text: "0", source: "file" },
  });
  // The default of 5 does not fit every quote currency.
  configure({ maxNotional: { text: "4", source: "command line" } });
});

Deno.test("configure() refuses a faster clock for a run on a real exchange, and takes it for a user's own address", () => {
  const speed = { text: "60", source: "command line" } as const;
  const endpoint = { text: "ws://127.0.0.1:9001", source: "command line" } as const;
  assertEquals(assertThrows(() => configure({ speed }, [], "run"), ConfigError).mistakes, [
    "--speed is 60: the clocks of real exchanges run at 1; expected --endpoint with the address of penstock exchange",
  ]);
  assertEquals(configure({ speed, endpoint }, [], "run").config.speed, 60);
  assertEquals(configure({ speed }, [], "demo").config.speed, 60);
});

Deno.test("configure() reads a bare number as milliseconds, and remarks on bars of less than a second given like this", () => {
  const remarks = (text: string, source: "command line" | "file" = "command line") =>
    configure({ bars: { text, source } }).remarks;
  assertEquals(configure({ bars: { text: "60", source: "command line" } }).config.bars, {
    by: "time",
    length: 60_000,
  });
  assertEquals(remarks("60"), [
    `--bars is "60", and a bare number is milliseconds: a bar has 60ms. Did you mean 60s, 60m, or 60t for bars of 60 trades?`,
  ]);
  assertEquals(remarks("5", "file")?.[0]?.startsWith(`"bars" in the configuration file is "5", and`), true);
  for (const text of ["60ms", "60s", "60000", "1000", "100t", "trades"]) {
    assertEquals(remarks(text), undefined);
  }
});

Deno.test("configure() says what to do about a strategy on a network", () => {
  const strategy = { text: "https://example.com/mine.ts", source: "command line" } as const;
  assertEquals(assertThrows(() => configure({ strategy }), ConfigError).mistakes, [
    `--strategy is "https://example.com/mine.ts": expected a file on this machine, because no code is loaded from a ` +
    "network: download the file, read it, and name it",
  ]);
});

Deno.test("nameIn() names an option as the user wrote it", () => {
  assertEquals(nameIn("file", "minNotional"), `"minNotional" in the configuration file`);
  assertEquals(nameIn("command line", "minNotional"), "--min-notional");
});

Deno.test("shownConfig() shows amounts as plain decimal text and everything else as it is", () => {
  const { config } = configure({
    lot: { text: "0.00000010", source: "command line" },
    maxDrawdown: { text: "2.50%", source: "command line" },
    speed: { text: "max", source: "command line" },
    maxOrders: { text: "10/60s", source: "command line" },
  });
  const shown = shownConfig(config);
  assertEquals(
    [shown.lot, shown.maxDrawdown, shown.speed, shown.json, shown.stale, shown.attempts, shown.maxOrders],
    ["0.0000001", "0.025", "max", false, 15_000, null, "10/1m"],
  );
  const unshown: readonly string[] = [
    "strategy",
    "set",
    ...Object.keys(WATCH_OPTIONS),
    ...Object.keys(ALARM_OPTIONS),
    ...["name", "standby", "lease", "part", "join", "queue", "data", "dataUrl", "untilEmpty"],
    ...STRATEGY_OPTION_NAMES.filter((name) => !CROSSOVER.includes(name)),
  ];
  assertEquals(Object.keys(shown), OPTION_NAMES.filter((name) => !unshown.includes(name)));
});

/** What a run has always shown of the default strategy. */
const CROSSOVER: readonly string[] = ["short", "long"];

function given(options: Readonly<Record<string, string>>): GivenOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, text]) => [name, { text, source: "command line" }]),
  );
}

Deno.test("configure() gives each strategy its own defaults, and null for the options that others have", () => {
  const read = (options: Readonly<Record<string, string>>) => configure(given(options)).config;
  const { strategy, average, short, long, period } = read({});
  assertEquals([strategy, average, short, long, period], ["crossover", "sma", 20, 50, null]);
  const rsi = read({ strategy: "rsi", below: "25.5" });
  assertEquals([rsi.period, rsi.below, rsi.above, rsi.short, rsi.average], [14, 25.5, 70, null, null]);
  const bollinger = read({ strategy: "bollinger" });
  assertEquals([bollinger.period, bollinger.width, bollinger.fast], [20, 2, null]);
  const macd = read({ strategy: "macd" });
  assertEquals([macd.fast, macd.slow, macd.smooth, macd.short], [12, 26, 9, null]);
  const donchian = read({ strategy: "donchian", entry: "55" });
  assertEquals([donchian.entry, donchian.exit], [55, 10]);
});

Deno.test("configure() refuses options that the strategy does not have, and pairs out of order, by name and value", () => {
  assertEquals(mistakesIn(given({ strategy: "rsi", short: "5", below: "70", width: "3" })), [
    `--short is "5": expected to be left out with --strategy rsi, which has --period, --below, --above`,
    `--width is "3": expected to be left out with --strategy rsi, which has --period, --below, --above`,
    `--below is 70 and --above is 70: expected --below to be smaller than --above`,
  ]);
  assertEquals(mistakesIn(given({ period: "5" })), [
    `--period is "5": expected to be left out with --strategy crossover, which has --average, --short, --long`,
  ]);
  assertEquals(mistakesIn(given({ strategy: "macd", fast: "26" })), [
    "--fast is 26 and --slow is 26: expected the fast window to be smaller than the slow one",
  ]);
  assertEquals(mistakesIn(given({ strategy: "bollinger", width: "0", period: "1" })), [
    `--period is "1": expected a whole number from 2 to 1000000`,
    `--width is "0": expected a number from 0.000001 to 100 with up to 6 decimals`,
  ]);
  assertEquals(mistakesIn(given({ strategy: "hodl" })), [
    `--strategy is "hodl": expected one of ${
      Object.keys(STRATEGIES).join(", ")
    }, or a file of your own that ends in .ts`,
  ]);
});

Deno.test("shownConfig() shows a strategy with its options, and the default one as it always did", () => {
  const shown = (options: Readonly<Record<string, string>>) => {
    const all = shownConfig(configure(given(options)).config);
    return Object.fromEntries(
      Object.entries(all).filter(([name]) => name === "strategy" || isStrategyOption(name)),
    );
  };
  assertEquals(shown({ average: "sma" }), { short: 20, long: 50 });
  assertEquals(shown({ average: "ema" }), { average: "ema", short: 20, long: 50 });
  assertEquals(shown({ strategy: "rsi" }), { strategy: "rsi", period: 14, below: 30, above: 70 });
  assertEquals(shown({ strategy: "hold" }), { strategy: "hold" });
  for (const options of [{ average: "ema" }, { strategy: "rsi", below: "0.000001" }, { strategy: "hold" }]) {
    const all = JSON.parse(JSON.stringify(shownConfig(configure(given(options)).config)));
    assertEquals(shownConfig(configFrom(all)), all);
  }
});

Deno.test("configFrom() reads what shownConfig() returned, through JSON, whatever the defaults are now", () => {
  const given: GivenOptions = {
    lot: { text: "0.00000010", source: "command line" },
    maxDrawdown: { text: "2.50%", source: "command line" },
    latency: { text: "1.5s", source: "command line" },
    speed: { text: "max", source: "command line" },
    json: { text: "on", source: "command line" },
    stopAfter: { text: "7", source: "command line" },
    endpoint: { text: "ws://127.0.0.1:9001", source: "command line" },
  };
  for (const options of [{}, given]) {
    const shown = JSON.parse(JSON.stringify(shownConfig(configure(options).config)));
    assertEquals(shownConfig(configFrom(shown)), shown);
  }
  assertEquals(configFrom({ maxDrawdown: null, short: 7 }).maxDrawdown, null);
  assertEquals(configFrom({}).short, 20);
});

Deno.test("configFrom() names needed options that are missing, and values that cannot be used", () => {
  const shown = { short: "x", cash: -1, json: 5 };
  const { mistakes } = assertThrows(() => configFrom(shown, ["long", "short"]), ConfigError);
  assertEquals(mistakes, [
    `short is "x": expected a whole number from 1 to 999999`,
    "long is missing",
    "cash is -1: expected an amount above 0, in plain decimals",
    "json is 5: expected one of on, off",
  ]);
});

Deno.test("tradingParametersOf() gives the stages what they need, with the latency in microseconds", () => {
  const { config } = configure({ latency: { text: "1.5s", source: "command line" } });
  const parameters = tradingParametersOf(config);
  assertEquals([parameters.latency, plain(parameters.feeRate)], [1_500_000, "0.001"]);
  const { cash, stake, slippage, fill, maxDrawdown, onHalt } = config;
  // They are known: null is for rules that a live run waits for.
  const [lot, tick, minNotional] = [config.lot!, config.tick!, config.minNotional!];
  const none = { maxDailyLoss: null, maxPosition: null, maxOrders: null, cooldown: null, maxLag: null };
  const off = { participation: null, orderTtl: null, stopLoss: null, trailingStop: null, takeProfit: null };
  const limits = { minQuantity: null, maxQuantity: null, maxNotional: null };
  const expected = { cash, stake, slippage, fill, lot, tick, minNotional, maxDrawdown, onHalt };
  assertEquals({ ...parameters, ...expected, ...none, ...off, ...limits }, parameters);
  const long = configure({
    ...{ cooldown: { text: "2s", source: "file" }, maxLag: { text: "3s", source: "file" } },
    orderTtl: { text: "4s", source: "file" },
  });
  const { cooldown, maxLag, orderTtl } = tradingParametersOf(long.config);
  assertEquals([cooldown, maxLag, orderTtl], [2_000, 3_000, 4_000_000]);
});

Deno.test("tradingParametersOf() awaits rules while the lot or the tick is not known", () => {
  const { config } = configure({});
  assertEquals(tradingParametersOf(config).awaitsRules, undefined);
  for (const unknown of [{ lot: null }, { tick: null }, { lot: null, tick: null, minNotional: null }]) {
    assertEquals(tradingParametersOf({ ...config, ...unknown }).awaitsRules, true);
  }
  assertEquals(
    tradingParametersOf(configFrom({ ...shownConfig(config), tick: null }, ["tick"])).awaitsRules,
    true,
  );
});

Deno.test("configFrom() reads a stake that is a share of the cash, and a fee in percent, as shownConfig() returned them", () => {
  const given = { stake: { text: "12.50%", source: "file" }, fee: { text: "0.1%", source: "file" } } as const;
  const { config } = configure(given);
  const shown = shownConfig(config);
  assertEquals([shown.stake, shown.fee], ["12.5%", "0.001"]);
  assertEquals(shownConfig(configFrom(shown)), shown);
  assertEquals(tradingParametersOf(configFrom(shown)).stake, tradingParametersOf(config).stake);
});

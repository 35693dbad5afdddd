import { assert, assertEquals, assertMatch } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import { COMMANDS } from "../../src/config/command_name.ts";
import { OPTION_GROUPS } from "../../src/config/option.ts";
import { OPTION_NAMES, type OptionName, OPTIONS } from "../../src/config/options.ts";
import { optionWord } from "../../src/domain/process/config_error.ts";

/** The defaults that the contract fixes, as `penstock config` shows them. Durations in ms. */
const CONTRACT: Partial<Record<OptionName, string | number | boolean | null>> = {
  symbol: "BTCUSDT",
  short: 20,
  long: 50,
  cash: "10000",
  stake: "1000",
  fee: "0.001",
  slippage: "0",
  latency: 0,
  lot: "0.00001",
  tick: "0.01",
  minNotional: "5",
  minQuantity: null,
  maxQuantity: null,
  maxNotional: null,
  maxDrawdown: "0.2",
  maxDailyLoss: null,
  maxPosition: null,
  maxOrders: null,
  cooldown: null,
  maxLag: null,
  onHalt: "hold",
  exchange: "binance",
  endpoint: null,
  restEndpoint: null,
  stale: 15_000,
  retryMax: 60_000,
  attempts: null,
  stopAfter: null,
  for: null,
  config: null,
  json: false,
  logLevel: "info",
  logFormat: "text",
};

const SWITCHES: readonly string[] = [
  "json",
  "newRun",
  "sort",
  "skipBad",
  "continue",
  "join",
  "untilEmpty",
  "forgetTries",
  "models",
  "closed",
  "trips",
  "signals",
  "equity",
  "offlineInstruments",
  "flatten",
  "failOnHalt",
  "watch",
  "standby",
];

Deno.test("OPTIONS has the contract's names and defaults", () => {
  const shown = shownConfig(configure({}).config);
  for (const [name, value] of Object.entries(CONTRACT)) assertEquals(shown[name], value, name);
});

Deno.test("OPTIONS keeps a run's journal in the data folder, and none for a demo or a backtest", () => {
  const defaults = (["run", "config", "demo", "backtest"] as const).map((command) =>
    configure({}, [], command).config.state
  );
  assertEquals(defaults, ["data/penstock.db", "data/penstock.db", "none", "none"]);
});

Deno.test("OPTIONS has defaults that can be read, known commands and an explanation for every option", () => {
  for (const name of OPTION_NAMES) {
    const { default: byDefault, read, commands, help, value } = OPTIONS[name];
    if (byDefault !== null) read(byDefault);
    assert(commands.length > 0 && commands.every((command) => Object.hasOwn(COMMANDS, command)), name);
    assertMatch(help, /^\S.*[^.\s]$/);
    assertMatch(name, /^[a-z]+([A-Z][a-z]+)*$/);
    assertEquals(value === null, SWITCHES.includes(name), `${name} takes a value unless it is a switch`);
  }
});

Deno.test("OPTIONS keeps the options of a group together, and the groups in the order of their table", () => {
  const groups = OPTION_NAMES.map((name) => OPTIONS[name].group);
  const inOrder = groups.filter((group, at) => group !== groups[at - 1]);
  assertEquals(inOrder as string[], Object.keys(OPTION_GROUPS));
});

Deno.test("OPTIONS gives the demo every option of a run except the addresses of an exchange", () => {
  const only = OPTION_NAMES.filter((name) => {
    const commands: readonly string[] = OPTIONS[name].commands;
    return commands.includes("run") && !commands.includes("demo");
  });
  assertEquals(only, ["exchange", "endpoint", "restEndpoint"]);
});

Deno.test("optionWord() writes a name as the command line does, and no two names alike", () => {
  assertEquals(optionWord("minNotional"), "min-notional");
  assertEquals(optionWord("for"), "for");
  assertEquals(new Set(OPTION_NAMES.map(optionWord)).size, OPTION_NAMES.length);
});

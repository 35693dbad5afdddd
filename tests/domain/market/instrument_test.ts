import { assert, assertEquals } from "@std/assert";
import { configure, shownConfig } from "../../../src/config/config.ts";
import type { Configuration, GivenOptions } from "../../../src/config/configuration.ts";
import { type Rule, RULES } from "../../../src/domain/market/instrument_rules.ts";
import { type KeptRules, type RuleSet } from "../../../src/domain/market/instrument.ts";
import {
  awaitedRules,
  builtInRules,
  changesOf,
  instrumentText,
  keepInstrument,
  settleInstrument,
  withoutGuesses,
} from "../../../src/config/instrument_settlement.ts";
import type { OptionName } from "../../../src/config/options.ts";

const EXCHANGE: RuleSet = {
  source: "exchange",
  rules: { lot: "0.001", minQuantity: "0.002", maxQuantity: "90", minNotional: "0", maxNotional: "0" },
};
const STARTED = "2026-11-27T00:00:00.000000Z";

/** A configuration from the command line. */
function given(options: Partial<Record<OptionName, string>> = {}): Configuration {
  const texts = Object.entries(options).map(([name, text]) => [name, { text, source: "command line" }]);
  return configure(Object.fromEntries(texts) as GivenOptions);
}

/** The rules of a settled instrument, each as its value and where it comes from. */
function shown({ config, sources }: ReturnType<typeof settleInstrument>): Record<Rule, string> {
  const options = shownConfig(config);
  return Object.fromEntries(RULES.map((rule) => [rule, `${options[rule]} ${sources[rule]}`])) as Record<
    Rule,
    string
  >;
}

/** A run that started with these options and rules, and is resumed. */
function keptRun(options: Partial<Record<OptionName, string>>, base: RuleSet | null): KeptRules {
  const { config, sources } = settleInstrument(given(options), base);
  return { options: shownConfig(config), sources, time: STARTED };
}

Deno.test("settleInstrument() takes the user's rules, else those of the base, else the defaults", () => {
  assertEquals(shown(settleInstrument(given({ lot: "0.5", maxNotional: "700" }), EXCHANGE)), {
    lot: "0.5 command line",
    tick: "0.01 default",
    minQuantity: "0.002 exchange",
    maxQuantity: "90 exchange",
    minNotional: "0 exchange",
    maxNotional: "700 command line",
  });
  assertEquals(shown(settleInstrument(given(), null)), {
    lot: "0.00001 default",
    tick: "0.01 default",
    minQuantity: "null default",
    maxQuantity: "null default",
    minNotional: "5 default",
    maxNotional: "null default",
  });
  // A rule that the user gives may equal the default.
  assertEquals(shown(settleInstrument(given({ lot: "0.00001" }), EXCHANGE)).lot, "0.00001 command line");
  assertEquals(
    shown(settleInstrument(given({ maxQuantity: "0" }), EXCHANGE)).maxQuantity,
    "null command line",
  );
});

Deno.test("settleInstrument() changes no options except the rules", () => {
  const configuration = given({ symbol: "ethusdt", cash: "77" });
  const { config } = settleInstrument(configuration, EXCHANGE);
  const names = Object.keys(config) as OptionName[];
  const changed = names.filter((name) => config[name] !== configuration.config[name]);
  assertEquals(changed, ["lot", "minQuantity", "maxQuantity", "minNotional"]);
});

Deno.test("builtInRules() has all rules of common symbols, and none of others", () => {
  for (const symbol of ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"]) {
    const base = builtInRules(symbol);
    const { sources } = settleInstrument(given(), base);
    assertEquals(new Set(Object.values(sources)), new Set(["built-in"]), symbol);
  }
  assertEquals(shown(settleInstrument(given(), builtInRules("XRPUSDT"))).lot, "1 built-in");
  for (const symbol of ["PEPEUSDT", "__proto__", "constructor"]) assertEquals(builtInRules(symbol), null);
});

Deno.test("keepInstrument() keeps the rules that the run started with, and names their time", () => {
  const kept = keptRun({}, EXCHANGE);
  assertEquals(shown(keepInstrument(given(), kept)), {
    lot: `0.001 journal of ${STARTED}`,
    // Nobody gave that one.
    tick: "0.01 default",
    minQuantity: `0.002 journal of ${STARTED}`,
    maxQuantity: `90 journal of ${STARTED}`,
    minNotional: `0 journal of ${STARTED}`,
    maxNotional: `null journal of ${STARTED}`,
  });
  const remembered = keptRun({}, { ...EXCHANGE, source: "journal of 2025-01-01T00:00:00.000000Z" });
  const { lot, tick } = shown(keepInstrument(given(), remembered));
  assertEquals(lot, "0.001 journal of 2025-01-01T00:00:00.000000Z");
  assertEquals(tick, "0.01 default");
});

Deno.test("keepInstrument() leaves rules that the user gave at the start or gives now to the comparison of options", () => {
  const kept = keptRun({ lot: "0.5" }, EXCHANGE);
  // A rule that the user leaves out now does not silently become the run's own.
  assertEquals(shown(keepInstrument(given(), kept)).lot, "0.00001 default");
  assertEquals(shown(keepInstrument(given({ lot: "0.5" }), kept)).lot, "0.5 command line");
  assertEquals(shown(keepInstrument(given({ tick: "0.1" }), kept)).tick, "0.1 command line");
});

Deno.test("keepInstrument() gives no limits to a run that knew only three rules", () => {
  const { options } = keptRun({}, EXCHANGE);
  const { lot, tick, minNotional } = options;
  const old = { options: { lot, tick, minNotional }, sources: {}, time: STARTED };
  const { minQuantity, maxQuantity } = shown(keepInstrument(given(), old));
  assertEquals([minQuantity, maxQuantity], [`null journal of ${STARTED}`, `null journal of ${STARTED}`]);
  assertEquals(
    changesOf(given(), old, EXCHANGE.rules),
    "min-quantity was none and is 0.002, max-quantity was none and is 90",
  );
});

Deno.test("keepInstrument() takes rules that the user never gave from the bases, and no others", () => {
  const kept = keptRun({ minQuantity: "3" }, EXCHANGE);
  const base = { rules: { lot: "7", tick: "0.5", minQuantity: "9" }, source: "exchange" };
  const { lot, tick, minQuantity } = shown(keepInstrument(given(), kept, base));
  assertEquals([lot, tick, minQuantity], [`0.001 journal of ${STARTED}`, "0.5 exchange", "null default"]);
});

Deno.test("withoutGuesses() removes all defaults if the lot or the tick is one, and none otherwise", () => {
  const guessed = withoutGuesses(settleInstrument(given({ maxQuantity: "4" }), EXCHANGE));
  assertEquals(awaitedRules(guessed), ["tick"]);
  assertEquals(shown(guessed), {
    lot: "0.001 exchange",
    tick: "null awaited",
    minQuantity: "0.002 exchange",
    maxQuantity: "4 command line",
    minNotional: "0 exchange",
    maxNotional: "null exchange",
  });
  assertEquals(shown(withoutGuesses(settleInstrument(given(), null))).minNotional, "null awaited");
  const known = settleInstrument(given({ lot: "1", tick: "1" }), null);
  assertEquals(withoutGuesses(known), known);
  assertEquals(instrumentText(guessed).includes("tick (awaited)"), true);
});

Deno.test("changesOf() names the rules that the exchange has changed, except those that the user gave", () => {
  const kept = keptRun({ tick: "0.5" }, EXCHANGE);
  assertEquals(changesOf(given({ tick: "0.5" }), kept, EXCHANGE.rules), null);
  const now = { ...EXCHANGE.rules, lot: "0.01", tick: "0.1", maxQuantity: "0" };
  assertEquals(
    changesOf(given({ tick: "0.5" }), kept, now),
    "lot was 0.001 and is 0.01, max-quantity was 90 and is none",
  );
  assertEquals(
    changesOf(given({ tick: "0.5", lot: "0.001" }), kept, now),
    "max-quantity was 90 and is none",
  );
});

Deno.test("instrumentText() shows every rule once, grouped by source", () => {
  const text = instrumentText(settleInstrument(given({ minNotional: "10" }), EXCHANGE));
  assertEquals(
    text,
    "lot 0.001, min-quantity 0.002, max-quantity 90, max-notional none (exchange); tick 0.01 (default); " +
      "min-notional 10 (command line)",
  );
  const file = configure({ lot: { text: "1", source: "file" } });
  assert(instrumentText(settleInstrument(file, null)).startsWith("lot 1 (configuration file); "));
});

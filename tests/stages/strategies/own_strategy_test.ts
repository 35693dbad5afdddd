import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { defineStrategy } from "../../../src/stages/strategies/define_strategy.ts";
import { type AnyDefinition, OwnStrategy } from "../../../src/stages/strategies/own_strategy.ts";
import { readSettings } from "../../../src/stages/strategies/strategy_settings.ts";
import { flawsIn } from "../../../src/stages/strategies/strategy_source.ts";
import { flatBar } from "../../support/bars.ts";
import { testStrategy } from "./strategy_contract.ts";

/** Long above the highest of some closes, flat below the lowest: a state with a list in it. */
const BREAKOUT = defineStrategy({
  options: { window: { default: 5, least: 1, whole: true } },
  start: () => ({ closes: [] as number[], count: 0 }),
  onBar({ close }, state, { window }) {
    const { closes } = state;
    const [highest, lowest] = [Math.max(...closes), Math.min(...closes)];
    state.count++;
    closes.push(close);
    if (closes.length <= window) return null;
    closes.shift();
    return close > highest ? "long" : close < lowest ? "flat" : null;
  },
  values: ({ count }) => ({ count }),
}) as unknown as AnyDefinition;

testStrategy("a user-defined strategy", () => new OwnStrategy("breakout.ts", BREAKOUT, { window: 5 }));

function made(onBar: (bar: { close: number }, state: { n: number }) => unknown): OwnStrategy {
  const definition = { start: () => ({ n: 0 }), onBar } as unknown as AnyDefinition;
  return new OwnStrategy("mine.ts", definition, {});
}

Deno.test("OwnStrategy shows a bar in plain numbers, the same object for every bar", () => {
  const seen: unknown[] = [];
  const views = new Set<unknown>();
  const strategy = made((bar) => {
    const { openTime, closeTime, open, high, low, close, volume, trades } = bar as unknown as Record<
      string,
      number
    >;
    views.add(bar);
    seen.push([openTime, closeTime, open, high, low, close, volume, trades]);
    return null;
  });
  const prices = { open: 61_000_05, high: 62_000_00, low: 60_000_00, close: 61_837_63, decimals: 2 };
  strategy.add({
    ...flatBar(1),
    ...prices,
    openTime: 1_000_500,
    closeTime: 2_000_000,
    volume: 150_000_000n,
    trades: 7,
  });
  strategy.add(flatBar(5));
  assertEquals(seen[0], [1000.5, 2000, 61_000.05, 62_000, 60_000, 61_837.63, 1.5, 7]);
  assertEquals(views.size, 1);
});

Deno.test("OwnStrategy asks twice for its first bars and for some of every few thousand later", () => {
  let asked = 0;
  const strategy = made((_, state) => {
    asked++;
    state.n++;
    return null;
  });
  const bars = 20_000;
  for (let at = 0; at < bars; at++) strategy.add(flatBar(5 + at % 3));
  assertEquals(strategy.fault, null);
  assertGreater(asked, bars + 1_024);
  assert(asked < bars * 1.15, `${asked}`);
});

Deno.test("OwnStrategy finds out, even late, that a file remembers something elsewhere", () => {
  let calls = 0;
  const strategy = made((_, state) => {
    state.n++;
    return ++calls > 3_000 && calls % 2 === 0 ? "long" : "flat";
  });
  for (let at = 0; at < 9_000; at++) strategy.add(flatBar(5));
  assertStringIncludes(strategy.fault!.message, "the second time");
});

Deno.test("OwnStrategy that failed wants nothing, keeps the reason, and does not resume", () => {
  const strategy = made((_, state) => ++state.n === 3 ? "buy" : "long");
  assertEquals([1, 2, 3, 4].map((close) => strategy.add(flatBar(close))), [1, 1, 0, 0]);
  const text =
    `the strategy mine.ts failed (bar 3, closed 1970-01-01T00:00:00.000000Z at 3): it answered "buy": ` +
    `expected "long", "flat" or null`;
  assertEquals(strategy.fault!.message, text);
  const kept = JSON.parse(JSON.stringify(strategy.snapshot()));
  assertEquals(kept, { bars: 3, fault: text });
  const other = made(() => "long");
  other.restore(kept);
  assertEquals([other.fault!.message, other.add(flatBar(5)), other.snapshot()], [text, 0, kept]);
});

Deno.test("OwnStrategy ends with a fault even over a value that throws when it is inspected", () => {
  const hostile = () =>
    new Proxy({}, {
      get: () => {
        throw new Error("get");
      },
      getPrototypeOf: () => {
        throw new Error("getPrototypeOf");
      },
    });
  const trap = {
    get n(): number {
      throw new TypeError("no n");
    },
  };
  const odd: [(state: { n: number }) => unknown, string][] = [
    [hostile, "it answered an unreadable object: expected"],
    [() => {
      throw hostile();
    }, "it threw an unreadable object"],
    [(state) => {
      Object.assign(state, { child: trap });
      return "long";
    }, "its state cannot be read: TypeError: no n"],
  ];
  for (const [onBar, message] of odd) {
    const strategy = made((_, state) => onBar(state));
    strategy.add(flatBar(5));
    assertStringIncludes(strategy.fault!.message, message);
  }
});

Deno.test("OwnStrategy keeps no state that JSON would change, and says where it is", () => {
  const states: [unknown, string][] = [
    [{ n: NaN }, "its state.n is NaN"],
    [{ n: undefined }, "its state.n is undefined"],
    [{ list: [1, [2, new Float64Array(1)]] }, "its state.list[1][1] is a Float64Array"],
    [{ n: 5n }, "its state.n is 5"],
    [{ n: () => 1 }, "its state.n is a function"],
  ];
  const endless: Record<string, unknown> = {};
  endless["itself"] = endless;
  states.push([endless, "its state is nested without end"]);
  for (const [state, message] of states) {
    const definition = { start: () => state, onBar: () => null } as unknown as AnyDefinition;
    const strategy = new OwnStrategy("mine.ts", definition, {});
    strategy.snapshot();
    assertStringIncludes(strategy.fault!.message, message);
  }
});

Deno.test("OwnStrategy soon names a state that JSON would change, even without a checkpoint", () => {
  const odd: [(state: Record<string, unknown>) => void, string][] = [
    [(state) => state["itself"] = state, "its state is nested without end"],
    [(state) => state["seen"] = new Set([1]), "its state.seen is a Set"],
    [(state) => state["mean"] = NaN, "its state.mean is NaN"],
    [(state) => state["count"] = 5n, "its state.count is 5n: expected"],
  ];
  for (const first of [1, 3, 700]) {
    for (const [spoil, message] of odd) {
      let bar = 0;
      const strategy = made((_, state) => {
        if (++state.n >= first) spoil(state as unknown as Record<string, unknown>);
        return "long";
      });
      while (strategy.fault === null && bar < 1_024) strategy.add(flatBar(++bar));
      assertStringIncludes(strategy.fault!.message, message);
      assert(bar < 2 * first, `${bar}`);
    }
  }
});

Deno.test("OwnStrategy.values() takes numbers under names that events do not use", () => {
  for (
    const [values, message] of [[{ price: 1 }, "price as 1"], [{ a: "x" }, `a as "x"`], [
      { a: NaN },
      "a as NaN",
    ]] as const
  ) {
    const definition = {
      start: () => ({}),
      onBar: () => null,
      values: () => values,
    } as unknown as AnyDefinition;
    const strategy = new OwnStrategy("mine.ts", definition, {});
    strategy.add(flatBar(1));
    assertEquals(strategy.values(), {});
    assertStringIncludes(strategy.fault!.message, `values() returned ${message}`);
  }
});

Deno.test("readSettings() names what is wrong in a file's options", () => {
  const wrong = (options: Record<string, unknown>) => {
    const mistakes: string[] = [];
    readSettings(options as never, null, mistakes);
    return mistakes.join();
  };
  assertStringIncludes(wrong({ "a b": { default: 1 } }), `the option "a b" needs a name`);
  assertStringIncludes(wrong({ a: {} }), "the option a has no number as default");
  assertStringIncludes(
    wrong({ a: { default: 0.5, whole: true } }),
    "the default 0.5 of the option a is not a whole number",
  );
  assertStringIncludes(wrong({ a: { default: 5, most: "9" } }), "the limits of the option a are not numbers");
});

Deno.test("readSettings() and flawsIn() read any text or name what they refuse", () => {
  fc.assert(fc.property(fc.string(), fc.string({ unit: "grapheme" }), (one, other) => {
    const mistakes: string[] = [];
    const { values } = readSettings({ a: { default: 1, least: 0 } }, `a=${one},${other}`, mistakes);
    assert(mistakes.length > 0 || values["a"]! >= 0);
    flawsIn(`${one}\`\${${other}/[${one}`);
  }));
  assertEquals(flawsIn("const a = `${`${1}`}`; /[/]Deno/.test('Deno'); // Deno"), []);
  assertEquals(flawsIn("const a = `${Deno.args}`"), [`line 1: "Deno", the system: it has no I/O`]);
  assertEquals(flawsIn(`\nimport x from "./x.ts";`), [
    `line 2: an import of "./x.ts": it imports only "@penstock/penstock/strategy"`,
  ]);
});

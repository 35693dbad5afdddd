import { assert } from "@std/assert";
import fc from "fast-check";
import { readExchangeInfo } from "../../../src/exchanges/binance/exchange_info.ts";
import type { ReadInfo } from "../../../src/exchanges/exchange.ts";
import { type Rule, RULES } from "../../../src/domain/market/instrument_rules.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { OPTIONS } from "../../../src/config/options.ts";
import { assertEquals } from "../../support/equals.ts";

const LOT = { filterType: "LOT_SIZE", minQty: "0.00001000", maxQty: "9000.00000000", stepSize: "0.00001000" };
const MARKET = {
  filterType: "MARKET_LOT_SIZE",
  minQty: "0.00000000",
  maxQty: "100.5",
  stepSize: "0.00000000",
};
const PRICE = { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000", tickSize: "0.01000000" };
const NOTIONAL = {
  filterType: "NOTIONAL",
  minNotional: "5.00000000",
  applyMinToMarket: true,
  maxNotional: "9000000.00000000",
  applyMaxToMarket: true,
  avgPriceMins: 5,
};
const ALL = [PRICE, LOT, MARKET, NOTIONAL];

function answer(filters: unknown, status: unknown = "TRADING", symbol = "BTCUSDT"): unknown {
  return { timezone: "UTC", symbols: [{ symbol: "ETHUSDT", filters: 7 }, { symbol, status, filters }] };
}

/** Reads a usable answer. */
function read(filters: unknown, status?: unknown): ReadInfo {
  const info = readExchangeInfo(answer(filters, status), "BTCUSDT");
  assert(info !== null && !("malformed" in info));
  return info;
}

/** The rules in filters without flaws. */
function rules(...filters: readonly unknown[]): ReadInfo["rules"] {
  const info = read(filters);
  assertEquals(info.flaws, []);
  return info.rules;
}

Deno.test("readExchangeInfo() reads every rule of the symbol asked for, exactly", () => {
  assertEquals(read(ALL), {
    status: "TRADING",
    rules: {
      lot: "0.00001",
      tick: "0.01",
      minQuantity: "0.00001",
      maxQuantity: "100.5",
      minNotional: "5",
      maxNotional: "9000000",
    },
    flaws: [],
  });
  const long = "123456789012345678.000000000000000009";
  assertEquals(rules({ ...LOT, maxQty: long }).maxQuantity, long);
  assertEquals(readExchangeInfo(answer(ALL), "XRPUSDT"), null);
  assertEquals(read(ALL, "BREAK").status, "BREAK");
  assertEquals(read(ALL, null).flaws, [`"status" is null, expected a text`]);
});

Deno.test("readExchangeInfo() has no rule whose filter or field is missing", () => {
  assertEquals(rules(), {});
  assertEquals(readExchangeInfo({ symbols: [{ symbol: "BTCUSDT" }] }, "BTCUSDT"), {
    status: null,
    rules: {},
    flaws: [],
  });
  const names: Record<string, readonly Rule[]> = {
    PRICE_FILTER: ["tick"],
    NOTIONAL: ["minNotional", "maxNotional"],
  };
  for (const [type, missing] of Object.entries(names)) {
    const left = rules(...ALL.filter(({ filterType }) => filterType !== type));
    assertEquals(RULES.filter((rule) => left[rule] === undefined), missing);
  }
  assertEquals(rules({ filterType: "LOT_SIZE", maxQty: "5" }), { maxQuantity: "5" });
});

Deno.test("readExchangeInfo() finds the smallest notional of every market", () => {
  assertEquals(rules({ filterType: "MIN_NOTIONAL", notional: "100" }), { minNotional: "100" });
  assertEquals(rules({ filterType: "MIN_NOTIONAL", notional: "100", applyToMarket: false }), {
    minNotional: "0",
  });
  assertEquals(rules({ filterType: "MIN_NOTIONAL", minNotional: "10" }, NOTIONAL).minNotional, "10");
});

Deno.test("readExchangeInfo() reads the assets of a symbol, and refuses a symbol counted in contracts", () => {
  const symbol = (more: object) => ({ symbols: [{ symbol: "BTCUSDT", filters: [], ...more }] });
  const info = readExchangeInfo(symbol({ baseAsset: "币安人生", quoteAsset: 7 }), "BTCUSDT");
  assertEquals(info, {
    status: null,
    base: "币安人生",
    rules: {},
    flaws: [`"quoteAsset" is 7, expected the name of an asset`],
  });
  assertEquals(readExchangeInfo(symbol({ contractSize: 100 }), "BTCUSDT"), {
    malformed: "BTCUSDT is counted in contracts (contractSize 100), and Penstock trades coins",
    isContract: true,
  });
});

Deno.test("readExchangeInfo() takes a zero for a rule that is switched off", () => {
  const zero = "0.00000000";
  assertEquals(
    rules(
      { ...PRICE, tickSize: zero },
      { ...LOT, minQty: zero, maxQty: zero, stepSize: zero },
      { ...NOTIONAL, minNotional: zero, maxNotional: zero },
    ),
    // Amounts have eight decimals at most.
    {
      lot: "0.00000001",
      tick: "0.00000001",
      minQuantity: "0",
      maxQuantity: "0",
      minNotional: "0",
      maxNotional: "0",
    },
  );
});

Deno.test("readExchangeInfo() lets orders meet both lot filters", () => {
  const both = (lot: string, market: string) =>
    rules({ ...LOT, stepSize: lot }, { ...MARKET, stepSize: market }).lot;
  assertEquals(both("0.00001", "0"), "0.00001");
  assertEquals(both("0", "0.001"), "0.001");
  assertEquals(both("0.00001", "0.001"), "0.001");
  assertEquals(both("0.001", "0.00001"), "0.001");
  assertEquals(both("0.2", "0.3"), "0.6");
  assertEquals(rules({ ...MARKET, stepSize: "0.5" }).lot, "0.5");
  assertEquals(rules({ ...MARKET, stepSize: "0" }).lot, undefined);
  const apart = read([{ ...LOT, stepSize: "70000000000" }, { ...MARKET, stepSize: "100.000004" }]);
  assertEquals([apart.rules.lot, apart.flaws], [
    undefined,
    [`the steps of LOT_SIZE and MARKET_LOT_SIZE have no common multiple below "1750000070000000000"`],
  ]);
  const quantities = (lot: object, market: object) => {
    const { minQuantity, maxQuantity } = rules({ ...LOT, ...lot }, { ...MARKET, ...market });
    return [minQuantity, maxQuantity];
  };
  assertEquals(quantities({ minQty: "1", maxQty: "9" }, { minQty: "2", maxQty: "8" }), ["2", "8"]);
  assertEquals(quantities({ minQty: "1", maxQty: "9" }, { minQty: "0", maxQty: "0" }), ["1", "9"]);
  assertEquals(quantities({ minQty: "0", maxQty: "0" }, { minQty: "2", maxQty: "8" }), ["2", "8"]);
});

Deno.test("readExchangeInfo() ignores limits of the notional that are not for market orders", () => {
  const limits = (filter: object) => {
    const { minNotional, maxNotional } = rules(filter);
    return [minNotional, maxNotional];
  };
  assertEquals(limits({ ...NOTIONAL, applyMaxToMarket: false }), ["5", "0"]);
  assertEquals(limits({ ...NOTIONAL, applyMinToMarket: false }), ["0", "9000000"]);
  const old = { filterType: "MIN_NOTIONAL", minNotional: "10.00", avgPriceMins: 5 };
  assertEquals(limits(old), ["10", undefined]);
  assertEquals(limits({ ...old, applyToMarket: false }), ["0", undefined]);
  assertEquals(rules(NOTIONAL, { ...old, applyToMarket: true }).minNotional, "10");
});

Deno.test("readExchangeInfo() skips what it cannot use, and names the value found", () => {
  const { rules, flaws } = read([
    7,
    { ...LOT, stepSize: 0.001, minQty: "1e-5", maxQty: "-1" },
    { ...PRICE, tickSize: null },
    { ...NOTIONAL, minNotional: "5,00", applyMaxToMarket: "no" },
  ]);
  assertEquals(rules, { maxNotional: "9000000" });
  assertEquals(flaws, [
    "a filter is 7, expected an object",
    "tickSize of PRICE_FILTER is null, expected a decimal amount as text",
    "stepSize of LOT_SIZE is 0.001, expected a decimal amount as text",
    `minQty of LOT_SIZE is "1e-5", expected a decimal amount as text`,
    `maxQty of LOT_SIZE is "-1", expected a decimal amount as text`,
    `minNotional of NOTIONAL is "5,00", expected a decimal amount as text`,
    `applyMaxToMarket of NOTIONAL is "no", expected true or false`,
  ]);
  assertEquals(read("none").flaws, [`"filters" is "none", expected a list`]);
  assertEquals(read([{ ...LOT, minQty: "9001" }]), {
    status: "TRADING",
    rules: { lot: "0.00001" },
    flaws: ["the minimum is 9001 and the maximum 9000 (minQuantity, maxQuantity)"],
  });
});

Deno.test("readExchangeInfo() reports what is wrong with an unusable answer", () => {
  for (const body of [null, 5, "x", [], true]) {
    assertEquals(readExchangeInfo(body, "BTCUSDT"), {
      malformed: `the answer is ${JSON.stringify(body)}, expected an object`,
    });
  }
  assertEquals(readExchangeInfo({ code: -1 }, "BTCUSDT"), {
    malformed: `"symbols" is missing, expected a list`,
  });
  assertEquals(readExchangeInfo({ symbols: { BTCUSDT: 1 } }, "BTCUSDT"), {
    malformed: `"symbols" is {"BTCUSDT":1}, expected a list`,
  });
});

/** A value for any field: mostly nonsense. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("0", "0.00000000", "0.5", "1", "99999999999999999999", "1e3", "-1", "NaN", "", " 1", "1\n"),
  fc.stringMatching(/^\d{1,19}(\.\d{1,19})?$/),
);
const anyFilter = fc.constantFrom<Record<string, unknown>>(
  ...ALL,
  { filterType: "MIN_NOTIONAL", minNotional: "5", applyToMarket: true },
).chain((filter) => {
  const names = Object.keys(filter).filter((name) => name !== "filterType");
  const fields = Object.fromEntries(names.map((name) => [name, anything]));
  return fc.record(fields, { requiredKeys: [] }).map((changed) => ({ ...filter, ...changed }));
});

Deno.test("readExchangeInfo() returns rules that the options accept, or a reason, for any answer", () => {
  const filters = fc.array(fc.oneof({ weight: 9, arbitrary: anyFilter }, { weight: 1, arbitrary: anything }));
  const body = fc.oneof(
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.record({ symbols: anything }) },
    { weight: 8, arbitrary: fc.tuple(filters, anything).map(([filters, status]) => answer(filters, status)) },
  );
  let read = 0;
  fc.assert(
    fc.property(body, (body) => {
      const info = readExchangeInfo(body, "BTCUSDT");
      if (info === null) return;
      if ("malformed" in info) return assert(info.malformed.length < 200);
      for (const rule of RULES) {
        const text = info.rules[rule];
        if (text === undefined) continue;
        const value = OPTIONS[rule].read(text);
        assertEquals(value === null ? "0" : plain(value), text);
        read++;
      }
      const { minQuantity, maxQuantity = "0" } = info.rules;
      if (minQuantity !== undefined && maxQuantity !== "0") assert(new Money(minQuantity).lte(maxQuantity));
      for (const flaw of info.flaws) assert(flaw.length < 200);
    }),
    { numRuns: 10_000 },
  );
  assert(read > 5_000, `only ${read} rules were read`);
});

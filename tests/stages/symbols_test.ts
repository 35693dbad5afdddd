/** Two symbols through one engine: one account, whatever the order of arrival and the cuts. */
import { assert, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BackfilledTrades } from "../../src/domain/market/backfilled_trades.ts";
import type { Rule } from "../../src/domain/market/instrument_rules.ts";
import type { EngineEvent, EngineOptions } from "../../src/stages/engine.ts";
import { FILL_MODELS, tradingParametersUnder } from "../../src/domain/orders/fill_model.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { type ShortEvent, SymbolsReference } from "../support/symbols_reference.ts";
import { arrivals, choices, optionsFor, START, symbols } from "../support/symbols_scenario.ts";
import { type ArrivedTrade, ONE_BY_ONE, type SymbolsCut, SymbolsRun } from "../support/symbols_run.ts";
import { assertEquals } from "../support/equals.ts";

const SECOND = 1_000_000;

/** An event as the reference has it; null for one that it leaves out. */
function short(event: EngineEvent): ShortEvent | null {
  switch (event.type) {
    case "gap":
      return ["gap", event.symbol, event.toId + 1];
    case "signal":
      return ["signal", event.symbol, event.tradeId, event.side];
    case "halt":
      return ["halt", event.symbol, event.tradeId, event.value];
    case "refusal":
      return ["refusal", event.symbol, event.tradeId, event.side, event.reason, event.cause];
    case "fill": {
      const { symbol, tradeId, side, quantity, fee, cash, position, realized, cause } = event;
      return ["fill", symbol, tradeId, side, quantity, fee, cash, position, realized, cause];
    }
    default:
      return null;
  }
}

Deno.test("Engine trades three symbols with one account as a naive reference does", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(arrivals, choices, (trades, choices) => {
      const reference = new SymbolsReference(choices);
      for (const { lastId: id, ...trade } of trades) reference.see({ ...trade, id });
      const run = new SymbolsRun(optionsFor({ ...DEFAULTS, ...choices }), { rows: 4_096, batches: [5] }).take(
        trades,
      );
      assertEquals(run.events.map(short).filter((event) => event !== null), reference.events);
      const { totals } = run.engine.state;
      const { fall, peak } = reference.worst;
      assertEquals(
        [totals.cash, totals.equity, totals.fees, totals.maxDrawdown, totals.trades],
        [
          `${reference.cash}`,
          `${reference.equity}`,
          `${reference.fees}`,
          `${fall.ratio(peak, 8)}`,
          trades.length,
        ],
      );
      for (const symbol of symbols) assertEquals(totals.positions![symbol], reference.position(symbol));
      for (const [type, , , , reason] of reference.events) {
        const key = type === "refusal" ? reason! : type;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    }),
    { numRuns: 80 },
  );
  for (const key of ["gap", "signal", "fill", "halt", "halted", "cooldown", "funds", "min-notional"]) {
    assertGreater(seen.get(key) ?? 0, 3, key);
  }
});

/** Everything that can be seen of a run. */
function shown(options: EngineOptions, trades: readonly ArrivedTrade[], cut: SymbolsCut) {
  const models = FILL_MODELS.filter((model) => model !== "configured")
    .map((model) => new ModelRun(tradingParametersUnder(model, options.parameters)));
  const isWhole = cut.restarts === undefined;
  const run = new SymbolsRun({ ...options, ...(isWhole ? { withResults: true, models } : {}) }, cut).take(
    trades,
  );
  const snapshot = run.engine.state.snapshot();
  const { events, engine: { state } } = run.end();
  const closes = symbols.map((symbol) => state.memoryOf(symbol).closes);
  const measured = isWhole
    ? { results: state.results(), models: models.map((one) => [state.totalsOf(one), one.results()]) }
    : null;
  return { events, snapshot, closes, totals: state.totals, measured };
}

/** Choices under which all kinds of limits and waiting orders meet. */
const limits: readonly Partial<Choices>[] = [
  {},
  { maxDrawdown: "0.01", onHalt: "flatten" },
  { maxDailyLoss: "0.01", maxDrawdown: null, cooldown: 500_000, maxOrders: { count: 2, within: 900 } },
  { latency: 300_000, participation: "0.4", orderTtl: 2_000_000, slippage: "3", stake: "60%" },
  { stopLoss: "0.01", takeProfit: "0.02", maxPosition: "5000", stake: "9000" },
];
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
const cuts = fc.oneof(
  fc.constantFrom<SymbolsCut>({ rows: 7, batches: [7] }, { rows: 4_096, batches: [4_096] }),
  fc.record({ rows: fc.integer({ min: 2, max: 20 }), batches: sizes }),
  fc.record({ rows: fc.constant(4_096), batches: sizes, sizes }),
);

Deno.test("Engine gives the same for several symbols whatever the batches and blocks are, down to the last byte", () => {
  let events = 0;
  fc.assert(
    fc.property(arrivals, fc.constantFrom(...limits), cuts, (trades, limit, cut) => {
      const options = optionsFor({ ...DEFAULTS, short: 1, long: 3, stake: "4000", ...limit });
      const one = shown(options, trades, ONE_BY_ONE);
      assertEquals(JSON.stringify(shown(options, trades, cut)), JSON.stringify(one));
      events += one.events.length;
    }),
    { numRuns: 80 },
  );
  assertGreater(events, 1_000);
});

Deno.test("Engine continues several symbols from a snapshot in the middle as if it had never stopped", () => {
  fc.assert(
    fc.property(
      arrivals,
      fc.constantFrom(...limits),
      fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 4 }),
      (trades, limit, restarts) => {
        const options = optionsFor({ ...DEFAULTS, short: 1, long: 3, stake: "4000", ...limit });
        const { measured: _, totals, ...whole } = shown(options, trades, ONE_BY_ONE);
        const { measured: __, totals: other, ...resumed } = shown(options, trades, {
          ...ONE_BY_ONE,
          restarts,
        });
        assertEquals(resumed.events, whole.events);
        assertEquals(other, totals);
        assertEquals(resumed.closes, whole.closes);
        const { drawdown: _one, ...snapshot } = whole.snapshot;
        const { drawdown: _two, ...again } = resumed.snapshot;
        assertEquals(again, snapshot);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("Engine's events over the first arrivals of several symbols are those of all arrivals up to there", () => {
  fc.assert(
    fc.property(arrivals, fc.constantFrom(...limits), fc.nat({ max: 90 }), (trades, limit, count) => {
      const options = optionsFor({ ...DEFAULTS, short: 1, long: 3, stake: "4000", ...limit });
      const cut: SymbolsCut = { rows: 4_096, batches: [11] };
      const prefix = new SymbolsRun(options, cut).take(trades.slice(0, count));
      const whole = new SymbolsRun(options, cut).take(trades);
      assertEquals(prefix.events, whole.events.slice(0, prefix.events.length));
      const rest = whole.events.slice(prefix.events.length);
      const prefixed = new Set(trades.slice(0, count).map(({ symbol, lastId }) => `${symbol} ${lastId}`));
      for (const event of rest) {
        if ("tradeId" in event) {
          assert(!prefixed.has(`${event.symbol} ${event.tradeId}`), JSON.stringify(event));
        }
      }
    }),
    { numRuns: 30 },
  );
});

/** Trades in the given order: symbol and price, a second apart. */
function tradesOf(
  ...prices: readonly (readonly [symbol: string, price: string, quantity?: string])[]
): ArrivedTrade[] {
  const ids = new Map<string, number>();
  return prices.map(([symbol, price, quantity = "1000"], at) => {
    const id = (ids.get(symbol) ?? 0) + 1;
    ids.set(symbol, id);
    return { symbol, firstId: id, lastId: id, time: START + at * SECOND, price, quantity };
  });
}

const A = "BTCUSDT", B = "ETHUSDT";
/** Both symbols are bought at 100 with half the cash each, and no signal sells them soon. */
const BOTH_BOUGHT = [A, A, A, A, B, B, B, B].map((symbol, at) =>
  [symbol, at % 4 === 3 ? "100" : "10"] as const
);
const HALVES: Choices = { ...DEFAULTS, short: 1, long: 4, stake: "5000", fee: "0", maxDrawdown: "0.1" };
const TWO = [A, B];

Deno.test("A halt counts the losses of both symbols: neither alone reaches the limit", () => {
  const trades = tradesOf(...BOTH_BOUGHT, [A, "85"], [B, "95"], [B, "94"]);
  const { events } = new SymbolsRun(optionsFor(HALVES, TWO)).take(trades);
  const halts = events.flatMap((event) =>
    event.type === "halt" ? [[event.symbol, event.tradeId, event.value]] : []
  );
  // 50 × 15 and, in whole lots, 49.8 × 6 are more than a tenth of 10,000; 49.8 × 5 are too little by 1.
  assertEquals(halts, [[B, 6, "0.10488"]]);
  for (const alone of [trades.slice(0, -1), trades.filter(({ price }) => price !== "85")]) {
    const { events } = new SymbolsRun(optionsFor(HALVES, TWO)).take(alone);
    assertEquals(events.filter(({ type }) => type === "halt"), []);
  }
});

Deno.test("A halt that flattens sells the position of every symbol, each at its own next trade", () => {
  const options = optionsFor({ ...HALVES, onHalt: "flatten" }, TWO);
  const trades = tradesOf(...BOTH_BOUGHT, [A, "85"], [B, "94"], [B, "96"], [A, "80"], [A, "81"], [B, "200"]);
  const { events } = new SymbolsRun(options).take(trades);
  const sold = events.flatMap((event) =>
    event.type === "fill" && event.side === "sell"
      ? [[event.symbol, event.price, event.position, event.cause]]
      : []
  );
  assertEquals(sold, [[B, "94", "0", "flatten"], [A, "80", "0", "flatten"]]);
});

Deno.test("A halt by hand and its release concern both symbols", () => {
  const run = new SymbolsRun(optionsFor({ ...HALVES, maxDrawdown: null }, TWO));
  const { engine } = run;
  const halt = engine.apply({ event: "halt", action: "hold", time: START }).toArray();
  assertEquals(halt.map((event) => [event.type, "symbol" in event && event.symbol]), [["halt", A]]);
  run.take(tradesOf(...BOTH_BOUGHT));
  const outcomes = () =>
    run.events.flatMap((event) =>
      event.type === "refusal" || event.type === "fill" ? [[event.symbol, event.type]] : []
    );
  assertEquals(outcomes(), [[A, "refusal"], [B, "refusal"]]);
  const released = engine.apply({ event: "released", requested: START, time: START }).toArray();
  // The last trade was one of B.
  assertEquals(released.map((event) => [event.type, "symbol" in event && event.symbol]), [["released", B]]);
  const later = tradesOf(...BOTH_BOUGHT.map(([symbol]) => [symbol, "10"] as const), [A, "100"], [B, "100"]);
  run.take(later.map((trade) => ({ ...trade, firstId: trade.firstId + 4, lastId: trade.lastId + 4 })));
  assertEquals(outcomes().slice(2).filter(([, type]) => type === "fill"), [[A, "fill"], [B, "fill"]]);
});

Deno.test("The loss of a round trip in one symbol pauses the purchases of the other", () => {
  const options = optionsFor({ ...HALVES, long: 3, maxDrawdown: null, cooldown: 3 * SECOND }, TWO);
  const prices = [[B, "90"], [B, "90"], [A, "90"], [A, "90"], [A, "100"], [A, "80"], [B, "100"]] as const;
  const { events } = new SymbolsRun(options).take(tradesOf(...prices));
  const refused = events.flatMap((event) =>
    event.type === "refusal" ? [[event.symbol, event.side, event.reason]] : []
  );
  assertEquals(refused, [[B, "buy", "cooldown"]]);
});

Deno.test("Orders in both symbols count towards one limit, even under rules that arrive in between", () => {
  const options = optionsFor({ ...HALVES, maxDrawdown: null, maxOrders: { count: 1, within: 6_000 } }, TWO);
  const run = new SymbolsRun(options);
  const rules = {
    lot: "1",
    tick: "0.01",
    minQuantity: null,
    maxQuantity: null,
    minNotional: null,
    maxNotional: null,
  };
  const sources = Object.fromEntries(Object.keys(rules).map((rule) => [rule, "exchange"])) as Record<
    Rule,
    string
  >;
  const arrived = {
    event: "rules",
    rules,
    instrument: { sources, exchangeInfo: null },
    time: START,
  } as const;
  assertEquals([...run.engine.apply({ ...arrived, symbol: A })].length, 1);
  run.take(tradesOf(...BOTH_BOUGHT.slice(0, 4)));
  assertEquals([...run.engine.apply({ ...arrived, symbol: B })].length, 1);
  const later = tradesOf(...BOTH_BOUGHT).slice(4);
  run.take(later);
  const outcomes = run.events.flatMap((event) =>
    event.type === "fill"
      ? [[event.symbol, "fill"]]
      : event.type === "refusal"
      ? [[event.symbol, event.reason]]
      : []
  );
  assertEquals(outcomes, [[A, "fill"], [B, "max-orders"]]);
});

Deno.test("Cash that a partly filled order has reserved is not spent on another symbol", () => {
  const options = optionsFor(
    { ...HALVES, long: 3, stake: "8000", participation: "1", maxDrawdown: null },
    TWO,
  );
  const prices = [[A, "90"], [A, "90"], [A, "100", "10"], [B, "90"], [B, "90"], [B, "100"], [
    A,
    "100",
  ]] as const;
  const { events } = new SymbolsRun(options).take(tradesOf(...prices));
  const fills = events.flatMap((event) =>
    event.type === "fill" ? [[event.symbol, event.quantity, event.cash]] : []
  );
  // 7,000 of A's 8,000 are still to be spent, which leaves 2,000 for B: 6.6 whole lots.
  assertEquals(fills, [[A, "10", "9000"], [B, "19.8", "7020"], [A, "70", "20"]]);
});

Deno.test("A gap of one symbol holds only its own trades, and is settled by name", () => {
  const options = { ...optionsFor({ ...DEFAULTS, short: 1, long: 2 }, TWO), holdsAtGaps: true };
  const run = new SymbolsRun(options, { rows: 4_096, batches: [4_096] });
  const { engine } = run;
  const gapped = tradesOf([A, "1"], [A, "2"], [A, "3"]).map((trade, at) =>
    at < 2 ? trade : { ...trade, firstId: 6, lastId: 6 }
  );
  run.take(gapped);
  assertEquals(engine.state.heldGapOf(A), { fromId: 3, toId: 5 });
  assertEquals(engine.state.heldGapOf(B), null);
  run.take(tradesOf([B, "1"], [B, "2"], [B, "3"]));
  assertEquals(engine.state.trades, 5);
  const settled = { event: "settled", filled: 1, time: START } as const;
  assertThrows(() => [...engine.apply(settled)], TypeError, "its settled gap must name the symbol");
  const late = new BackfilledTrades(A).open(
    [{ firstId: 5, lastId: 5, price: "9", quantity: "1", time: START, buyerIsMaker: true }],
    0,
    START,
  );
  run.events.push(...engine.apply({ event: "backfilled", trades: late }));
  run.events.push(
    ...engine.apply({ ...settled, symbol: "DOGEUSDT" }),
    ...engine.apply({ ...settled, symbol: A }),
  );
  assertEquals(run.events.filter(({ type }) => type === "gap"), []);
  run.take([gapped[2]!]);
  assertEquals(engine.state.trades, 7);
  const gaps = run.events.flatMap((event) => event.type === "gap" ? [event] : []);
  assertEquals(gaps.map(({ symbol, fromId, missing, filled }) => [symbol, fromId, missing, filled]), [[
    A,
    3,
    1,
    1,
  ]]);
});

Deno.test("Rules are awaited by symbol, and orders in the others are placed meanwhile", () => {
  const run = new SymbolsRun(optionsFor({ ...HALVES, maxDrawdown: null }, TWO));
  const { engine } = run;
  assertEquals([...engine.apply({ event: "rules-awaited", symbol: B, time: START })], []);
  run.take(tradesOf(...BOTH_BOUGHT));
  const orders = () => run.events.flatMap((event) => event.type === "fill" ? [event.symbol] : []);
  const reasons = run.events.flatMap((event) =>
    event.type === "refusal" ? [[event.symbol, event.reason]] : []
  );
  assertEquals([orders(), reasons, engine.state.awaitsRules], [[A], [[B, "no-rules"]], true]);
  const rules = {
    lot: "1",
    tick: "0.01",
    minQuantity: null,
    maxQuantity: null,
    minNotional: null,
    maxNotional: null,
  };
  const sources = Object.fromEntries(Object.keys(rules).map((rule) => [rule, "exchange"])) as Record<
    Rule,
    string
  >;
  const arrived = {
    event: "rules",
    rules,
    instrument: { sources, exchangeInfo: null },
    time: START,
  } as const;
  assertThrows(() => [...engine.apply(arrived)], TypeError, "BTCUSDT, ETHUSDT");
  const [event] = engine.apply({ ...arrived, symbol: B });
  assertEquals([event?.type, event?.type === "rules" && event.symbol], ["rules", B]);
  assertEquals(engine.state.awaitsRules, false);
});

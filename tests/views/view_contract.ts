/** The contract of views. Each view's tests call `testView` with a way to open the view and see what it shows. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { configure } from "../../src/config/config.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { RunState } from "../../src/stages/run_state.ts";
import { type Glance, type Line, type Report, show, type View } from "../../src/views/view.ts";
import { METRICS, SUMMARY } from "../support/sample_metrics.ts";
import { SWEEP } from "../support/sample_sweep.ts";

/** An open view, and all that it has shown so far, as text. */
export interface OpenedView {
  readonly view: View;
  readonly shown: () => string;
}

/** A view, and which parts of a run it shows. */
export interface ViewCase {
  readonly name: string;
  readonly open: () => OpenedView;
  readonly shows: { readonly gaps: boolean; readonly log: boolean; readonly report: boolean };
}

/** Text that somebody could send to control a terminal. */
const HOSTILE = "a\x1b[31mb\x07c\x9bd\u202ee\r\nf";
const time = "2024-08-08T23:54:15.342000Z";
const symbol = "BTCUSDT";
const trade = { symbol, time, tradeId: 7 } as const;
const HALT = { reason: "max-drawdown", limit: "0.2", value: HOSTILE, tradeId: 7, action: "hold" } as const;
const RULES = {
  lot: "1",
  tick: "1",
  minQuantity: null,
  maxQuantity: null,
  minNotional: null,
  maxNotional: null,
};
const SOURCES = { lot: "", tick: "", minQuantity: "", maxQuantity: "", minNotional: "", maxNotional: "" };
const ORIGIN = {
  sources: SOURCES,
  exchangeInfo: { status: null, rules: {}, base: HOSTILE, quote: HOSTILE, time, host: "h:1" },
};

const FIGURES = {
  ...{ trades: 7, signals: 1, fills: 1, refusals: 0, cash: "1", position: "0", equity: "1", fees: "0" },
  ...{ realized: "0", maxDrawdown: "0", halted: false, netProfit: "0", return: null, roundTrips: 0 },
  ...{ winRate: null, profitFactor: null, sharpe: null, sortino: null },
};

/** One event of each type, with hostile text wherever text comes from outside. */
const EVENTS: { readonly [T in PenstockEvent["type"]]: Extract<PenstockEvent, { readonly type: T }> } = {
  started: {
    type: "started",
    time,
    command: "run",
    version: "1",
    config: { symbol, instrument: ORIGIN },
  },
  connected: { type: "connected", time, endpoint: HOSTILE, attempt: 2 },
  disconnected: { type: "disconnected", time, reason: HOSTILE, retryInMs: 1, hint: HOSTILE },
  gap: gap(1),
  reset: { type: "reset", time, symbol, fromId: 1, lastId: 9 },
  signal: { type: "signal", ...trade, side: "buy", price: "1.5", shortAverage: "2", longAverage: "1" },
  refusal: { type: "refusal", ...trade, side: "buy", reason: "min-notional", limit: "5", value: HOSTILE },
  fill: {
    type: "fill",
    ...trade,
    side: "buy",
    price: "1.5",
    quantity: "2",
    fee: "0.003",
    cash: "9997",
    position: "2",
    signalTradeId: 7,
  },
  expired: { type: "expired", time, symbol, side: "sell", signalTradeId: 7 },
  halt: { type: "halt", time, symbol, ...HALT },
  released: { type: "released", ...trade, reason: "max-drawdown", text: HOSTILE, requested: time },
  rules: { type: "rules", time, symbol, rules: RULES, instrument: ORIGIN },
  rejected: { type: "rejected", time, reason: HOSTILE, count: 2, sample: HOSTILE },
  status: {
    type: "status",
    time,
    symbol,
    trades: 7,
    tradesPerSecond: 1,
    lagMs: null,
    equity: "1",
    position: "0",
    halted: false,
  },
  model: { ...SUMMARY, type: "model", model: "optimistic", slippage: "0", latency: 0, halt: HALT },
  configuration: { type: "configuration", time, symbol, options: { long: 50 }, ...FIGURES, test: FIGURES },
  sweep: { ...SWEEP, time, symbol, sentences: [HOSTILE] },
  summary: SUMMARY,
};

const LEVELS: readonly Line["level"][] = ["debug", "info", "warn", "error"];
const RUN: RunState = {
  trades: 0,
  lastTime: null,
  price: null,
  readings: { label: "sma", values: () => null },
  stance: "flat",
  cash: new Money("10000"),
  position: new Money("0"),
  equity: new Money("10000"),
  fall: null,
  halt: null,
};
const STREAM = { symbol, connected: false, tradesPerSecond: 0, lagMs: null };
const GLANCES: readonly Glance[] = [
  { of: "run", run: RUN, stream: STREAM },
  { of: "backtest", bytesRead: 1, bytesTotal: null, trades: 0, elapsedMs: 0 },
  { of: "backtest", bytesRead: 2, bytesTotal: 2, trades: 7, elapsedMs: 60_000 },
];
const REPORT: Report = {
  summary: SUMMARY,
  equity: [{ time: 0, equity: 10000 }, { time: 1000, equity: 206 }],
  config: configure({}).config,
  assets: { base: HOSTILE, quote: HOSTILE },
  averages: { emptied: 0, existed: true },
  columns: [{
    title: "configured",
    summary: { ...SUMMARY, metrics: METRICS },
    fillParameters: { slippage: "0", latencyMs: 0, fill: "signal" },
    refused: new Map(),
  }],
};

/** Registers the contract's tests. */
export function testView({ name, open, shows }: ViewCase): void {
  Deno.test(`${name} accepts every event, line, glance and report at any time, and changes none of them`, async () => {
    const { view } = open();
    for (let round = 0; round < 2; round++) {
      for (const event of Object.values(EVENTS)) {
        const before = JSON.stringify(event);
        show(view, [event]);
        assertEquals(JSON.stringify(event), before);
        for (const glance of GLANCES) view.glance?.(glance);
        for (const level of LEVELS) view.log({ level, text: HOSTILE });
      }
      view.report?.(REPORT);
      await view.ready();
    }
    await view.close();
    assertEquals(view.broken, null);
  });

  Deno.test(`${name} shows received text without letting it steer a terminal`, async () => {
    const { view, shown } = open();
    show(view, Object.values(EVENTS));
    view.log({ level: "error", text: HOSTILE });
    view.report?.(REPORT);
    await view.close();
    // deno-lint-ignore no-control-regex -- that is what must not be there
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.exec(shown()), null);
  });

  Deno.test(`${name} shows events and lines in the order in which they arrived`, async () => {
    const { view, shown } = open();
    for (let id = 1001; id < 1010; id += 2) {
      show(view, [gap(id), gap(id + 1)]);
      view.log({ level: "warn", text: `line ${id}` });
      await view.ready();
    }
    await view.close();
    const text = shown();
    const ids = Array.from({ length: 10 }, (_, at) => 1001 + at);
    const lines = ids.filter((id) => id % 2 === 1).map((id) => `line ${id}`);
    if (shows.gaps) assertOrder(text, ids.map((id) => `${id}`));
    if (shows.log) assertOrder(text, lines);
    else assert(!text.includes("line 1001"));
  });

  Deno.test(`${name} shows what came before a failure and what comes after it`, async () => {
    const { view, shown } = open();
    const failing = function* (): Generator<PenstockEvent> {
      yield gap(1001);
      yield EVENTS.signal;
      throw new TypeError("the source failed");
    };
    assertThrows(() => show(view, failing()), TypeError, "the source failed");
    show(view, [gap(1002)]);
    await view.close();
    if (shows.gaps) assertOrder(shown(), ["1001", "1002"]);
  });

  Deno.test(`${name} shows the figures of a backtest once it is closed, if it shows them at all`, async () => {
    const { view, shown } = open();
    show(view, [SUMMARY]);
    view.report?.(REPORT);
    await view.close();
    assertEquals(shown().includes("206"), shows.report);
  });

  Deno.test(`${name} closes without having shown anything`, async () => {
    const { view, shown } = open();
    assertEquals([await view.ready() ?? null, view.broken], [null, null]);
    await view.close();
    assertEquals(shown().trim(), "");
  });
}

function gap(id: number): Extract<PenstockEvent, { readonly type: "gap" }> {
  return { type: "gap", time, symbol, fromId: id, toId: id, missing: 1, filled: 0 };
}

/** Asserts that the text has all `parts` in this order. */
function assertOrder(text: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    assert(at >= 0, `${part} in its place in: ${text}`);
    from = at + part.length;
  }
}

import { assert } from "@std/assert";
import { Account } from "../../src/domain/account/account.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import { Order } from "../../src/domain/orders/order.ts";
import { Quote } from "../../src/domain/orders/quote.ts";
import type { Refusal } from "../../src/domain/orders/refusal.ts";
import type { Signalled } from "../../src/domain/market/tick.ts";
import { PaperFills } from "../../src/stages/fill.ts";
import * as risk from "../../src/stages/risk.ts";
import { type ApprovedOrder, type RiskDecision, RiskGate } from "../../src/stages/risk.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { signalledOf } from "../support/ticks.ts";
import { judged } from "../support/blocks.ts";
import { assertEquals } from "../support/equals.ts";

const m = (amount: string) => new Money(amount);

/** A gate over a new account, under the defaults except for what is given. */
function gateOf(changed: Partial<Choices> = {}): { gate: RiskGate; account: Account; drawdown: Drawdown } {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", ...changed });
  const account = new Account(parameters.cash);
  const drawdown = new Drawdown(parameters.cash);
  const { exchange } = new PaperFills(parameters, account, drawdown);
  return { gate: new RiskGate(parameters, account, drawdown, exchange), account, drawdown };
}

/** All decisions at each tick; none is booked. */
function decisions(gate: RiskGate, ticks: Iterable<Signalled>): RiskDecision[][] {
  return judged(gate, ticks).map((tick) => [...(tick.decisions ?? [])]).toArray();
}

/** A decision in short: the side of an approval and the trade of its signal, or the reason of a refusal. */
function brief(decision: RiskDecision): string {
  return decision.kind === "approved"
    ? `${decision.order.side} of ${decision.order.signalTradeId}`
    : decision.reason ?? "expired";
}

/** Books an approved order as the fill stage would. */
function book(account: Account, drawdown: Drawdown, order: RiskDecision | undefined, price: number): void {
  assert(order?.kind === "approved");
  const { order: { side }, quote: { price: at, quantity, fee } } = order;
  account.book({ side, price: at, quantity, fee, tradeId: 1 });
  drawdown.rebook(account.cash, account.position, price, 0);
}

/** The decisions in short, each approval booked before the next decision is pulled. */
function trade(gate: RiskGate, account: Account, drawdown: Drawdown, ticks: Iterable<Signalled>): string[][] {
  return judged(gate, ticks).map((tick) => {
    const briefs: string[] = [];
    for (const decision of tick.decisions ?? []) {
      briefs.push(brief(decision));
      if (decision.kind === "approved") book(account, drawdown, decision, tick.price);
    }
    return briefs;
  }).toArray();
}

Deno.test("RiskGate approves an order at the exchange's price, quantity and fee", () => {
  const [[approved] = []] = decisions(gateOf().gate, [signalledOf({ id: 7, price: 100 }, "buy")]);
  assert(approved?.kind === "approved");
  const { order: { side, signalTradeId }, quote: { price, quantity, fee } } = approved;
  assertEquals({ side, price: plain(price), quantity: plain(quantity), fee: plain(fee), signalTradeId }, {
    side: "buy",
    price: "100",
    quantity: "10",
    fee: "1",
    signalTradeId: 7,
  });
});

Deno.test("RiskGate.over() has no decision on a tick without an order", () => {
  assertEquals(decisions(gateOf().gate, [signalledOf({})]), [[]]);
});

Deno.test("RiskGate.over() refuses an order with the check, its limit and the value found", () => {
  const [[refusal] = []] = decisions(gateOf().gate, [signalledOf({ id: 7, price: 100 }, "sell")]);
  assertEquals(refusal as Refusal, {
    kind: "refusal",
    side: "sell",
    reason: "no-position",
    limit: "1",
    value: "0",
    tradeId: 7,
    signalTradeId: 7,
  });
});

Deno.test("RiskGate.over() lets an order wait for the first trade at or after its signal plus the latency", () => {
  const { gate } = gateOf({ latency: 100_000 });
  const found = decisions(gate, [
    signalledOf({ id: 1, time: 1_000_000 }, "buy"),
    signalledOf({ id: 2, time: 1_099_999 }),
    signalledOf({ id: 3, time: 1_100_000, price: 200 }),
    signalledOf({ id: 4, time: 1_100_000 }),
  ]);
  assertEquals(found.map((one) => one.map(brief)), [[], [], ["buy of 1"], []]);
  const [order] = found[2]!;
  assert(order?.kind === "approved");
  // Sized at the trade that fills it, not at the one that gave the signal.
  assertEquals([plain(order.quote.price), plain(order.quote.quantity)], ["200", "5"]);
});

Deno.test("RiskGate.over() judges orders first in, first out, even several at one trade", () => {
  const { gate } = gateOf({ latency: 1_000 });
  const found = decisions(gate, [
    signalledOf({ id: 1, time: 10_000 }, "buy"),
    signalledOf({ id: 2, time: 10_500 }, "sell"),
    signalledOf({ id: 3, time: 10_700 }, "buy"),
    signalledOf({ id: 4, time: 11_600 }),
    signalledOf({ id: 5, time: 90_000 }),
  ]);
  assertEquals(found.map((one) => one.map(brief)), [[], [], [], ["buy of 1", "no-position"], ["buy of 3"]]);
});

Deno.test("RiskGate.over() keeps the order of the queue when a trade's time goes back", () => {
  const { gate } = gateOf({ latency: 1_000 });
  const found = decisions(gate, [
    signalledOf({ id: 1, time: 10_000 }, "buy"),
    signalledOf({ id: 2, time: 5_000 }, "sell"),
    signalledOf({ id: 3, time: 6_000 }),
    signalledOf({ id: 4, time: 11_000 }),
  ]);
  assertEquals(found.map((one) => one.map(brief)), [[], [], [], ["buy of 1", "no-position"]]);
});

Deno.test("RiskGate.over() makes a decision when it is pulled, against the books that the previous one left", () => {
  const { gate, account, drawdown } = gateOf({ latency: 1_000 });
  const ticks = [
    signalledOf({ id: 1, time: 10_000 }, "buy"),
    signalledOf({ id: 2, time: 10_000 }, "sell"),
    signalledOf({ id: 3, time: 11_000 }),
  ];
  const briefs: string[] = [];
  for (const tick of judged(gate, ticks)) {
    for (const decision of tick.decisions ?? []) {
      briefs.push(brief(decision));
      book(account, drawdown, decision, tick.price);
    }
  }
  assertEquals(briefs, ["buy of 1", "sell of 2"]);
});

Deno.test("RiskGate halts at the drawdown: refuses buys, new and waiting, and approves sales", () => {
  const { gate, account, drawdown } = gateOf({
    stake: "10000",
    fee: "0",
    latency: 1_000,
    maxDrawdown: "0.2",
  });
  const targets: [number, number, "buy" | "sell" | null][] = [
    [10_000, 100, "buy"],
    [11_000, 100, null],
    [12_000, 100, "buy"],
    [12_001, 80, "sell"],
    [13_001, 200, "buy"],
  ];
  const briefs: string[][] = [];
  let id = 0;
  for (
    const tick of judged(
      gate,
      targets.map(([time, price, side]) => signalledOf({ id: ++id, time, price }, side)),
    )
  ) {
    const here: string[] = [];
    for (const decision of tick.decisions ?? []) {
      here.push(brief(decision));
      if (decision.kind === "approved") book(account, drawdown, decision, tick.price);
    }
    briefs.push(here);
    if (tick.id === 3) assertEquals(gate.halt, null);
    if (tick.id === 4) {
      assertEquals(gate.halt, {
        ...{ reason: "max-drawdown", limit: "0.2", value: "0.2", tradeId: 4 },
        action: "hold",
      });
    }
  }
  // At the last trade: the waiting buy of trade 3 and the sale of trade 4 are due, then the new buy is turned down.
  assertEquals(briefs, [[], ["buy of 1"], [], [], ["halted", "sell of 4", "halted"]]);
  assertEquals(gate.halt?.tradeId, 4);
});

Deno.test("RiskGate.takeNews() returns a halt once", () => {
  const { gate, account, drawdown } = gateOf({ stake: "10000", fee: "0" });
  trade(gate, account, drawdown, [signalledOf({ price: 100 }, "buy")]);
  assertEquals([gate.hasNews, gate.takeNews()], [false, []]);
  decisions(gate, [
    signalledOf({ id: 2, price: 81 }),
    signalledOf({ id: 3, price: 79 }),
    signalledOf({ id: 4, price: 1 }),
  ]);
  assertEquals(gate.hasNews, true);
  assertEquals(gate.takeNews(), [{
    ...{ type: "halt", reason: "max-drawdown", limit: "0.2", value: "0.21", tradeId: 3 },
    action: "hold",
  }]);
  assertEquals([gate.hasNews, gate.takeNews()], [false, []]);
  assertEquals(gate.halt?.tradeId, 3);
});

Deno.test("RiskGate never halts without a limit", () => {
  const { gate, account, drawdown } = gateOf({ stake: "10000", fee: "0", maxDrawdown: null });
  trade(gate, account, drawdown, [signalledOf({ price: 1_000 }, "buy")]);
  decisions(gate, [signalledOf({ id: 2, price: 1 })]);
  assertEquals(gate.halt, null);
});

Deno.test("RiskGate refuses every new order while data does not flow", () => {
  const { gate } = gateOf();
  gate.connected = false;
  const found = decisions(gate, [signalledOf({ id: 1 }, "buy"), signalledOf({ id: 2 }, "sell")]);
  assertEquals(found.map((one) => one.map(brief)), [["disconnected"], ["disconnected"]]);
  gate.connected = true;
  assertEquals(decisions(gate, [signalledOf({ id: 3 }, "buy")]).map((one) => one.map(brief)), [["buy of 3"]]);
});

Deno.test("RiskGate.end() returns the orders that still wait, oldest first, and forgets them", () => {
  const { gate } = gateOf({ latency: 1_000_000 });
  decisions(gate, [signalledOf({ id: 1 }, "buy"), signalledOf({ id: 2 }, "sell")]);
  assertEquals(gate.end(), [
    { kind: "expired", side: "buy", signalTradeId: 1 },
    { kind: "expired", side: "sell", signalTradeId: 2 },
  ]);
  assertEquals(gate.end(), []);
  assertEquals(decisions(gate, [signalledOf({ id: 3, time: 9_000_000 })]), [[]]);
});

Deno.test("ApprovedOrder cannot be made outside the gate: not by type, not by its constructor", () => {
  const order = new Order({ side: "buy", signalTradeId: 1, due: 0 });
  const [price, quantity, fee] = [m("1"), m("1"), m("0")];
  const quote = new Quote({ price, quantity, whole: quantity, notional: price, fee, stake: price });
  const lookalike = { kind: "approved", order, quote } as const;
  // @ts-expect-error: an object with every field of an approved order is not one.
  const approved: ApprovedOrder = lookalike;
  assertEquals(approved.kind, "approved");
  // @ts-expect-error: the class is not exported as a value.
  assertEquals(risk.ApprovedOrder, undefined);
  assertEquals(Object.keys(risk).sort(), ["RiskGate"]);
});

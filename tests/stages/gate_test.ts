/** What the gate does about time, the connection and the user. */
import { assertEquals } from "@std/assert";
import { Account } from "../../src/domain/account/account.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { plain } from "../../src/domain/numbers/money.ts";
import type { Filled, Outcome } from "../../src/domain/market/tick.ts";
import { PaperFills } from "../../src/stages/fill.ts";
import { RiskGate } from "../../src/stages/risk.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { type GivenTick, signalledOf } from "../support/ticks.ts";
import { filled } from "../support/blocks.ts";

/** One trade, and the signal that it gives. */
type Trade = readonly [trade: GivenTick, signal?: "buy" | "sell"];

const SECOND = 1_000_000;

/** The last two stages over one account, under the defaults except for what is given. */
class GateScenario {
  readonly gate: RiskGate;
  readonly #fills: PaperFills;
  #id = 0;

  constructor(changed: Partial<Choices> = {}) {
    const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", fee: "0", ...changed });
    const account = new Account(parameters.cash);
    const drawdown = new Drawdown(parameters.cash);
    this.#fills = new PaperFills(parameters, account, drawdown);
    this.gate = new RiskGate(parameters, account, drawdown, this.#fills.exchange);
  }

  /** What became of the orders at each trade, in short. */
  trade(...trades: readonly Trade[]): string[][] {
    const ticks = trades.map(([trade, signal]) => signalledOf({ id: ++this.#id, ...trade }, signal ?? null));
    return [...filled(this.#fills, this.gate, ticks)].map(({ outcomes }: Filled) => outcomes.map(brief));
  }

  /** What happened to trading as a whole since the last call, in short. */
  get news(): string[] {
    return this.gate.takeNews().map((news) =>
      news.type === "halt" ? `${news.reason}: ${news.action}` : `${news.type} ${news.reason}`
    );
  }
}

/** An outcome in short: what was traded or why nothing was, and the cause of the order. */
function brief(outcome: Outcome): string {
  const cause = outcome.cause === undefined ? "" : ` (${outcome.cause})`;
  const got = outcome.filled === undefined ? "" : `, in all ${outcome.filled} at ${outcome.averagePrice}`;
  switch (outcome.kind) {
    case "fill": {
      const part = outcome.partial === undefined ? "" : " in part";
      return `${outcome.side} ${plain(outcome.quantity)}${part}${cause}${got}`;
    }
    case "refusal":
      return `no ${outcome.side}: ${outcome.reason}, ${outcome.value} of ${outcome.limit}${cause}${got}`;
    case "expired":
      return `${outcome.side} ended: ${outcome.reason}${cause}${got}`;
  }
}

Deno.test("RiskGate refuses the order of a trade that was too old when it arrived, and no other", () => {
  const scenario = new GateScenario({ maxLag: 5 * SECOND });
  const time = 100 * SECOND;
  assertEquals(
    scenario.trade(
      [{ time, receivedAt: time + 5 * SECOND + 250 }, "buy"],
      [{ time, receivedAt: time + 5 * SECOND }, "buy"],
      [{ time, receivedAt: time + 99 * SECOND }, "sell"],
      // A file of trades has no receive times.
      [{ time }, "sell"],
    ),
    [["no buy: max-lag, 5000.25 of 5000"], ["buy 10"], ["no sell: max-lag, 99000 of 5000"], ["sell 10"]],
  );
});

Deno.test("RiskGate refuses a purchase that would fill at a fetched trade, and lets a sale wait", () => {
  const scenario = new GateScenario({ latency: SECOND });
  assertEquals(
    scenario.trade(
      [{ time: 0 }, "buy"],
      [{ time: SECOND }],
      [{ time: 2 * SECOND }, "sell"],
      [{ time: 2 * SECOND }, "buy"],
      [{ time: 2.9 * SECOND, late: true }],
      [{ time: 3 * SECOND, late: true }],
      [{ time: 9 * SECOND }],
    ),
    [[], ["buy 10"], [], [], [], ["no buy: late, late of live"], ["sell 10"]],
  );
});

Deno.test("RiskGate refuses purchases that waited while the connection was lost, and says how it was lost", () => {
  for (
    const [how, words] of [["disconnected", "disconnected of connected"], [
      "stale",
      "silent of flowing",
    ]] as const
  ) {
    const scenario = new GateScenario({ latency: SECOND });
    scenario.trade([{ time: 0 }, "buy"], [{ time: SECOND }], [{ time: 2 * SECOND }, "sell"], [{
      time: 2 * SECOND,
    }, "buy"]);
    scenario.gate.disconnect(how);
    assertEquals(scenario.trade([{ time: 2.1 * SECOND, late: true }, "buy"]), [[`no buy: ${how}, ${words}`]]);
    assertEquals(scenario.trade([{ time: 2.2 * SECOND }, "buy"]), [[`no buy: ${how}, ${words}`]]);
    scenario.gate.connected = true;
    assertEquals(scenario.trade([{ time: 9 * SECOND }]), [["sell 10"]]);
  }
});

Deno.test("RiskGate does not sell for a stop at a fetched trade or while the connection is lost", () => {
  const scenario = new GateScenario({ stopLoss: "0.02" });
  scenario.trade([{ price: 100 }, "buy"]);
  assertEquals(scenario.trade([{ price: 90, late: true }]), [[]]);
  scenario.gate.connected = false;
  assertEquals(scenario.trade([{ price: 90 }]), [[]]);
  scenario.gate.connected = true;
  assertEquals(scenario.trade([{ price: 99 }], [{ price: 98 }], [{ price: 97 }, "sell"]), [
    [],
    ["sell 10 (stop-loss)"],
    ["no sell: no-position, 0 of 1"],
  ]);
});

Deno.test("RiskGate lets fetched trades and trades without a connection move the high of a trailing stop, and sells at neither", () => {
  const scenario = new GateScenario({ trailingStop: "0.02" });
  scenario.trade([{ price: 100 }, "buy"]);
  assertEquals(scenario.trade([{ price: 110, late: true }], [{ price: 90, late: true }]), [[], []]);
  scenario.gate.connected = false;
  assertEquals(scenario.trade([{ price: 120 }], [{ price: 90 }]), [[], []]);
  scenario.gate.connected = true;
  assertEquals(scenario.trade([{ price: 118 }], [{ price: 117 }], [{ price: 1 }]), [
    [],
    ["sell 10 (trailing-stop)"],
    [],
  ]);
});

Deno.test("RiskGate fills no order at the trade that made it with fill: next, but at the first one that is due after that", () => {
  const scenario = new GateScenario({ fill: "next", stopLoss: "0.1" });
  const at = (time: number, price = 100) => ({ time, price });
  // Trades of the same time, and one dated before the signal's own.
  assertEquals(scenario.trade([at(5), "buy"], [at(5)], [at(6), "sell"], [at(4)], [at(6)]), [
    [],
    ["buy 10"],
    [],
    [],
    ["sell 10"],
  ]);
  // A stop-loss is an order like any other.
  assertEquals(scenario.trade([at(7), "buy"], [at(8)], [at(9, 90)], [at(9, 85)], [at(10, 80)]), [
    [],
    ["buy 10"],
    [],
    ["sell 10 (stop-loss)"],
    [],
  ]);
  const late = new GateScenario({ fill: "next", latency: SECOND });
  assertEquals(
    late.trade([{ time: 0 }, "buy"], [{ time: 0.5 * SECOND }], [{ time: SECOND }], [{ time: SECOND }]),
    [[], [], ["buy 10"], []],
  );
});

Deno.test("RiskGate.end() lets a sale that expires be asked for again, so that a resumed run sells", () => {
  const scenario = new GateScenario({ stopLoss: "0.1", latency: SECOND });
  const at = (seconds: number, price = 100) => ({ time: seconds * SECOND, price });
  assertEquals(scenario.trade([at(0), "buy"], [at(1)], [at(2, 90)]), [[], ["buy 10"], []]);
  assertEquals(scenario.gate.end().map(({ side, cause }) => [side, cause]), [["sell", "stop-loss"]]);
  assertEquals(scenario.trade([at(9, 89)], [at(10, 88)]), [[], ["sell 10 (stop-loss)"]]);
});

Deno.test("RiskGate fills an older order before the one that a trade makes, which replaces what is left of it at the next", () => {
  const scenario = new GateScenario({ fill: "next", participation: "0.1" });
  assertEquals(
    scenario.trade(
      [{ time: 0, quantity: 50 }, "buy"],
      [{ time: 1, quantity: 50 }, "sell"],
      [{ time: 2, quantity: 90 }],
    ),
    [[], ["buy 5 in part"], ["buy ended: replaced, in all 5 at 100", "sell 5"]],
  );
});

Deno.test("RiskGate flattens at the trade after the one that finds the halt with fill: next", () => {
  const scenario = new GateScenario({ fill: "next" });
  scenario.trade([{ time: 0 }, "buy"], [{ time: 1 }]);
  scenario.gate.haltByHand("flatten", 2);
  assertEquals(scenario.trade([{ time: 2 }], [{ time: 3 }], [{ time: 4 }]), [[], ["sell 10 (flatten)"], []]);
});

Deno.test("RiskGate.haltByHand() holds, then flattens at the next trade, and no weaker halt undoes that", () => {
  const scenario = new GateScenario();
  scenario.trade([{ price: 100 }, "buy"]);
  scenario.gate.haltByHand("hold", 1);
  assertEquals(scenario.gate.halt, {
    ...{ reason: "manual", limit: "released", value: "halted", tradeId: 1 },
    action: "hold",
  });
  assertEquals(scenario.trade([{ price: 100 }, "buy"]), [["no buy: halted, halted of released"]]);
  scenario.gate.haltByHand("flatten", 2);
  scenario.gate.haltByHand("hold", 2);
  assertEquals(
    scenario.trade([{ price: 90, late: true }], [{ price: 90 }, "sell"], [{ price: 90 }, "sell"]),
    [
      [],
      ["sell 10 (flatten)", "no sell: halted, halted of released"],
      ["no sell: halted, halted of released"],
    ],
  );
  assertEquals(scenario.news, ["manual: hold", "manual: flatten"]);
});

Deno.test("RiskGate flattens despite the limits on orders, in the shares that trades have room for", () => {
  const scenario = new GateScenario({
    maxOrders: { count: 1, within: 60_000 },
    participation: "0.5",
    onHalt: "flatten",
  });
  assertEquals(scenario.trade([{ price: 100, quantity: 20 }, "buy"]), [["buy 10"]]);
  scenario.gate.haltByHand("flatten", 1);
  assertEquals(
    scenario.trade([{ price: 90, quantity: 8 }], [{ price: 80, quantity: 1 }], [{ price: 70, quantity: 80 }]),
    [["sell 4 in part (flatten)"], [], ["sell 6 (flatten), in all 10 at 78"]],
  );
});

Deno.test("RiskGate ends a day's halt with the next UTC day, and no other halt", () => {
  const day = 86_400 * SECOND;
  const scenario = new GateScenario({ stake: "10000", maxDailyLoss: "0.1", maxDrawdown: "0.5" });
  scenario.trade([{ price: 100, time: 0 }, "buy"], [{ price: 90, time: 1 }]);
  assertEquals(scenario.news, ["max-daily-loss: hold"]);
  assertEquals(
    scenario.trade([{ price: 90, time: day - 1 }, "sell"], [{ price: 90, time: day - 1 }, "buy"]),
    [
      ["sell 100"],
      ["no buy: halted, 0.1 of 0.1"],
    ],
  );
  assertEquals(scenario.trade([{ price: 90, time: day }, "buy"]), [["buy 100"]]);
  assertEquals(scenario.news, ["released max-daily-loss"]);
  // The drawdown counts from the peak of all days, and its halt replaces the day's.
  scenario.trade([{ price: 81, time: day + 1 }], [{ price: 50, time: day + 2 }]);
  assertEquals(scenario.news, ["max-daily-loss: hold", "max-drawdown: hold"]);
  assertEquals(scenario.trade([{ price: 50, time: 2 * day }, "buy"]), [["no buy: halted, 0.5 of 0.5"]]);
  assertEquals(scenario.news, []);
});

Deno.test("RiskGate uses the arrival of a trade dated more than an hour after it: future trades release no halt", () => {
  const day = 86_400 * SECOND;
  const hour = 3_600 * SECOND;
  const at = (time: number, receivedAt: number, price = 90) => ({ price, time, receivedAt });
  const scenario = new GateScenario({ stake: "10000", maxDailyLoss: "0.1", cooldown: 12 * hour });
  scenario.trade([at(1, 2, 100), "buy"], [at(3, 4)]);
  assertEquals(scenario.news, ["max-daily-loss: hold"]);
  // Two of them, so that each confirms the other; after those the first day continues.
  scenario.trade([at(2 * day, 5)], [at(2 * day + 1, 6)], [at(7, 8)]);
  scenario.trade([at(200 * 365 * day, 9)], [at(200 * 365 * day, 10)], [at(10, 11)]);
  assertEquals(scenario.trade([at(11, 12), "sell"], [at(12, 13), "buy"]), [
    ["sell 100"],
    ["no buy: halted, 0.1 of 0.1"],
  ]);
  assertEquals(scenario.news, []);
  assertEquals(scenario.trade([at(day, day + 1), "buy"]), [["buy 100"]]);
  assertEquals(scenario.news, ["released max-daily-loss"]);
});

Deno.test("RiskGate does not wait for a time that was a mistake, with an order, an order limit or a stop-loss", () => {
  const year = 365 * 86_400 * SECOND;
  const scenario = new GateScenario({
    latency: SECOND,
    stopLoss: "0.1",
    cooldown: 60 * SECOND,
    maxOrders: { count: 1, within: 60_000 },
  });
  // As in a file: nothing says when these arrived.
  scenario.trade([{ time: 0 }], [{ time: 200 * year }, "buy"]);
  assertEquals(scenario.trade([{ time: 2 * SECOND }]), [["buy 10"]]);
  scenario.trade([{ time: 200 * year, price: 80 }]);
  assertEquals(scenario.trade([{ time: 70 * SECOND, price: 80 }]), [["sell 10 (stop-loss)"]]);
  // The sale at a time that is not far ahead still counts.
  assertEquals(scenario.trade([{ time: 80 * SECOND }, "buy"], [{ time: 81 * SECOND }]), [
    [],
    ["no buy: max-orders, 1 of 1"],
  ]);
});

Deno.test("RiskGate places orders at the arrival of trades dated in the future, and continues once the times are right again", () => {
  const year = 365 * 86_400 * SECOND;
  const at = (second: number, price = 100, ahead = 0) => ({
    price,
    time: second * SECOND + ahead,
    receivedAt: second * SECOND + 1,
  });
  const scenario = new GateScenario({ latency: SECOND, stopLoss: "0.1", cooldown: 5 * SECOND });
  // Two of them, so that each confirms the other.
  scenario.trade([at(1, 100, 200 * year)], [at(2, 100, 200 * year), "buy"]);
  assertEquals(scenario.trade([at(4)]), [["buy 10"]]);
  assertEquals(scenario.trade([at(5, 80, 200 * year)], [at(6, 80, 200 * year)]), [[], [
    "sell 10 (stop-loss)",
  ]]);
  assertEquals(scenario.trade([at(8), "buy"], [at(10)], [at(12), "buy"], [at(14)]), [
    [],
    ["no buy: cooldown, 3999.999 of 5000"],
    [],
    ["buy 10"],
  ]);
});

Deno.test("RiskGate keeps no order waiting for the time of one trade that is ahead by less than an hour", () => {
  const at = (second: number, ahead = 0) => ({
    time: (second + ahead) * SECOND,
    receivedAt: second * SECOND + 1,
  });
  const scenario = new GateScenario({ latency: SECOND });
  assertEquals(scenario.trade([at(1)], [at(2, 3_540), "buy"], [at(3)]), [[], [], ["buy 10"]]);
  // For less than a minute it does wait.
  assertEquals(scenario.trade([at(4, 59), "sell"], [at(5)], [at(64)]), [[], [], ["sell 10"]]);
});

Deno.test("RiskGate lets an order fill over several trades, until it expires", () => {
  const scenario = new GateScenario({ participation: "0.1", orderTtl: 2 * SECOND, stake: "1000" });
  assertEquals(
    scenario.trade(
      [{ time: 0, price: 100, quantity: 30 }, "buy"],
      [{ time: SECOND, price: 110, quantity: 9 }],
      [{ time: 2 * SECOND, price: 110, quantity: 20 }],
      [{ time: 2 * SECOND + 1, price: 110, quantity: 9_999 }],
    ),
    [["buy 3 in part"], [], ["buy 2 in part"], ["buy ended: order-ttl, in all 5 at 104"]],
  );
});

Deno.test("RiskGate replaces the rest of a purchase by a sale, and lets a purchase wait for a sale", () => {
  const scenario = new GateScenario({ participation: "0.1" });
  assertEquals(
    scenario.trade(
      [{ price: 100, quantity: 30 }, "buy"],
      [{ price: 90, quantity: 20 }, "sell"],
      [{ price: 95, quantity: 10 }, "buy"],
      [{ price: 95, quantity: 100 }],
    ),
    [
      ["buy 3 in part"],
      ["buy ended: replaced, in all 3 at 100", "sell 2 in part"],
      // The sale takes the share of this trade.
      ["sell 1, in all 3 at 91.666666666667"],
      ["buy 10"],
    ],
  );
});

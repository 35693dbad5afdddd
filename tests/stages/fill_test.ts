import { assert, assertEquals, assertThrows } from "@std/assert";
import { Account, BooksError } from "../../src/domain/account/account.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import type { Filled, Signalled } from "../../src/domain/market/tick.ts";
import { PaperFills } from "../../src/stages/fill.ts";
import { RiskGate } from "../../src/stages/risk.ts";
import type { Judged } from "../../src/stages/risk_stage.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { signalledOf } from "../support/ticks.ts";
import { blocksOf, filled, judged } from "../support/blocks.ts";

/** The last two stages over one account. */
function stagesFor(changed: Partial<Choices> = {}) {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", ...changed });
  const account = new Account(parameters.cash);
  const drawdown = new Drawdown(parameters.cash);
  const fills = new PaperFills(parameters, account, drawdown);
  const gate = new RiskGate(parameters, account, drawdown, fills.exchange);
  const over = (ticks: Iterable<Signalled>): Generator<Filled> => filled(fills, gate, ticks);
  return { account, drawdown, gate, fills, over };
}

/** A fill or a refusal with its amounts as text. */
function plainly(outcome: Filled["outcomes"][number]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outcome).map((
      [name, value],
    ) => [name, value instanceof Money ? plain(value) : value]),
  );
}

Deno.test("PaperFills.over() books an approved order and shows the account after it", () => {
  const { account, fills, over } = stagesFor();
  const outcomes = [...over([
    signalledOf({ id: 1, price: 100 }, "buy"),
    signalledOf({ id: 2, price: 100 }),
    signalledOf({ id: 3, price: 110 }, "sell"),
  ])].map((tick) => tick.outcomes.map(plainly));
  const bought = {
    kind: "fill",
    side: "buy",
    price: "100",
    quantity: "10",
    fee: "1",
    cash: "8999",
    position: "10",
    tradeId: 1,
    signalTradeId: 1,
    realized: null,
  };
  const sold = {
    kind: "fill",
    side: "sell",
    price: "110",
    quantity: "10",
    fee: "1.1",
    cash: "10097.9",
    position: "0",
    tradeId: 3,
    signalTradeId: 3,
    realized: "97.9",
  };
  assertEquals(outcomes, [[bought], [], [sold]]);
  assertEquals(fills.fills, 2);
  assertEquals(plain(account.fees), "2.1");
});

Deno.test("PaperFills.over() passes a refusal on and books nothing for it", () => {
  const { account, fills, over } = stagesFor();
  const [tick] = [...over([signalledOf({ price: 100 }, "sell")])];
  assertEquals(tick?.outcomes.map(plainly), [{
    kind: "refusal",
    side: "sell",
    reason: "no-position",
    limit: "1",
    value: "0",
    tradeId: 1,
    signalTradeId: 1,
  }]);
  assertEquals(fills.fills, 0);
  assertEquals(plain(account.cash), "10000");
});

Deno.test("PaperFills.over() books each order before the next one at the same trade is judged", () => {
  const { over } = stagesFor({ latency: 1_000 });
  const ticks = [
    signalledOf({ id: 1, time: 10_000 }, "buy"),
    signalledOf({ id: 2, time: 10_000 }, "sell"),
    signalledOf({ id: 3, time: 10_000 }, "sell"),
    signalledOf({ id: 4, time: 11_000 }),
  ];
  const found = [...over(ticks)].flatMap((tick) => tick.outcomes.map(plainly));
  assertEquals(
    found.map(({ kind, side, tradeId, signalTradeId }) => ({ kind, side, tradeId, signalTradeId })),
    [
      { kind: "fill", side: "buy", tradeId: 4, signalTradeId: 1 },
      { kind: "fill", side: "sell", tradeId: 4, signalTradeId: 2 },
      { kind: "refusal", side: "sell", tradeId: 4, signalTradeId: 3 },
    ],
  );
});

Deno.test("PaperFills.over() marks the drawdown with the books after the fill", () => {
  const { drawdown, over } = stagesFor({ fee: "0.01", stake: "5000" });
  [...over([signalledOf({ id: 1, price: 100 }, "buy")])];
  // 50 at 100 cost a fee of 50: equity is 9950, from a peak of 10000.
  assertEquals(drawdown.worst(), "0.005");
  [...over([signalledOf({ id: 2, price: 60 })])];
  assertEquals(drawdown.worst(), "0.205");
});

Deno.test("PaperFills.over() stops with a BooksError when the books no longer balance", () => {
  const { account, drawdown, gate, fills } = stagesFor();
  const [first] = [...judged(gate, [signalledOf({ price: 100 }, "buy")])];
  const [order] = first!.decisions ?? [];
  assert(order?.kind === "approved");
  // The same order again until the cash is used up: a gate that did this would be broken.
  const again: Judged = Object.assign(signalledOf({ id: 2, price: 100 }), {
    decisions: Array(10).fill(order),
  });
  const [block] = [...blocksOf([again])];
  const piece = { block: block!, from: 0, to: 1, due: again };
  assertThrows(() => [...fills.over([piece])], BooksError, "cash is -10, expected 0");
  assertEquals(plain(account.position), "100");
  assertEquals(fills.fills, 9);
  assertEquals(drawdown.worst(), "0.0009");
});

Deno.test("PaperFills.over() pulls one tick at a time", () => {
  let pulled = 0;
  const source = function* () {
    for (;;) yield signalledOf({ id: ++pulled });
  };
  const stage = stagesFor().over(source());
  stage.next();
  assertEquals(pulled, 1);
});

/** What the gate decides about parts that are booked in one loop. */
import { assertEquals } from "@std/assert";
import { Account } from "../../src/domain/account/account.ts";
import type { Side } from "../../src/domain/numbers/money.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import type { CheckRow } from "../../src/domain/risk/checks/known_checks.ts";
import { PaperFills } from "../../src/stages/fill.ts";
import { PartRuns } from "../../src/stages/part_run.ts";
import { RiskGate } from "../../src/stages/risk.ts";
import { RiskStage } from "../../src/stages/risk_stage.ts";
import { blocksOf } from "../support/blocks.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";
import { type GivenTick, signalledOf } from "../support/ticks.ts";

const SECOND = 1_000_000;

/**
 * What happens at trades in one block, a second apart, each with volume for one unit. At the first there is a signal to
 * buy ten. Returns how many fills there were, what a check was told of them, and what was refused at which trade.
 */
function boughtAt(trades: readonly GivenTick[]) {
  const told: [Side, number][] = [];
  const table: readonly CheckRow[] = [
    { reason: "cooldown", make: () => ({ filled: (side, time) => told.push([side, time]) }) },
  ];
  const parameters = tradingParametersOf({ ...DEFAULTS, participation: "0.01", maxDrawdown: "0.01" });
  const account = new Account(parameters.cash);
  const drawdown = new Drawdown(parameters.cash);
  const fills = new PaperFills(parameters, account, drawdown);
  const gate = new RiskGate(parameters, account, drawdown, fills.exchange, table);
  const parts = new PartRuns({ gate: gate.parts, fills, account, drawdown, measured: null });
  const ticks = trades.map((trade, row) =>
    signalledOf({ id: row + 1, time: (row + 1) * SECOND, quantity: 100, ...trade }, row === 0 ? "buy" : null)
  );
  const refused: [number, string][] = [];
  for (const { due } of fills.over(new RiskStage(gate, null, parts).over(blocksOf(ticks, ticks.length)))) {
    for (const outcome of due?.outcomes ?? []) {
      if (outcome.kind === "refusal") refused.push([due!.id, outcome.reason]);
    }
    gate.takeNews();
  }
  return { fills: fills.fills, told, refused };
}

Deno.test("PartGate.runBooked() tells the checks of parts booked at once, with the time of the last of them", () => {
  assertEquals(boughtAt([{}, {}, {}, { quantity: 0 }]), {
    fills: 3,
    told: [["buy", SECOND], ["buy", 3 * SECOND]],
    refused: [],
  });
});

Deno.test("PartGate.order is none that a halt bars, where the halt came at a trade dated before its time", () => {
  // At the fourth trade a limit is reached, but the purchase is not due, so nothing is refused yet.
  assertEquals(boughtAt([{}, {}, {}, { price: 1, time: 0 }, { price: 1 }, { price: 1 }]), {
    fills: 3,
    told: [["buy", SECOND], ["buy", 3 * SECOND]],
    refused: [[5, "halted"]],
  });
});

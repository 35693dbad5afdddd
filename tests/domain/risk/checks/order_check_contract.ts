/** What every check of the risk gate must pass: its tests call `testOrderCheck` with a naive way to judge an order. */
import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../../../src/domain/account/account.ts";
import type { Outcome, Signalled } from "../../../../src/domain/market/tick.ts";
import type { Fill } from "../../../../src/domain/orders/fill.ts";
import { Drawdown } from "../../../../src/domain/performance/drawdown.ts";
import { type CheckRow, ORDER_CHECKS } from "../../../../src/domain/risk/checks/known_checks.ts";
import type { TradingParameters } from "../../../../src/domain/risk/trading_parameters.ts";
import { PaperFills } from "../../../../src/stages/fill.ts";
import { RiskGate } from "../../../../src/stages/risk.ts";
import { filled } from "../../../support/blocks.ts";
import { DEFAULTS, tradingParametersOf } from "../../../support/pipeline_input.ts";
import { signalledOf } from "../../../support/ticks.ts";
import { assertEquals } from "../../../support/equals.ts";

/** A fill and its trade, whose signal made the order. */
export interface Traded {
  readonly fill: Fill;
  readonly at: Signalled;
}

/** A check, and what it should do. */
export interface CheckCase<Limits extends Partial<TradingParameters>> {
  readonly row: CheckRow;
  /** Limits that turn it on; each refuses some of the made-up orders. */
  readonly limits: readonly Limits[];
  /** Whether an order breaks the limit: `traded` is what it would trade, `before` what was traded, oldest first. */
  breaks(traded: Traded, before: readonly Traded[], limits: Limits): boolean;
}

const RUNS = 100;

const step = fc.record({
  later: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900_000 })),
  price: fc.integer({ min: 80, max: 125 }),
  lag: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400_000 })),
  hasArrival: fc.boolean(),
  side: fc.constantFrom("buy" as const, "sell" as const, null),
});

/** Trades with signals, of either side as chance has it. */
const trades: fc.Arbitrary<Signalled[]> = fc.array(step, { minLength: 10, maxLength: 60, size: "max" }).map(
  (steps) => {
    let time = 1_723_161_255_342_000;
    return steps.map(({ later, price, lag, hasArrival, side }, at) => {
      time += later;
      return signalledOf({ id: at + 1, time, price, receivedAt: hasArrival ? time + lag : 0 }, side);
    });
  },
);

/** The last two stages over their own account. */
class GateRun {
  readonly #account: Account;
  readonly #gate: RiskGate;
  readonly #fills: PaperFills;

  constructor(limits: Partial<TradingParameters>, table: readonly CheckRow[]) {
    const parameters = { ...tradingParametersOf({ ...DEFAULTS, lot: "1", maxDrawdown: null }), ...limits };
    this.#account = new Account(parameters.cash);
    const drawdown = new Drawdown(parameters.cash);
    this.#fills = new PaperFills(parameters, this.#account, drawdown);
    this.#gate = new RiskGate(parameters, this.#account, drawdown, this.#fills.exchange, table);
  }

  /** The outcome at each trade that has one, as at most one order is due at a trade. */
  trade(ticks: readonly Signalled[]): Map<number, Outcome> {
    // Stages write into their ticks.
    const own = ticks.map((tick) => ({ ...tick }));
    return new Map(
      filled(this.#fills, this.#gate, own).flatMap(({ id, outcomes }) =>
        outcomes.map((outcome): [number, Outcome] => [id, outcome])
      ),
    );
  }

  /** What a journal keeps of it. */
  get text(): string {
    return JSON.stringify({ gate: this.#gate.snapshot(), account: this.#account.snapshot() });
  }

  /** Continues from what a journal kept, after a trade at this integer price. */
  restore(text: string, price: number): void {
    const { gate, account } = JSON.parse(text);
    this.#account.restore(account);
    this.#account.mark(price, 0);
    this.#gate.restore(gate, [], { moving: this.#account, time: 0 });
  }
}

/** Registers the contract's tests for a check. */
export function testOrderCheck<Limits extends Partial<TradingParameters>>(
  { row, limits, breaks }: CheckCase<Limits>,
): void {
  const { reason } = row;
  const table = ORDER_CHECKS.some((known) => known.reason === reason) ? ORDER_CHECKS : [...ORDER_CHECKS, row];

  Deno.test(`${reason} refuses the orders that break its limit, and no others`, () => {
    for (const chosen of limits) {
      let [refused, passed] = [0, 0];
      fc.assert(
        fc.property(trades, (ticks) => {
          const free = new GateRun({}, table).trade(ticks);
          const limited = new GateRun(chosen, table).trade(ticks);
          const before: Traded[] = [];
          let isSame = true;
          for (const at of ticks) {
            const outcome = limited.get(at.id);
            if (outcome === undefined) continue;
            const isOwn = outcome.kind === "refusal" && outcome.reason === reason;
            const unchecked = free.get(at.id);
            if (isOwn && isSame && unchecked?.kind === "fill") {
              assert(breaks({ fill: unchecked, at }, before, chosen), "refused without a reason");
              refused++;
            }
            // From the first refusal on, the books differ.
            isSame &&= !isOwn;
            if (isSame) assertEquals(outcome, unchecked, "changed by a check that refused nothing");
            if (outcome.kind !== "fill") continue;
            const traded = { fill: outcome, at };
            assert(!breaks(traded, before, chosen), "passed against its limit");
            before.push(traded);
            passed++;
          }
        }),
        { numRuns: RUNS },
      );
      assertGreater(refused, 20, JSON.stringify(chosen));
      assertGreater(passed, 20, JSON.stringify(chosen));
    }
  });

  Deno.test(`${reason} decides the same after a stop and a restart`, () => {
    for (const chosen of limits) {
      fc.assert(
        fc.property(trades, fc.integer({ min: 1, max: 9 }), (ticks, cut) => {
          const whole = new GateRun(chosen, table).trade(ticks);
          const first = new GateRun(chosen, table);
          const start = first.trade(ticks.slice(0, cut));
          const second = new GateRun(chosen, table);
          second.restore(first.text, ticks[cut - 1]!.price);
          assertEquals(second.text, first.text);
          assertEquals(new Map([...start, ...second.trade(ticks.slice(cut))]), whole);
        }),
        { numRuns: RUNS / 4 },
      );
    }
  });

  Deno.test(`${reason} can be turned on and off while a run is stopped`, () => {
    fc.assert(
      fc.property(trades, fc.constantFrom(...limits), fc.boolean(), (ticks, chosen, isOnFirst) => {
        const first = new GateRun(isOnFirst ? chosen : {}, table);
        first.trade(ticks.slice(0, 9));
        const second = new GateRun(isOnFirst ? {} : chosen, table);
        second.restore(first.text, ticks[8]!.price);
        for (const outcome of second.trade(ticks.slice(9)).values()) {
          assert(!isOnFirst || outcome.kind !== "refusal" || outcome.reason !== reason);
        }
      }),
      { numRuns: RUNS / 4 },
    );
  });
}

/** The row of a check in the table. */
export function rowOf(reason: CheckRow["reason"]): CheckRow {
  return ORDER_CHECKS.find((row) => row.reason === reason)!;
}

/** The state of the gate, in plain values. */
import type { MarkedBooks } from "../domain/performance/drawdown_periods.ts";
import type { CheckMemory } from "../domain/risk/checks/order_checks.ts";
import type { Halt } from "../domain/risk/halt.ts";
import { limitsAfterRelease, type LossSnapshot } from "../domain/risk/loss_limits.ts";
import type { ExitSnapshot } from "../domain/risk/protective_exits.ts";
import type { WaitingSnapshot } from "./waiting_orders.ts";

/** The state of the gate, as a journal keeps it. */
export interface RiskSnapshot {
  /** Oldest first, or the first where the others follow from changes. */
  readonly waiting: readonly WaitingSnapshot[];
  readonly halt: Halt | null;
  readonly losses: LossSnapshot;
  readonly exits: ExitSnapshot;
  /** What the checks on orders remember. Stored journals have this key, so it keeps its name. */
  readonly pace: CheckMemory;
}

/** The state of the gate for one of several symbols, without what the account's symbols share. */
export type SymbolRiskSnapshot = Pick<RiskSnapshot, "waiting" | "exits" | "pace">;

/** The gate after a manual release of its halt: past losses no longer count. */
export function releasedGate(gate: RiskSnapshot, books: MarkedBooks): RiskSnapshot {
  return {
    ...gate,
    halt: null,
    losses: limitsAfterRelease(gate.losses, books),
    exits: releasedExits(gate.exits),
  };
}

/** The exits of a position after a release of the halt. */
export function releasedExits(exits: ExitSnapshot): ExitSnapshot {
  return { ...exits, isFlattening: false, isAsked: false };
}

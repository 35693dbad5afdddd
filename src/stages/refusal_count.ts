/** Counts the orders that a gate refused. */
import type { Outcome } from "../domain/market/tick.ts";
import type { Refusal } from "../domain/orders/refusal.ts";

/** Counts refused orders, in all and by reason. */
export class RefusalCount {
  /** All of them. */
  total = 0;
  readonly #byReason = new Map<string, number>();

  /** How many for each reason since this was made: a resumed run starts without any. */
  get byReason(): ReadonlyMap<string, number> {
    return this.#byReason;
  }

  /** Counts the refusals among the outcomes of a trade. */
  add(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.kind === "refusal") this.count(outcome.reason);
    }
  }

  /** Counts a refusal. */
  count(reason: Refusal["reason"]): void {
    this.total++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
  }
}

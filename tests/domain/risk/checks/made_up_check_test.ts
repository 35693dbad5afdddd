/** A check that is not in the table, from its limit to its refusals: no more than so many purchases above a price. */
import type { CheckRow } from "../../../../src/domain/risk/checks/known_checks.ts";
import type { Breach, OrderCheck } from "../../../../src/domain/risk/checks/order_check.ts";
import type { Order } from "../../../../src/domain/orders/order.ts";
import type { Quote } from "../../../../src/domain/orders/quote.ts";
import type { TradingParameters } from "../../../../src/domain/risk/trading_parameters.ts";
import { testOrderCheck } from "./order_check_contract.ts";

interface DearPurchases {
  readonly maxDear: number;
}

/** Refuses a purchase at 100 or more if there have been as many as are allowed. */
class MaxDear implements OrderCheck {
  readonly #most: number;
  #count = 0;
  #isDear = false;

  constructor({ maxDear }: DearPurchases) {
    this.#most = maxDear;
  }

  judgeQuote({ side }: Order, { price }: Quote): Breach | null {
    this.#isDear = side === "buy" && price.gte(100);
    if (!this.#isDear || this.#count < this.#most) return null;
    return { limit: `${this.#most}`, value: `${this.#count}` };
  }

  started(): void {
    if (this.#isDear) this.#count++;
  }

  snapshot(): { readonly dear: number } {
    return { dear: this.#count };
  }

  restore({ dear = 0 }: { readonly dear?: number }): void {
    this.#count = dear;
  }
}

testOrderCheck<Partial<TradingParameters> & DearPurchases>({
  row: {
    reason: "max-dear",
    make: (parameters: object) => "maxDear" in parameters ? new MaxDear(parameters as DearPurchases) : null,
  } as unknown as CheckRow,
  limits: [{ maxDear: 1 }, { maxDear: 3 }],
  breaks({ fill: { side, price } }, before, { maxDear }) {
    const dear = before.filter(({ fill }) => fill.side === "buy" && fill.price.gte(100));
    return side === "buy" && price.gte(100) && dear.length >= maxDear;
  },
});

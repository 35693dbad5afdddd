/** The table of the risk gate's checks on orders. */
import type { Account } from "../../account/account.ts";
import type { Order } from "../../orders/order.ts";
import type { Quote } from "../../orders/quote.ts";
import type { TradingParameters } from "../trading_parameters.ts";
import {
  funds,
  fundsForLeast,
  lot,
  maxNotional,
  maxQuantity,
  minNotional,
  noPosition,
} from "./instrument_checks.ts";
import { maxPosition } from "./max_position.ts";
import type { Breach, OrderCheck } from "./order_check.ts";

/** A row of the table. */
interface CheckRow {
  /** The code that a refusal carries. */
  readonly reason: string;
  /** Makes the check; null if there is no such limit. */
  readonly make: (parameters: TradingParameters, account: Account) => OrderCheck | null;
}

/** In the order in which they judge. */
export const ORDER_CHECKS = [
  { reason: "no-position", make: noPosition },
  { reason: "funds", make: fundsForLeast },
  { reason: "lot", make: lot },
  { reason: "min-notional", make: minNotional },
  { reason: "max-quantity", make: maxQuantity },
  { reason: "max-notional", make: maxNotional },
  { reason: "max-position", make: maxPosition },
  { reason: "funds", make: funds },
] as const satisfies readonly CheckRow[];

/** The code of a check in the table. */
export type OrderCheckName = typeof ORDER_CHECKS[number]["reason"];

/** A breach, with the check that found it. */
export type FoundBreach = Breach & { readonly reason: OrderCheckName };

/** The checks of one account. */
export class OrderChecks {
  readonly #checks: readonly { readonly reason: OrderCheckName; readonly check: OrderCheck }[];

  constructor(parameters: TradingParameters, account: Account) {
    this.#checks = ORDER_CHECKS.flatMap(({ reason, make }) => {
      const check = make(parameters, account);
      return check === null ? [] : [{ reason, check }];
    });
  }

  /** The first breach of an order at what it would trade; null if there is none. */
  judgeQuote(order: Order, quote: Quote): FoundBreach | null {
    for (const { reason, check } of this.#checks) {
      const breach = check.judgeQuote(order, quote);
      if (breach !== null) return { reason, ...breach };
    }
    return null;
  }
}

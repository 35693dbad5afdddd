/** The table of the risk gate's checks on orders. */
import type { Account } from "../../account/account.ts";
import type { TradingParameters } from "../trading_parameters.ts";
import { Cooldown } from "./cooldown.ts";
import {
  funds,
  fundsForLeast,
  lot,
  maxNotional,
  maxQuantity,
  minNotional,
  noPosition,
} from "./instrument_checks.ts";
import { maxLag } from "./max_lag.ts";
import { MaxOrders } from "./max_orders.ts";
import { maxPosition } from "./max_position.ts";
import type { AccountMemory, OrderCheck } from "./order_check.ts";

/** A row of the table. */
interface Row {
  /** The code that a refusal carries. */
  readonly reason: string;
  /** Makes the check for one symbol of the account; null if it has no limit to check. */
  readonly make: (
    parameters: TradingParameters,
    account: Account,
    memory: AccountMemory,
  ) => OrderCheck | null;
  /** The unit of its amounts, if a view is to show one. */
  readonly unit?: "ms";
}

/** In the order in which they judge. */
export const ORDER_CHECKS = [
  { reason: "max-lag", make: maxLag, unit: "ms" },
  { reason: "max-orders", make: (parameters, _account, memory) => new MaxOrders(parameters, memory) },
  {
    reason: "cooldown",
    make: (parameters, account, memory) => new Cooldown(parameters, account, memory),
    unit: "ms",
  },
  { reason: "no-position", make: noPosition },
  { reason: "funds", make: fundsForLeast },
  { reason: "lot", make: lot },
  { reason: "min-notional", make: minNotional },
  { reason: "max-quantity", make: maxQuantity },
  { reason: "max-notional", make: maxNotional },
  { reason: "max-position", make: maxPosition },
  { reason: "funds", make: funds },
] as const satisfies readonly Row[];

/** The code of a check in the table. */
export type OrderCheckName = typeof ORDER_CHECKS[number]["reason"];

/** A row of the table, by the name of its check. */
export type CheckRow = Row & { readonly reason: OrderCheckName };

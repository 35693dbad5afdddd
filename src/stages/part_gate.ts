/** The gate, for consecutive parts of one order at trades where nothing else is due: none of them needs a decision. */
import { type Block, clockAtRow } from "../domain/market/block.ts";
import type { Money, Side } from "../domain/numbers/money.ts";
import type { Order } from "../domain/orders/order.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { OrderChecks } from "../domain/risk/checks/order_checks.ts";
import type { ProtectiveExits } from "../domain/risk/protective_exits.ts";
import type { TradingHalt } from "../domain/risk/trading_halt.ts";
import type { WaitingOrders } from "./waiting_orders.ts";

/** What the gate of one symbol decides by. */
export interface DecidingGate {
  readonly orders: WaitingOrders;
  readonly awaitsRules: boolean;
  readonly hasNews: boolean;
}

/** Passes the parts of the orders of one symbol. */
export class PartGate {
  readonly #gate: DecidingGate;
  readonly #checksNow: () => OrderChecks;
  readonly #exits: ProtectiveExits;
  readonly #halt: TradingHalt;
  readonly #drawdown: Drawdown;

  /** `checksNow` returns the gate's checks, which are others after each change of the rules. */
  constructor(
    gate: DecidingGate,
    checksNow: () => OrderChecks,
    exits: ProtectiveExits,
    halt: TradingHalt,
    drawdown: Drawdown,
  ) {
    this.#gate = gate;
    this.#checksNow = checksNow;
    this.#exits = exits;
    this.#halt = halt;
    this.#drawdown = drawdown;
  }

  /**
   * The order whose next part is all that is due at trades that have no signal and `pass`: it is the next one to fill,
   * it has had a part, and nothing refuses or ends it. Null if there is none.
   */
  get order(): Order | null {
    const { orders, awaitsRules, hasNews } = this.#gate;
    const order = orders.oldest;
    if (order === undefined || !order.isWorking || order.filled.isZero()) return null;
    const { side, cause } = order;
    if (awaitsRules || hasNews || orders.maySweep(false)) return null;
    // It is refused when it is next due, which it was not yet if the halt came at a trade dated before its time.
    if (cause === null && this.#halt.bars(side)) return null;
    // A sale replaces what is left of a purchase.
    if (side === "buy" && orders.hasSale) return null;
    return this.#checksNow().passesParts(side) ? order : null;
  }

  /**
   * Marks the trade in a row of a block and returns true if nothing but the next part of `order` can be due at it.
   * Otherwise the gate must take the trade, which may be marked in part: marking it again changes nothing.
   */
  pass(block: Block, row: number, order: Order): boolean {
    const { decimals } = block;
    const price = block.price[row]!;
    if (!this.#gate.orders.isReady(order, clockAtRow(block, row))) return false;
    this.#exits.mark(price, decimals);
    if (this.#exits.isReached(price, decimals)) return false;
    if (this.#halt.markQuiet(block, row, row + 1) === row) return false;
    this.#drawdown.mark(price, decimals, block.time[row]!);
    return true;
  }

  /** Notes a part at the trade that passed last, which leaves this cash and position. The account need not know yet. */
  booked(side: Side, price: Money, quantity: Money, cash: Money, position: Money): void {
    this.#halt.rebook(cash, position);
    this.#exits.booked(side, price, quantity, position, false);
  }

  /** Notes that the account has booked a run of parts on this side, the last of them at `time`, µs since 1970. */
  runBooked(side: Side, time: number): void {
    this.#checksNow().filled(side, time);
  }
}

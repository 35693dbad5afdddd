/** All checks of one account, for the orders of one symbol. */
import type { Account } from "../../account/account.ts";
import type { Side } from "../../numbers/money.ts";
import type { Order } from "../../orders/order.ts";
import type { Quote } from "../../orders/quote.ts";
import type { TradingParameters } from "../trading_parameters.ts";
import { type CheckRow, ORDER_CHECKS, type OrderCheckName } from "./known_checks.ts";
import { AccountMemory, type Breach, type OrderCheck, type TradeTimes } from "./order_check.ts";

/** A breach, with the check that found it. */
export interface FoundBreach extends Breach {
  readonly reason: OrderCheckName;
}

/** What checks remember, as plain values. */
export type CheckMemory = Readonly<Record<string, unknown>>;

/** A check that has this method. */
type With<Method extends keyof OrderCheck> = OrderCheck & Required<Pick<OrderCheck, Method>>;

/** A check with its name. */
interface Named<Check> {
  readonly reason: OrderCheckName;
  readonly check: Check;
}

/** The checks of one account, in the order of their table. */
export class OrderChecks {
  readonly #account: Account;
  readonly #table: readonly CheckRow[];
  readonly #memory: AccountMemory;
  readonly #all: readonly Named<OrderCheck>[];
  readonly #ofSignals: readonly Named<With<"judgeSignal">>[];
  readonly #ofStarts: readonly Named<With<"judgeStart">>[];
  readonly #ofQuotes: readonly Named<With<"judgeQuote">>[];
  readonly #notingStarts: readonly Named<With<"started">>[];
  readonly #notingFills: readonly Named<With<"filled">>[];

  /** The checks for the account's other symbols have the same `memory`. */
  constructor(
    parameters: TradingParameters,
    account: Account,
    table: readonly CheckRow[] = ORDER_CHECKS,
    memory: AccountMemory = new AccountMemory(),
  ) {
    this.#account = account;
    this.#table = table;
    this.#memory = memory;
    this.#all = table.flatMap(({ reason, make }) => {
      const check = make(parameters, account, memory);
      return check === null ? [] : [{ reason, check }];
    });
    this.#ofSignals = this.#with("judgeSignal");
    this.#ofStarts = this.#with("judgeStart");
    this.#ofQuotes = this.#with("judgeQuote");
    this.#notingStarts = this.#with("started");
    this.#notingFills = this.#with("filled");
  }

  /** The same checks with other parameters; they keep what these remember. */
  under(parameters: TradingParameters): OrderChecks {
    const checks = new OrderChecks(parameters, this.#account, this.#table, this.#memory);
    checks.restore(this.snapshot());
    return checks;
  }

  /** The first breach of a signal at its own trade; null if the signal may make an order. */
  judgeSignal(trade: TradeTimes): FoundBreach | null {
    for (const { reason, check } of this.#ofSignals) {
      const breach = check.judgeSignal(trade);
      if (breach !== null) return { reason, ...breach };
    }
    return null;
  }

  /** The first breach of an order that is due at `time`, µs since 1970; null if the order may ask for a price. */
  judgeStart(side: Side, time: number): FoundBreach | null {
    for (const { reason, check } of this.#ofStarts) {
      const breach = check.judgeStart(side, time);
      if (breach !== null) return { reason, ...breach };
    }
    return null;
  }

  /** The first breach of an order at the price and quantity it would trade; null if it may trade. */
  judgeQuote(order: Order, quote: Quote): FoundBreach | null {
    for (const { reason, check } of this.#ofQuotes) {
      const breach = check.judgeQuote(order, quote);
      if (breach !== null) return { reason, ...breach };
    }
    return null;
  }

  /** Whether no check ever refuses a part of a working order on this side, as `passesParts` says. */
  passesParts(side: Side): boolean {
    return this.#ofQuotes.every(({ check: { passesParts } }) =>
      passesParts === "all" || passesParts === "sales" && side === "sell"
    );
  }

  /** Notes that an order has passed at `time`, µs since 1970. */
  started(time: number): void {
    for (const { check } of this.#notingStarts) check.started(time);
  }

  /** Notes a fill that has just been booked, at `time`, µs since 1970. */
  filled(side: Side, time: number): void {
    for (const { check } of this.#notingFills) check.filled(side, time);
  }

  snapshot(): CheckMemory {
    return Object.assign({}, ...this.#all.map(({ check }) => check.snapshot?.()));
  }

  restore(memory: CheckMemory): void {
    for (const { check } of this.#all) check.restore?.(memory);
  }

  #with<Method extends keyof OrderCheck>(method: Method): Named<With<Method>>[] {
    return this.#all.filter((named): named is Named<With<Method>> => named.check[method] !== undefined);
  }
}

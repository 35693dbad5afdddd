/** The gate: every order passes it, and only it can make an approved one. */
import type { Account } from "../domain/account.ts";
import type { Drawdown } from "../domain/drawdown.ts";
import type { Money, Side } from "../domain/money.ts";
import { fractionText, plain } from "../domain/money.ts";
import { priceAsMoney } from "../domain/price.ts";
import type { Check, Refusal } from "../domain/refusal.ts";
import type { Signal } from "../domain/signal.ts";
import { OrderSizing, type Sized } from "../domain/sizing.ts";
import type { Terms } from "../domain/terms.ts";
import type { Signalled, Slots } from "../domain/tick.ts";

/** An order that waits for its latency to pass. */
interface Waiting {
  readonly side: Side;
  readonly signalTradeId: number;
  /** µs since 1970: the earliest trade time that may fill it. */
  readonly due: number;
}

declare const GATE: unique symbol;

/** An order that passed the gate, sized, at the trade that fills it. */
class Approved {
  readonly kind = "approved";
  /** Makes the type nominal: nothing outside this file can build one. */
  declare readonly passed: typeof GATE;
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
  readonly signalTradeId: number;

  constructor({ side, signalTradeId }: Waiting, { price, quantity, fee }: Sized) {
    this.side = side;
    this.price = price;
    this.quantity = quantity;
    this.fee = fee;
    this.signalTradeId = signalTradeId;
  }
}

/** An order that passed the gate. The class itself stays in this file, so that nobody else can make one. */
export type ApprovedOrder = Approved;

/** What the gate says of one order. */
export type RiskVerdict = ApprovedOrder | Refusal;

/**
 * After the risk stage. The verdicts are made as they are pulled, so that each order is judged against the
 * books that the one before it left; pull them once, before the next tick.
 */
export interface Judged extends Signalled {
  /** Null at the many trades at which no order is due. */
  readonly verdicts: Iterable<RiskVerdict> | null;
}

/** An order still waiting for its trade when the input ended. */
export interface Expired {
  readonly side: Side;
  readonly signalTradeId: number;
}

/** Trading stopped by a limit: fractions of the equity's peak. */
export interface Halt {
  readonly reason: "max-drawdown";
  readonly limit: string;
  readonly value: string;
  readonly tradeId: number;
}

/** Where the gate stands, as plain values. */
export interface RiskSnapshot {
  /** Oldest first. */
  readonly waiting: readonly { readonly side: Side; readonly signalTradeId: number; readonly due: number }[];
  readonly halt: Halt | null;
}

/** Judges the orders of one symbol. */
export class RiskGate {
  readonly #latency: number;
  readonly #sizing: OrderSizing;
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #waiting: Waiting[] = [];
  #connected = true;
  #halt: Halt | null = null;
  #haltTold = true;

  constructor(terms: Terms, account: Account, drawdown: Drawdown) {
    this.#latency = terms.latency;
    this.#sizing = new OrderSizing(terms);
    this.#account = account;
    this.#drawdown = drawdown;
  }

  /** The same ticks, each with the verdicts on the orders that fall due at it, oldest first. */
  *over(ticks: Iterable<Signalled>): Generator<Judged> {
    for (const tick of ticks) {
      if (this.#drawdown.mark(tick.price, tick.decimals, tick.time)) this.#stop(tick);
      if (tick.signal !== null || this.#isDue(tick)) {
        (tick as unknown as Slots<Judged, "verdicts">).verdicts = this.#judge(tick);
      }
      yield tick as Judged;
    }
  }

  /** Whether data flows: while it does not, every order is refused. */
  set connected(connected: boolean) {
    this.#connected = connected;
  }

  /** The halt in force, or null. */
  get halt(): Halt | null {
    return this.#halt;
  }

  /** Whether a halt has come about that `takeHalt` has not handed out yet. */
  get hasNews(): boolean {
    return !this.#haltTold;
  }

  /** A halt that has come about since the last call, or null. */
  takeHalt(): Halt | null {
    if (this.#haltTold) return null;
    this.#haltTold = true;
    return this.#halt;
  }

  /** Ends the input: the orders that still wait, oldest first, will never fill. */
  end(): Expired[] {
    return this.#waiting.splice(0).map(({ side, signalTradeId }) => ({ side, signalTradeId }));
  }

  snapshot(): RiskSnapshot {
    return { waiting: this.#waiting.map((order) => ({ ...order })), halt: this.#halt };
  }

  /** Takes a snapshot up; the drawdown and the account are restored apart. A halt is not news again. */
  restore({ waiting, halt }: RiskSnapshot): void {
    this.#waiting.splice(0, Infinity, ...waiting);
    this.#halt = halt;
    this.#haltTold = true;
  }

  #isDue({ time, late }: Signalled): boolean {
    const oldest = this.#waiting[0];
    return oldest !== undefined && oldest.due <= time && !late;
  }

  *#judge(tick: Signalled): Generator<RiskVerdict> {
    const { signal } = tick;
    const early = signal === null ? null : this.#checkSignal(signal, tick);
    if (signal !== null && early === null) {
      this.#waiting.push({
        side: signal.side,
        signalTradeId: signal.tradeId,
        due: signal.time + this.#latency,
      });
    }
    for (
      let order = this.#waiting[0];
      order !== undefined && order.due <= tick.time;
      order = this.#waiting[0]
    ) {
      this.#waiting.shift();
      yield this.#size(order, tick);
    }
    if (early !== null) yield early;
  }

  /** The checks that need no price. */
  #checkSignal({ side, tradeId }: Signal, tick: Signalled): Refusal | null {
    if (!this.#connected) return refusal("disconnected", "connected", "disconnected", side, tick.id, tradeId);
    if (this.#halt !== null && side === "buy") {
      return refusal("halted", this.#halt.limit, this.#halt.value, side, tick.id, tradeId);
    }
    return null;
  }

  #size(order: Waiting, tick: Signalled): RiskVerdict {
    const { side, signalTradeId } = order;
    if (this.#halt !== null && side === "buy") {
      return refusal("halted", this.#halt.limit, this.#halt.value, side, tick.id, signalTradeId);
    }
    const sized = this.#sizing.size(side, priceAsMoney(tick.price, tick.decimals), this.#account);
    if ("reason" in sized) {
      return refusal(sized.reason, sized.limit, sized.value, side, tick.id, signalTradeId);
    }
    return new Approved(order, sized);
  }

  #stop(tick: Signalled): void {
    const breach = this.#drawdown.breachAt(tick.price);
    if (breach === null) return;
    this.#halt = {
      reason: "max-drawdown",
      limit: plain(breach.limit),
      value: fractionText(breach.value),
      tradeId: tick.id,
    };
    this.#haltTold = false;
    this.#drawdown.disarm();
  }
}

function refusal(
  reason: Check,
  limit: string,
  value: string,
  side: Side,
  tradeId: number,
  signalTradeId: number,
): Refusal {
  return { kind: "refusal", side, reason, limit, value, tradeId, signalTradeId };
}

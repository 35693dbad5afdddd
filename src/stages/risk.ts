/** The gate. Every order goes through it, and only it can make an approved order. */
import type { Account } from "../domain/account/account.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { MarkedBooks } from "../domain/performance/drawdown_periods.ts";
import {
  type Halt,
  haltAtLoss,
  haltByHand,
  type OnHalt,
  type RiskNews,
  stricter,
} from "../domain/risk/halt.ts";
import { LossLimits } from "../domain/risk/loss_limits.ts";
import { type Money, type Side, ZERO } from "../domain/numbers/money.ts";
import type { Order, Progress } from "../domain/orders/order.ts";
import { OrderThrottle } from "../domain/risk/order_throttle.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import { type ExitCause, ProtectiveExits } from "../domain/risk/protective_exits.ts";
import {
  type Expired,
  expired,
  type Judgeable,
  LOST,
  type Refusal,
  refusal,
  RULES_AWAITED,
} from "../domain/orders/refusal.ts";
import { OrderSizing, type Sized } from "../domain/orders/sizing.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { Block } from "../domain/market/block.ts";
import type { Signal } from "../domain/market/signal.ts";
import { clockAt, type Signalled } from "../domain/market/tick.ts";
import { millisecondsText } from "../domain/numbers/time.ts";
import { releasedGate, type RiskSnapshot } from "./risk_snapshot.ts";
import type { OrderChange } from "./order_changes.ts";
import { WaitingOrders } from "./waiting_orders.ts";

/** Details of an approval beyond its amounts; most orders have none. */
interface Detail extends Progress {
  readonly cause?: ExitCause;
  readonly partial?: true;
}

declare const GATE: unique symbol;

/** An order that passed the gate, or the part of one that a trade has volume for, at the trade that fills it. */
class Approved {
  readonly kind = "approved";
  /** Makes the type nominal: nothing outside this file can build one. */
  declare readonly passed: typeof GATE;
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
  readonly signalTradeId: number;
  readonly detail: Detail | undefined;

  constructor({ side, signalTradeId }: Order, { price, quantity, fee }: Sized, detail: Detail | undefined) {
    this.side = side;
    this.price = price;
    this.quantity = quantity;
    this.fee = fee;
    this.signalTradeId = signalTradeId;
    this.detail = detail;
  }
}

/** An order that passed the gate. The class itself stays in this file, so that nobody else can make one. */
export type ApprovedOrder = Approved;

/** The gate's decision on one order. */
export type RiskDecision = ApprovedOrder | Refusal | Expired;

/** Judges the orders of one symbol. */
export class RiskGate {
  #parameters: TradingParameters;
  #sizing: OrderSizing;
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #limits: LossLimits;
  readonly #exits: ProtectiveExits;
  readonly #throttle: OrderThrottle;
  /** Those that wait. */
  readonly orders: WaitingOrders;
  /** How the connection was lost; null while data flows. */
  #lost: keyof typeof LOST | null = null;
  #halt: Halt | null = null;
  #news: RiskNews[] = [];

  constructor(parameters: TradingParameters, account: Account, drawdown: Drawdown) {
    this.#parameters = parameters;
    this.#sizing = new OrderSizing(parameters);
    this.#account = account;
    this.#drawdown = drawdown;
    this.#limits = new LossLimits(parameters.cash, parameters);
    this.#exits = new ProtectiveExits(parameters);
    this.#throttle = new OrderThrottle(parameters);
    this.orders = new WaitingOrders(parameters);
  }

  /**
   * Marks the trades of a block from row `from` to before `to`, as long as nothing can be due at them. Returns the
   * first row left, whose trade is for `take`.
   */
  pass(block: Block, from: number, to: number): number {
    let end = this.#exits.firstReached(block, from, to);
    end = this.orders.firstDue(block, from, end);
    end = this.#limits.markQuiet(block, from, end);
    this.#drawdown.markRows(block, from, end);
    return end;
  }

  /**
   * Takes one trade. Returns the decisions on the orders that are due at it, oldest first, or null if none is. They are
   * made as they are pulled, so each order is judged against the books after the previous one. Pull them once, before
   * the next trade.
   */
  take(tick: Signalled): Iterable<RiskDecision> | null {
    const { price, decimals, time } = tick;
    this.#drawdown.mark(price, decimals, time);
    const now = clockAt(tick);
    if (this.#limits.mark(price, decimals, now)) this.#checkLimits(tick);
    const isDue = tick.signal !== null || this.#exits.isReached(price, decimals) ||
      this.orders.isDue(now, tick.late);
    return isDue ? this.#judge(tick) : null;
  }

  /** Whether data flows. While it does not, every order is refused. */
  set connected(connected: boolean) {
    if (connected) this.#lost = null;
    else this.disconnect("disconnected");
  }

  /** How the connection was lost; null while data flows. */
  get lost(): "disconnected" | "stale" | null {
    return this.#lost;
  }

  /** Notes that data no longer flows, so waiting purchases have missed their time. */
  disconnect(how: keyof typeof LOST): void {
    this.#lost = how;
    this.orders.cutPurchases(how);
  }

  /** Whether the instrument's rules are awaited: no order is placed meanwhile. */
  set awaitsRules(awaitsRules: boolean) {
    this.#parameters = { ...this.#parameters, awaitsRules };
  }

  get awaitsRules(): boolean {
    return this.#parameters.awaitsRules === true;
  }

  /** From now on, orders are sized by these rules; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.#parameters = { ...this.#parameters, ...rules, awaitsRules: false };
    this.#sizing = new OrderSizing(this.#parameters);
  }

  /** Halts trading by hand; `tradeId` is the last trade's, or -1. */
  haltByHand(action: OnHalt, tradeId: number): void {
    this.#stop(haltByHand(action, tradeId));
  }

  /** Releases the halt by hand, with the books at the last trade, whose id is `tradeId`; nothing without a halt. */
  release(books: MarkedBooks, tradeId: number): void {
    if (this.#halt === null) return;
    const { reason } = this.#halt;
    const news = this.#news;
    // The same as for a run that is released while no process runs it.
    this.restore(releasedGate(this.snapshot(), books), books, null);
    this.#news = [...news, { type: "released", reason, tradeId }];
  }

  /** The halt in force, or null. */
  get halt(): Halt | null {
    return this.#halt;
  }

  /** Whether there is something that `takeNews` has not returned yet. */
  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** Halts that started or ended since the last call. */
  takeNews(): RiskNews[] {
    return this.#news.splice(0);
  }

  /** Ends the input. Returns the orders still waiting, oldest first; they will never fill. */
  end(): Expired[] {
    this.#account.reserve(ZERO, ZERO);
    return this.orders.takeAll().map((order) => expired(order));
  }

  snapshot(): RiskSnapshot {
    return {
      waiting: this.orders.snapshot(),
      halt: this.#halt,
      losses: this.#limits.snapshot(),
      exits: this.#exits.snapshot(),
      pace: this.#throttle.snapshot(),
    };
  }

  /**
   * Restores a snapshot, with the books at the last trade, but not drawdown and account. The waiting orders follow from
   * their `changes` too; with null they stay. No halt is news. Throws like `WaitingOrders.restore`.
   */
  restore(snapshot: RiskSnapshot, books: MarkedBooks, changes: readonly OrderChange[] | null): void {
    const { waiting, halt, losses, exits, pace } = snapshot;
    if (changes !== null) this.orders.restore(waiting, changes);
    this.#halt = halt;
    this.#limits.restore(losses, books);
    this.#exits.restore(exits, books.decimals, this.#account.costWithoutFees(this.#parameters.feeRate));
    this.#throttle.restore(pace);
    this.#news = [];
  }

  *#judge(tick: Signalled): Generator<RiskDecision> {
    if (!this.orders.isEmpty) yield* this.#sweep(tick);
    if (tick.late) return;
    const cause = this.#lost === null && !this.awaitsRules
      ? this.#exits.causeAt(tick.price, tick.decimals)
      : null;
    if (cause !== null && !this.orders.hasSale) {
      this.#exits.ask();
      this.#place({ side: "sell", cause, signalTradeId: tick.id }, clockAt(tick));
    }
    const early: Refusal[] = [];
    for (let signal = tick.signal; signal !== null; signal = signal.next ?? null) {
      const refused = this.#checkSignal(signal, tick);
      if (refused !== null) early.push(refused);
      else this.#place({ side: signal.side, signalTradeId: signal.tradeId }, clockAt(tick));
    }
    yield* this.#work(tick);
    yield* early;
  }

  #place(order: Pick<Order, "side" | "signalTradeId"> & { readonly cause?: ExitCause }, time: number): void {
    this.orders.add({ ...order, due: time + this.#parameters.latency });
  }

  /** Ends the waiting orders whose time is over, for one reason or another. */
  *#sweep(tick: Signalled): Generator<Refusal | Expired> {
    const { orderTtl } = this.#parameters;
    const now = clockAt(tick);
    for (const order of this.orders.sweep(now, tick.late)) {
      const { side, cause, due, cut } = order;
      let decision: Refusal | Expired | null = null;
      if (this.#halt?.action === "flatten" && cause !== "flatten") decision = this.#halted(order, tick);
      else if (cut !== null) decision = refusal(order, tick.id, { reason: cut, ...LOST[cut] });
      else if (orderTtl !== null && now > due + orderTtl) decision = expired(order, "order-ttl");
      else if (tick.late && side === "buy" && this.orders.isReady(order, now)) {
        decision = refusal(order, tick.id, { reason: "late", limit: "live", value: "late" });
      }
      if (decision === null) continue;
      this.#drop(order);
      if (decision.kind === "expired" && cause !== null) this.#exits.askAgain();
      yield decision;
    }
  }

  /** Judges the orders that are due, first in, first out, as long as this trade has volume for them. */
  *#work(tick: Signalled): Generator<RiskDecision> {
    if (this.awaitsRules) return;
    let room = this.orders.isEmpty ? null : this.#sizing.roomAt(tick);
    const now = clockAt(tick);
    for (
      let order = this.orders.oldest;
      order !== undefined && this.orders.isReady(order, now);
      order = this.orders.oldest
    ) {
      // A sale replaces what is left of a purchase.
      const isOutdone = order.side === "buy" && this.orders.isSaleDue(now);
      if (isOutdone && order.isWorking) {
        this.#drop(order);
        yield expired(order, "replaced");
        continue;
      }
      const decision = this.#attempt(order, tick, room);
      const isLast = decision !== null && (decision.kind !== "approved" || decision.detail?.partial !== true);
      if (isLast) this.#drop(order);
      if (decision !== null) yield decision;
      if (decision?.kind === "approved") {
        // The fill stage books it before it pulls the next.
        this.#booked(decision, isLast, now);
      }
      if (!isLast && !isOutdone) return;
      if (room !== null && decision?.kind === "approved") room = room.minus(decision.quantity);
    }
  }

  #drop(order: Order): void {
    this.orders.drop(order);
    if (order.isWorking) this.#account.reserve(ZERO, ZERO);
  }

  /** The checks that need no price. */
  #checkSignal({ side, tradeId }: Signal, tick: Signalled): Refusal | null {
    const order = { side, signalTradeId: tradeId, cause: null, progress: () => ({}) };
    if (this.#lost !== null) return refusal(order, tick.id, { reason: this.#lost, ...LOST[this.#lost] });
    if (this.awaitsRules) return refusal(order, tick.id, RULES_AWAITED);
    if (this.#isBarred(side)) return this.#halted(order, tick);
    const { maxLag } = this.#parameters;
    const lag = tick.receivedAt - tick.time;
    if (maxLag === null || tick.receivedAt === 0 || lag <= maxLag) return null;
    return refusal(order, tick.id, {
      reason: "max-lag",
      limit: millisecondsText(maxLag),
      value: millisecondsText(lag),
    });
  }

  #isBarred(side: Side): boolean {
    return this.#halt !== null && (side === "buy" || this.#halt.action === "flatten");
  }

  /** The decision on an order at the trade when it is due; null if it has to wait for volume. */
  #attempt(order: Order, tick: Signalled, room: Money | null): RiskDecision | null {
    const { side, cause } = order;
    if (cause === null && this.#isBarred(side)) return this.#halted(order, tick);
    // An order that protects the position never waits.
    const tooSoon = order.isWorking || cause !== null ? null : this.#throttle.tooSoon(side, clockAt(tick));
    if (tooSoon !== null) return refusal(order, tick.id, tooSoon);
    const sized = this.#sizing.size(order, priceAsMoney(tick.price, tick.decimals), this.#account, room);
    if ("reason" in sized) return refusal(order, tick.id, sized);
    if (!order.isWorking) this.#throttle.pass(clockAt(tick));
    if (room === null) return new Approved(order, sized, cause === null ? undefined : { cause });
    return this.#part(order, sized);
  }

  /** The part of an order that the trade has volume for, and the amount reserved for the rest; null without volume. */
  #part(order: Order, sized: Sized): ApprovedOrder | null {
    const { quantity, notional, whole } = sized;
    const isLast = quantity.eq(whole);
    const isFirst = order.filled.isZero();
    const { cash, position } = this.#sizing.needs(order, sized, this.#account);
    order.isWorking = true;
    if (isLast) this.#account.reserve(ZERO, ZERO);
    else this.#account.reserve(cash, position);
    if (quantity.isZero()) return null;
    order.take(quantity, notional);
    const { cause } = order;
    return new Approved(order, sized, {
      ...(cause === null ? {} : { cause }),
      ...(isLast ? (isFirst ? {} : order.progress()) : { partial: true }),
    });
  }

  /** Notes a fill that has just been booked. */
  #booked({ side, price, quantity }: ApprovedOrder, isLast: boolean, time: number): void {
    const { cash, position, realized } = this.#account;
    this.#limits.rebook(cash, position);
    this.#exits.booked(side, price, quantity, position, isLast);
    if (side === "sell") this.#throttle.sold(realized, position, time);
  }

  #halted(order: Judgeable, tick: Signalled): Refusal {
    const { limit, value } = this.#halt!;
    return refusal(order, tick.id, { reason: "halted", limit, value });
  }

  /** Halts or releases trading after a trade that reached a limit or started a day. */
  #checkLimits(tick: Signalled): void {
    if (this.#limits.takeNewDay() && this.#halt?.reason === "max-daily-loss") {
      this.#news.push({ type: "released", reason: this.#halt.reason, tradeId: tick.id });
      this.#halt = null;
      this.#exits.flattening = false;
    }
    const loss = this.#limits.lossAt(tick.price);
    if (loss !== null) this.#stop(haltAtLoss(loss, this.#parameters.onHalt, tick.id));
  }

  #stop(next: Halt): void {
    const halt = stricter(this.#halt, next);
    if (halt === this.#halt) return;
    this.#halt = halt;
    this.#news.push({ type: "halt", ...halt });
    this.#limits.spend(halt.reason === "max-daily-loss" ? "day" : "all");
    if (halt.action !== "flatten") return;
    this.#exits.flattening = true;
    this.orders.mustSweep();
  }
}

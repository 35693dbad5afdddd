/** The gate. Every order goes through it, and only it can make an approved order. */
import type { Account } from "../domain/account/account.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { Halt, OnHalt, RiskNews } from "../domain/risk/halt.ts";
import type { TradingHalt } from "../domain/risk/trading_halt.ts";
import type { Order } from "../domain/orders/order.ts";
import type { Quote } from "../domain/orders/quote.ts";
import { type ExitSnapshot, ProtectiveExits } from "../domain/risk/protective_exits.ts";
import {
  type Check,
  type Expired,
  expired,
  type Judgeable,
  LOST,
  type Refusal,
  refusal,
  RULES_AWAITED,
} from "../domain/orders/refusal.ts";
import type { CheckRow } from "../domain/risk/checks/known_checks.ts";
import { OrderChecks } from "../domain/risk/checks/order_checks.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import { type Block, clockAtRow } from "../domain/market/block.ts";
import type { Signal } from "../domain/market/signal.ts";
import { clockAt, type Signalled, type Tick } from "../domain/market/tick.ts";
import { AccountRisk } from "./account_risk.ts";
import { endOf } from "./order_end.ts";
import { PartGate } from "./part_gate.ts";
import { releasedExits, type RiskSnapshot, type SymbolRiskSnapshot } from "./risk_snapshot.ts";
import type { OrderChange } from "./order_changes.ts";
import { WaitingOrders } from "./waiting_orders.ts";

/** The exchange, as the gate sees it. */
export interface Quotes {
  /** What an order would trade at a trade. Changes nothing. */
  quote(order: Order, trade: Tick): Quote;
  /** Ends an order before it is filled. */
  cancel(order: Order): void;
}

declare const GATE: unique symbol;

/** An order that passed the gate, and what it trades at the trade where it did. */
class Approved {
  readonly kind = "approved";
  /** Makes the type nominal: nothing outside this file can build one. */
  declare readonly passed: typeof GATE;
  readonly order: Order;
  readonly quote: Quote;

  constructor(order: Order, quote: Quote) {
    this.order = order;
    this.quote = quote;
  }
}

/** An order that passed the gate. The class itself stays in this file, so that no other file can make one. */
export type ApprovedOrder = Approved;

/** The gate's decision on one order. */
export type RiskDecision = ApprovedOrder | Refusal | Expired;

/** Judges the orders of one symbol for the account. */
export class RiskGate {
  #parameters: TradingParameters;
  #checks: OrderChecks;
  readonly #account: Account;
  readonly #exchange: Quotes;
  readonly #shared: AccountRisk;
  readonly #drawdown: Drawdown;
  readonly #halt: TradingHalt;
  readonly #exits: ProtectiveExits;
  /** The waiting orders. */
  readonly orders: WaitingOrders;
  /** Passes parts of an order without a decision on each. */
  readonly parts: PartGate;
  /** How the connection was lost; null while data flows. */
  #lost: keyof typeof LOST | null = null;

  /**
   * `exchange` fills what is approved, before the next decision is pulled; `table` lists the checks, by default all
   * known ones. The gates of an account's other symbols have the same `shared`.
   */
  constructor(
    parameters: TradingParameters,
    account: Account,
    drawdown: Drawdown,
    exchange: Quotes,
    table?: readonly CheckRow[],
    shared: AccountRisk = new AccountRisk(parameters, drawdown),
  ) {
    this.#parameters = parameters;
    this.#checks = new OrderChecks(parameters, account, table, shared.memory);
    this.#account = account;
    this.#exchange = exchange;
    this.#drawdown = drawdown;
    this.#shared = shared;
    this.#halt = shared.halt;
    this.#exits = new ProtectiveExits(parameters);
    this.orders = new WaitingOrders(parameters);
    this.parts = new PartGate(this, () => this.#checks, this.#exits, this.#halt, drawdown);
    shared.join(this, account);
  }

  /** Trades of this symbol follow. */
  enter(): void {
    if (this.#shared.moving !== this.#account) this.#shared.turnTo(this.#account);
  }

  /** Notes the last of the trades that have been examined: row `row` of a block. */
  leave({ price, time, decimals }: Block, row: number): void {
    this.#account.mark(price[row]!, decimals);
    this.#shared.time = time[row]!;
  }

  /**
   * Marks the trades of a block from row `from` to before `to`, as long as nothing can be due at them. Returns the
   * first row left, whose trade is for `take`.
   */
  pass(block: Block, from: number, to: number): number {
    let end = this.#exits.firstReached(block, from, to);
    end = this.orders.firstDue(block, from, end);
    end = this.#halt.markQuiet(block, from, end);
    this.#exits.markRows(block, from, end);
    this.#drawdown.markRows(block, from, end);
    return end;
  }

  /** Why `take` would refuse a signal at a row where nothing else would happen; null where anything else may. */
  refusedAt(block: Block, row: number, { side, next }: Signal): Check | null {
    const { latency, fill } = this.#parameters;
    if (next !== undefined || !this.orders.isEmpty || !this.#account.position.isZero()) return null;
    const isBarred = this.#lost !== null || this.awaitsRules || this.#halt.bars(side);
    // A sale without a position is refused as soon as it is due, which is at once.
    if (!isBarred && (side === "buy" || latency !== 0 || fill === "next")) return null;
    if (this.hasNews || this.#halt.markQuiet(block, row, row + 1) === row) return null;
    if (isBarred) return this.#lost ?? (this.awaitsRules ? "no-rules" : "halted");
    const times = { time: block.time[row]!, receivedAt: block.receivedAt[row]! };
    const breach = this.#checks.judgeSignal(times) ?? this.#checks.judgeStart(side, clockAtRow(block, row));
    return breach?.reason ?? "no-position";
  }

  /**
   * Takes one trade. Returns the decisions on the orders that are due at it, oldest first, or null if none is. They are
   * made as they are pulled, so each order is judged against the books after the previous one. Pull them once, before
   * the next trade.
   */
  take(tick: Signalled): Iterable<RiskDecision> | null {
    const { price, decimals, time } = tick;
    this.#drawdown.mark(price, decimals, time);
    this.#exits.mark(price, decimals);
    const now = clockAt(tick);
    if (this.#halt.mark(price, decimals, now)) this.#shared.check(price, tick.id);
    if (tick.signal === null && !this.#exits.isReached(price, decimals)) {
      if (!this.orders.isDue(now, tick.late)) return null;
      // An order that fills in parts has one at nearly every trade.
      if (!tick.late && !this.orders.maySweep(false)) return this.#work(tick);
    }
    return this.#judge(tick);
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

  /** From now on, orders are checked against these rules; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.#parameters = { ...this.#parameters, ...rules, awaitsRules: false };
    this.#checks = this.#checks.under(this.#parameters);
  }

  /** Halts trading of the account by hand; `tradeId` is the last trade's, or -1. */
  haltByHand(action: OnHalt, tradeId: number): void {
    this.#shared.haltByHand(action, tradeId);
  }

  /** Releases the account's halt by hand, after the trade `tradeId`; nothing without a halt. */
  release(tradeId: number): void {
    this.#shared.release(tradeId);
  }

  /** With `isFlattening`, a halt that sells this position too has started; otherwise one has ended. */
  flatten(isFlattening: boolean): void {
    this.#exits.flattening = isFlattening;
    if (isFlattening) this.orders.mustSweep();
  }

  /** The user has ended the halt: the position may be sold again for another reason. */
  released(): void {
    this.#restoreExits(releasedExits(this.#exits.snapshot()));
  }

  /** The halt in force, or null. */
  get halt(): Halt | null {
    return this.#halt.current;
  }

  /** Whether there is something that `takeNews` has not returned yet. */
  get hasNews(): boolean {
    return this.#shared.news.length > 0;
  }

  /** Halts of the account that started or ended since the last call. */
  takeNews(): RiskNews[] {
    return this.#shared.news.splice(0);
  }

  /** Ends the input. Returns the orders still waiting, oldest first; they will never fill. */
  end(): Expired[] {
    return this.orders.takeAll().map((order) => {
      this.#exchange.cancel(order);
      // A run that is resumed still has the position.
      if (order.cause !== null) this.#exits.askAgain();
      return expired(order);
    });
  }

  snapshot(): RiskSnapshot {
    return {
      waiting: this.orders.snapshot(),
      ...this.#halt.snapshot(),
      exits: this.#exits.snapshot(),
      pace: this.#checks.snapshot(),
    };
  }

  /** The part of this symbol alone, in addition to the snapshot of the account's first symbol. */
  symbolSnapshot(): SymbolRiskSnapshot {
    return {
      waiting: this.orders.snapshot(),
      exits: this.#exits.snapshot(),
      pace: this.#checks.snapshot(),
    };
  }

  /**
   * Restores a snapshot, but not drawdown and account, which have to be restored before, with the last prices marked.
   * `moving` and `time` are as for `AccountRisk.restore`. The waiting orders follow from their `changes` too. A
   * restored halt is not reported as news. Throws like `WaitingOrders.restore`.
   */
  restore(
    snapshot: RiskSnapshot,
    changes: readonly OrderChange[],
    { moving, time }: { readonly moving: Account; readonly time: number | null },
  ): void {
    this.#shared.restore(snapshot, moving, time);
    this.restoreSymbol(snapshot, changes);
  }

  /** Restores the part of this symbol alone, as `restore` does. */
  restoreSymbol({ waiting, exits, pace }: SymbolRiskSnapshot, changes: readonly OrderChange[]): void {
    this.orders.restore(waiting, changes);
    this.#restoreExits(exits);
    this.#checks.restore(pace);
  }

  #restoreExits(exits: ExitSnapshot): void {
    const { feeRate } = this.#parameters;
    const account = this.#account;
    this.#exits.restore(exits, account.lastPrice, account.costWithoutFees(feeRate));
  }

  *#judge(tick: Signalled): Generator<RiskDecision> {
    if (this.orders.maySweep(tick.late)) yield* this.#sweep(tick);
    if (tick.late) return;
    const cause = this.#lost === null && !this.awaitsRules
      ? this.#exits.causeAt(tick.price, tick.decimals)
      : null;
    const sale = this.orders.hasSale ? null : cause;
    if (sale !== null) this.#exits.ask();
    const accepted: Signal[] = [];
    const early: Refusal[] = [];
    for (let signal = tick.signal; signal !== null; signal = signal.next ?? null) {
      const refused = this.#checkSignal(signal, tick);
      if (refused !== null) early.push(refused);
      else accepted.push(signal);
    }
    // An order placed after this cannot fill at this trade.
    const isNext = this.#parameters.fill === "next";
    if (isNext) yield* this.#work(tick);
    const due = clockAt(tick) + this.#parameters.latency;
    if (sale !== null) this.orders.add({ side: "sell", cause: sale, signalTradeId: tick.id, due });
    for (const { side, tradeId } of accepted) this.orders.add({ side, signalTradeId: tradeId, due });
    if (!isNext) yield* this.#work(tick);
    if (early.length > 0) yield* early;
  }

  /** Ends the waiting orders that have run out of time. */
  *#sweep(tick: Signalled): Generator<Refusal | Expired> {
    const { orderTtl } = this.#parameters;
    const now = clockAt(tick);
    for (const order of this.orders.sweep(now, tick.late)) {
      const isReady = this.orders.isReady(order, now);
      const decision = endOf(order, tick, { halt: this.#halt, orderTtl, isReady });
      if (decision === null) continue;
      this.#drop(order);
      if (decision.kind === "expired" && order.cause !== null) this.#exits.askAgain();
      yield decision;
    }
  }

  /** Judges the orders that are due, first in, first out, as long as this trade has volume for them. */
  *#work(tick: Signalled): Generator<RiskDecision> {
    if (this.awaitsRules) return;
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
      const decision = this.#attempt(order, tick);
      if (decision.kind === "refusal") {
        this.#drop(order);
        yield decision;
        continue;
      }
      // The fill stage books it before it pulls the next.
      yield decision;
      const { isWhole } = decision.quote;
      if (isWhole) this.#drop(order);
      this.#booked(decision, now);
      if (!isWhole && !isOutdone) return;
    }
  }

  #drop(order: Order): void {
    this.orders.drop(order);
    this.#exchange.cancel(order);
  }

  /** Why a signal makes no order; null if it makes one. */
  #checkSignal({ side, tradeId }: Signal, tick: Signalled): Refusal | null {
    const order = { side, signalTradeId: tradeId, cause: null, progress: () => ({}) };
    if (this.#lost !== null) return refusal(order, tick.id, { reason: this.#lost, ...LOST[this.#lost] });
    if (this.awaitsRules) return refusal(order, tick.id, RULES_AWAITED);
    if (this.#halt.bars(side)) return this.#halted(order, tick);
    const breach = this.#checks.judgeSignal(tick);
    return breach === null ? null : refusal(order, tick.id, breach);
  }

  /** The decision on an order at a trade where it is due. */
  #attempt(order: Order, tick: Signalled): ApprovedOrder | Refusal {
    const { side, cause, isWorking } = order;
    const now = clockAt(tick);
    if (cause === null && this.#halt.bars(side)) return this.#halted(order, tick);
    // An order that protects the position never waits.
    const tooSoon = isWorking || cause !== null ? null : this.#checks.judgeStart(side, now);
    if (tooSoon !== null) return refusal(order, tick.id, tooSoon);
    const quote = this.#exchange.quote(order, tick);
    const breach = this.#checks.judgeQuote(order, quote);
    if (breach !== null) return refusal(order, tick.id, breach);
    if (!isWorking) this.#checks.started(now);
    return new Approved(order, quote);
  }

  /** Notes a fill that has just been booked. */
  #booked({ order: { side }, quote: { price, quantity, isWhole } }: ApprovedOrder, time: number): void {
    if (quantity.isZero()) return;
    const { unmoved, position } = this.#account;
    this.#halt.rebook(unmoved, position);
    this.#exits.booked(side, price, quantity, position, isWhole);
    this.#checks.filled(side, time);
  }

  #halted(order: Judgeable, tick: Signalled): Refusal {
    const { limit, value } = this.halt!;
    return refusal(order, tick.id, { reason: "halted", limit, value });
  }
}

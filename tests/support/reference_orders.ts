/**
 * The reference for orders: the books, the waiting orders, and what each trade does to them, with every amount an
 * exact decimal. Written from what the options mean; it shares no code with `src`.
 */
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { Exact } from "./exact.ts";
import type { Choices } from "./reference.ts";

/** An event before its time and symbol are added. */
export type Untimed<E = PipelineEvent> = E extends PipelineEvent ? Omit<E, "time" | "symbol"> : never;

type Side = "buy" | "sell";
type Reason =
  | "halted"
  | "late"
  | Lost
  | "no-position"
  | "lot"
  | "funds"
  | "min-notional"
  | "max-position"
  | TooSoon;
type TooSoon = "max-orders" | "cooldown";
/** How a connection was lost. */
export type Lost = "disconnected" | "stale";

/** A halt, as events have it. */
export interface ReferenceHalt {
  readonly reason: "max-drawdown" | "max-daily-loss" | "manual";
  readonly limit: string;
  readonly value: string;
  readonly tradeId: number;
  readonly action: "hold" | "flatten";
}

interface Order {
  readonly side: Side;
  readonly cause: "stop-loss" | "trailing-stop" | "take-profit" | "flatten" | null;
  readonly signalTradeId: number;
  readonly due: number;
  works: boolean;
  /** How the connection was lost while it waited; null if it was not. */
  lost: Lost | null;
  /** What it may spend; fixed at its first part if the stake is a share of the cash. */
  stake: Exact;
  filled: Exact;
  spent: Exact;
}

/** The trade at which orders are handled. */
export interface At {
  readonly tradeId: number;
  readonly time: number;
  readonly price: Exact;
  readonly quantity: Exact;
  readonly halt: ReferenceHalt | null;
  /** Fetched after the fact: nothing is traded at it. */
  readonly late: boolean;
}

const ONE = new Exact(1n);
const NOTHING = new Exact(0n);

/** The account, and the orders to it. */
export class ReferenceOrders {
  cash: Exact;
  position = NOTHING;
  fees = NOTHING;
  realized = NOTHING;
  fills = 0;
  refusals = 0;
  readonly #choices: Choices;
  readonly #emit: (event: Untimed) => void;
  readonly #filled: () => void;
  /** What the position cost, with fees and without. */
  #paid = NOTHING;
  #entry = NOTHING;
  /** The highest price since the position was opened; null without one. */
  #highest: Exact | null = null;
  #waiting: Order[] = [];
  #passed: number[] = [];
  #lostAt: number | null = null;
  #before = NOTHING;
  /** A sale without a signal waits, or was refused since the position last changed. */
  #asked = false;

  constructor(choices: Choices, emit: (event: Untimed) => void, filled: () => void) {
    this.#choices = choices;
    this.#emit = emit;
    this.#filled = filled;
    this.cash = Exact.of(choices.cash);
  }

  /** Lets the next trade ask for a sale again. */
  askAgain(): void {
    this.#asked = false;
  }

  end(): void {
    for (const order of this.#waiting) this.#expire(order, null);
    this.#waiting = [];
  }

  /** The connection was lost: what waits to buy has missed its time, which the next trade shows. */
  lose(lost: Lost): void {
    for (const order of this.#waiting) if (order.side === "buy") order.lost ??= lost;
  }

  /** Everything that happens to orders at one trade; `signals` are the sides of the signals that it gave. */
  trade(signals: readonly Side[], at: At): void {
    if (this.#highest !== null && at.price.compare(this.#highest) > 0) this.#highest = at.price;
    this.#clear(at);
    if (at.late) return;
    const cause = this.#exitAt(at);
    if (cause !== null) {
      this.#asked = true;
      this.#place("sell", cause, at);
    }
    // A halt in force when the signal is made refuses the order at once, after the older orders.
    const barred = signals.filter((signal) => isBarred(signal, at.halt));
    for (const signal of signals) if (!barred.includes(signal)) this.#place(signal, null, at);
    this.#work(at);
    for (const signal of barred) {
      this.#refuse(fresh(signal, null, at, 0), "halted", at.halt!.limit, at.halt!.value, at);
    }
  }

  #place(side: Side, cause: Order["cause"], at: At): void {
    this.#waiting.push(fresh(side, cause, at, this.#choices.latency));
  }

  /**
   * Ends the orders that a flattening halt refuses, that waited while the connection was lost, that have waited too
   * long, or that come due at a late trade.
   */
  #clear(at: At): void {
    const ttl = this.#choices.orderTtl ?? null;
    for (const order of [...this.#waiting]) {
      if (at.halt?.action === "flatten" && order.cause !== "flatten") {
        this.#drop(order);
        this.#refuse(order, "halted", at.halt.limit, at.halt.value, at);
      } else if (order.lost !== null) {
        const [limit, value] = order.lost === "stale" ? ["flowing", "silent"] : ["connected", "disconnected"];
        this.#drop(order);
        this.#refuse(order, order.lost, limit!, value!, at);
      } else if (ttl !== null && at.time - order.due > ttl) {
        this.#drop(order);
        if (order.cause !== null) this.#asked = false;
        this.#expire(order, "order-ttl");
      } else if (at.late && order.side === "buy" && order.due <= at.time) {
        // It would have filled here, but nothing can be traded here.
        this.#drop(order);
        this.#refuse(order, "late", "live", "late", at);
      }
    }
  }

  #exitAt({ price, halt }: At): Order["cause"] {
    if (this.position.isZero() || this.#asked) return null;
    if (this.#waiting.some(({ side }) => side === "sell")) return null;
    if (halt?.action === "flatten") return "flatten";
    const { stopLoss = null, trailingStop = null, takeProfit = null } = this.#choices;
    const worth = price.times(this.position);
    if (stopLoss !== null && worth.compare(this.#entry.times(ONE.minus(Exact.of(stopLoss)))) <= 0) {
      return "stop-loss";
    }
    if (trailingStop !== null) {
      const level = this.#highest!.times(ONE.minus(Exact.of(trailingStop)));
      if (price.compare(level) <= 0) return "trailing-stop";
    }
    const target = takeProfit === null ? null : this.#entry.times(ONE.plus(Exact.of(takeProfit)));
    return target !== null && worth.compare(target) >= 0 ? "take-profit" : null;
  }

  #work(at: At): void {
    const { participation = null, lot } = this.#choices;
    let room = participation === null
      ? null
      : inLots(at.quantity.times(Exact.of(participation)), Exact.of(lot));
    const isReady = ({ due, signalTradeId }: Order) =>
      due <= at.time && (this.#choices.fill !== "next" || signalTradeId !== at.tradeId);
    while (this.#waiting.length > 0 && isReady(this.#waiting[0]!)) {
      const order = this.#waiting[0]!;
      const sale = order.side === "buy" &&
        this.#waiting.some((other) => other.side === "sell" && isReady(other));
      if (sale && order.works) {
        this.#drop(order);
        this.#expire(order, "replaced");
        continue;
      }
      const done = this.#execute(order, room, at);
      if (done === "refused") continue;
      if (room !== null) room = room.minus(done.quantity);
      if (!done.isLast && !sale) break;
    }
  }

  #execute(order: Order, room: Exact | null, at: At): "refused" | { quantity: Exact; isLast: boolean } {
    const { side, cause, works } = order;
    const refuse = (reason: Reason, limit: Exact | string, value: Exact | string): "refused" => {
      this.#drop(order);
      this.#refuse(order, reason, `${limit}`, `${value}`, at);
      return "refused";
    };
    if (cause === null && isBarred(side, at.halt)) return refuse("halted", at.halt!.limit, at.halt!.value);
    const tooSoon = works || cause !== null ? null : this.#tooSoon(side, at.time);
    if (tooSoon !== null) return refuse(...tooSoon);
    const price = this.#fillPrice(side, at.price);
    const feeRate = Exact.of(this.#choices.fee), lot = Exact.of(this.#choices.lot);
    if (!works) order.stake = this.#stake();
    const left = order.stake.minus(order.spent);
    const whole = side === "sell" ? this.position : this.#affordable(left, price);
    if (whole.isZero()) {
      if (side === "sell") return refuse("no-position", lot, "0");
      const lotCost = price.times(lot);
      const withFee = lotCost.times(ONE.plus(feeRate));
      return withFee.compare(this.cash) > 0
        ? refuse("funds", withFee, this.cash)
        : refuse("lot", lotCost, left);
    }
    const all = price.times(whole);
    const minimum = Exact.of(this.#choices.minNotional);
    if (all.isZero() || !works && all.compare(minimum) < 0) return refuse("min-notional", minimum, all);
    const { maxPosition = null } = this.#choices;
    const held = this.position.plus(whole).times(price);
    if (side === "buy" && maxPosition !== null && held.compare(Exact.of(maxPosition)) > 0) {
      return refuse("max-position", Exact.of(maxPosition), held);
    }
    const isLast = room === null || room.compare(whole) >= 0;
    const quantity = isLast ? whole : room;
    const notional = price.times(quantity);
    const fee = notional.times(feeRate).up(8);
    // The fee is rounded up, so the last lot can cost a hundred-millionth more than there is.
    const total = notional.plus(fee);
    if (side === "buy" && total.compare(this.cash) > 0) return refuse("funds", total, this.cash);
    // A sale that brings in less than its fee costs the difference.
    const cost = fee.minus(notional);
    if (side === "sell" && cost.compare(this.cash) > 0) return refuse("funds", cost, this.cash);
    if (!works) this.#passed.push(at.time);
    order.works = room !== null;
    if (isLast) this.#drop(order);
    if (!quantity.isZero()) this.#book(order, { price, quantity, notional, fee, isLast }, at);
    return { quantity, isLast };
  }

  #tooSoon(side: Side, time: number): [TooSoon, string, string] | null {
    const { maxOrders = null, cooldown = null } = this.#choices;
    const nth = maxOrders === null ? undefined : this.#passed.at(-maxOrders.count);
    if (nth !== undefined && time - nth < maxOrders!.within * 1000) {
      return ["max-orders", `${maxOrders!.count}`, `${maxOrders!.count}`];
    }
    if (cooldown === null || side === "sell" || this.#lostAt === null) return null;
    const since = time - this.#lostAt;
    return since < cooldown ? ["cooldown", inMs(cooldown), inMs(since)] : null;
  }

  #book(
    order: Order,
    { price, quantity, notional, fee, isLast }: {
      readonly price: Exact;
      readonly quantity: Exact;
      readonly notional: Exact;
      readonly fee: Exact;
      readonly isLast: boolean;
    },
    { tradeId, time, price: traded }: At,
  ): void {
    const { side } = order;
    const isFirst = order.filled.isZero();
    order.filled = order.filled.plus(quantity);
    order.spent = order.spent.plus(notional);
    let profit: Exact | null = null;
    if (side === "buy") {
      this.cash = this.cash.minus(notional).minus(fee);
      this.#paid = this.#paid.plus(notional).plus(fee);
      this.#entry = this.#entry.plus(notional);
      if (this.position.isZero()) this.#highest = traded;
      this.position = this.position.plus(quantity);
    } else {
      // Average cost: a part of the position costs its share, to 18 decimals.
      const isAll = quantity.compare(this.position) === 0;
      const cost = isAll ? this.#paid : this.#paid.times(quantity).ratio(this.position, 18);
      const share = isAll ? this.#entry : this.#entry.times(quantity).ratio(this.position, 18);
      profit = notional.minus(fee).minus(cost);
      this.cash = this.cash.plus(notional).minus(fee);
      this.#paid = this.#paid.minus(cost);
      this.#entry = this.#entry.minus(share);
      this.position = this.position.minus(quantity);
      this.realized = this.realized.plus(profit);
      if (isAll) {
        this.#highest = null;
        if (this.realized.compare(this.#before) < 0) this.#lostAt = time;
        this.#before = this.realized;
      }
    }
    if (isLast || side === "buy") this.#asked = false;
    this.fees = this.fees.plus(fee);
    this.fills++;
    this.#filled();
    this.#emit({
      type: "fill",
      side,
      price: price.toString(),
      quantity: quantity.toString(),
      fee: fee.toString(),
      cash: this.cash.toString(),
      position: this.position.toString(),
      tradeId,
      signalTradeId: order.signalTradeId,
      ...(profit === null ? {} : { realized: profit.toString() }),
      ...(isLast ? {} : { partial: true }),
      ...causeOf(order),
      ...(isLast && !isFirst ? progressOf(order) : {}),
    });
  }

  /** The trade's price, moved against the trader and onto the tick; without slippage as it is. */
  #fillPrice(side: Side, price: Exact): Exact {
    const slippage = Exact.of(this.#choices.slippage);
    if (slippage.isZero()) return price;
    const tick = Exact.of(this.#choices.tick);
    const basisPoints = new Exact(10_000n);
    const share = side === "buy" ? basisPoints.plus(slippage) : basisPoints.minus(slippage);
    const moved = price.times(share).times(new Exact(1n, 4));
    const ticks = side === "buy" ? moved.wholeTimesUp(tick) : moved.wholeTimes(tick);
    return new Exact(ticks).times(tick);
  }

  /** The stake of an order that is made now. */
  #stake(): Exact {
    const { stake } = this.#choices;
    if (!stake.endsWith("%")) return Exact.of(stake);
    return this.cash.times(Exact.of(stake.slice(0, -1))).times(new Exact(1n, 2));
  }

  /** The most lots whose price the rest of the stake pays, and whose price and fee the cash pays. */
  #affordable(left: Exact, price: Exact): Exact {
    const lot = Exact.of(this.#choices.lot);
    const lotCost = price.times(lot);
    const byStake = left.wholeTimes(lotCost);
    const byCash = this.cash.wholeTimes(lotCost.times(ONE.plus(Exact.of(this.#choices.fee))));
    return new Exact(byStake < byCash ? byStake : byCash).times(lot);
  }

  #drop(order: Order): void {
    this.#waiting = this.#waiting.filter((other) => other !== order);
  }

  #expire(order: Order, reason: "order-ttl" | "replaced" | null): void {
    const { side, signalTradeId } = order;
    this.#emit({
      type: "expired",
      side,
      signalTradeId,
      ...(reason === null ? {} : { reason }),
      ...causeOf(order),
      ...progressOf(order),
    });
  }

  #refuse(order: Order, reason: Reason, limit: string, value: string, { tradeId }: At): void {
    this.refusals++;
    const { side } = order;
    this.#emit({
      type: "refusal",
      side,
      reason,
      limit,
      value,
      tradeId,
      ...causeOf(order),
      ...progressOf(order),
    });
  }
}

function fresh(side: Side, cause: Order["cause"], { tradeId, time }: At, latency: number): Order {
  const nothing = { works: false, lost: null, stake: NOTHING, filled: NOTHING, spent: NOTHING };
  return { side, cause, signalTradeId: tradeId, due: time + latency, ...nothing };
}

function isBarred(side: Side, halt: ReferenceHalt | null): boolean {
  return halt !== null && (side === "buy" || halt.action === "flatten");
}

function causeOf({ cause }: Order): { cause?: NonNullable<Order["cause"]> } {
  return cause === null ? {} : { cause };
}

function progressOf({ filled, spent }: Order): { filled?: string; averagePrice?: string } {
  return filled.isZero() ? {} : { filled: `${filled}`, averagePrice: `${spent.ratio(filled, 12)}` };
}

function inLots(quantity: Exact, lot: Exact): Exact {
  return new Exact(quantity.wholeTimes(lot)).times(lot);
}

function inMs(microseconds: number): string {
  return new Exact(BigInt(microseconds), 3).toString();
}

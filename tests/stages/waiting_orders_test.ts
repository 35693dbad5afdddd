import fc from "fast-check";
import { hasPassed } from "../../src/domain/numbers/time.ts";
import type { Side } from "../../src/domain/numbers/money.ts";
import type { Order } from "../../src/domain/orders/order.ts";
import type { OrderChange } from "../../src/stages/order_changes.ts";
import {
  changesTaken,
  WaitingOrders,
  type WaitingSnapshot,
  type WaitingTimes,
} from "../../src/stages/waiting_orders.ts";
import { assertEquals } from "../support/equals.ts";

interface Plain {
  readonly side: Side;
  readonly id: number;
  readonly due: number;
  cut: "disconnected" | "stale" | null;
}

/** A naive queue that examines every order each time. */
class NaiveQueue {
  orders: Plain[] = [];
  mustSweep = false;
  readonly #times: WaitingTimes;

  constructor(times: WaitingTimes) {
    this.#times = times;
  }

  isReady({ due }: Plain, time: number): boolean {
    return hasPassed(this.#times.latency, due - this.#times.latency, time);
  }

  isSaleDue(time: number): boolean {
    return this.orders.some((order) => order.side === "sell" && this.isReady(order, time));
  }

  /** Ends those whose time is over. */
  ended(time: number, isLate: boolean): number[] {
    const { orderTtl } = this.#times;
    const ended = this.orders.filter((order) =>
      order.cut !== null || orderTtl !== null && time > order.due + orderTtl ||
      isLate && order.side === "buy" && this.isReady(order, time)
    );
    this.orders = this.orders.filter((order) => !ended.includes(order));
    return ended.map(({ id }) => id);
  }
}

const FIRST_TIME = 1_723_161_255_342_000;

const step = fc.record({
  later: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 50_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: -20_000, max: 0 }) },
    { weight: 1, arbitrary: fc.constantFrom(-90_000_000, 20_000_000, 1_000_000) },
  ),
  isLate: fc.boolean(),
  does: fc.oneof(
    { weight: 50, arbitrary: fc.constantFrom("buy" as const, "sell" as const) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(...["nothing", "fill", "cut", "sweep all", "restore", "take all"] as const),
    },
  ),
});

Deno.test("WaitingOrders finds the orders that are due or have ended, as a search through all of them does", () => {
  const latencies = fc.constantFrom(0, 1, 100_000, 1_000_000, 60_000_000);
  const ttls = fc.constantFrom(null, 0, 30_000, 2_000_000);
  const steps = fc.array(step, { minLength: 1, maxLength: 300, size: "max" });
  let most = 0;
  fc.assert(
    fc.property(latencies, ttls, steps, (latency, orderTtl, made) => {
      let waiting = new WaitingOrders({ latency, orderTtl });
      const naive = new NaiveQueue({ latency, orderTtl });
      const changes: OrderChange[] = [];
      let time = FIRST_TIME;
      made.forEach(({ later, isLate, does }, id) => {
        time += later;
        if (does === "cut") {
          for (const order of naive.orders) if (order.side === "buy") order.cut ??= "stale";
          waiting.cutPurchases("stale");
          waiting.cutPurchases("disconnected");
        } else if (does === "sweep all") waiting.mustSweep();
        else if (does === "restore") {
          changes.push(...waiting.takeChanges());
          const snapshot: WaitingSnapshot[] = JSON.parse(JSON.stringify(waiting.snapshot()));
          const count = changesTaken(snapshot);
          assertEquals(waiting.changes, changes.slice(changes.length - count));
          const { whole } = waiting;
          waiting = new WaitingOrders({ latency, orderTtl });
          // Sometimes as an older version kept them.
          if (id % 5 === 0) waiting.restore(whole, []);
          else waiting.restore(snapshot, changes.slice(changes.length - count));
          assertEquals(waiting.whole, whole);
          if (id % 5 !== 0) assertEquals(waiting.snapshot(), snapshot);
        } else if (does === "take all" && id % 7 === 0) {
          assertEquals(idsOf(waiting.takeAll()), naive.orders.map((order) => order.id));
          naive.orders = [];
        }
        const swept = waiting.sweep(time, isLate).filter(({ side, cut, due }) =>
          cut !== null || orderTtl !== null && time > due + orderTtl ||
          isLate && side === "buy" && hasPassed(latency, due - latency, time)
        );
        assertEquals(idsOf(swept), naive.ended(time, isLate));
        for (const order of swept) waiting.drop(order);
        if (does === "buy" || does === "sell") {
          naive.orders.push({ side: does, id, due: time + latency, cut: null });
          waiting.add({ side: does, signalTradeId: id, due: time + latency });
        }
        const { oldest } = waiting;
        if (oldest !== undefined && (does === "fill" || waiting.isReady(oldest, time))) {
          assertEquals(oldest.signalTradeId, naive.orders.shift()!.id);
          waiting.drop(oldest);
        }
        assertEquals(waiting.oldest?.signalTradeId, naive.orders[0]?.id);
        assertEquals(waiting.isEmpty, naive.orders.length === 0);
        assertEquals(waiting.hasSale, naive.orders.some(({ side }) => side === "sell"));
        assertEquals(waiting.isSaleDue(time), naive.isSaleDue(time));
        most = Math.max(most, naive.orders.length);
      });
      assertEquals(
        waiting.whole.map(({ signalTradeId }) => signalTradeId),
        naive.orders.map(({ id }) => id),
      );
    }),
    { numRuns: 1_500 },
  );
  // Otherwise no row would have been trimmed.
  if (most < 100) throw new Error(`${most} orders waited at most`);
});

Deno.test("WaitingOrders does not examine orders to which nothing happens", () => {
  const waiting = new WaitingOrders({ latency: 1_000_000, orderTtl: 5_000 });
  const looked: number[] = [];
  for (let id = 0; id < 10_000; id++) {
    waiting.add({ side: id % 2 === 0 ? "buy" : "sell", signalTradeId: id, due: FIRST_TIME + id });
  }
  // Two of ten thousand have expired.
  for (const { signalTradeId } of waiting.sweep(FIRST_TIME + 5_002, false)) looked.push(signalTradeId);
  assertEquals(looked, [0, 1]);
  assertEquals(waiting.sweep(FIRST_TIME + 5_000, false), []);
  assertEquals(waiting.isDue(FIRST_TIME - 1, false), false);
});

function idsOf(orders: readonly Order[]): number[] {
  return orders.map(({ signalTradeId }) => signalTradeId);
}

/** The whole gate against the naive reference, and the laws that hold for any trades and limits. */
import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { FillEvent, PipelineEvent } from "../../src/domain/run/event.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import type { PipelineSnapshot } from "../../src/stages/pipeline_snapshot.ts";
import { Exact } from "../support/exact.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { type GuardedScenario, guardedScenario } from "../support/guarded_scenario.ts";
import { KeptRun } from "../support/kept_run.ts";
import { optionsOf, reading } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

const RUNS = fuzzCases(3_000, 25);
const NOTHING = new Exact(0n);

/** All events of a run, trade by trade; the books are checked whenever something happened, and at the end. */
function eventsOf({ choices, messages, halts, restarts }: GuardedScenario): PipelineEvent[] {
  const events: PipelineEvent[] = [];
  const kept = new KeptRun();
  let pipeline = new Pipeline(optionsOf(choices));
  messages.forEach((message, at) => {
    if (restarts.includes(at)) {
      kept.take(pipeline);
      pipeline = new Pipeline(optionsOf(choices));
      pipeline.restore(kept.state, kept.closes(choices.long), kept.changes);
      assertEquals(pipeline.snapshot(), kept.state);
    }
    for (const { before, action, time } of halts) {
      if (before !== at) continue;
      const acted = action === "release"
        ? pipeline.release(time, { requested: time })
        : pipeline.halt(action, time);
      for (const event of acted) events.push(unasked(event));
    }
    const before = events.length;
    events.push(...pipeline.run(reading([message], choices.symbol)));
    // Without an event nothing was booked or reserved, and nothing released.
    if (events.length > before || at === messages.length - 1) assertBooks(pipeline.snapshot(), choices);
  });
  events.push(...pipeline.end());
  return events;
}

/** The reference knows of no requests. */
function unasked(event: PipelineEvent): PipelineEvent {
  const { requested: _requested, ...rest } = event as PipelineEvent & { readonly requested?: string };
  return rest as PipelineEvent;
}

/** Checks the laws of the books on a snapshot. */
function assertBooks({ account, gate, last }: PipelineSnapshot, { cash: start }: Choices): void {
  const amount = (name: keyof typeof account) => Exact.of(account[name]);
  const [cash, position, cost] = [amount("cash"), amount("position"), amount("cost")];
  const free = [cash.minus(amount("reservedCash")), position.minus(amount("reservedPosition"))];
  for (const one of [cash, position, cost, ...free, amount("reservedCash"), amount("reservedPosition")]) {
    assert(one.compare(NOTHING) >= 0, `negative: ${JSON.stringify(account)}`);
  }
  const working = gate.waiting.find(({ isWorking }) => isWorking)?.side;
  if (working !== "buy") assertEquals(account.reservedCash, "0");
  assertEquals(account.reservedPosition, working === "sell" ? account.position : "0");
  const postings = cash.plus(amount("fees")).plus(amount("marketQuote"));
  assertEquals(`${postings}`, `${Exact.of(start)}`, "quote currency");
  assertEquals(account.position, account.marketBase, "bought minus sold");
  const price = new Exact(BigInt(last!.price), last!.decimals);
  const unrealized = position.times(price).minus(cost);
  const profit = cash.plus(position.times(price)).minus(Exact.of(start));
  assertEquals(`${amount("realized").plus(unrealized)}`, `${profit}`, "profit");
}

/** Checks, from the events and the trades alone, that no order did what none may. */
function assertLimits(
  events: readonly PipelineEvent[],
  trades: readonly PlainTrade[],
  choices: Choices,
): void {
  const { maxPosition = null, participation = null, orderTtl = null, latency, stake, fill: at } = choices;
  const tradeOf = new Map(trades.toReversed().map((trade) => [trade.lastId, trade]));
  const printed = new Map<number, Exact>();
  const spent = new Map<number, Exact>();
  /** What each order may spend: a share of the cash that there was before its first fill. */
  const stakes = new Map<number, Exact>();
  let halted: "hold" | "flatten" | null = null;
  const add = (sums: Map<number, Exact>, id: number, more: Exact): Exact => {
    const sum = (sums.get(id) ?? NOTHING).plus(more);
    sums.set(id, sum);
    return sum;
  };
  const assertFill = (fill: FillEvent): void => {
    const quantity = Exact.of(fill.quantity);
    const notional = quantity.times(Exact.of(fill.price));
    const trade = tradeOf.get(fill.tradeId)!;
    if (fill.side === "buy") {
      assert(halted === null, "a buy in a halt");
      const all = add(spent, fill.signalTradeId, notional);
      const before = Exact.of(fill.cash).plus(notional).plus(Exact.of(fill.fee));
      const most = stake.endsWith("%")
        ? before.times(Exact.of(stake.slice(0, -1))).times(new Exact(1n, 2))
        : Exact.of(stake);
      if (!stakes.has(fill.signalTradeId)) stakes.set(fill.signalTradeId, most);
      assert(all.compare(stakes.get(fill.signalTradeId)!) <= 0, "more than the stake");
      const held = Exact.of(fill.position).times(Exact.of(fill.price));
      assert(maxPosition === null || held.compare(Exact.of(maxPosition)) <= 0, "more than the position");
    } else if (halted === "flatten") assertEquals(fill.cause, "flatten", "a sale after the last");
    if (participation !== null) {
      const share = Exact.of(trade.quantity!).times(Exact.of(participation));
      assert(add(printed, fill.tradeId, quantity).compare(share) <= 0, "more than its share");
    }
    const due = tradeOf.get(fill.signalTradeId)!.time + latency;
    assert(at !== "next" || fill.tradeId !== fill.signalTradeId, "at its own trade");
    assert(trade.time >= due && (orderTtl === null || trade.time <= due + orderTtl), "out of its time");
  };
  for (const event of events) {
    if (event.type === "halt") halted = event.action;
    else if (event.type === "released") halted = null;
    else if (event.type === "fill") assertFill(event);
  }
}

Deno.test("Pipeline equals the naive reference under every limit, over restarts and halts by hand", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(guardedScenario, (made) => {
      const events = eventsOf(made);
      assertEquals(events, computeReference(made.trades, made.choices, made.halts).events);
      assertLimits(events, made.trades, made.choices);
      for (const event of events) {
        for (const kind of kindsOf(event)) seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }),
    { numRuns: RUNS },
  );
  // Otherwise the runs would have missed something that can happen.
  const kinds = [
    ...["signal", "fill", "expired", "halt", "released", "partial", "in all", "gap"],
    ...["max-drawdown", "max-daily-loss", "manual", "hold", "flatten"],
    ...["by stop-loss", "by trailing-stop", "by take-profit", "by flatten"],
    ...["halted", "no-position", "lot", "funds", "min-notional", "max-position", "max-orders", "cooldown"],
    ...["order-ttl", "replaced"],
  ];
  assertEquals([...seen.keys()].sort(), kinds.toSorted());
  for (const [kind, count] of seen) assertGreater(count, 20, kind);
});

function kindsOf(event: PipelineEvent): string[] {
  switch (event.type) {
    case "fill":
      return [
        event.type,
        ...(event.cause === undefined ? [] : [`by ${event.cause}`]),
        ...(event.partial === undefined ? [] : ["partial"]),
        ...(event.filled === undefined ? [] : ["in all"]),
      ];
    case "halt":
      return [event.type, event.reason, event.action];
    case "refusal":
      return [event.reason];
    case "expired":
      return [event.type, ...(event.reason === undefined ? [] : [event.reason])];
    default:
      return [event.type];
  }
}

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { History } from "../../src/simulator/history.ts";
import { priceProcess } from "../../src/simulator/price_process.ts";
import { Tape } from "../../src/simulator/tape.ts";
import { addDecimals, Aggregator, type ExchangeTrade } from "../../src/simulator/trade.ts";

function trade(id: number, price: string, quantity: string, time = 1, buyerIsMaker = true): ExchangeTrade {
  return { id, price, quantity, time, buyerIsMaker };
}

Deno.test("Aggregator.add() joins consecutive trades of one price, side and millisecond, and no others", () => {
  const trades = [
    trade(10, "1.0", "0.10000000"),
    trade(11, "1.0", "0.20000000"),
    trade(12, "1.1", "1"),
    trade(13, "1.1", "1", 1, false),
    trade(14, "1.1", "1", 2, false),
    trade(15, "1.1", "2", 2, false),
  ];
  const aggregator = new Aggregator();
  const aggregates = trades.map((trade, index) => aggregator.add(trade, trades[index + 1] ?? null));
  assertEquals(aggregates, [
    null,
    { id: 1, price: "1.0", quantity: "0.30000000", firstId: 10, lastId: 11, time: 1, buyerIsMaker: true },
    { id: 2, price: "1.1", quantity: "1", firstId: 12, lastId: 12, time: 1, buyerIsMaker: true },
    { id: 3, price: "1.1", quantity: "1", firstId: 13, lastId: 13, time: 1, buyerIsMaker: false },
    null,
    { id: 4, price: "1.1", quantity: "3", firstId: 14, lastId: 15, time: 2, buyerIsMaker: false },
  ]);
});

Deno.test("addDecimals() is exact for any decimals and sizes", () => {
  // As many small numbers as large ones, so that every pair of sizes occurs.
  const units = fc.integer({ min: 0, max: 24 }).chain((digits) =>
    fc.bigInt({ min: 0n, max: 10n ** BigInt(digits) })
  );
  const number = fc.tuple(units, fc.integer({ min: 0, max: 12 }));
  const text = ([units, decimals]: [bigint, number]) => {
    const digits = String(units).padStart(decimals + 1, "0");
    return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  };
  fc.assert(fc.property(number, number, (left, right) => {
    const decimals = Math.max(left[1], right[1]);
    const sum = left[0] * 10n ** BigInt(decimals - left[1]) + right[0] * 10n ** BigInt(decimals - right[1]);
    assertEquals(addDecimals(text(left), text(right)), text([sum, decimals]));
  }));
  assertEquals(addDecimals("9999999.99999999", "0.00000001"), "10000000.00000000");
  assertEquals(addDecimals("0.10000000", "0.20000000"), "0.30000000");
  assertEquals(addDecimals("1000000000000000", "5.30450000"), "1000000000000005.30450000");
  assertEquals(addDecimals("9007199254740993", "9007199254740993"), "18014398509481986");
});

Deno.test("History keeps the newest items at their positions", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(30), (limit, count) => {
    const history = new History<number>(limit);
    for (let item = 0; item < count; item++) history.push(item);
    const kept = Array.from({ length: count }, (_, item) => item).slice(-limit);
    assertEquals([history.start, history.end], [count - kept.length, count]);
    assertEquals(history.slice(0, count), kept);
    assertEquals(history.at(count), undefined);
    assertEquals(history.at(history.start - 1), undefined);
    for (const item of kept) {
      assertEquals(history.at(item), item);
      assertEquals(history.search((other) => other >= item), item);
    }
    assertEquals(history.search(() => false), count);
  }));
});

Deno.test("Tape.fault() changes the entries and never the history", () => {
  const trades = priceProcess({ seed: 3, rate: 20, firstId: 1, startTime: 0 }).take(400).toArray();
  const clean = new Tape(1000);
  const faulty = new Tape(1000);
  trades.forEach((trade, index) => {
    const next = trades[index + 1] ?? null;
    if (index === 50) faulty.fault({ kind: "hole", count: 4 });
    if (index === 100) faulty.fault({ kind: "duplicate", count: 6 });
    if (index === 150) faulty.fault({ kind: "reorder" });
    if (index === 399) faulty.fault({ kind: "reorder" });
    clean.add(trade, next);
    faulty.add(trade, next);
  });
  assertEquals(faulty.trades.slice(0, 1000), trades);
  assertEquals(faulty.aggregates.slice(0, 1000), clean.aggregates.slice(0, 1000));

  const ids = (tape: Tape) =>
    tape.entries.slice(0, 10_000).flatMap((entry) => entry.kind === "trade" ? [entry.trade.id] : []);
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);
  assertEquals(ids(clean), range(1, 400));
  assertEquals(ids(faulty), [
    ...range(1, 50),
    ...range(55, 100),
    ...range(95, 150),
    152,
    151,
    ...range(153, 400),
  ]);

  const spans = (tape: Tape) =>
    tape.entries.slice(0, 10_000).flatMap((entry) =>
      entry.kind === "aggregate" ? [[entry.aggregate.firstId, entry.aggregate.lastId] as const] : []
    );
  const whole = spans(clean);
  const kept = whole.filter(([firstId, lastId]) => lastId < 51 || firstId > 54);
  assertEquals(kept.length < whole.length, true);
  const seen = spans(faulty);
  assertEquals(seen.length, kept.length + 6);
  assertEquals(new Set(seen.map(String)), new Set(kept.map(String)));
  const swapped = seen.filter(([firstId], index) => firstId < (seen[index - 1]?.[0] ?? 0));
  assertEquals(swapped.length, 2, "one step back into the repetition and one for the swap");
});

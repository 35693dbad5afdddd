import { assertEquals } from "@std/assert";
import { compareEvents } from "../../src/commands/compare/event_streams.ts";
import type { Figures } from "../../src/domain/comparison/figure_comparison.ts";

async function* streamOf(events: readonly Figures[]): AsyncGenerator<Figures> {
  for (const event of events) yield await Promise.resolve(event);
}

Deno.test("compareEvents() finds the first event that differs, or that only one side has", async () => {
  const events: Figures[] = [{ type: "signal", price: "1" }, { type: "fill", price: "2" }, {
    type: "fill",
    price: "3",
  }];
  const compared = (b: readonly Figures[]) => compareEvents("decisions", streamOf(events), streamOf(b));
  assertEquals(await compared(events), { kind: "decisions", same: 3, first: null });
  // The order of fields is that of a version.
  assertEquals(
    (await compared(events.map(({ type, price }): Figures => ({ price: price!, type: type! })))).first,
    null,
  );
  assertEquals((await compared(events.slice(0, 2))).first, { number: 3, a: events[2]!, b: null });
  assertEquals((await compared([...events, events[0]!])).first, { number: 4, a: null, b: events[0]! });
  const other = { type: "fill", price: "2.1" };
  assertEquals(await compared(events.with(1, other)), {
    kind: "decisions",
    same: 1,
    first: { number: 2, a: events[1]!, b: other },
  });
  assertEquals((await compared(events.with(1, { ...events[1]!, cause: "stop-loss" }))).same, 1);
});

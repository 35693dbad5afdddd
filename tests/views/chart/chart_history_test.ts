import { assertEquals } from "@std/assert";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import { ChartHistory, SPANS } from "../../../src/views/chart/chart_history.ts";

const START = 1_700_000_000_000_000;
const MINUTE = 60_000_000;

function sample(history: ChartHistory, time: number, values: Readonly<Record<string, number>> = {}): void {
  history.sample({ time, price: 1, equity: 1, values });
}

Deno.test("ChartHistory keeps the last fills and incidents, and no more of them than a screen can show", () => {
  const history = new ChartHistory();
  for (let at = 0; at < 1_000; at++) {
    history.event({ type: "fill", time: isoTime(START + at), tradeId: at } as FillEvent);
    history.event({ type: "released" } as Parameters<ChartHistory["event"]>[0]);
  }
  assertEquals(history.fills.length, 256);
  assertEquals(history.fills.at(-1)!.tradeId, 999);
  assertEquals(history.incidents.length, 64);
});

Deno.test("ChartHistory draws four of a strategy's values, the first that it sees", () => {
  const history = new ChartHistory();
  sample(history, START, { a: 1, b: 2, c: 3, d: 4, e: 5 });
  assertEquals([...history.lines(0).values.keys()], ["a", "b", "c", "d"]);
});

Deno.test("ChartHistory.usualSpan covers the whole run at first, and then its last hour", () => {
  const history = new ChartHistory();
  const shown: number[] = [];
  for (const minutes of [0, 1, 3, 45, 60, 600]) {
    sample(history, START + minutes * MINUTE);
    shown.push(SPANS[history.usualSpan]! / MINUTE);
  }
  assertEquals(shown, [1, 1, 5, 60, 60, 60]);
});

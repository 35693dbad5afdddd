import { assertEquals } from "@std/assert";
import type {
  HaltEvent,
  PenstockEvent,
  RefusalEvent,
  ReleasedEvent,
  RulesEvent,
  SignalEvent,
} from "../../../src/domain/run/event.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { HaltedSignals } from "../../../src/views/terminal/halted_signals.ts";

const SECOND = 1_000_000;
const at = (second: number) => ({ time: isoTime(second * SECOND), symbol: "BTCUSDT" });

function signal(second: number, side: "buy" | "sell"): SignalEvent {
  const averages = { shortAverage: "1", longAverage: "2" };
  return { type: "signal", ...at(second), side, price: "1", tradeId: second, ...averages };
}

function refusal(
  second: number,
  side: "buy" | "sell",
  reason: RefusalEvent["reason"] = "halted",
): RefusalEvent {
  return { type: "refusal", ...at(second), side, reason, limit: "x", value: "y", tradeId: second };
}

const HALT: HaltEvent = {
  type: "halt",
  ...at(0),
  reason: "manual",
  limit: "released",
  value: "halted",
  tradeId: 1,
  action: "hold",
};
const RELEASED: ReleasedEvent = {
  type: "released",
  ...at(90),
  reason: "manual",
  tradeId: 90,
  text: "fine",
  requested: isoTime(89 * SECOND),
};

const RULES: RulesEvent = {
  type: "rules",
  ...at(5),
  rules: { lot: "1", tick: "1", minQuantity: null, maxQuantity: null, minNotional: "5", maxNotional: null },
  instrument: {
    sources: {
      lot: "exchange",
      tick: "exchange",
      minQuantity: "exchange",
      maxQuantity: "exchange",
      minNotional: "exchange",
      maxNotional: "exchange",
    },
    exchangeInfo: null,
  },
};

/** The first words of the lines for these events. */
function logged(log: HaltedSignals, ...events: PenstockEvent[]): string[] {
  return events.flatMap((event) => [...log.lines(event)]).map(({ text }) => text.slice(0, 24));
}

Deno.test("HaltedSignals shows the first signal that a halt refuses, and counts the others until the release", () => {
  const log = new HaltedSignals();
  assertEquals(logged(log, HALT, signal(1, "buy"), refusal(1, "buy")), [
    "halted: by hand; no more",
    "buy signal @ 1.00  (sma ",
    "buy refused (halted): tr",
    "further signals are refu",
  ]);
  for (let second = 2; second < 80; second += 2) {
    assertEquals(logged(log, signal(second, "sell"), refusal(second, "sell", "no-position")), []);
    assertEquals(logged(log, signal(second + 1, "buy"), refusal(second + 1, "buy")), []);
  }
  assertEquals([...log.lines(RELEASED)].map(({ text }) => text), [
    "78 more signals were refused since 1970-01-01 00:00:01 while trading was halted",
    "the halt (by hand) is released: fine; trading resumes",
  ]);
  assertEquals(logged(log, signal(91, "buy"), refusal(91, "buy", "cooldown")), [
    "buy signal @ 1.00  (sma ",
    "buy refused (cooldown): ",
  ]);
});

Deno.test("HaltedSignals shows the first signal before the rules arrive, and counts the others until then", () => {
  const log = new HaltedSignals();
  const seen: string[] = [];
  for (let second = 1; second < 5; second++) {
    seen.push(...logged(log, signal(second, "buy"), refusal(second, "buy", "no-rules")));
  }
  assertEquals(seen, ["buy signal @ 1.00  (sma ", "buy refused (no-rules): ", "further signals are refu"]);
  const lines = [...log.lines(RULES)].map(({ text }) => text);
  assertEquals(lines.length, 2);
  assertEquals(
    lines[0],
    "3 more signals were refused since 1970-01-01 00:00:01 while the rules had not arrived",
  );
  // A halt that started meanwhile shows from here on.
  assertEquals(logged(log, signal(6, "buy"), refusal(6, "buy")).length, 3);
  assertEquals(logged(log, signal(7, "buy"), refusal(7, "buy")), []);
});

Deno.test("HaltedSignals logs the count once an hour, and logs nothing if it is zero", () => {
  const log = new HaltedSignals();
  logged(log, HALT, signal(1, "buy"), refusal(1, "buy"));
  const lines: string[] = [];
  for (let minute = 1; minute <= 150; minute++) {
    lines.push(...logged(log, signal(1 + minute * 60, "buy"), refusal(1 + minute * 60, "buy")));
  }
  assertEquals(lines, ["60 more signals were ref", "60 more signals were ref"]);
  assertEquals(logged(log, RELEASED)[0], "30 more signals were ref");
  logged(log, HALT, signal(1, "buy"), refusal(1, "buy"));
  assertEquals(logged(log, RELEASED).length, 1);
});

Deno.test("HaltedSignals shows every sale without a signal, and every fill", () => {
  const log = new HaltedSignals();
  logged(log, HALT, signal(1, "buy"), refusal(1, "buy"));
  const sale = { ...refusal(2, "sell", "min-notional"), cause: "stop-loss" } as const;
  assertEquals(logged(log, sale), ["sell (stop-loss) refused"]);
});

/**
 * A crash made from recorded BTCUSDT frames, whose prices are scaled down over 2,000 trades: the drawdown halts
 * trading at exactly the trade at which equity, computed from the fills alone, reaches the limit.
 */
import { assertGreater } from "@std/assert";
import type { FillEvent, PipelineEvent } from "../../src/domain/run/event.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { CRASH_RECORDINGS, crashed } from "../support/crash.ts";
import { Exact } from "../support/exact.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { isRecorded } from "../support/recorded_data.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

/** Where equity had first fallen by the limit, and whether the position held then was bought before the peak. */
interface Crash {
  readonly tradeId: number;
  readonly value: string;
  readonly entry: "before the peak" | "after the peak";
}

/** Equity at every trade, from the trades and the fills alone. */
function crashIn(trades: readonly PlainTrade[], fills: readonly FillEvent[], limit: string): Crash | null {
  const fillsAt = Map.groupBy(fills, ({ tradeId }) => tradeId);
  let cash = Exact.of(DEFAULTS.cash), position = new Exact(0n), peak = cash;
  let peakAt = -1, boughtAt = -1;
  for (const [at, { lastId, price }] of trades.entries()) {
    const equity = cash.plus(position.times(Exact.of(price)));
    if (equity.compare(peak) > 0) [peak, peakAt] = [equity, at];
    const fall = peak.minus(equity);
    if (fall.compare(Exact.of(limit).times(peak)) >= 0) {
      const entry = boughtAt < peakAt ? "before the peak" : "after the peak";
      return { tradeId: lastId, value: `${fall.ratio(peak, 8)}`, entry };
    }
    for (const fill of fillsAt.get(lastId) ?? []) {
      cash = Exact.of(fill.cash);
      position = Exact.of(fill.position);
      if (fill.side === "buy") boughtAt = at;
    }
  }
  return null;
}

/** The strategies of the test: the crash catches some with their first position, some with a later one. */
const STRATEGIES: readonly (Partial<Choices> & { readonly climbs: boolean })[] = [
  { climbs: false, short: 20, long: 50, latency: 90_000_000 },
  { climbs: false, short: 100, long: 300, latency: 90_000_000 },
  { climbs: true, short: 100, long: 300, latency: 90_000_000 },
];

Deno.test({
  name: "Pipeline halts at the very trade of a recorded crash at which 1 %, 5 % and 20 % are lost",
  ignore: !isRecorded(...CRASH_RECORDINGS),
  fn: async () => {
    const seen = new Map<string, number>();
    for (const { climbs, ...strategy } of STRATEGIES) {
      const trades = await crashed({ climbs });
      const messages = trades.map((trade) => messageOf(trade));
      for (const fee of ["0.001", "0"]) {
        for (const maxDrawdown of ["0.01", "0.05", "0.2"]) {
          for (const onHalt of ["hold", "flatten"] as const) {
            const choices = { ...DEFAULTS, stake: "10000", ...strategy, fee, maxDrawdown, onHalt };
            const pipeline = new Pipeline(optionsOf(choices));
            const events: PipelineEvent[] = [...pipeline.run(reading(messages)), ...pipeline.end()];
            assertEquals(events, computeReference(trades, choices).events);
            const fills = events.filter((event) => event.type === "fill");
            const crash = crashIn(trades, fills, maxDrawdown)!;
            const halts = events.filter((event) => event.type === "halt");
            const { tradeId, value } = crash;
            assertEquals(halts.map(({ time: _, ...halt }) => halt), [{
              ...{ type: "halt", symbol: "BTCUSDT", reason: "max-drawdown", limit: maxDrawdown },
              ...{ value, tradeId, action: onHalt },
            }]);
            assertAfter(events, events.indexOf(halts[0]!), onHalt);
            const kind = `${crash.entry}, fee ${fee}`;
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }
        }
      }
    }
    assertEquals(
      [...seen.keys()].sort(),
      ["0", "0.001"].flatMap((fee) => ["after the peak", "before the peak"].map((at) => `${at}, fee ${fee}`))
        .sort(),
    );
    for (const [kind, count] of seen) assertGreater(count, 1, kind);
  },
});

/** After the halt nothing is bought; a flattened position is sold, and then nothing at all is traded. */
function assertAfter(events: readonly PipelineEvent[], halt: number, onHalt: "hold" | "flatten"): void {
  const fillsIn = (part: readonly PipelineEvent[]) => part.filter((event) => event.type === "fill");
  const before = fillsIn(events.slice(0, halt));
  const after = fillsIn(events.slice(halt));
  assertEquals(after.filter(({ side }) => side === "buy"), []);
  if (onHalt === "hold") return;
  // A fee alone can reach the limit, with nothing left to sell.
  const expected = before.at(-1)!.position === "0" ? [] : [["flatten", "0"]];
  assertEquals(after.map(({ cause, position }) => [cause, position]), expected);
}

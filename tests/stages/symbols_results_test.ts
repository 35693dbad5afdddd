/** What a run in several symbols is judged by counts all of them, as the naive reference has it. */
import { assert, assertAlmostEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { FillEvent } from "../../src/domain/run/event.ts";
import { Exact } from "../support/exact.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { SymbolsReference } from "../support/symbols_reference.ts";
import { type ArrivedTrade, SymbolsRun } from "../support/symbols_run.ts";
import { arrivals, choices, optionsFor, symbols } from "../support/symbols_scenario.ts";
import { assertEquals } from "../support/equals.ts";

/** µs with a position in any symbol. */
function heldFor(fills: readonly FillEvent[], trades: readonly ArrivedTrade[]): number {
  const timeOf = ({ symbol, tradeId }: FillEvent) =>
    trades.find((trade) => trade.symbol === symbol && trade.lastId === tradeId)!.time;
  const open = new Set<string>();
  let [held, since] = [0, 0];
  for (const fill of fills) {
    if (open.size === 0) since = timeOf(fill);
    if (fill.position === "0") open.delete(fill.symbol);
    else open.add(fill.symbol);
    if (open.size === 0) held += timeOf(fill) - since;
  }
  return held + (open.size === 0 ? 0 : trades.at(-1)!.time - since);
}

Deno.test("Engine's results over several symbols are those of the whole account", () => {
  let trips = 0;
  fc.assert(
    fc.property(arrivals, choices, (trades, choices) => {
      const reference = new SymbolsReference(choices);
      const equities = trades.map(({ lastId: id, ...trade }) => {
        reference.see({ ...trade, id });
        return Number(`${reference.equity}`);
      });
      const options = { ...optionsFor({ ...DEFAULTS, ...choices }), withResults: true };
      const run = new SymbolsRun(options, { rows: 4_096, batches: [3] }).take(trades);
      const { metrics, equityCurve } = run.engine.state.results();
      const fills = run.events.filter((event) => event.type === "fill");
      const sales = fills.flatMap(({ realized }) => realized === undefined ? [] : [Exact.of(realized)]);
      const sum = (amounts: readonly Exact[]) =>
        amounts.reduce((total, one) => total.plus(one), new Exact(0n)).toString();
      assertEquals(metrics.netProfit, `${reference.equity.minus(Exact.of(choices.cash))}`);
      assertEquals([metrics.realizedProfit, metrics.fees], [sum(sales), `${reference.fees}`]);
      assertEquals([metrics.roundTrips, metrics.grossProfit, metrics.grossLoss], [
        sales.length,
        sum(sales.filter(({ units }) => units > 0n)),
        sum(sales.filter(({ units }) => units < 0n)),
      ]);
      trips += sales.length;
      const span = trades.at(-1)!.time - trades[0]!.time;
      const share = span === 0 ? null : heldFor(fills, trades) / span;
      if (share === null) assertEquals(metrics.timeInMarket, null);
      else assertAlmostEquals(Number(metrics.timeInMarket), share, 1e-7);
      const returns = symbols.flatMap((symbol) => {
        const prices = trades.filter((trade) => trade.symbol === symbol).map(({ price }) => Number(price));
        return prices.length === 0 ? [] : [prices.at(-1)! / prices[0]! - 1];
      });
      const mean = returns.reduce((total, one) => total + one) / returns.length;
      assertAlmostEquals(Number(metrics.buyAndHoldReturn), mean, 1e-7);
      // A point has the equity that the last trade before it left, whichever symbol that was of.
      for (const [at, { time, equity }] of equityCurve.entries()) {
        const isLast = at === equityCurve.length - 1;
        const before = trades.findLastIndex((trade) => isLast ? trade.time <= time : trade.time < time);
        const expected = at === 0 || before < 0 ? Number(choices.cash) : equities[before]!;
        if (equityCurve.length > 1) assertAlmostEquals(equity, expected, 1e-7 * expected, `${at}`);
      }
      assert(equityCurve.length > 0);
    }),
    { numRuns: 60 },
  );
  assertGreater(trips, 100);
});

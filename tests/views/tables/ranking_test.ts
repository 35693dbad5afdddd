import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { ConfigurationEvent } from "../../../src/domain/run/sweep_result.ts";
import { Ranking } from "../../../src/views/tables/ranking.ts";

/** A grid of one option. */
function lineOf(size: number): ConstructorParameters<typeof Ranking>[0] {
  return {
    axes: [{ name: "short", values: Array.from({ length: size }, (_, at) => `${at}`) }],
    size,
    neighbour: (place, _, step) => place + step < 0 || place + step >= size ? null : place + step,
  };
}

/** A row as far as ranking reads it. */
function rowOf(figures: Partial<ConfigurationEvent>): ConfigurationEvent {
  return figures as ConfigurationEvent;
}

Deno.test("Ranking keeps the twenty best rows, the first of equal ones first, even where less is better", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 60 }), (profits) => {
      for (const rank of ["net-profit", "max-drawdown"] as const) {
        const ranking = new Ranking(lineOf(profits.length), rank);
        for (const [place, profit] of profits.entries()) {
          ranking.add(place, rowOf({ netProfit: `${profit}`, maxDrawdown: `${profit}` }));
        }
        const sign = rank === "max-drawdown" ? 1 : -1;
        const sorted = [...profits.keys()].sort((a, b) => sign * (profits[a]! - profits[b]!) || a - b);
        assertEquals(ranking.places, sorted.slice(0, 20));
        assertEquals(ranking.shown.isLessBetter, rank === "max-drawdown");
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("Ranking has the mean of the neighbours on both sides, as far as they have the figure", () => {
  const ranking = new Ranking(lineOf(4), "sharpe");
  for (const [place, sharpe] of ["1", "5", null, "3"].entries()) ranking.add(place, rowOf({ sharpe }));
  assertEquals(ranking.shown.rows.map(({ neighbours }) => neighbours), [1, null, 5]);
  const whole = new Ranking(lineOf(3), "sharpe");
  for (const [place, sharpe] of ["1", "5", "2"].entries()) whole.add(place, rowOf({ sharpe }));
  assertAlmostEquals(whole.shown.rows[0]!.neighbours!, 1.5);
});

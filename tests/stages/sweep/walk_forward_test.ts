import { assertEquals } from "@std/assert";
import type { ConfigurationFigures } from "../../../src/domain/run/sweep_result.ts";
import type { FoldResult } from "../../../src/stages/sweep/fold_result.ts";
import { WalkForward } from "../../../src/stages/sweep/walk_forward.ts";

const HOUR = 3_600_000_000;
const CASH = 10_000;

/** A window from hour `from` to hour `to` that earned this. */
function windowOf(
  from: number,
  to: number,
  netProfit: number,
  sharpe: string | null = String(netProfit),
): FoldResult {
  return {
    figures: { netProfit: String(netProfit), sharpe } as ConfigurationFigures,
    ...{ from: from * HOUR, to: to * HOUR, sampling: null, moments: null, sums: null },
    curve: [[to * HOUR, CASH + netProfit]],
  };
}

const at = (hour: number): string => `1970-01-01T0${hour}:00:00.000000Z`;

Deno.test("WalkForward trades the best of each window in the next one, over several passes", () => {
  const walk = new WalkForward("sharpe");
  // Windows of 1, 2 and 2 hours. The first of equals stays, and a row without the figure is never chosen.
  walk.add([0, 1], [
    [windowOf(0, 1, 40, null), windowOf(0, 1, 10)],
    [windowOf(1, 3, 7), windowOf(1, 3, 8)],
    [windowOf(3, 5, -1), windowOf(3, 5, -2)],
  ]);
  walk.add([2, 3], [
    [windowOf(0, 1, 20), windowOf(0, 1, 20)],
    [windowOf(1, 3, 6), windowOf(1, 3, 5)],
    [windowOf(3, 5, -4), windowOf(3, 5, 9)],
  ]);
  assertEquals(walk.count, 2);
  assertEquals(walk.shown((place) => ({ short: place })), {
    walkForward: [
      { from: at(1), to: at(3), options: { short: 2 }, chosenProfit: "20", netProfit: "6" },
      { from: at(3), to: at(5), options: { short: 1 }, chosenProfit: "8", netProfit: "-2" },
    ],
    walkForwardNetProfit: "4",
    // Of 28 in 3 hours, 4 in 4 hours are left: 1 ÷ 9.33 an hour.
    walkForwardEfficiency: "0.10714286",
    walkForwardCurve: [[at(3), "10006"], [at(5), "10004"]],
  });
});

Deno.test("WalkForward shows nothing if there is no row to choose", () => {
  const walk = new WalkForward("sharpe");
  walk.add([0], [[windowOf(0, 1, 5, null)], [windowOf(1, 2, 5, null)]]);
  assertEquals([walk.count, walk.kept], [0, null]);
  assertEquals(walk.shown(() => ({})), {
    walkForward: [],
    walkForwardNetProfit: null,
    walkForwardEfficiency: null,
    walkForwardCurve: [],
  });
});

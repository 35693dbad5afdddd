import { assertEquals } from "@std/assert";
import { isBetter, type Rank, rankedFigure, RANKS } from "../../../src/domain/run/sweep_rank.ts";
import type { ConfigurationFigures } from "../../../src/domain/run/sweep_result.ts";

/** A row whose figures all are this. */
function rowOf(figure: string | null): ConfigurationFigures {
  const names = ["sharpe", "sortino", "netProfit", "return", "profitFactor", "winRate", "maxDrawdown"];
  return Object.fromEntries(names.map((name) => [name, figure])) as unknown as ConfigurationFigures;
}

Deno.test("isBetter() prefers more of every figure but the drawdown, exactly, and never prefers a row without it", () => {
  const [less, more] = [rowOf("0.10000000000000001"), rowOf("0.10000000000000002")];
  const compared = (
    rank: Rank,
  ) => [isBetter(more, less, rank), isBetter(less, more, rank), isBetter(less, less, rank)];
  for (const rank of RANKS) {
    assertEquals(compared(rank), rank === "max-drawdown" ? [false, true, false] : [true, false, false], rank);
    assertEquals(rankedFigure(less, rank), "0.10000000000000001");
    assertEquals([isBetter(less, rowOf(null), rank), isBetter(rowOf(null), less, rank)], [true, false]);
    assertEquals(isBetter(rowOf(null), rowOf(null), rank), false);
  }
});

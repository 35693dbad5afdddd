import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Macd } from "../../../src/stages/indicators/macd.ts";
import type { Exact } from "../../support/exact.ts";
import { closesOf } from "./published_closes.ts";
import { testIndicator } from "./indicator_contract.ts";
import { doubleOf, meanOf } from "./reference_doubles.ts";

/** Every value of an EMA, from its first one on. */
function emasOf(window: number, closes: readonly Exact[]): number[] {
  const found = [meanOf(closes.slice(0, window))];
  for (const close of closes.slice(window)) {
    const before = found.at(-1)!;
    found.push(before + 2 / (window + 1) * (doubleOf(close) - before));
  }
  return found;
}

testIndicator("Macd of 3, 6 and 4", {
  make: () => new Macd(3, 6, 4),
  after: 9,
  reference: (closes) => {
    const [fast, slow] = [emasOf(3, closes).slice(3), emasOf(6, closes)];
    const lines = slow.map((value, at) => fast[at]! - value);
    let smoothed = lines.slice(0, 4).reduce((sum, line) => sum + line, 0) / 4;
    for (const line of lines.slice(4)) smoothed += 2 / 5 * (line - smoothed);
    return { macd: lines.at(-1)!, smoothed };
  },
});

/**
 * Apple's daily closes of early 2013, and MACD(12, 26, 9) over them as Invest Excel's spreadsheet computes it ("MACD: How
 * to Calculate"), all its averages started with plain means.
 */
const APPLE = [
  ...["459.99", "448.85", "446.06", "450.81", "442.8", "448.97", "444.57", "441.4", "430.47", "420.05"],
  ...["431.14", "425.66", "430.58", "431.72", "437.87", "428.43", "428.35", "432.5", "443.66", "455.72"],
  ...["454.49", "452.08", "452.73", "461.91", "463.58", "461.14", "452.08", "442.66", "428.91", "429.79"],
  ...["431.99", "427.72", "423.2", "426.21", "426.98", "435.69", "434.33", "429.8", "419.85", "426.24"],
];
const PUBLISHED = [
  [-2.07055819, 3.037525869],
  [-2.621842328, 1.905652229],
  [-2.32906674, 1.058708435],
  [-2.181632115, 0.410640325],
  [-2.402626273, -0.152012994],
  [-3.342121681, -0.790034732],
  [-3.530363136, -1.338100413],
] as const;

Deno.test("Macd.value() equals that of a published spreadsheet", () => {
  const macd = new Macd(12, 26, 9);
  const found = closesOf(APPLE).flatMap(({ close, decimals }) => {
    macd.add(close, decimals);
    return macd.value() ?? [];
  });
  assertEquals(found.length, PUBLISHED.length);
  for (const [at, [line, smoothed]] of PUBLISHED.entries()) {
    assertAlmostEquals(found[at]!.macd, line, 1e-8);
    assertAlmostEquals(found[at]!.smoothed, smoothed, 1e-8);
  }
});

Deno.test("new Macd() refuses windows that are not whole numbers with fast < slow", () => {
  assertThrows(() => new Macd(26, 12, 9), RangeError, "Windows must be fast < slow: got 26 and 12");
  assertThrows(() => new Macd(12, 12, 9), RangeError, "got 12 and 12");
  assertThrows(() => new Macd(0, 12, 9), RangeError, "got 0");
  assertThrows(() => new Macd(1, 2, 0), RangeError, "from 1 to 1000000: got 0");
});

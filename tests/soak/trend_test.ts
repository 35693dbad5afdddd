import { assertAlmostEquals, assertEquals } from "@std/assert";
import { SeededRandom } from "../support/random.ts";
import { growths, type Sample, trendsOf, trendsText } from "./trend.ts";

/** Samples once a second, for five minutes by default, with noise and this much growth a minute. */
function samples(megabytesAMinute: number, filesAMinute: number, seconds = 300): Sample[] {
  const random = new SeededRandom(3);
  return Array.from({ length: seconds }, (_, second) => ({
    minute: second / 60,
    memoryMb: 77 + random.whole(-30, 30) / 10 + megabytesAMinute * second / 60,
    files: Math.round(28 + random.whole(-1, 1) + filesAMinute * second / 60),
  }));
}

Deno.test("trendsOf() finds the slope in the noise and its standard error", () => {
  const { memoryMb, files } = trendsOf(samples(2, 0));
  assertAlmostEquals(memoryMb.slopePerMinute, 2, 3 * memoryMb.error);
  assertAlmostEquals(files.slopePerMinute, 0, 3 * files.error);
  assertAlmostEquals(memoryMb.last - memoryMb.first, 2 * 5 * 2 / 3, 1);
  assertEquals(memoryMb.error > 0.01 && memoryMb.error < 0.3, true, trendsText({ memoryMb, files }));
});

Deno.test("growths() names what grows, and ignores noise", () => {
  const named = (found: readonly string[]) => found.map((text) => text.split(" ")[0]);
  assertEquals(growths(trendsOf(samples(0, 0))), []);
  assertEquals(growths(trendsOf(samples(0.5, 0.3))), []);
  assertEquals(growths(trendsOf(samples(0.5, 0.3, 3600))), []);
  assertEquals(named(growths(trendsOf(samples(2, 0)))), ["memoryMb"]);
  assertEquals(named(growths(trendsOf(samples(0, 3)))), ["files"]);
  assertEquals(named(growths(trendsOf(samples(-5, -5)))), []);
  // Two more connections within forty seconds are no leak; over ten minutes they would be.
  assertEquals(growths(trendsOf(samples(5, 3, 40))), []);
  assertEquals(named(growths(trendsOf(samples(1.5, 1.5, 600)))), ["memoryMb", "files"]);
  assertEquals(named(growths(trendsOf(samples(20, 10, 40)))), ["memoryMb", "files"]);
});

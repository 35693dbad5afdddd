/** What is kept of watched journals does not grow with their number. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { LiveRuns } from "../../../src/views/page/live_runs.ts";
import { event, moment } from "./followed_moments.ts";

/** How many events and points of the first of so many journals are kept after 1,100 of each. */
function keptOf(journals: number): { readonly events: number; readonly points: number } {
  const names = Array.from({ length: journals }, (_, number) => ({ journal: `${number}.db`, name: "" }));
  const runs = new LiveRuns(names);
  for (let seq = 1; seq <= 1_100; seq++) runs.take(0, moment(seq, { events: [event(seq)] }));
  assertEquals(runs.eventsAfter(0, runs.keptSince(0)).last, 1_100);
  return { events: 1_100 - runs.keptSince(0), points: runs.state([])!.runs[0]!.points.length };
}

Deno.test("LiveRuns keeps fewer events and points of each journal when there are many, and never fewer than a hundred", () => {
  assertEquals(keptOf(1).points, 1_100);
  const [few, many, most] = [keptOf(20), keptOf(200), keptOf(5_000)];
  assertEquals([few.events, many.events, most.events], [999, 99, 99]);
  assertLessOrEqual(many.points, 400);
  assertLessOrEqual(most.points, 100);
});

/** A dozen days of a live run with every trouble; `deno task simulate --days 1000` simulates more. */
import { assert, assertGreater } from "@std/assert";
import { type Day, simulateDay } from "./day.ts";
import { assertEquals } from "../support/equals.ts";

/** The same days every time: what fails here was changed by the sources, and not by chance. */
const FIRST = 1;
const DAYS = 12;

/** The day that is simulated again: its recordings are compressed, which takes turns. */
const REPEATED = 2;

let repeated: Promise<Day> | null = null;
/** That day, simulated once for all tests that look at it. */
const repeatedDay = (): Promise<Day> => repeated ??= simulateDay(REPEATED);

Deno.test(`a live run loses nothing in ${DAYS} days with every trouble (seeds from ${FIRST} on)`, async () => {
  const troubles = new Set<string>();
  let fills = 0;
  for (let seed = FIRST; seed < FIRST + DAYS; seed++) {
    const day = seed === REPEATED ? await repeatedDay() : await simulateDay(seed);
    for (const trouble of Object.keys(day.troubles)) troubles.add(trouble);
    fills += day.fills;
  }
  for (
    const trouble of [
      "kill",
      "kill in a write",
      "kill in a commit",
      "stop",
      "failure",
      "power cut",
      "full disk",
      "half-open",
    ]
  ) {
    assert(troubles.has(trouble), `${trouble} did not happen: ${[...troubles].join(", ")}`);
  }
  assertGreater(fills, 10 * DAYS);
});

Deno.test("simulateDay() repeats a day exactly", async () => {
  assertEquals(await simulateDay(REPEATED), await repeatedDay());
});

import { assertGreater } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { KeptRun } from "../support/kept_run.ts";
import { optionsOf, reading } from "../support/pipeline_input.ts";
import { scenario } from "../support/scenario.ts";
import { assertEquals } from "../support/equals.ts";

Deno.test("Pipeline.restore() continues as if the run had never stopped, wherever it was cut, however often", () => {
  let cuts = 0;
  let fills = 0;
  fc.assert(
    fc.property(
      scenario,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      ({ choices, messages }, lengths) => {
        const whole = new Pipeline(optionsOf(choices));
        const expected: PipelineEvent[] = [...whole.run(reading(messages)), ...whole.end()];

        const kept = new KeptRun();
        const events: PipelineEvent[] = [];
        let pipeline = new Pipeline(optionsOf(choices));
        let at = 0;
        for (const length of lengths) {
          events.push(...pipeline.run(reading(messages.slice(at, at + length))));
          at += length;
          // A trade whose id jumped is not part of a snapshot: these streams have none.
          kept.take(pipeline);
          pipeline = new Pipeline(optionsOf(choices));
          pipeline.restore(kept.state, kept.closes(choices.long), kept.changes);
          cuts++;
        }
        events.push(...pipeline.run(reading(messages.slice(at))), ...pipeline.end());
        assertEquals(events, expected);
        assertEquals(pipeline.totals, whole.totals);
        assertEquals(pipeline.current.readings.values(), whole.current.readings.values());
        fills += events.filter(({ type }) => type === "fill").length;
      },
    ),
    { numRuns: 500 },
  );
  assertGreater(cuts, 600);
  assertGreater(fills, 600);
});

import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/event.ts";
import type { AveragesSnapshot, NewPrices } from "../../src/stages/average.ts";
import { Pipeline, type PipelineSnapshot } from "../../src/stages/pipeline.ts";
import { optionsOf, reading } from "../support/pipeline_input.ts";
import { scenario } from "../support/scenario.ts";

/** What a store keeps of a run: the state as text, and the averages' prices as they were handed out. */
class Kept {
  #state = "";
  #prices: NewPrices[] = [];

  take(pipeline: Pipeline): void {
    this.#state = JSON.stringify(pipeline.snapshot());
    this.#prices.push(pipeline.takePrices());
  }

  get state(): PipelineSnapshot {
    return JSON.parse(this.#state);
  }

  /** The last `long` prices in the finest unit, from the last fresh ones on. */
  prices(long: number): AveragesSnapshot {
    const from = this.#prices.findLastIndex(({ isFresh }) => isFresh);
    const decimals = this.#prices.at(-1)!.decimals;
    const all = this.#prices.slice(from).flatMap(({ prices, decimals: unit }) =>
      prices.map((price) => price * 10 ** (decimals - unit))
    );
    return { prices: all.slice(-long), decimals };
  }
}

Deno.test("Pipeline.restore() goes on as if nothing had been, wherever it was cut, however often", () => {
  let cuts = 0;
  let fills = 0;
  fc.assert(
    fc.property(
      scenario,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      ({ choices, messages }, lengths) => {
        const whole = new Pipeline(optionsOf(choices));
        const expected: PipelineEvent[] = [...whole.run(reading(messages)), ...whole.end()];

        const kept = new Kept();
        const events: PipelineEvent[] = [];
        let pipeline = new Pipeline(optionsOf(choices));
        let at = 0;
        for (const length of lengths) {
          events.push(...pipeline.run(reading(messages.slice(at, at + length))));
          at += length;
          // A trade whose id leapt is not part of a snapshot: these streams have none.
          kept.take(pipeline);
          pipeline = new Pipeline(optionsOf(choices));
          pipeline.restore(kept.state, kept.prices(choices.long));
          cuts++;
        }
        events.push(...pipeline.run(reading(messages.slice(at))), ...pipeline.end());
        assertEquals(events, expected);
        assertEquals(pipeline.totals, whole.totals);
        assertEquals(pipeline.standing.averages.short(), whole.standing.averages.short());
        assertEquals(pipeline.standing.averages.long(), whole.standing.averages.long());
        fills += events.filter(({ type }) => type === "fill").length;
      },
    ),
    { numRuns: 1_500 },
  );
  assertGreater(cuts, 3_000);
  assertGreater(fills, 3_000);
});

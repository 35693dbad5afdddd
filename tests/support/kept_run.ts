/** Keeps a run that is stopped and resumed, as a journal would. */
import type { AveragesSnapshot, NewPrices } from "../../src/stages/average.ts";
import type { Pipeline } from "../../src/stages/pipeline.ts";
import type { PipelineSnapshot } from "../../src/stages/pipeline_snapshot.ts";

/** What a store keeps of a run: the state as text, and the averages' prices as they were taken. */
export class KeptRun {
  #state = "";
  #prices: NewPrices[] = [];

  /** Keeps the state of a run. */
  take(pipeline: Pipeline): void {
    this.#state = JSON.stringify(pipeline.snapshot());
    this.#prices.push(pipeline.takePrices());
  }

  /** The last state that was kept. */
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

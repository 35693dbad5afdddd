/** Keeps a run that is stopped and resumed, as a journal would. */
import type { NewCloses } from "../../src/stages/average.ts";
import type { Closes } from "../../src/stages/indicators/indicator.ts";
import type { OrderChange } from "../../src/stages/order_changes.ts";
import type { Pipeline } from "../../src/stages/pipeline.ts";
import type { PipelineSnapshot } from "../../src/stages/pipeline_snapshot.ts";
import { changesTaken } from "../../src/stages/waiting_orders.ts";

/** What a store keeps of a run: the state as text, and closes and changes of orders as they were taken. */
export class KeptRun {
  #state = "";
  #closes: NewCloses[] = [];
  readonly #changes: OrderChange[] = [];

  /** Keeps the state of a run. */
  take(pipeline: Pipeline): void {
    const changes = pipeline.orders.takeChanges();
    this.#changes.push(...JSON.parse(JSON.stringify(changes)));
    this.#state = JSON.stringify(pipeline.snapshot());
    this.#closes.push(pipeline.memory.takeCloses());
  }

  /** The last state that was kept. */
  get state(): PipelineSnapshot {
    return JSON.parse(this.#state);
  }

  /** The last `most` closes in the finest unit, from the last fresh ones on. */
  closes(most: number): Closes {
    const from = this.#closes.findLastIndex(({ isFresh }) => isFresh);
    const decimals = this.#closes.at(-1)!.decimals;
    const all = this.#closes.slice(from).flatMap(({ values, decimals: unit }) =>
      values.map((value) => value * 10 ** (decimals - unit))
    );
    return { values: all.slice(-most), decimals };
  }

  /** The last changes of orders, as many as the state says. */
  get changes(): OrderChange[] {
    return this.#changes.slice(this.#changes.length - changesTaken(this.state.gate.waiting));
  }
}

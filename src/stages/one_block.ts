/** A source for stages that are given their blocks one by one. */
import type { Block } from "../domain/market/block.ts";

/** Yields each block that is put in. */
export class OneBlock<B extends Block> implements Iterable<B>, Iterator<B> {
  /** Made once: a block in which nothing happens allocates nothing. */
  readonly #result: { done: false; value: B } = { done: false, value: null as unknown as B };

  set block(block: B) {
    this.#result.value = block;
  }

  [Symbol.iterator](): Iterator<B> {
    return this;
  }

  next(): IteratorResult<B> {
    return this.#result;
  }
}

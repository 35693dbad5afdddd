/** The bars that close within a block. */
import { BuiltBar } from "./built_bar.ts";

/** A closed bar, lent like its block. */
export class ClosedBar extends BuiltBar {
  /** The row of the trade at which it closes. */
  row = 0;
  /** How many intervals without a trade follow it: flat bars at its close, which close at the same trade. */
  flats = 0;
}

/** The closed bars in order. Their objects are used again for the next block. */
export class ClosedBars {
  readonly #bars: ClosedBar[] = [];
  #size = 0;
  #count = 0;

  /** How many there are, excluding the flat ones. */
  get size(): number {
    return this.#size;
  }

  /** How many there are, including the flat ones. */
  get count(): number {
    return this.#count;
  }

  /** One of them, from 0 on. */
  at(place: number): ClosedBar {
    return this.#bars[place]!;
  }

  clear(): void {
    this.#size = this.#count = 0;
  }

  /** Adds a bar that closes at the trade in `row`, and is followed by `flats` flat ones. */
  add(bar: BuiltBar, row: number, flats: number): void {
    const closed = this.#bars[this.#size] ??= new ClosedBar();
    this.#size++;
    this.#count += 1 + flats;
    closed.take(bar);
    closed.row = row;
    closed.flats = flats;
  }
}

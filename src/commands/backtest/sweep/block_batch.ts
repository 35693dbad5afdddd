/** Batches of blocks for other threads. The columns are in memory that all threads share, one block after another. */
import type { Block } from "../../../domain/market/block.ts";
import { BLOCK_ROWS } from "../../../domain/market/block.ts";
import type { Columns } from "../../../domain/market/columns.ts";

/** How many trades a batch has room for: enough that threads seldom wait for messages. */
const BATCH_ROWS = 32 * BLOCK_ROWS;

/** A block in a batch: where its rows are, and the block's fields that are not columns. */
export interface BatchedBlock
  extends Pick<Block, "size" | "decimals" | "firstId" | "missing" | "filled" | "late"> {
  readonly at: number;
}

/** The size of a trade: five doubles, a 32-bit integer and a byte. */
const ROW_BYTES = 5 * 8 + 4 + 1;

/** Reusable memory for the columns of one batch. */
export class BatchMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #columns: Columns;
  #rows = 0;

  /** New memory, or the memory of `buffer`, which another thread made. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BATCH_ROWS * ROW_BYTES)) {
    this.buffer = buffer;
    let at = 0;
    const doubles = (): Float64Array => {
      const column = new Float64Array(buffer, at, BATCH_ROWS);
      at += BATCH_ROWS * 8;
      return column;
    };
    const [id, time, price, quantityWhole, receivedAt] = [
      doubles(),
      doubles(),
      doubles(),
      doubles(),
      doubles(),
    ];
    const quantityFraction = new Uint32Array(buffer, at, BATCH_ROWS);
    const buyerIsMaker = new Uint8Array(buffer, at + BATCH_ROWS * 4, BATCH_ROWS);
    this.#columns = { id, time, price, quantityWhole, quantityFraction, buyerIsMaker, receivedAt };
  }

  /** Whether there is room for the largest block. */
  get hasRoom(): boolean {
    return this.#rows + BLOCK_ROWS <= BATCH_ROWS;
  }

  /** How many trades it has. */
  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#rows = 0;
  }

  /** Appends a copy of a block. */
  add(block: Block): BatchedBlock {
    const { size, decimals, firstId, missing, filled, late } = block;
    const at = this.#rows;
    for (const name of NAMES) {
      this.#columns[name].set(block[name].subarray(0, size) as Float64Array & Uint8Array, at);
    }
    this.#rows += size;
    return { at, size, decimals, firstId, missing, filled, late };
  }

  /** A block of the batch, as a view of this memory. */
  block(symbol: string, { at, ...rest }: BatchedBlock): Block {
    const end = at + rest.size;
    const columns = Object.fromEntries(NAMES.map((name) => [name, this.#columns[name].subarray(at, end)]));
    return { symbol, ...rest, ...columns as unknown as Columns };
  }
}

const NAMES = [
  ...["id", "time", "price", "quantityWhole", "quantityFraction", "buyerIsMaker", "receivedAt"] as const,
];

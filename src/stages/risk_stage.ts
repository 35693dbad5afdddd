/** The risk stage: splits blocks at the trades where something is due. */
import { type SignalledBlock } from "../domain/market/block.ts";
import { tickAt } from "../domain/market/trade_block.ts";
import type { Signalled, Slots } from "../domain/market/tick.ts";
import type { RefusalCount } from "./refusal_count.ts";
import type { RiskDecision, RiskGate } from "./risk.ts";

/** A trade at which something is due. */
export interface Judged extends Signalled {
  /** The gate's decisions, which must be pulled once, before the next piece. Null where no order is due. */
  readonly decisions: Iterable<RiskDecision> | null;
}

/**
 * Consecutive trades of a block. Either nothing happens at any of them but the last, or parts of one order filled at
 * them and are booked already. A piece is lent, like its block: pulling the next one returns the same object.
 */
export interface Piece<Due> {
  readonly block: SignalledBlock;
  /** The row of its first trade, and the row after its last. */
  readonly from: number;
  readonly to: number;
  /** Its last trade, if something is due at it; null if nothing is, or what was is booked already. */
  readonly due: Due | null;
}

/** Books parts of an order without a tick for each. */
export interface PartRunner {
  /**
   * Books parts at the trades of a block from row `from` up to, but not including, row `to`; none of them has a signal.
   * It may stop before `to`, and returns the first row left: `from` if it can do nothing.
   */
  over(block: SignalledBlock, from: number, to: number): number;
}

/** The risk stage of one symbol; the gate judges for the account. */
export class RiskStage {
  readonly #gate: RiskGate;
  /** Counts refusals that need no event each; null if every refusal needs one. */
  readonly #refusals: RefusalCount | null;
  /** Books parts of an order where nobody sees each of them; null if somebody does. */
  readonly #parts: PartRunner | null;
  /** The place of the next signal of the block. */
  #signal = 0;
  readonly #piece: { -readonly [P in keyof Piece<Judged>]: Piece<Judged>[P] } = {
    ...{ block: null as unknown as SignalledBlock, from: 0, to: 0, due: null },
  };

  constructor(gate: RiskGate, refusals: RefusalCount | null = null, parts: PartRunner | null = null) {
    this.#gate = gate;
    this.#refusals = refusals;
    this.#parts = parts;
  }

  /**
   * Yields the blocks in pieces. A piece ends where something is due; parts that are booked already are a piece of
   * their own. The gate examines the trades after a piece when the next piece is pulled; by then everything due has
   * been settled.
   */
  *over(blocks: Iterable<SignalledBlock>): Generator<Piece<Judged>> {
    const piece = this.#piece;
    const pulled = blocks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const block = piece.block = result.value;
      const { size } = block;
      this.#gate.enter();
      piece.to = 0;
      this.#signal = 0;
      while (piece.to < size) {
        piece.from = piece.to;
        piece.to = this.#parts?.over(block, piece.from, this.#nextSignal(block)) ?? piece.from;
        piece.due = piece.to > piece.from ? null : this.#pass(block, piece);
        this.#gate.leave(block, piece.to - 1);
        yield piece;
      }
    }
  }

  /** The row of the next signal; the block's size if there is none. */
  #nextSignal({ size, signalRows }: SignalledBlock): number {
    return this.#signal < signalRows.length ? signalRows[this.#signal]! : size;
  }

  /** Moves the end of a piece past the next trade where something is due, or to the end of its block. */
  #pass(block: SignalledBlock, piece: { to: number }): Judged | null {
    const { size } = block;
    const refusals = this.#refusals;
    let next = this.#nextSignal(block);
    let row = piece.to;
    // A gap is due by itself, and so are ids that started over.
    const isMarked = row === 0 && (block.missing !== 0 || block.filled !== 0);
    for (;;) {
      if (row > 0 || !isMarked) row = this.#gate.pass(block, row, next);
      if (row === size) {
        piece.to = size;
        return null;
      }
      if (refusals !== null && row === next && (row > 0 || !isMarked)) {
        const reason = this.#gate.refusedAt(block, row, block.signals[this.#signal]!);
        if (reason !== null) {
          refusals.count(reason);
          this.#signal++;
          next = this.#nextSignal(block);
          if (++row < size) continue;
          piece.to = size;
          return null;
        }
      }
      const tick = signalledAt(block, row, this.#signal);
      row++;
      const decisions = this.#gate.take(tick);
      if (decisions !== null || this.#gate.hasNews || row === 1 && isMarked) {
        piece.to = row;
        (tick as unknown as Slots<Judged, "decisions">).decisions = decisions;
        if (tick.signal !== null) this.#signal++;
        return tick as Judged;
      }
    }
  }
}

function signalledAt(block: SignalledBlock, row: number, signal: number): Signalled {
  const tick = tickAt(block, row) as Signalled;
  if (signal < block.signals.length && block.signalRows[signal] === row) {
    (tick as Slots<Signalled, "signal">).signal = block.signals[signal]!;
  }
  return tick;
}

/**
 * Turns the strategy's targets into signals: a buy when the target is long while the stance is flat, a sell when the
 * target is flat while the stance is long.
 */
import type { AveragedBlock, SignalledBlock } from "../domain/market/block.ts";
import type { Signal, Values } from "../domain/market/signal.ts";
import type { Side } from "../domain/numbers/money.ts";

/** What the run should hold according to its signals, whether or not their orders were filled. */
export type Stance = "flat" | "long";

/** The state of the stage, for `restore`. */
export interface SignalSnapshot {
  readonly stance: Stance;
  /** Signals made so far. */
  readonly signals: number;
}

/** Signals without values, which are reused for the next block. */
export class SignalPool {
  readonly #signals: { -readonly [P in keyof Signal]: Signal[P] | undefined }[] = [];
  #used = 0;

  take(side: Side, tradeId: number, time: number): Signal {
    const signal = this.#signals[this.#used++] ??= { side, tradeId, time, next: undefined };
    signal.side = side;
    signal.tradeId = tradeId;
    signal.time = time;
    signal.next = undefined;
    return signal as Signal;
  }

  /** The signals taken so far may be taken again. */
  clear(): void {
    this.#used = 0;
  }
}

/** The stance and its changes. */
export class SignalStage {
  #stance: Stance = "flat";
  #signals = 0;
  readonly #pool: SignalPool | null;

  /** With a `pool`, signals are lent like their block. */
  constructor(pool: SignalPool | null = null) {
    this.#pool = pool;
  }

  get stance(): Stance {
    return this.#stance;
  }

  /** Signals made so far. */
  get signals(): number {
    return this.#signals;
  }

  /** The same blocks, with the signals that their trades gave. Backfilled trades give none. */
  *over(blocks: Iterable<AveragedBlock>): Generator<SignalledBlock> {
    const pulled = blocks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const block = result.value as SignalledBlock;
      // Emptying an array costs as much as a trade, even if it is already empty.
      this.#pool?.clear();
      if (block.signals.length > 0) block.signals.length = block.signalRows.length = 0;
      if (!block.late) this.#find(block);
      yield block;
    }
  }

  #find({ turns, id, time, signals, signalRows }: SignalledBlock): void {
    for (let at = 0, row = -1; at < turns.length; at++) {
      const turn = turns[at]!;
      if (turn.target > 0 !== (this.#stance === "flat")) continue;
      const signal = this.#turn(id[turn.row]!, time[turn.row]!, turn.values);
      if (turn.row === row) append(signals.at(-1)!, signal);
      else {
        row = turn.row;
        signals.push(signal);
        signalRows.push(row);
      }
    }
  }

  snapshot(): SignalSnapshot {
    return { stance: this.#stance, signals: this.#signals };
  }

  restore({ stance, signals }: SignalSnapshot): void {
    this.#stance = stance;
    this.#signals = signals;
  }

  #turn(tradeId: number, time: number, values: Values | null): Signal {
    const side: Side = this.#stance === "flat" ? "buy" : "sell";
    this.#stance = side === "buy" ? "long" : "flat";
    this.#signals++;
    if (this.#pool !== null) return this.#pool.take(side, tradeId, time);
    return values === null ? { side, tradeId, time } : { side, tradeId, time, values };
  }
}

/** Adds a signal after the others at its trade. */
function append(first: Signal, signal: Signal): void {
  let last: { next?: Signal } = first;
  while (last.next !== undefined) last = last.next;
  last.next = signal;
}

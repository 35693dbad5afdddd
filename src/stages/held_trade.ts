/** A trade that waits until later ones show whether to accept it. */
import type { Tick } from "../domain/market/tick.ts";
import type { Complain, TradeReader } from "../domain/market/trade_reader.ts";

/** A trade that waits, with everything needed to report it after its reader has moved on. */
export interface HeldTrade {
  readonly tick: Tick;
  /** The start of its message, at most 200 characters. */
  readonly sample: string;
  /** Whether it was fetched after the fact, so that it may be much older than its arrival. */
  readonly isBackfilled: boolean;
  /** Whether it has a place in a file. */
  readonly hasPlace: boolean;
  /** What to do about rows out of order. */
  readonly advice: string;
  readonly complain: Complain;
}

/** A trade that is rejected unless the next one confirms it, and the reason. */
export interface Suspect {
  readonly held: HeldTrade;
  readonly what: string;
}

const ADVICE = "--sort reads files, members of archives and rows in the order of their ids";

/** Holds the trade in the reader, which is `tick`. */
export function holdTrade(reader: TradeReader, tick: Tick): HeldTrade {
  const complain = reader.complain?.();
  return {
    tick,
    sample: reader.sample(),
    isBackfilled: reader.isBackfilled === true,
    hasPlace: complain !== undefined,
    advice: reader.sortAdvice ?? ADVICE,
    complain: complain ?? ((what) => ({ reason: what, error: null })),
  };
}

/** Trading stopped: what stops it, and what ends that. */

/** What becomes of the position: it stays, and may be sold; or it is sold at once, and then nothing more is traded. */
export type OnHalt = "hold" | "flatten";

/** What stopped trading: a limit, or the user. */
export type HaltReason = "max-drawdown" | "max-daily-loss" | "manual";

/** Trading stopped at a trade. It stands until it is released; that of a day's loss only until the next UTC day. */
export interface Halt {
  readonly reason: HaltReason;
  /** In the unit of `value`: a fraction of the equity that it is measured against, or a word. */
  readonly limit: string;
  readonly value: string;
  /** The trade at which it came about; by hand, the last one before it, or -1. */
  readonly tradeId: number;
  readonly action: OnHalt;
}

/** A halt that has ended, because a new UTC day started or because a user released it. */
export interface Release {
  readonly reason: HaltReason;
  /** The first trade of the new day; by hand, the last trade before it, or -1. */
  readonly tradeId: number;
}

/** What a user said with a halt or a release that another process filed for the run. */
export interface ByRequest {
  readonly text?: string;
  /** When it was filed, µs since 1970. */
  readonly requested: number;
}

/** A halt by the user's hand. */
export function haltByHand(action: OnHalt, tradeId: number): Halt {
  return { reason: "manual", limit: "released", value: "halted", tradeId, action };
}

/**
 * What stands when `next` comes about while `present` does: the one that lasts longer, with the stricter action.
 * The same object when `next` changes nothing.
 */
export function stricter(present: Halt | null, next: Halt): Halt {
  if (present === null) return next;
  const action = present.action === "flatten" ? "flatten" : next.action;
  const outlasts = present.reason === "max-daily-loss" && next.reason !== "max-daily-loss";
  return outlasts || action !== present.action ? { ...next, action } : present;
}

/** What happened to trading as a whole, in order. */
export type RiskNews = ({ readonly type: "halt" } & Halt) | ({ readonly type: "released" } & Release);

/** Halts of trading: what causes one, and what ends it. */
import { fractionText, plain } from "../numbers/money.ts";
import type { Loss } from "./loss_limits.ts";

/**
 * What a halt does with the position: hold it until it is sold, or sell it at once and trade nothing more.
 */
export type OnHalt = "hold" | "flatten";

/** What stopped trading: a limit, or the user. */
export type HaltReason = "max-drawdown" | "max-daily-loss" | "manual";

/** A halt lasts until it is released; one for a day's loss ends with the UTC day at the latest. */
export interface Halt {
  readonly reason: HaltReason;
  /** In the unit of `value`: a fraction of the equity that it is measured against, or a word. */
  readonly limit: string;
  readonly value: string;
  /** The trade at which the halt started; for a halt by hand, the last trade before it, or -1. */
  readonly tradeId: number;
  readonly action: OnHalt;
}

/** A halt that has ended, because a new UTC day started or because a user released it. */
export interface Release {
  readonly reason: HaltReason;
  /** The first trade of the new day; for a release by hand, the last trade before it, or -1. */
  readonly tradeId: number;
}

/** What another process sent with a user's halt or release of the run. */
export interface ByRequest {
  readonly text?: string;
  /** When the user asked for it, µs since 1970. */
  readonly requested: number;
}

/** The halt that a loss causes at the trade `tradeId`. */
export function haltAtLoss({ reason, limit, value }: Loss, action: OnHalt, tradeId: number): Halt {
  return { reason, limit: plain(limit), value: fractionText(value), tradeId, action };
}

/** A halt by hand. */
export function haltByHand(action: OnHalt, tradeId: number): Halt {
  return { reason: "manual", limit: "released", value: "halted", tradeId, action };
}

/**
 * The halt in force once `next` starts during `current`: the one that lasts longer, with the stricter action.
 * Returns the same object if `next` changes nothing.
 */
export function stricter(current: Halt | null, next: Halt): Halt {
  if (current === null) return next;
  const action = current.action === "flatten" ? "flatten" : next.action;
  const outlasts = current.reason === "max-daily-loss" && next.reason !== "max-daily-loss";
  return outlasts || action !== current.action ? { ...next, action } : current;
}

/** A halt or a release, as it happened. */
export type RiskNews = ({ readonly type: "halt" } & Halt) | ({ readonly type: "released" } & Release);

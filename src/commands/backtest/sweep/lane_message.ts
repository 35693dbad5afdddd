/** The messages between a sweep and the threads that compute its lanes: plain values. */
import { Money, plain } from "../../../domain/numbers/money.ts";
import type { Marked } from "../../../domain/performance/performance.ts";
import type { OnHalt } from "../../../domain/risk/halt.ts";
import type { TradingRules } from "../../../domain/risk/trading_parameters.ts";
import type { FoldResult, FoldUse } from "../../../stages/sweep/fold_result.ts";
import type { BatchedBlock } from "./block_batch.ts";
import type { LaneRequest } from "./lane_request.ts";

/** The rules of an instrument as text, as the options write them; null for no limit. */
export type RuleTexts = { readonly [R in keyof TradingRules]?: string | null };

/** One thing that happens to all lanes, in the order of the run. */
export type LaneStep =
  | { readonly do: "block"; readonly block: BatchedBlock; readonly before: Marked | null }
  | { readonly do: "trade"; readonly symbol: string; readonly rules: RuleTexts }
  | { readonly do: "lost"; readonly lost: "disconnected" | "stale" | null }
  | { readonly do: "halt"; readonly action: OnHalt; readonly tradeId: number }
  | { readonly do: "release"; readonly tradeId: number }
  | { readonly do: "await-rules"; readonly symbol: string; readonly awaitsRules: boolean }
  | { readonly do: "rules"; readonly symbol: string; readonly rules: RuleTexts }
  | { readonly do: "open"; readonly fold: number }
  | { readonly do: "close"; readonly fold: number; readonly use: FoldUse; readonly trades: number };

/** A message to a worker: first its lanes, then batches of steps. */
export type ToWorker =
  | {
    readonly lanes: readonly LaneRequest[];
    readonly configurations: number;
    /** The memory of its `LaneWork`. */
    readonly work: SharedArrayBuffer;
    /** The most memory for objects, MB; null for nearly all that the thread can have. */
    readonly megabytes: number | null;
  }
  | { readonly batch: number; readonly memory: SharedArrayBuffer; readonly steps: readonly LaneStep[] };

/** A message from a worker. */
export type FromWorker =
  | { readonly is: "ready" }
  | { readonly is: "done"; readonly batch: number; readonly closed: readonly (readonly FoldResult[])[] }
  /** The lane that failed is the one being computed. */
  | { readonly is: "failed"; readonly message: string };

/** The rules as text, for a message. */
export function ruleTexts(rules: Partial<TradingRules>): RuleTexts {
  return Object.fromEntries(
    Object.entries(rules).map(([name, value]) => [name, value === null ? null : plain(value)]),
  );
}

/** The rules that `ruleTexts` wrote. */
export function rulesIn(texts: RuleTexts): Partial<TradingRules> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, text === null ? null : new Money(text)]),
  );
}

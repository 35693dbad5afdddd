/** What a sweep and the threads that compute its lanes send each other: plain values. */
import { Money, plain } from "../../../domain/numbers/money.ts";
import type { Marked } from "../../../domain/performance/performance.ts";
import type { OnHalt } from "../../../domain/risk/halt.ts";
import type { TradingRules } from "../../../domain/risk/trading_parameters.ts";
import type { FoldResult, FoldUse } from "../../../stages/sweep/fold_result.ts";
import type { PackedBlock } from "./block_batch.ts";
import type { LaneRequest } from "./lane_request.ts";

/** The rules of an instrument as text, as the options write them; null for no limit. */
export type RuleTexts = { readonly [R in keyof TradingRules]?: string | null };

/** One thing that happens to all lanes, in the order of the run. */
export type LaneStep =
  | { readonly do: "block"; readonly block: PackedBlock; readonly before: Marked | null }
  | { readonly do: "trade"; readonly symbol: string; readonly rules: RuleTexts }
  | { readonly do: "lost"; readonly lost: "disconnected" | "stale" | null }
  | { readonly do: "halt"; readonly action: OnHalt; readonly tradeId: number }
  | { readonly do: "release"; readonly tradeId: number }
  | { readonly do: "await-rules"; readonly symbol: string; readonly awaitsRules: boolean }
  | { readonly do: "rules"; readonly symbol: string; readonly rules: RuleTexts }
  | { readonly do: "open"; readonly fold: number }
  | { readonly do: "close"; readonly fold: number; readonly use: FoldUse; readonly trades: number };

/** What a worker is sent: its lanes first, then batches of steps. */
export type ToWorker =
  | { readonly lanes: readonly LaneRequest[]; readonly configurations: number }
  | { readonly batch: number; readonly memory: SharedArrayBuffer; readonly steps: readonly LaneStep[] };

/** What a worker answers. */
export type FromWorker =
  | { readonly is: "ready" }
  | { readonly is: "done"; readonly batch: number; readonly closed: readonly (readonly FoldResult[])[] }
  /** `lane` is its place among those of the worker. */
  | { readonly is: "failed"; readonly lane: number; readonly message: string };

/** Rules as text, to be sent. */
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

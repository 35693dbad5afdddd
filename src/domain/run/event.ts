/**
 * The events that Penstock emits. Amounts are decimal text in plain notation, counts and ids are numbers, and
 * times are ISO 8601 UTC with microseconds.
 */
import type { DisconnectCause } from "../market/disconnect_cause.ts";
import type { ArrivedRules, InstrumentOrigin } from "../market/instrument.ts";
import type { Metrics } from "../performance/metrics.ts";
import type { Halt, HaltReason, OnHalt } from "../risk/halt.ts";
import type { Side } from "../numbers/money.ts";
import type { Progress } from "../orders/order.ts";
import type { FillAt } from "../risk/trading_parameters.ts";
import type { ExitCause } from "../risk/protective_exits.ts";
import type { Check } from "../orders/refusal.ts";
import type { ConfigurationEvent, SweepEvent } from "./sweep_result.ts";

interface Base {
  /** The trade's own time if there is a trade, otherwise the time at which the event happened. */
  readonly time: string;
}

interface OfSymbol extends Base {
  readonly symbol: string;
}

export interface StartedEvent extends Base {
  readonly type: "started";
  readonly command: string;
  readonly version: string;
  /** The options in force, and under `instrument` the source of the instrument's rules among them. */
  readonly config: Readonly<Record<string, string | number | boolean | null | InstrumentOrigin>>;
}

export interface ConnectedEvent extends Base {
  readonly type: "connected";
  readonly endpoint: string;
  /** 1 when it was the first try since data last flowed. */
  readonly attempt: number;
}

export interface DisconnectedEvent extends Base {
  readonly type: "disconnected";
  readonly reason: string;
  readonly retryInMs: number;
  /** Absent if a recording of an older version does not give it. */
  readonly cause?: DisconnectCause;
  /** What the user can do about it. */
  readonly hint?: string;
}

export interface GapEvent extends OfSymbol {
  readonly type: "gap";
  /** The ids of the gap, both inclusive. */
  readonly fromId: number;
  readonly toId: number;
  readonly missing: number;
  /** How many of them were fetched afterwards: the newest. */
  readonly filled: number;
  /** Further ids of the gap under which the exchange itself has no trade; absent if there are none. */
  readonly absent?: number;
}

/** The exchange's ids started over: averages start again, position and cash stay. */
export interface ResetEvent extends OfSymbol {
  readonly type: "reset";
  /** The first id of the new sequence. */
  readonly fromId: number;
  /** The last id of the old one. */
  readonly lastId: number;
}

export interface SignalEvent extends OfSymbol {
  readonly type: "signal";
  readonly side: Side;
  readonly price: string;
  readonly tradeId: number;
  /** The indicators' values for a crossover; other strategies have values under other names. */
  readonly shortAverage?: string;
  readonly longAverage?: string;
}

/** An event of an order. The last one has the totals of the order's fills, if there were several. */
interface OfOrder extends OfSymbol, Progress {
  /** Why it sells without a signal; absent for a signal's order. */
  readonly cause?: ExitCause;
}

export interface RefusalEvent extends OfOrder {
  readonly type: "refusal";
  readonly side: Side;
  readonly reason: Check;
  readonly limit: string;
  readonly value: string;
  readonly tradeId: number;
}

export interface FillEvent extends OfOrder {
  readonly type: "fill";
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly cash: string;
  readonly position: string;
  readonly tradeId: number;
  readonly signalTradeId: number;
  readonly realized?: string;
  /** Present if the order continues. */
  readonly partial?: true;
}

export interface ExpiredEvent extends OfOrder {
  readonly type: "expired";
  readonly side: Side;
  readonly signalTradeId: number;
  /** Absent at the end of the input. */
  readonly reason?: "order-ttl" | "replaced";
}

/** The request that `penstock halt` or `penstock release` filed. */
interface Requested {
  /** The user's reason. */
  readonly text?: string;
  /** When it was filed. */
  readonly requested?: string;
}

export interface HaltEvent extends OfSymbol, Requested {
  readonly type: "halt";
  readonly reason: HaltReason;
  readonly limit: string;
  readonly value: string;
  readonly tradeId: number;
  readonly action: OnHalt;
}

/**
 * A halt has ended: at a user's request, or, if its reason was a day's loss, with the next UTC day.
 */
export interface ReleasedEvent extends OfSymbol, Requested {
  readonly type: "released";
  readonly reason: HaltReason;
  readonly tradeId: number;
}

/** The instrument's rules that the run waited for have arrived: from now on it places orders. */
export interface RulesEvent extends OfSymbol, ArrivedRules {
  readonly type: "rules";
}

export interface RejectedEvent extends Base {
  readonly type: "rejected";
  readonly reason: string;
  /** Messages rejected since the last such event. */
  readonly count: number;
  readonly sample: string;
}

export interface StatusEvent extends OfSymbol {
  readonly type: "status";
  readonly trades: number;
  /** Bars closed; absent if every trade is a bar. */
  readonly bars?: number;
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
  readonly equity: string;
  readonly position: string;
  /** Whether trading is halted. */
  readonly halted: boolean;
  /** The ids that are missing, both inclusive, while they are fetched and nothing is traded. */
  readonly heldGap?: { readonly fromId: number; readonly toId: number };
}

export interface SummaryEvent extends OfSymbol {
  readonly type: "summary";
  readonly trades: number;
  /** Bars closed; absent if every trade is a bar. */
  readonly bars?: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly signals: number;
  readonly fills: number;
  readonly refusals: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Messages of other streams or symbols, and acknowledgements. */
  readonly passedOver: number;
  /** Trades that were never seen and came after later ones; they are not used. */
  readonly outOfOrder: number;
  /** Trades that `--from` and `--to` left out; absent without these options. */
  readonly outOfRange?: number;
  /**
   * Trades that were numbered here, because their files have no consecutive ids: gaps and duplicates among them cannot
   * be detected. Absent if there are none.
   */
  readonly countedUp?: number;
  readonly gaps: number;
  /** Ids in gaps under which the exchange itself has no trade; absent if there are none. */
  readonly absent?: number;
  /** How often the exchange's ids started over. */
  readonly resets: number;
  readonly cash: string;
  readonly position: string;
  readonly equity: string;
  readonly fees: string;
  readonly realized: string;
  /** By symbol; absent in a run in one symbol. */
  readonly positions?: Readonly<Record<string, string>>;
  /** A fraction of the peak, 8 decimals, half to even. */
  readonly maxDrawdown: string;
  /** The halt in force at the end, or null. */
  readonly halt: Halt | null;
  /** How long this process ran. */
  readonly elapsedMs: number;
  /** In a resumed run, the trades before this process. */
  readonly resumedAfter?: number;
  /** In a backtest, what ended it: the end of its input, an option or the user. */
  readonly ended?: "input" | "stop-after" | "for" | "person";
  readonly tradesPerSecond?: number;
  readonly metrics?: Metrics;
}

/** A backtest under another fill model (`--models`), as its own summary would show it. */
export interface ModelEvent
  extends OfSymbol, Omit<SummaryEvent, "type" | "ended" | "elapsedMs" | "tradesPerSecond"> {
  readonly type: "model";
  readonly model: "optimistic" | "pessimistic";
  /** What it assumed: basis points, and ms. */
  readonly slippage: string;
  readonly latency: number;
  /** The first trade that may fill an order; absent where the run has no `--fill next`. */
  readonly fill?: FillAt;
}

/** Events that the pipeline makes from the trades alone. */
export type PipelineEvent =
  | GapEvent
  | ResetEvent
  | SignalEvent
  | RefusalEvent
  | FillEvent
  | ExpiredEvent
  | HaltEvent
  | ReleasedEvent
  | RulesEvent;

/** Every event. */
export type PenstockEvent =
  | StartedEvent
  | ConnectedEvent
  | DisconnectedEvent
  | PipelineEvent
  | RejectedEvent
  | StatusEvent
  | ModelEvent
  | ConfigurationEvent
  | SweepEvent
  | SummaryEvent;

/** What a reader of a journal sees at a moment, while a run writes to it. */
import type { Values } from "../market/signal.ts";
import type { ConnectedEvent, DisconnectedEvent, PipelineEvent } from "./event.ts";
import type { RunStatus } from "./run_status.ts";

interface Base {
  /** ISO 8601 UTC with microseconds. */
  readonly time: string;
}

/** A process started a run, or resumed it. */
export interface OpenedEvent extends Base {
  readonly type: "started" | "resumed";
  /** The version of Penstock. */
  readonly version?: string;
  readonly options?: Readonly<Record<string, string | number | boolean | null>>;
}

/** A run was stopped: no process continues it for now. */
export interface StoppedEvent extends Base {
  readonly type: "stopped";
  readonly reason: string;
}

/** Everything that a journal has an entry for, except checkpoints. */
export type JournalEvent = ConnectedEvent | DisconnectedEvent | PipelineEvent | OpenedEvent | StoppedEvent;

/** An event with its place in the journal, which no other event of that journal has. */
export interface FollowedEvent {
  readonly run: number;
  /** The number of its entry. */
  readonly seq: number;
  /** µs since 1970. */
  readonly time: number;
  readonly event: JournalEvent;
}

/** An entry of a journal, and its hash in hexadecimal: in another journal the same number has another hash. */
export interface FollowedPlace {
  readonly seq: number;
  readonly hash: string;
}

/** The figures of a run in addition to its status, as of its last checkpoint. */
export interface RunFigures {
  /** The strategy's values by name, decimal text; empty until all of them exist. */
  readonly averages: Values;
  /** How far equity is now below the peak that the limit counts from, a fraction; null before the first checkpoint. */
  readonly drawdown: string | null;
  /** The limit at which the run halts, a fraction; null without one. */
  readonly drawdownLimit: string | null;
  /**
   * The last heartbeat of this run; null for none. Its time is in µs since 1970, and the lag that of its last trade.
   */
  readonly heartbeat:
    | { readonly time: number; readonly trades: number; readonly lagMs: number | null }
    | null;
}

/** The result of polling a journal: its state, and the events since the last poll, as of one moment. */
export interface FollowedMoment {
  /** The status of its last run, as `penstock status --json` prints it now; null if there is a problem. */
  readonly status: RunStatus | null;
  /** The figures of that run; null if the status is. */
  readonly figures: RunFigures | null;
  /** Why there is no status: the journal is missing, damaged, or holds no run; null if there is one. */
  readonly problem: string | null;
  /** Oldest first. If there are too many for one poll, the next polls have the rest. */
  readonly events: readonly FollowedEvent[];
  /** Whether the journal has more events already. */
  readonly isBehind: boolean;
  /** The entry up to which all events were returned; null before the journal was read for the first time. */
  readonly place: FollowedPlace | null;
  /** Whether the journal was replaced since the last poll: `place` does not continue the chain of the previous one. */
  readonly isReplaced: boolean;
}

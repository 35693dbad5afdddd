/**
 * What `penstock watch` sends to its page: server-sent events, each with one line of JSON. The `id` of each event has
 * the entry numbers of all journals, separated by commas, so that a browser that reconnects gets what it missed.
 */
import type { JournalEvent } from "../../domain/run/followed_moment.ts";
import type { RunStatus } from "../../domain/run/run_status.ts";

/** Sent on connecting, and when something has changed: `event: state`. */
export interface LiveState {
  /** In the order of the command line. */
  readonly runs: readonly LiveRun[];
}

/** The last run of one journal. */
export interface LiveRun {
  /** The path, as the user named it. */
  readonly journal: string;
  /** Its name on the page. */
  readonly name: string;
  /** Why there is no status: the journal is missing, damaged, or holds no run; null if there is one. */
  readonly problem: string | null;
  /** As `penstock status --json` prints it; null with a problem. */
  readonly status: RunStatus | null;
  /** The strategy's values now, by name, as decimal text; empty until they exist. */
  readonly averages: Readonly<Record<string, string>>;
  /** How far equity is below its peak now, a fraction as decimal text; null before the first trade. */
  readonly drawdown: string | null;
  /** The limit at which the run halts, a fraction as decimal text; null without one. */
  readonly drawdownLimit: string | null;
  /** All kept points in the first message of a connection; only new ones after that. */
  readonly points: readonly LivePoint[];
}

/**
 * The run at one moment: the time of its last trade, ms since 1970; price; equity; drawdown, a fraction, 0 or more; and
 * the strategy's values in the order of `averages`, null where they are not known. For drawing only, not for
 * arithmetic.
 */
export type LivePoint = readonly [
  time: number,
  price: number,
  equity: number,
  drawdown: number,
  ...averages: (number | null)[],
];

/** Every entry since the id that the browser had, or the last few: `event: entries`. */
export interface LiveEntries {
  /** Index into `LiveState.runs`. */
  readonly run: number;
  /** Oldest first. Checkpoints are left out, so the numbers are not consecutive. */
  readonly entries: readonly LiveEntry[];
}

/** An event, with the number of its entry. Times are ISO 8601, as in every event. */
export type LiveEntry = { readonly seq: number } & JournalEvent;

/** The fields of an alarm. */
import type { JournalEvent } from "../../domain/run/followed_moment.ts";

/** What an alarm is about. */
export type AlarmKind =
  | "halt"
  | "released"
  | "disconnected"
  | "connected"
  | "stopped"
  /** No process writes to the journal, and the last one did not record a stop. */
  | "dead"
  /** A process writes again. */
  | "resumed"
  | "unreadable"
  | "readable"
  | "fill"
  | "daily";

/** How urgent an alarm is: `urgent` should wake someone, `usual` can wait. */
export type Urgency = "urgent" | "high" | "usual";

/** One alarm, as it is sent. Texts are printable and of bounded length. */
export interface Alarm {
  /**
   * Unique to the alarm and the same each time it is sent: journal, run, entry and kind. 1 to 64 of A-Za-z0-9 and -.
   */
  readonly key: string;
  readonly kind: AlarmKind;
  readonly urgency: Urgency;
  readonly journal: string;
  /** 0 for a journal that holds no run yet. */
  readonly run: number;
  /** The entry that causes it, or after which it is due; null for a day's figures. */
  readonly entry: number | null;
  /** ISO 8601 UTC with microseconds. */
  readonly time: string;
  readonly symbol: string | null;
  readonly title: string;
  readonly text: string;
  /** The event of that entry, if one causes it. */
  readonly event: JournalEvent | null;
}

/** The progress of a job that reads files: one line on a terminal, or log lines if there is no terminal. */
import type { Line } from "../view.ts";
import { span } from "./figures.ts";
import { cutTo } from "./text_width.ts";

/** The time left is estimated once this share is done. */
const LEAST_SHARE = 0.01;
/** How often progress is logged, and how wide such a line may be. */
const LOGGED_MS = 5_000;
const WIDE = 1_000;

/** How far a job has got. */
export interface JobProgress {
  /** The share that is done, a fraction; null if it is not known. */
  readonly share: number | null;
  readonly elapsedMs: number;
  /** What has been done, in words; empty strings are left out. */
  readonly facts: readonly string[];
}

/** The share of the input that has been read, a fraction; null without a total. */
export function shareRead(
  { bytesRead, bytesTotal }: { readonly bytesRead: number; readonly bytesTotal: number | null },
): number | null {
  return bytesTotal === null || bytesTotal === 0 ? null : Math.min(1, bytesRead / bytesTotal);
}

/** The share, the facts and the time left in one line of at most `width` characters, without colours. */
export function progressText({ share, elapsedMs, facts }: JobProgress, width: number): string {
  const left = share === null || share < LEAST_SHARE ? null : elapsedMs * (1 - share) / share;
  const parts = [
    share === null ? "" : `${Math.floor(share * 100)} %`,
    ...facts,
    left === null ? "" : `${span(Math.round(left))} left`,
  ];
  return cutTo(parts.filter((part) => part !== "").join("  "), width);
}

/** Decides when progress is due in the log. */
export class ProgressLog {
  #lastAt = 0;

  /** The line for this moment of the job; null if the last line was logged only a short time ago. */
  line(elapsedMs: number, textOf: (width: number) => string): Line | null {
    if (elapsedMs - this.#lastAt < LOGGED_MS) return null;
    this.#lastAt = elapsedMs;
    return { level: "info", text: textOf(WIDE) };
  }
}

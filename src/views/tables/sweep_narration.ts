/** Describes a sweep in words: its progress in one line, and at the end its best rows, a map, and what they mean. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import { grouped, span } from "../terminal/figures.ts";
import { cutTo } from "../terminal/text_width.ts";
import type { Words } from "../terminal/terminal_view.ts";
import type { Glance, Line, SweepGlance } from "../view.ts";
import { type SweepFindings, sweepTable } from "./sweep_table.ts";

/** How often progress is logged if there is no terminal. */
const PROGRESS_LINE_MS = 5_000;
const WIDE = 1_000;
/** The time left is estimated once this share is done. */
const LEAST_SHARE = 0.01;

/** The words of one sweep. */
export class SweepNarration implements Words {
  readonly showsAll = false;
  table = "";
  readonly #colours: boolean;
  #lastLineAt = 0;

  /** With `colours` the table has a map in colours. */
  constructor({ colours }: { readonly colours: boolean }) {
    this.#colours = colours;
  }

  lines(_event: PenstockEvent): Iterable<Line> {
    return [];
  }

  settle(): Iterable<Line> {
    return [];
  }

  glance(glance: Glance, width: number): string {
    return glance.of === "sweep" ? sweepProgress(glance, width) : "";
  }

  loggedGlance(glance: Glance): Line | null {
    if (glance.of !== "sweep" || glance.elapsedMs - this.#lastLineAt < PROGRESS_LINE_MS) return null;
    this.#lastLineAt = glance.elapsedMs;
    return { level: "info", text: sweepProgress(glance, WIDE) };
  }

  /** Keeps the results of the sweep for the table. */
  sweep(findings: SweepFindings): void {
    this.table = sweepTable(findings, this.#colours);
  }
}

/** The progress of a sweep in one line of at most `width` characters. */
export function sweepProgress(
  { bytesRead, bytesTotal, trades, seen, elapsedMs, configurations, done, lanes }: SweepGlance,
  width: number,
): string {
  const read = bytesTotal === null || bytesTotal === 0 ? null : Math.min(1, bytesRead / bytesTotal);
  const worked = trades === 0 || read === null ? null : read * seen / trades;
  const share = worked === null ? null : (done + lanes * worked) / configurations;
  const left = share === null || share < LEAST_SHARE ? null : elapsedMs * (1 - share) / share;
  const rate = elapsedMs === 0 ? 0 : seen * lanes * 1000 / elapsedMs;
  const parts = [
    share === null ? "" : `${Math.floor(share * 100)} %`,
    `${grouped(done)} of ${grouped(configurations)} configurations`,
    `${grouped(seen)} trades`,
    rate === 0 ? "" : `${grouped(Math.round(rate))} trades × configurations/s`,
    left === null ? "" : `${span(Math.round(left))} left`,
  ];
  return cutTo(parts.filter((part) => part !== "").join("  "), width);
}

/** Describes a sweep in words: its progress in one line, and at the end its best rows, a map, and what they mean. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import { grouped } from "../terminal/figures.ts";
import { ProgressLog, progressText, shareRead } from "../terminal/job_progress.ts";
import type { Words } from "../terminal/terminal_view.ts";
import type { Glance, Line, SweepGlance, SweepTasks } from "../view.ts";
import { type SweepFindings, sweepTable } from "./sweep_table.ts";

/** The words of one sweep. */
export class SweepNarration implements Words {
  readonly showsAll = false;
  table = "";
  readonly #colours: boolean;
  readonly #progress = new ProgressLog();

  /** With `colours`, the table has a colour map. */
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
    if (glance.of !== "sweep") return null;
    return this.#progress.line(glance.elapsedMs, (width) => sweepProgress(glance, width));
  }

  /** Keeps the results of the sweep for the table. */
  sweep(findings: SweepFindings): void {
    this.table = sweepTable(findings, this.#colours);
  }
}

/** The progress of a sweep in one line of at most `width` characters. */
export function sweepProgress(progress: SweepGlance, width: number): string {
  const { trades, seen, elapsedMs, configurations, done, lanes, report, tasks = null } = progress;
  const read = shareRead(progress);
  if (report !== null) {
    const share = read === null ? "" : `  ${Math.floor(100 * read)} %`;
    const text = `report ${report.at} of ${report.of} for the page${share}  ${grouped(trades)} trades`;
    return text.slice(0, width);
  }
  if (tasks !== null) {
    return tasksText(tasks, `${grouped(done)} of ${grouped(configurations)} configurations`, width);
  }
  const worked = trades === 0 || read === null ? null : read * seen / trades;
  const share = worked === null ? null : (done + lanes * worked) / configurations;
  const rate = elapsedMs === 0 ? 0 : seen * lanes * 1000 / elapsedMs;
  const facts = [
    `${grouped(done)} of ${grouped(configurations)} configurations`,
    `${grouped(seen)} trades`,
    rate === 0 ? "" : `${grouped(Math.round(rate))} trades × configurations/s`,
  ];
  return progressText({ share, elapsedMs, facts }, width);
}

/**
 * The progress of tasks that workers compute. The time left is unknown until the first task since the start of this
 * sweep is done.
 */
function tasksText({ done, of, before, elapsedMs }: SweepTasks, rows: string, width: number): string {
  const facts = [`${grouped(done)} of ${grouped(of)} tasks`, rows];
  if (done === before) return progressText({ share: null, elapsedMs, facts }, width);
  return progressText({ share: done / of, elapsedMs: elapsedMs * done / (done - before), facts }, width);
}

/** The scale of times below a plot, UTC. */
import { isoTime } from "../../domain/numbers/time.ts";
import type { TimeWindow } from "./line_plot.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 364, 1820].map((n) => n * DAY),
];
/** Labels start at least this many columns apart. */
const LEAST_APART = 12;

/** Times at round intervals, in a row of `columns`. Each label starts below the dots of its time. */
export function timeScale(window: TimeWindow, columns: number): string {
  const span = window.to - window.from;
  const step = STEPS.find((step) => step / span * columns >= LEAST_APART) ?? STEPS.at(-1)!;
  const text = step >= DAY ? dayText : step >= MINUTE ? minuteText : secondText;
  let row = "";
  for (let at = Math.ceil(window.from / step); at * step < window.to; at++) {
    const column = Math.floor((at * step - window.from) / span * columns);
    const label = `╵${text(at * step)}`;
    if (column >= row.length && column + label.length <= columns) row = row.padEnd(column) + label;
  }
  return row.padEnd(columns);
}

function dayText(time: number): string {
  return isoTime(time).slice(0, 10);
}

/** The hour and the minute, and at midnight the day. */
function minuteText(time: number): string {
  return time % DAY === 0 ? isoTime(time).slice(5, 10) : isoTime(time).slice(11, 16);
}

function secondText(time: number): string {
  return isoTime(time).slice(11, 19);
}

/** `5 min`, `3 h`, `7 d`. */
export function spanText(span: number): string {
  if (span < HOUR) return `${span / MINUTE} min`;
  return span < DAY ? `${span / HOUR} h` : `${span / DAY} d`;
}

/** Lines over time in Braille dots, with the scale of their values on the right. */
import { ACROSS, BrailleCanvas } from "./braille_canvas.ts";
import type { Column } from "./span_series.ts";
import type { Row, Style } from "../terminal/styled_rows.ts";
import { exactly } from "../terminal/figures.ts";
import { cutTo, padLeft, textWidth } from "../terminal/text_width.ts";

/** One line. */
export interface PlotLine {
  /** In order of time. */
  readonly columns: readonly Column[];
  readonly style?: Style;
  /** Draws every second dot, and at most one per column. */
  readonly isDotted?: boolean;
}

/** A character at a given time, and at a value or at the lower edge. */
export interface PlotMark {
  readonly time: number;
  readonly value: number | null;
  readonly text: string;
  readonly style?: Style;
}

/** The values at the lower and upper edges. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** The times at the left and right edges, µs since 1970. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** What to draw. The lines of a plot share its scale; the first is drawn over the others. */
export interface Plot {
  readonly columns: number;
  readonly rows: number;
  readonly window: TimeWindow;
  readonly range: ValueRange;
  readonly lines: readonly PlotLine[];
  readonly marks?: readonly PlotMark[];
  /** The value that the scale points out; null or absent for none. */
  readonly current?: number | null;
  /** The text of a value on a scale whose ticks are `step` apart. */
  readonly label: (value: number, step: number) => string;
  /** How many columns the scale takes. */
  readonly scale: number;
}

/** The window that ends at `to` and covers `span`, or starts at `from` if that is later; in whole dots. */
export function windowOf(span: number, { from, to }: TimeWindow, dots: number): TimeWindow {
  const dot = span / dots;
  // Counted in dots since 1970, so that no point moves relative to the others as time passes.
  const end = (Math.floor(to / dot) + 1) * dot;
  const start = Math.max(end - span, Math.floor(from / dot) * dot);
  return { from: start, to: start + span };
}

/** The lowest and the highest value of lines within a window; null if there is none. */
export function rangeOf(lines: readonly PlotLine[], { from, to }: TimeWindow): ValueRange | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { columns } of lines) {
    for (const column of columns) {
      if (column.time < from || column.time >= to) continue;
      low = Math.min(low, column.low);
      high = Math.max(high, column.high);
    }
  }
  return low > high ? null : { low, high };
}

/** The least height of a range as a share of its values: a double cannot resolve much less. */
const LEAST_HEIGHT = 1e-7;
/** A range without height gets this share of its value on both sides, so that its line is in the middle. */
const FLAT_ROOM = 0.0005;
/** The room at the edges, as a share of the height. */
const ROOM = 0.02;

/** The same range with some room at its edges, so that its height is not zero. */
export function roomy({ low, high }: ValueRange): ValueRange {
  const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const height = high - low;
  const room = height < size * LEAST_HEIGHT ? size * FLAT_ROOM : height * ROOM;
  return { low: low - room, high: high + room };
}

/** The plot's rows, each `columns` wide. */
export function plotRows(plot: Plot): Row[] {
  const { rows, range, lines, marks = [], current = null, label, scale } = plot;
  const canvas = new BrailleCanvas(Math.max(1, plot.columns - scale), rows);
  for (const line of lines.toReversed()) draw(canvas, line, plot);
  for (const { time, value, text, style } of marks) {
    const row = value === null ? rows - 1 : Math.floor(dotOf(value, range, canvas.height) / 4);
    canvas.mark(Math.floor(across(time, plot.window, canvas.width) / ACROSS), row, { text, style });
  }
  const step = niceStep((range.high - range.low) / Math.max(1, rows / 2));
  const labels = new Map<number, string>();
  for (let at = Math.ceil(range.low / step); at * step <= range.high; at++) {
    labels.set(Math.floor(dotOf(at * step, range, canvas.height) / 4), label(at * step, step));
  }
  const currentRow = current === null
    ? -1
    : Math.min(rows - 1, Math.max(0, Math.floor(dotOf(current, range, canvas.height) / 4)));
  return Array.from({ length: rows }, (_, row): Row => {
    const text = row === currentRow ? label(current!, step / 10) : labels.get(row);
    const tick = text === undefined ? "│" : row === currentRow ? "◄" : "┤";
    return [
      ...canvas.row(row),
      { text: tick, style: "faint" },
      text === undefined
        ? { text: " ".repeat(scale - 1) }
        : { text: padLeft(cutTo(text, scale - 1), scale - 1), style: row === currentRow ? "bold" : "faint" },
    ];
  });
}

const MOST_DECIMALS = 12;

/** A value with just enough decimals to differ from one that is `step` away. */
export function plainLabel(value: number, step: number): string {
  const places = Math.min(MOST_DECIMALS, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return exactly(value.toFixed(places));
}

/** How many columns the scale of a range takes, ticks included. */
export function scaleWidth({ low, high }: ValueRange, rows: number, label: Plot["label"]): number {
  const step = niceStep((high - low) / Math.max(1, rows / 2));
  return 2 + Math.max(...[low, high].map((value) => textWidth(label(value, step / 10))));
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function draw(canvas: BrailleCanvas, { columns, style, isDotted = false }: PlotLine, plot: Plot): void {
  const { window, range } = plot;
  const { width, height } = canvas;
  /** The dots of the column that is being drawn, and where the line leaves it. */
  let [x, top, bottom, y] = [-1, 0, 0, 0];
  for (const { time, last, low, high } of columns) {
    const next = Math.floor(across(time, window, width));
    if (next < 0 || next >= width) continue;
    if (isDotted) {
      if (next % 2 === 0 && next !== x) {
        const dot = dotOf(last, range, height);
        canvas.column(next, dot, dot, style);
      }
      x = next;
      continue;
    }
    const [highest, lowest] = [dotOf(high, range, height), dotOf(low, range, height)];
    if (next === x) {
      top = Math.min(top, highest);
      bottom = Math.max(bottom, lowest);
    } else {
      if (x >= 0) canvas.column(x, top, bottom, style);
      // The last value holds until the next trade.
      for (let held = x + 1; x >= 0 && held < next; held++) canvas.column(held, y, y, style);
      top = x < 0 ? highest : Math.min(y, highest);
      bottom = x < 0 ? lowest : Math.max(y, lowest);
      x = next;
    }
    y = dotOf(last, range, height);
  }
  if (x >= 0 && !isDotted) canvas.column(x, top, bottom, style);
}

/** The distance of a time from the left edge, in dots. */
function across(time: number, { from, to }: TimeWindow, width: number): number {
  return (time - from) / (to - from) * width;
}

/** The dot of a value, counted from the top. */
function dotOf(value: number, { low, high }: ValueRange, height: number): number {
  return Math.round((high - value) / (high - low) * (height - 1));
}

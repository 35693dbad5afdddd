/** What all charts look like: axes, labels, colours, and the marks of fills. */
import uPlot from "uplot";
import type { Mark } from "./page_data.ts";
import { momentText } from "./times.ts";

/** A chart narrower than this gets fewer labels and less height, pixels. */
const NARROW = 600;
/** On a narrow screen no chart is higher than this. */
const NARROW_HEIGHT = 260;
/** The least space between two labels of an axis, pixels. */
const LABEL_SPACE = { times: 110, narrowTimes: 64, values: 26 };
/** If more marks than this are in view, they are drawn translucent, so that the price is visible. */
const MANY_MARKS = 1_000;
const LEAST_AXIS_WIDTH = 56;
const CHARACTER_WIDTH = 7.5;
/** The share of the height that is kept free, so that marks are not cut off. */
const MARGIN = 0.08;
/** The range of the axis for a drawdown or volatility that is always 0. */
const NO_SIZE = 0.01;

/** The height of a chart in an element of this width, pixels; `height` is the height of a wide chart. */
export function heightIn(width: number, height: number): number {
  return width < NARROW ? Math.min(height, NARROW_HEIGHT) : height;
}

/** The axes of a chart in an element of this width, pixels; `text` shows a value. */
export function axesIn(
  width: number,
  valuesWidth: number,
  text: (value: number) => string,
): [times: uPlot.Axis, values: uPlot.Axis] {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  return [
    {
      ...axis,
      space: width < NARROW ? LABEL_SPACE.narrowTimes : LABEL_SPACE.times,
      values: (_, splits) => timeLabels(splits),
    },
    {
      ...axis,
      space: LABEL_SPACE.values,
      size: valuesWidth,
      values: (_, splits) => splits.map((value) => text(value)),
    },
  ];
}

/** The width that the longest label of these amounts needs, pixels. */
export function valuesWidth(amounts: Iterable<number>): number {
  let longest = 0;
  for (const amount of amounts) longest = Math.max(longest, amountText(amount).length);
  return Math.max(LEAST_AXIS_WIDTH, longest * CHARACTER_WIDTH + 18);
}

/** Limits drawing to the area of the lines, until the canvas is restored. */
export function clipToLines({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

/** Draws fills as triangles: a purchase below its price, a sale above it. */
export function drawFills(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx } = plot;
  // Thousands of marks side by side would hide the price.
  const size = (marks.length > 400 ? 2.5 : marks.length > 100 ? 4 : 5.5) * devicePixelRatio;
  if (marks.length > MANY_MARKS) ctx.globalAlpha = 0.35;
  for (const [isBuy, name] of [[true, "--buy"], [false, "--sell"]] as const) {
    ctx.fillStyle = colour(name);
    ctx.beginPath();
    for (const mark of marks) {
      if (mark.isBuy !== isBuy) continue;
      const x = plot.valToPos(mark.time, "x", true);
      const y = plot.valToPos(mark.price, "y", true);
      const direction = isBuy ? 1 : -1;
      ctx.moveTo(x, y + direction * size * 0.4);
      ctx.lineTo(x - size, y + direction * size * 2);
      ctx.lineTo(x + size, y + direction * size * 2);
    }
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** Labels of an axis of times: the day where it changes, and as much of the time of day as distinguishes them. */
function timeLabels(splits: readonly number[]): string[] {
  const step = splits.length > 1 ? splits[1]! - splits[0]! : 60;
  // As many decimals as distinguish two labels. A step slightly above 0.1 counts as 0.1.
  const places = Math.ceil(-Math.log10(step) - 1e-3);
  let day = "";
  return splits.map((split) => {
    const [date, time] = momentText(split).split(" ") as [string, string];
    const isNewDay = date !== day;
    day = date;
    if (step >= 86_400) return date;
    const fraction = step < 1 ? (split % 1).toFixed(places).slice(1) : "";
    const clock = step < 60 ? time + fraction : time.slice(0, "23:59".length);
    return isNewDay ? `${clock}\n${date}` : clock;
  });
}

/** A name such as `shortAverage` in words. */
export function words(name: string): string {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Moves equal times apart by a hundredth of a millisecond, because uPlot's join keeps only one value for each time. */
export function distinct(times: readonly number[]): number[] {
  let last = -Infinity;
  return times.map((time) => last = time > last ? time : last + 1e-5);
}

/** The ends of the axis for values from `low` to `high`. That of a drawdown ends at 0. */
export function padded(low: number, high: number, isDrawdown: boolean): [number, number] {
  if (isDrawdown) return [low < 0 ? low * (1 + MARGIN) : -NO_SIZE, 0];
  if (low === 0 && high === 0) return [0, NO_SIZE];
  const room = (high - low) * MARGIN || Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}

/** A colour of the page's style, for the light or the dark theme, whichever is shown. */
export function colour(name: string): string {
  const body = document.body.style;
  body.setProperty("outline-color", `var(${name})`);
  const resolved = getComputedStyle(document.body).outlineColor;
  body.removeProperty("outline-color");
  return resolved;
}

/** An amount for a label, with as many digits as distinguish amounts. */
export function amountText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return value.toExponential(3);
  if (size >= 1) return value.toLocaleString("en", { maximumFractionDigits: 2 });
  return String(Number(value.toPrecision(4)));
}

/** A fraction in per cent for a label. */
export function percentText(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}

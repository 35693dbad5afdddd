/** The three charts of the report on one time axis: equity, drawdown and price. */
import uPlot from "uplot";
import type { Line, Run, Trip } from "./page_data.ts";
import {
  amountText,
  axesIn,
  clipToLines,
  colour,
  distinct,
  drawFills,
  heightIn,
  padded,
  percentText,
  valuesWidth,
  words,
} from "./plots.ts";
import { axisDate, momentText, onZone } from "./times.ts";

/** A span of time, seconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The part of a chart's width in which it draws, pixels from the left edge of the chart. */
export interface Area {
  readonly left: number;
  readonly width: number;
}

const HEIGHTS = { equity: 260, drawdown: 120, price: 340, volatility: 140 };
/** The width that fits on A4 or letter paper, pixels. */
const PAPER_WIDTH = 700;
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.2;
/** The least time that the charts of a run cover, seconds. */
const LEAST_SECONDS = 1;

/** The charts, and what is shown of them. */
export class Charts {
  readonly #run: Run;
  readonly #plots: uPlot[] = [];
  readonly #whole: Span;
  #span: Span;
  #selected: Trip | null = null;
  readonly #onTrip: (trip: Trip) => void;
  readonly #onSpan: (span: Span, area: Area) => void;
  /** The same for all charts, so that their time axes are aligned. */
  readonly #axisWidth: number;

  /**
   * Draws the run into the page. `onTrip` is called with a round trip when the reader clicks it, and `onSpan` with the
   * span and the area that are shown whenever either changes. Once `signal` is aborted, the charts no longer follow
   * changes.
   */
  constructor(
    run: Run,
    onTrip: (trip: Trip) => void,
    onSpan: (span: Span, area: Area) => void,
    signal: AbortSignal,
  ) {
    this.#run = run;
    this.#onTrip = onTrip;
    this.#onSpan = onSpan;
    this.#axisWidth = valuesWidth(
      [run.price, run.equity].flatMap(({ values }) => values.filter((_, at) => at % 50 === 0)),
    );
    this.#whole = this.#span = { from: run.from, to: Math.max(run.to, run.from + LEAST_SECONDS) };
    this.#build();
    onZone(() => this.#rebuild(), signal);
    for (const query of ["(prefers-color-scheme: dark)", "print"]) {
      matchMedia(query).addEventListener("change", () => this.#rebuild(), { signal });
    }
    addEventListener("beforeprint", () => this.#resize(PAPER_WIDTH), { signal });
    addEventListener("afterprint", () => this.#resize(), { signal });
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(document.getElementById("chart-price")!);
    signal.addEventListener("abort", () => observer.disconnect());
    for (const chart of document.querySelectorAll(".chart")) {
      chart.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent));
    }
  }

  /** Draws everything again, in the current colours. */
  redraw(): void {
    this.#rebuild();
  }

  /** Shows the whole run. */
  reset(): void {
    this.show(this.#whole);
  }

  /** Shows a span of time on all charts. */
  show({ from, to }: Span): void {
    const least = Math.max((this.#whole.to - this.#whole.from) / 1e5, 0.05);
    const width = Math.min(Math.max(to - from, least), this.#whole.to - this.#whole.from || 1);
    const start = Math.min(
      Math.max(from, this.#whole.from),
      Math.max(this.#whole.from, this.#whole.to - width),
    );
    this.#span = { from: start, to: start + width };
    for (const plot of this.#plots) plot.setScale("x", { min: this.#span.from, max: this.#span.to });
    document.getElementById("span")!.textContent = `${momentText(this.#span.from)} to ${
      momentText(this.#span.to)
    }`;
  }

  /** Marks a round trip and moves it into view; null marks none. */
  select(trip: Trip | null): void {
    this.#selected = trip;
    if (trip !== null) {
      const room = Math.max((trip.exit - trip.entry) * 2, (this.#whole.to - this.#whole.from) / 200);
      this.show({ from: trip.entry - room, to: trip.exit + room });
    }
    for (const plot of this.#plots) plot.redraw(false);
  }

  #build(): void {
    const run = this.#run;
    const held = heldLines(run);
    const onPrice = run.averages.filter((line) => line.name !== "close" && isOnPrice(line, run.price));
    this.#plots.push(
      this.#plot("chart-equity", HEIGHTS.equity, joined([run.equity, ...held]), [
        { label: "Equity", stroke: colour("--equity"), width: 1.5 },
        ...held.map(({ name }, at) => ({
          label: name,
          stroke: colour(at === 0 ? "--hold" : "--hold-same"),
          width: 1,
          dash: at === 0 ? [] : [4, 3],
        })),
      ], amountText),
      this.#plot("chart-drawdown", HEIGHTS.drawdown, joined([negative(run.drawdown)]), [
        { label: "Drawdown", stroke: colour("--loss"), fill: colour("--loss-fill"), width: 1 },
      ], percentText),
      this.#plot(
        "chart-price",
        HEIGHTS.price,
        joined([run.price, ...onPrice]),
        [
          { label: "Price", stroke: colour("--price"), width: 1 },
          ...onPrice.map(({ name }, at) => ({
            label: words(name),
            stroke: colour(`--average-${at % 3}`),
            width: 1.2,
          })),
        ],
        amountText,
        (plot) => this.#drawMarks(plot),
      ),
    );
    const others = run.averages.filter((line) => line.name !== "close" && !isOnPrice(line, run.price));
    document.getElementById("figure-values")!.hidden = others.length === 0;
    if (others.length > 0) {
      this.#plots.push(
        this.#plot(
          "chart-values",
          HEIGHTS.volatility,
          joined(others),
          others.map(({ name }, at) => ({
            label: words(name),
            stroke: colour(`--average-${at % 3}`),
            width: 1.2,
          })),
          amountText,
        ),
      );
    }
    if (run.volatility !== null) {
      this.#plots.push(
        this.#plot("chart-volatility", HEIGHTS.volatility, joined([run.volatility]), [
          { label: "Volatility", stroke: colour("--average-2"), width: 1.2 },
        ], percentText),
      );
    }
    this.show(this.#span);
  }

  #rebuild(): void {
    for (const plot of this.#plots.splice(0)) plot.destroy();
    this.#build();
  }

  #resize(most = Infinity): void {
    for (const plot of this.#plots) {
      const width = Math.min(plot.root.parentElement!.clientWidth, most);
      if (width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }

  #reportSpan(plot: uPlot): void {
    if (plot !== this.#plots[0]) return;
    const { offsetLeft, offsetWidth } = plot.over;
    this.#onSpan(this.#span, { left: offsetLeft, width: offsetWidth });
  }

  #plot(
    id: string,
    height: number,
    data: uPlot.AlignedData,
    series: uPlot.Series[],
    text: (value: number) => string,
    draw?: (plot: uPlot) => void,
  ): uPlot {
    const element = document.getElementById(id)!;
    const width = element.clientWidth;
    return new uPlot(
      {
        width,
        height: heightIn(width, height),
        tzDate: axisDate,
        legend: { live: true, markers: { width: 2 } },
        cursor: { sync: { key: "penstock", setSeries: false }, drag: { x: true, y: false, setScale: false } },
        scales: { y: { range: (_, low, high) => padded(low, high, id === "chart-drawdown") } },
        axes: axesIn(width, this.#axisWidth, text),
        series: [
          // Without a cursor, the legend has the last values.
          { label: "Time", value: (plot, time) => momentText(time ?? plot.data[0].at(-1) ?? NaN) },
          ...series.map((line) => ({
            ...line,
            // A journal knows the price only at its events, so these points are marked. A line with a single point
            // would be invisible without a mark.
            points: this.#run.isAtEvents
              ? { size: 4 }
              : { show: ({ data }: uPlot) => data[0].length === 1, size: 6 },
            spanGaps: true,
            value: (plot: uPlot, value: number | null, series: number, at: number | null) => {
              const shown = at === null
                ? Array.from(plot.data[series]!).findLast((one) => one !== null)
                : value;
              return shown == null ? "–" : text(shown);
            },
          })),
        ],
        hooks: {
          setSelect: [(plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.show({ from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") });
          }],
          // The layout of the plot is known only here.
          draw: [(plot) => this.#reportSpan(plot), ...(draw === undefined ? [] : [draw])],
          ready: [(plot) => {
            plot.over.addEventListener("dblclick", () => this.reset());
            plot.over.addEventListener("wheel", (event) => this.#wheel(plot, event), { passive: false });
            if (id === "chart-price") plot.over.addEventListener("click", () => this.#click(plot));
          }],
        },
      },
      data,
      element,
    );
  }

  /** Fills as triangles, and the selected round trip as a line between two circles. */
  #drawMarks(plot: uPlot): void {
    const { ctx } = plot;
    ctx.save();
    clipToLines(plot);
    const { from, to } = this.#span;
    drawFills(plot, this.#run.marks.filter(({ time }) => time >= from && time <= to));
    if (this.#selected !== null) this.#drawTrip(plot, this.#selected, devicePixelRatio);
    ctx.restore();
  }

  #drawTrip(plot: uPlot, { entry, exit, entryPrice, exitPrice }: Trip, scale: number): void {
    const { ctx } = plot;
    const ends = [[entry, entryPrice], [exit, exitPrice]].map(([time, price]) =>
      [plot.valToPos(time!, "x", true), plot.valToPos(price!, "y", true)] as const
    );
    ctx.strokeStyle = ctx.fillStyle = colour("--selected");
    ctx.lineWidth = 2 * scale;
    ctx.beginPath();
    for (const [at, [x, y]] of ends.entries()) {
      if (at === 0) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    }
    ctx.stroke();
    for (const [x, y] of ends) {
      ctx.beginPath();
      ctx.arc(x, y, 4 * scale, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /** Selects the round trip whose entry or exit is nearest to the cursor, if one is near. */
  #click(plot: uPlot): void {
    const { left, top } = plot.cursor;
    if (left === undefined || top === undefined || left < 0) return;
    let nearest: Trip | null = null;
    let least = 24;
    for (const trip of this.#run.trips) {
      for (const [time, price] of [[trip.entry, trip.entryPrice], [trip.exit, trip.exitPrice]] as const) {
        const distance = Math.hypot(plot.valToPos(time, "x") - left, plot.valToPos(price, "y") - top);
        if (distance < least) {
          least = distance;
          nearest = trip;
        }
      }
    }
    if (nearest === null) return;
    this.#selected = nearest;
    for (const each of this.#plots) each.redraw(false);
    this.#onTrip(nearest);
  }

  #wheel(plot: uPlot, event: WheelEvent): void {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    this.#zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, plot.posToVal(plot.cursor.left ?? 0, "x"));
  }

  #key(event: KeyboardEvent): void {
    const { from, to } = this.#span;
    const step = (to - from) * PAN_STEP;
    const middle = (from + to) / 2;
    switch (event.key) {
      case "+":
      case "=":
        this.#zoom(ZOOM_STEP, middle);
        break;
      case "-":
        this.#zoom(1 / ZOOM_STEP, middle);
        break;
      case "ArrowLeft":
        this.show({ from: from - step, to: to - step });
        break;
      case "ArrowRight":
        this.show({ from: from + step, to: to + step });
        break;
      case "0":
      case "Home":
        this.reset();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #zoom(factor: number, around: number): void {
    const { from, to } = this.#span;
    this.show({ from: around - (around - from) * factor, to: around + (to - around) * factor });
  }
}

/** What the cash would be worth if all of it, or the same share of it, had been invested from the first trade on. */
function heldLines({ price, cash, exposure, isAtEvents }: Run): Line[] {
  const first = price.values[0];
  // The first price of a journal is that of a signal, long after the run's first trade.
  if (first === undefined || isAtEvents) return [];
  const line = (name: string, share: number): Line => ({
    name,
    times: price.times,
    values: price.values.map((value) => cash * (1 + share * (value / first - 1))),
  });
  return [
    line("Buy and hold", 1),
    ...(exposure === null ? [] : [line("Buy and hold, same exposure", exposure)]),
  ];
}

/** Whether a line's values are prices, as those of averages and bands are. */
function isOnPrice({ values }: Line, price: Line): boolean {
  const [low, high] = [least(price.values), -least(price.values.map((value) => -value))];
  return values.every((value) => value >= low / 2 && value <= high * 2);
}

function least(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Infinity);
}

function negative(line: Line): Line {
  return { ...line, values: line.values.map((value) => -value) };
}

/** The lines in uPlot's format: one column of times, and null where a line has no point. */
function joined(lines: readonly Line[]): uPlot.AlignedData {
  return uPlot.join(lines.map(({ times, values }) => [distinct(times), [...values]] as uPlot.AlignedData));
}

/** The charts of a live run: price with averages and fills, equity, drawdown, on one time axis. */
import uPlot from "uplot";
import { byId, made, show } from "./elements.ts";
import type { FollowedRun } from "./followed_run.ts";
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
import type { RunStatus } from "../src/domain/run/run_status.ts";
import { type Incident, INCIDENT_LETTERS } from "../src/views/report/page_format.ts";
import { axisDate, momentText, onZone } from "./times.ts";

/** What is shown: a number of seconds up to now, all that is kept, or a span of time that the reader chose. */
export type Shown =
  | { readonly kind: "last"; readonly seconds: number }
  | { readonly kind: "all" }
  | { readonly kind: "span"; readonly from: number; readonly to: number };

const HEIGHTS = { price: 320, equity: 150, drawdown: 110 };
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.2;
/** The shortest span that a reader can zoom to, and the shortest span for a whole run, seconds. */
const LEAST_SECONDS = 1;
const LEAST_WHOLE_SECONDS = 60;

/** Each of these events is drawn as a line across the price chart, with a letter. */
const CROSSING: ReadonlySet<string> = new Set(["halt", "released", "disconnected", "gap", "reset"]);
/** Letters that are closer to each other than this cannot be read, pixels. */
const LETTER_WIDTH = 12;

/** The charts of one run at a time. */
export class LiveCharts {
  #run: FollowedRun | null = null;
  /** The cost of a unit of the position, and the drawdown that halts the run; null for none. */
  #levels: { readonly cost: number | null; readonly limit: number | null } = { cost: null, limit: null };
  readonly #plots: uPlot[] = [];
  #shown: Shown = { kind: "all" };
  /** Everything but the data that decides how the charts are built. */
  #built = "";
  /** The same for all charts, so that their time axes are aligned. */
  #axisWidth = 0;
  readonly #onShown: (shown: Shown) => void;

  /** `onShown` is called whenever something else is shown. */
  constructor(onShown: (shown: Shown) => void) {
    this.#onShown = onShown;
    const { signal } = new AbortController();
    onZone(() => this.redraw(), signal);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(document.getElementById("chart-price")!);
    for (const chart of document.querySelectorAll<HTMLElement>(".chart")) {
      chart.addEventListener("keydown", (event) => this.#key(event));
    }
  }

  /** Draws what the run has now. */
  draw(run: FollowedRun, { averageCost }: RunStatus): void {
    const limit = run.last.drawdownLimit;
    this.#levels = {
      cost: averageCost === null ? null : Number(averageCost),
      limit: limit === null ? null : -Number(limit),
    };
    const columns = columnsOf(run);
    if (run !== this.#run) this.#axisWidth = 0;
    this.#axisWidth = Math.max(this.#axisWidth, valuesWidth(amountsOf(run)));
    const built = [run.journal, run.values.join(), this.#axisWidth].join("\n");
    if (built !== this.#built) this.#clear();
    this.#run = run;
    if (columns.times.length === 0) return;
    if (this.#plots.length === 0) {
      this.#build(run, columns);
      this.#built = built;
    } else {
      const sets = dataOf(columns);
      for (const [at, plot] of this.#plots.entries()) plot.setData(sets[at]!, false);
    }
    this.#place();
  }

  /** Draws everything again, in the current colours and time zone. */
  redraw(): void {
    this.#clear();
    const status = this.#run?.statusAt(Date.now()) ?? null;
    if (this.#run !== null && status !== null) this.draw(this.#run, status);
  }

  /** Shows something else. */
  show(shown: Shown): void {
    this.#shown = shown;
    this.#place();
    this.#onShown(shown);
  }

  #clear(): void {
    for (const plot of this.#plots.splice(0)) plot.destroy();
    this.#built = "";
  }

  /** The whole span of the points, seconds since 1970. */
  get #whole(): { readonly from: number; readonly to: number } {
    const points = this.#run?.points ?? [];
    const [from, to] = [(points[0]?.[0] ?? 0) / 1000, (points.at(-1)?.[0] ?? 0) / 1000];
    return { from, to: Math.max(to, from + LEAST_WHOLE_SECONDS) };
  }

  /** The time that is shown now. */
  get #span(): { readonly from: number; readonly to: number } {
    const { from, to } = this.#whole;
    const shown = this.#shown;
    if (shown.kind === "span") return shown;
    return { from: shown.kind === "all" ? from : Math.max(from, to - shown.seconds), to };
  }

  #place(): void {
    const { from, to } = this.#span;
    for (const plot of this.#plots) {
      plot.setScale("x", { min: from, max: Math.max(to, from + LEAST_SECONDS) });
      showLegend(plot);
    }
  }

  #build(run: FollowedRun, columns: Columns): void {
    const sets = dataOf(columns);
    this.#plots.push(
      this.#plot(
        "price",
        sets[0]!,
        [
          { label: "Price", stroke: colour("--price"), width: 1.2 },
          ...run.values.map((name, at) => ({
            label: words(name),
            stroke: colour(`--average-${at % 3}`),
            width: 1.2,
          })),
        ],
        amountText,
        (drawn) => this.#drawMarks(drawn),
      ),
      this.#plot(
        "equity",
        sets[1]!,
        [{ label: "Equity", stroke: colour("--equity"), width: 1.5 }],
        amountText,
      ),
      this.#plot(
        "drawdown",
        sets[2]!,
        [
          { label: "Drawdown", stroke: colour("--loss"), fill: colour("--loss-fill"), width: 1 },
        ],
        percentText,
        (drawn) => drawLevel(drawn, this.#levels.limit, "--loss"),
      ),
    );
  }

  #plot(
    name: keyof typeof HEIGHTS,
    data: uPlot.AlignedData,
    series: uPlot.Series[],
    text: (value: number) => string,
    draw: (plot: uPlot) => void = () => {},
  ): uPlot {
    const element = document.getElementById(`chart-${name}`)!;
    const width = element.clientWidth;
    return new uPlot(
      {
        width,
        height: heightIn(width, HEIGHTS[name]),
        tzDate: axisDate,
        legend: { show: false },
        cursor: { sync: { key: "penstock", setSeries: false }, drag: { x: true, y: false, setScale: false } },
        scales: {
          x: { auto: false },
          y: { range: (_, low, high) => padded(low, high, name === "drawdown") },
        },
        axes: this.#axes(name, width, text),
        series: [
          { label: "Time", value: (_, time) => time === null ? "–" : momentText(time) },
          ...series.map((line) => ({
            ...line,
            // A line needs two points.
            points: { show: ({ data }: uPlot) => data[0].length === 1, size: 6 },
            spanGaps: true,
            value: (_: uPlot, value: number | null) => value === null ? "–" : text(value),
          })),
        ],
        hooks: {
          draw: [draw],
          setCursor: [showLegend],
          setSelect: [(plot) => {
            const { left, width: selected } = plot.select;
            if (selected < 4) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.#showSpan(plot.posToVal(left, "x"), plot.posToVal(left + selected, "x"));
          }],
          ready: [(plot) => {
            plot.over.addEventListener("dblclick", () => this.show({ kind: "all" }));
          }],
        },
      },
      data,
      element,
    );
  }

  /** Only the lowest chart has labels on its time axis. */
  #axes(name: keyof typeof HEIGHTS, width: number, text: (value: number) => string): uPlot.Axis[] {
    const [times, values] = axesIn(width, this.#axisWidth, text);
    return [
      name === "drawdown" ? times : { ...times, size: 4, values: () => [], ticks: { show: false } },
      values,
    ];
  }

  #drawMarks(plot: uPlot): void {
    const run = this.#run;
    if (run === null) return;
    const { from, to } = this.#span;
    plot.ctx.save();
    clipToLines(plot);
    drawLevel(plot, this.#levels.cost, "--hold-same");
    let last = -Infinity;
    for (const { type, time } of run.log.rows) {
      const seconds = Date.parse(time) / 1000;
      if (!CROSSING.has(type) || seconds < from || seconds > to) continue;
      const x = plot.valToPos(seconds, "x");
      const hasRoom = Math.abs(x - last) >= LETTER_WIDTH;
      drawEvent(plot, seconds, INCIDENT_LETTERS[type as Incident["kind"]], hasRoom);
      if (hasRoom) last = x;
    }
    drawFills(plot, run.marks.filter(({ time }) => time >= from && time <= to));
    plot.ctx.restore();
  }

  #resize(): void {
    for (const plot of this.#plots) {
      const { clientWidth: width } = plot.root.parentElement!;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }

  #showSpan(from: number, to: number): void {
    const whole = this.#whole;
    const width = Math.max(to - from, LEAST_SECONDS);
    if (width >= whole.to - whole.from) return this.show({ kind: "all" });
    const start = Math.min(Math.max(from, whole.from), whole.to - width);
    this.show({ kind: "span", from: start, to: start + width });
  }

  #key(event: KeyboardEvent): void {
    const { from, to } = this.#span;
    const width = to - from;
    const zoomed = (factor: number): void => {
      const middle = (from + to) / 2;
      this.#showSpan(middle - width * factor / 2, middle + width * factor / 2);
    };
    const moves: Record<string, () => void> = {
      "+": () => zoomed(ZOOM_STEP),
      "=": () => zoomed(ZOOM_STEP),
      "-": () => zoomed(1 / ZOOM_STEP),
      "ArrowLeft": () => this.#showSpan(from - width * PAN_STEP, to - width * PAN_STEP),
      "ArrowRight": () => this.#showSpan(from + width * PAN_STEP, to + width * PAN_STEP),
      "0": () => this.show({ kind: "all" }),
      "Home": () => this.show({ kind: "all" }),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    moves[event.key]!();
  }
}

/** Shows the values at the cursor above a chart, or the last values if there is no cursor. */
function showLegend(plot: uPlot): void {
  const place = byId(`${plot.root.parentElement!.id.replace("chart-", "")}-values`);
  const idx = plot.cursor.idx ?? null;
  // The last row is a point, at which every value is known.
  const at = idx ?? plot.data[0].length - 1;
  const texts = plot.series.map(({ label, value }, series) => {
    if (series === 0) return idx === null ? "" : momentText(plot.data[0][at]!);
    const shown = (value as (plot: uPlot, value: number | null) => string)(
      plot,
      plot.data[series]![at] ?? null,
    );
    return series === 1 ? shown : `${label} ${shown}`;
  });
  // The time comes last, so that the values do not move.
  const [time, ...values] = texts;
  while (place.childElementCount > texts.length) place.lastElementChild!.remove();
  for (const [series, text] of [...values, time!].entries()) {
    const item = place.children[series] as HTMLElement ?? place.appendChild(made("span"));
    show(item, text);
    const stroke = plot.series[series + 1]?.stroke;
    item.style.setProperty("--key", typeof stroke === "function" ? String(stroke(plot, series + 1)) : "");
  }
}

/** Draws a dashed line across a chart at a value; none for null. */
function drawLevel(plot: uPlot, value: number | null, name: string): void {
  if (value === null) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(value, "y", true);
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colour(name);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** Draws a line down a chart at a time, with a letter at its upper end if it has room. */
function drawEvent(plot: uPlot, seconds: number, letter: string, hasRoom: boolean): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(seconds, "x", true));
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour(letter === "H" || letter === "D" ? "--loss" : "--muted");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `bold ${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  if (hasRoom) ctx.fillText(letter, x + 3 * devicePixelRatio, bbox.top);
  ctx.restore();
}

/** What is known of a run, in uPlot's format, times in seconds; null where a value is unknown. */
interface Columns {
  readonly times: number[];
  readonly price: number[];
  readonly values: (number | null)[][];
  readonly equity: (number | null)[];
  readonly drawdown: (number | null)[];
}

/**
 * The points of a run, and between them the moments of its entries, so that the price line passes through its fills.
 */
function columnsOf({ points, moments, values }: FollowedRun): Columns {
  const from = points[0]?.[0] ?? Infinity;
  const until = points.at(-1)?.[0] ?? -Infinity;
  const rows: (readonly [number, number, number | null, number | null, ...(number | null)[]])[] = [
    ...points,
    ...moments.filter(({ time }) => time > from && time < until).map(({ time, price, equity }) =>
      [time, price, equity, null] as const
    ),
  ].sort(([a], [b]) => a - b);
  return {
    times: distinct(rows.map(([time]) => time / 1000)),
    price: rows.map((row) => row[1]),
    values: values.map((_, at) => rows.map((row) => row[4 + at] ?? null)),
    equity: rows.map((row) => row[2]),
    drawdown: rows.map((row) => row[3] === null ? null : -row[3]),
  };
}

function dataOf({ times, price, values, equity, drawdown }: Columns): uPlot.AlignedData[] {
  return [[times, price, ...values], [times, equity], [times, drawdown]];
}

/** A few of the amounts that an axis may have to show. */
function* amountsOf({ points }: FollowedRun): Iterable<number> {
  const step = Math.max(1, Math.floor(points.length / 50));
  for (let at = 0; at < points.length; at += step) yield* [points[at]![1], points[at]![2]];
}

/** Draws a live run on the whole screen: a pure function of the run's state and the screen's size. */
import type { LogLine } from "../picture.ts";
import { ACROSS } from "./braille_canvas.ts";
import {
  accountRow,
  fallRow,
  fillRow,
  headRow,
  legendRow,
  logRow,
  titleRow,
  VALUE_STYLES,
} from "./chart_rows.ts";
import type { ChartFigures } from "./chart_figures.ts";
import { type ChartHistory, type Incident, SPANS, timeOf } from "./chart_history.ts";
import {
  plainLabel,
  type Plot,
  type PlotLine,
  type PlotMark,
  plotRows,
  rangeOf,
  roomy,
  scaleWidth,
  type ValueRange,
  windowOf,
} from "./line_plot.ts";
import { cutRow, type Row, type ScreenSize, type Style } from "../terminal/styled_rows.ts";
import { timeScale } from "./time_scale.ts";

/** The smallest screen that has room for everything. */
export const LEAST_SIZE: ScreenSize = { columns: 80, rows: 24 };

/** What is on the screen. */
export interface ChartState {
  /** Null until the state of the run is known. */
  readonly figures: ChartFigures | null;
  readonly history: ChartHistory;
  /** The index in SPANS of the length of time shown. */
  readonly span: number;
  /** The lines of the log, oldest first. */
  readonly log: readonly LogLine[];
  /** The last row: the keys, or a question. */
  readonly footer: Row;
}

const INCIDENT_MARKS: Readonly<Record<Incident["kind"], Pick<PlotMark, "text"> & { readonly style: Style }>> =
  {
    lost: { text: "○", style: "yellow" },
    gap: { text: "×", style: "yellow" },
    halt: { text: "■", style: "red" },
    released: { text: "□", style: "green" },
  };

/** How many rows each part takes. */
interface Layout {
  readonly price: number;
  readonly equity: number;
  readonly fills: number;
  readonly log: number;
  /** Whether there are lines with titles between the parts. */
  readonly hasTitles: boolean;
}

/** The rows of head, legend, times, drawdown, account and footer. */
const SINGLE_ROWS = 6;
const TITLES = 3;
/** A screen of this many rows has room for titles. */
const TITLED_ROWS = 30;

function layoutOf(rows: number): Layout {
  const hasTitles = rows >= TITLED_ROWS;
  const room = rows - SINGLE_ROWS - (hasTitles ? TITLES : 0);
  const fills = Math.max(3, Math.floor(room * 0.15));
  const log = Math.max(4, Math.floor(room * 0.22));
  const equity = Math.max(3, Math.floor(room * 0.18));
  return { price: Math.max(1, room - fills - log - equity), equity, fills, log, hasTitles };
}

/** The rows of the screen: exactly as many as the screen has, none of them wider. */
export function chartScreen(state: ChartState, { columns, rows }: ScreenSize): Row[] {
  const { figures, history, log, footer } = state;
  const layout = layoutOf(rows);
  const title = (text: string): Row[] => layout.hasTitles ? [titleRow(text, columns)] : [];
  const fills = history.fills.slice(-layout.fills).toReversed();
  const all = [
    figures === null ? [] : headRow(figures, columns),
    figures === null ? [] : legendRow(figures, SPANS[state.span]!, columns),
    ...plots(state, layout, columns, title("equity")),
    figures === null ? [] : fallRow(figures.fall, columns),
    figures === null ? [] : accountRow(figures, columns),
    ...title("fills"),
    ...filled(
      fills.length === 0
        ? [[{ text: "no fills yet", style: "faint" }]]
        : fills.map((fill) => fillRow(fill, figures?.base ?? "")),
      layout.fills,
    ),
    ...title("log"),
    ...filled(log.slice(-layout.log).map(logRow), layout.log),
  ];
  return [...filled(all, rows - 1), footer].map((row) => cutRow(row, columns));
}

/** The first `count` rows, with blank rows added if there are fewer. */
function filled(rows: readonly Row[], count: number): Row[] {
  return Array.from({ length: count }, (_, at) => rows[at] ?? []);
}

/** Price, times and equity. */
function plots(
  { figures, history, span }: ChartState,
  { price: priceRows, equity: equityRows }: Layout,
  columns: number,
  title: readonly Row[],
): Row[] {
  const seen = history.range;
  if (seen === null) {
    const waiting: Row = [{ text: "waiting for trades", style: "faint" }];
    return filled([[], waiting], priceRows + equityRows + 1 + title.length);
  }
  const { price, equity, values } = history.lines(span);
  const priceLine = { columns: price.columns() };
  const valueLines = [...values].flatMap(([name, series], at): PlotLine[] => {
    const line = { columns: series.columns(), style: VALUE_STYLES[at]!, isDotted: true };
    return name === "close" ? [] : [line];
  });
  const equityLine: PlotLine = { columns: equity.columns() };
  // The number of dots depends on the scale's width, which depends only a little on the values shown.
  const whole = { from: seen.to - SPANS[span]! * 2, to: Infinity };
  const seenPrices = rangeOf([priceLine], EVERYWHERE);
  const prices = [priceLine, ...valueLines.filter((line) => isOnPrice(line, seenPrices))];
  const guessed = [rangeOf(prices, whole), rangeOf([equityLine], whole)];
  const scale = Math.max(
    2,
    ...guessed.map((range, at) =>
      range === null ? 0 : scaleWidth(roomy(range), at === 0 ? priceRows : equityRows, plainLabel)
    ),
  );
  const dots = Math.max(1, columns - scale) * ACROSS;
  const window = windowOf(SPANS[span]!, seen, dots);
  const plot = (lines: readonly PlotLine[], rows: number, more: Partial<Plot>): Row[] => {
    const range = rangeOf(lines, window);
    if (range === null) return filled([], rows);
    return plotRows({ columns, rows, window, range: roomy(range), lines, label: plainLabel, scale, ...more });
  };
  return [
    ...plot(prices, priceRows, { marks: marksOf(history), current: Number(figures?.price ?? NaN) }),
    [{ text: timeScale(window, columns - scale), style: "faint" }],
    ...title,
    ...plot([equityLine], equityRows, { current: Number(figures?.equity ?? NaN) }),
  ];
}

const EVERYWHERE = { from: -Infinity, to: Infinity };

/** Whether a line's values are prices, as those of averages and bands are. */
function isOnPrice(line: PlotLine, prices: ValueRange | null): boolean {
  const own = rangeOf([line], EVERYWHERE);
  return own !== null && prices !== null && own.low >= prices.low / 2 && own.high <= prices.high * 2;
}

function marksOf({ fills, incidents }: ChartHistory): PlotMark[] {
  return [
    ...incidents.map(({ time, kind }): PlotMark => ({ time, value: null, ...INCIDENT_MARKS[kind] })),
    ...fills.map((fill): PlotMark => {
      const isBuy = fill.side === "buy";
      const look = { text: isBuy ? "▲" : "▼", style: isBuy ? "green" : "red" } as const;
      return { time: timeOf(fill), value: Number(fill.price), ...look };
    }),
  ];
}

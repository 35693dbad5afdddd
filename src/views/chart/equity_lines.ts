/** Equity and drawdown of a backtest as lines of Braille, for the end of its table. */
import type { CurvePoint } from "../../domain/performance/equity_curve.ts";
import { unsignedPercent } from "../terminal/figures.ts";
import { type Row, rowText } from "../terminal/styled_rows.ts";
import {
  plainLabel,
  type Plot,
  type PlotLine,
  plotRows,
  roomy,
  scaleWidth,
  type ValueRange,
} from "./line_plot.ts";
import type { Column } from "./span_series.ts";
import { timeScale } from "./time_scale.ts";

const EQUITY_ROWS = 6;
const DRAWDOWN_ROWS = 3;
/** Wider lines are harder to read together with a table. */
const MOST_COLUMNS = 100;
/** In fewer columns than this, a plot would show nothing. */
const LEAST_COLUMNS = 40;

/** The figures that the lines are drawn from. */
export interface EquityPicture {
  /** In order of time. */
  readonly points: readonly CurvePoint[];
  /** A fraction of the peak, as the table shows it. */
  readonly maxDrawdown: string;
  readonly quote: string;
}

/**
 * Both lines over one time scale, in whole lines of text, at most `columns` wide. They point out the equity at the end
 * and the largest drawdown. Empty if there are fewer than two points, or no room.
 */
export function equityLines(picture: EquityPicture, columns: number, colours: boolean): string {
  const { points, maxDrawdown, quote } = picture;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || first.time === last.time || columns < LEAST_COLUMNS) {
    return "";
  }
  const window = { from: first.time, to: last.time + 1 };
  const width = Math.min(columns, MOST_COLUMNS) - 2;
  const equity = points.map(({ time, equity }) => column(time, equity));
  let peak = -Infinity;
  const falls = points.map(({ time, equity }) => {
    peak = Math.max(peak, equity);
    return column(time, -(peak - equity) / peak);
  });
  const equityRange = roomy(rangeOfColumns(equity));
  const deepest = Math.min(rangeOfColumns(falls).low, -Number(maxDrawdown));
  const fallRange = { low: deepest === 0 ? -0.001 : deepest, high: 0 };
  const percentLabel = (value: number): string => unsignedPercent(value.toFixed(8));
  const scale = Math.max(
    scaleWidth(equityRange, EQUITY_ROWS, plainLabel),
    scaleWidth(fallRange, DRAWDOWN_ROWS, percentLabel),
  );
  const plot = (line: PlotLine, rows: number, part: Pick<Plot, "range" | "label" | "current">): Row[] =>
    plotRows({ columns: width, rows, window, lines: [line], scale, ...part }).map(indented);
  const rows: Row[] = [
    [{ text: `Equity, ${quote}` }],
    ...plot({ columns: equity, style: "cyan" }, EQUITY_ROWS, {
      range: equityRange,
      label: plainLabel,
      current: last.equity,
    }),
    [{ text: "Drawdown" }],
    ...plot({ columns: falls, style: "red" }, DRAWDOWN_ROWS, {
      range: fallRange,
      label: percentLabel,
      current: -Number(maxDrawdown),
    }),
    indented([{ text: timeScale(window, width - scale), style: "faint" }]),
  ];
  return rows.map((row) => `${rowText(row, colours).trimEnd()}\n`).join("");
}

function column(time: number, value: number): Column {
  return { time, first: value, last: value, low: value, high: value };
}

function indented(row: Row): Row {
  return [{ text: "  " }, ...row];
}

function rangeOfColumns(columns: readonly Column[]): ValueRange {
  return columns.reduce(
    ({ low, high }, column) => ({ low: Math.min(low, column.low), high: Math.max(high, column.high) }),
    { low: Infinity, high: -Infinity },
  );
}

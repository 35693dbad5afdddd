/** Draws the lines of a report more coarsely, so that several reports fit into one page. */
import { lineAt } from "./page_cuts.ts";
import type { PackedLine } from "./page_format.ts";
import type { RunReport } from "./run_report.ts";

/** The first, lowest, highest and last point of each part of a line are kept. */
const POINTS_OF_A_PART = 4;

/** The report with lines of at most about `most` points each, which look the same in that many pixels. */
export function withCoarseLines(report: RunReport, most: number): RunReport {
  const { data } = report;
  const coarse = (line: PackedLine): PackedLine => coarser(line, most);
  return {
    ...report,
    data: {
      ...data,
      price: coarse(data.price),
      equity: coarse(data.equity),
      drawdown: coarse(data.drawdown),
      averages: data.averages.map(coarse),
      volatility: data.volatility === null ? null : coarse(data.volatility),
    },
  };
}

function coarser(line: PackedLine, most: number): PackedLine {
  if (line.times.length <= most) return line;
  let sum = 0;
  const values = line.values.map((difference) => sum += difference);
  return lineAt(line, drawnPlaces(values, most));
}

/** The places of about `most` of a line's values, in order. A line through these looks the same in that many pixels. */
export function drawnPlaces(values: readonly number[], most: number): number[] {
  const { length } = values;
  const size = Math.max(1, Math.ceil(length / most * POINTS_OF_A_PART));
  const kept = new Set<number>();
  for (let from = 0; from < length; from += size) {
    const to = Math.min(length, from + size);
    let [least, greatest] = [from, from];
    for (let at = from; at < to; at++) {
      if (values[at]! < values[least]!) least = at;
      if (values[at]! > values[greatest]!) greatest = at;
    }
    for (const at of [from, least, greatest, to - 1]) kept.add(at);
  }
  return [...kept].sort((one, other) => one - other);
}

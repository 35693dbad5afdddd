/** Cuts what a page draws until the page is small enough. What a reader misses least is cut first. */
import type { PackedLine, PackedNumbers, PackedTrips, PageData } from "./page_format.ts";
import type { RunReport } from "./run_report.ts";

/** The most bytes that a page may have. */
export const MOST_BYTES = 350_000;

/** The cuts, made one after another until the page is small enough. */
const CUTS: readonly ((report: RunReport) => RunReport)[] = [
  trips(1_500),
  incidents(1_000),
  trips(600),
  lines(2),
  marks(2),
  incidents(250),
  trips(150),
  lines(4),
  marks(4),
  incidents(50),
  lines(8),
  marks(8),
  trips(0),
  lines(Infinity),
  marks(Infinity),
];

/**
 * Makes the page of a report with ever fewer of its parts, and returns the first that is small enough, otherwise the
 * smallest.
 */
export async function fitting(
  report: RunReport,
  pageOf: (report: RunReport) => Promise<string>,
  most = MOST_BYTES,
): Promise<string> {
  let page = await pageOf(report);
  let cutReport = report;
  for (const cut of CUTS) {
    if (bytesOf(page) <= most) break;
    const smaller = cut(cutReport);
    if (smaller === cutReport) continue;
    cutReport = smaller;
    page = await pageOf(cutReport);
  }
  return page;
}

/** Keeps the last, the best and the worst round trips, at most `most` in all. */
function trips(most: number): (report: RunReport) => RunReport {
  return (report) => {
    const { trips } = report.data;
    const count = trips.numbers.length;
    if (count <= most) return report;
    const third = Math.floor(most / 3);
    const last = range(count - third, count);
    const others = range(0, count - third).sort((one, other) =>
      Number(trips.profits[one]) - Number(trips.profits[other]) || one - other
    );
    const kept = [...others.slice(0, third), ...others.slice(others.length - third), ...last];
    return withData(report, { trips: tripsAt(trips, kept.sort((one, other) => one - other)) });
  };
}

/** Keeps at most `most` incidents, in the order of their times. Refusals are dropped first. */
function incidents(most: number): (report: RunReport) => RunReport {
  return (report) => {
    const all = report.data.incidents;
    if (all.length <= most) return report;
    const [refusals, others] = [all.filter(isRefusal), all.filter((incident) => !isRefusal(incident))];
    const kept = new Set([...others, ...refusals].slice(0, most));
    return {
      ...withData(report, { incidents: all.filter((incident) => kept.has(incident)) }),
      moreIncidents: report.moreIncidents + all.length - kept.size,
    };
  };
}

/** Keeps one in `every` points of the strategy's values and of the volatility. */
function lines(every: number): (report: RunReport) => RunReport {
  return (report) => {
    const { averages, volatility } = report.data;
    if (averages.length === 0 && volatility === null) return report;
    return withData(report, {
      averages: averages.map((line) => thinned(line, every)),
      volatility: volatility === null ? null : thinned(volatility, every),
    });
  };
}

/** Merges up to `every` consecutive marks of one side into one. */
function marks(every: number): (report: RunReport) => RunReport {
  return (report) => {
    const { times, prices, buys, counts } = report.data.fills;
    if (times.length <= 2) return report;
    const kept: number[] = [];
    const sums: number[] = [];
    // For each side, the place of its last mark among the kept marks, and how many marks that one stands for.
    const open = [{ at: -1, taken: Infinity }, { at: -1, taken: Infinity }];
    for (const [at, buy] of buys.entries()) {
      const last = open[buy === 1 ? 1 : 0]!;
      if (last.taken < every) {
        last.taken++;
        sums[last.at]! += counts[at]!;
        continue;
      }
      last.at = kept.push(at) - 1;
      last.taken = 1;
      sums.push(counts[at]!);
    }
    const fills = {
      times: differencesAt(times, kept),
      prices: numbersAt(prices, kept),
      buys: at(buys, kept),
      counts: sums,
    };
    return { ...withData(report, { fills }), hasAllFills: false };
  };
}

function withData(report: RunReport, changed: Partial<PageData>): RunReport {
  return { ...report, data: { ...report.data, ...changed } };
}

function tripsAt(trips: PackedTrips, kept: readonly number[]): PackedTrips {
  const { best, worst } = trips;
  return {
    numbers: differencesAt(trips.numbers, kept),
    entries: differencesAt(trips.entries, kept),
    held: at(trips.held, kept),
    entryPrices: numbersAt(trips.entryPrices, kept),
    exitPrices: numbersAt(trips.exitPrices, kept),
    // The report of a journal does not have them.
    best: best.values.length === 0 ? best : numbersAt(best, kept),
    worst: worst.values.length === 0 ? worst : numbersAt(worst, kept),
    quantities: at(trips.quantities, kept),
    costs: at(trips.costs, kept),
    fees: at(trips.fees, kept),
    profits: at(trips.profits, kept),
    cause: at(trips.cause, kept),
    causes: trips.causes,
  };
}

function thinned(line: PackedLine, every: number): PackedLine {
  const last = line.times.length - 1;
  const kept = range(0, line.times.length).filter((place) => place % every === 0 || place === last);
  return lineAt(line, kept);
}

/** A line through some of its points. */
export function lineAt(line: PackedLine, kept: readonly number[]): PackedLine {
  return { ...line, times: differencesAt(line.times, kept), values: differencesAt(line.values, kept) };
}

function numbersAt({ places, values }: PackedNumbers, kept: readonly number[]): PackedNumbers {
  return { places, values: differencesAt(values, kept) };
}

/** The numbers at some places of a list of differences, as differences again. */
function differencesAt(differences: readonly number[], kept: readonly number[]): number[] {
  let sum = 0;
  const numbers = differences.map((difference) => sum += difference);
  return kept.map((place, at) => numbers[place]! - (at === 0 ? 0 : numbers[kept[at - 1]!]!));
}

function at<Value>(column: readonly Value[], kept: readonly number[]): Value[] {
  return kept.map((place) => column[place]!);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place);
}

function isRefusal([kind]: PageData["incidents"][number]): boolean {
  return kind === "refusal";
}

/** How many bytes a text has as UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

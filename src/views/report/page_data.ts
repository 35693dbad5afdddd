/** Packs what the report's page draws, in the format of page_format.ts. */
import type { ChartData } from "../../domain/performance/chart_series.ts";
import type { FillMark } from "../../domain/performance/fill_marks.ts";
import type { Point } from "../../domain/performance/m4_columns.ts";
import type { Trip } from "../../domain/performance/trip_log.ts";
import type {
  Incident,
  PackedLine,
  PackedNumbers,
  PackedReport,
  PackedTrips,
  PageData,
} from "./page_format.ts";

/** More digits than this are not seen on any screen. */
const DIGITS = 7;
const MOST_PLACES = 8;

/** The drawn parts of a run. */
export interface Drawn {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly cash: number;
  readonly exposure: number | null;
  readonly chart: ChartData;
  readonly volatility: readonly Point[];
  readonly averages: readonly { readonly name: string; readonly points: readonly Point[] }[];
  readonly incidents: readonly Incident[];
}

/** The page's data for a run. */
export function pageData({ chart, volatility, averages, incidents, ...rest }: Drawn): PageData {
  const { price, equity, drawdown, fills, trips } = chart;
  return {
    ...rest,
    price: packedLine("price", price),
    equity: packedLine("equity", equity),
    drawdown: packedLine("drawdown", drawdown),
    volatility: volatility.length < 2 ? null : packedLine("volatility", volatility),
    averages: averages.map(({ name, points }) => packedLine(name, points)),
    fills: packedFills(fills),
    trips: packedTrips(trips.kept),
    tripCount: trips.count,
    incidents: incidents.map(({ kind, time, text }) => [kind, milliseconds(time), text]),
  };
}

/** What the page's script reads: deflated JSON in Base64. */
export async function encoded(data: PageData | PackedReport): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(data));
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(deflated).arrayBuffer()).toBase64();
}

function packedLine(name: string, points: readonly Point[]): PackedLine {
  const { places, values } = packedNumbers(points.map(({ value }) => value));
  return { name, places, times: differences(points.map(({ time }) => milliseconds(time))), values };
}

/** Numbers to seven significant digits of the largest. */
function packedNumbers(numbers: readonly number[]): PackedNumbers {
  const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const magnitude = largest === 0 ? 0 : Math.floor(Math.log10(largest)) + 1;
  const places = Math.min(MOST_PLACES, Math.max(0, DIGITS - magnitude));
  const factor = 10 ** places;
  return { places, values: differences(numbers.map((value) => Math.round(value * factor))) };
}

function packedFills(fills: readonly FillMark[]): PageData["fills"] {
  return {
    times: differences(fills.map(({ time }) => milliseconds(time))),
    prices: packedNumbers(fills.map(({ price }) => price)),
    buys: fills.map(({ side }) => side === "buy" ? 1 : 0),
    counts: fills.map(({ count }) => count),
  };
}

function packedTrips(trips: readonly Trip[]): PackedTrips {
  const causes = [...new Set(trips.map(({ cause }) => cause))];
  return {
    numbers: differences(trips.map(({ number }) => number)),
    entries: differences(trips.map(({ entryTime }) => milliseconds(entryTime))),
    held: trips.map(({ entryTime, exitTime }) => milliseconds(exitTime) - milliseconds(entryTime)),
    entryPrices: packedNumbers(trips.map(({ entryPrice }) => entryPrice)),
    exitPrices: packedNumbers(trips.map(({ exitPrice }) => exitPrice)),
    best: packedNumbers(trips.map(({ best }) => best)),
    worst: packedNumbers(trips.map(({ worst }) => worst)),
    quantities: trips.map(({ quantity }) => quantity),
    costs: trips.map(({ cost }) => cost),
    fees: trips.map(({ fees }) => fees),
    profits: trips.map(({ profit }) => profit),
    cause: trips.map(({ cause }) => causes.indexOf(cause)),
    causes,
  };
}

function differences(numbers: readonly number[]): number[] {
  return numbers.map((value, at) => at === 0 ? value : value - numbers[at - 1]!);
}

function milliseconds(time: number): number {
  return Math.round(time / 1000);
}

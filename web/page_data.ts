/** Reads the data in the page. */
import type { PackedLine, PackedNumbers, PackedTrips, PageData } from "../src/views/report/page_format.ts";

/** A line to draw: times in seconds since 1970, and values. */
export interface Line {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A mark to draw at a fill. */
export interface Mark {
  readonly time: number;
  readonly price: number;
  readonly isBuy: boolean;
  readonly count: number;
}

/** One round trip. Times in seconds since 1970; amounts are exact text unless they are numbers. */
export interface Trip {
  readonly number: number;
  readonly entry: number;
  readonly exit: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly quantity: string;
  readonly cost: string;
  readonly fees: string;
  readonly profit: string;
  readonly best: number;
  readonly worst: number;
  readonly cause: string;
}

/** Something that happened at a time, seconds since 1970. */
export interface Incident {
  readonly kind: PageData["incidents"][number][0];
  readonly time: number;
  readonly text: string;
}

/** The run, ready to draw. */
export interface Run {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly cash: number;
  readonly exposure: number | null;
  readonly price: Line;
  readonly equity: Line;
  readonly drawdown: Line;
  readonly volatility: Line | null;
  readonly averages: readonly Line[];
  readonly marks: readonly Mark[];
  readonly trips: readonly Trip[];
  readonly tripCount: number;
  readonly incidents: readonly Incident[];
  /** The span of time to show, seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Whether prices are known only at events. */
  readonly isAtEvents: boolean;
}

/** The data in the element `id`. */
export async function decoded<Value>(id: string): Promise<Value> {
  const bytes = Uint8Array.from(
    atob(document.getElementById(id)!.textContent!.trim()),
    (c) => c.charCodeAt(0),
  );
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return await new Response(inflated).json() as Value;
}

/** The run, ready to draw. */
export function runOf(data: PageData): Run {
  const { symbol, base, quote, cash, exposure, tripCount } = data;
  const price = lineOf(data.price);
  const [from, to] = data.atEvents?.map((time) => time / 1000) ??
    [price.times[0] ?? 0, price.times.at(-1) ?? 1];
  return {
    ...{ symbol, base, quote, cash, exposure, tripCount, price, from: from!, to: to! },
    isAtEvents: data.atEvents !== undefined,
    equity: lineOf(data.equity),
    drawdown: lineOf(data.drawdown),
    volatility: data.volatility === null ? null : lineOf(data.volatility),
    averages: data.averages.map(lineOf),
    marks: marksOf(data.fills),
    trips: tripsOf(data.trips),
    incidents: data.incidents.map(([kind, time, text]) => ({ kind, time: time / 1000, text })),
  };
}

function lineOf({ name, places, times, values }: PackedLine): Line {
  return { name, times: secondsOf(times), values: numbersOf({ places, values }) };
}

function marksOf({ times, prices, buys, counts }: PageData["fills"]): Mark[] {
  const at = secondsOf(times);
  const price = numbersOf(prices);
  return at.map((time, i) => ({ time, price: price[i]!, isBuy: buys[i] === 1, count: counts[i]! }));
}

function tripsOf(packed: PackedTrips): Trip[] {
  const numbers = sums(packed.numbers);
  const entries = secondsOf(packed.entries);
  const entryPrices = numbersOf(packed.entryPrices);
  const exitPrices = numbersOf(packed.exitPrices);
  const best = numbersOf(packed.best);
  const worst = numbersOf(packed.worst);
  return numbers.map((number, i) => ({
    number,
    entry: entries[i]!,
    exit: entries[i]! + packed.held[i]! / 1000,
    entryPrice: entryPrices[i]!,
    exitPrice: exitPrices[i]!,
    quantity: packed.quantities[i]!,
    cost: packed.costs[i]!,
    fees: packed.fees[i]!,
    profit: packed.profits[i]!,
    best: best[i]!,
    worst: worst[i]!,
    cause: packed.causes[packed.cause[i]!]!,
  }));
}

function numbersOf({ places, values }: PackedNumbers): number[] {
  const factor = 10 ** places;
  return sums(values).map((value) => value / factor);
}

function secondsOf(times: readonly number[]): number[] {
  return sums(times).map((time) => time / 1000);
}

function sums(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => sum += difference);
}

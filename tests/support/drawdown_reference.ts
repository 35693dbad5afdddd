/**
 * A naive reference for drawdowns: every point of the equity in a list, every amount exact. Shares no code
 * with `src`.
 */
import { Exact } from "./exact.ts";

/** Equity as it was at a trade, or after a fill at it; time in µs. */
export interface EquityPoint {
  readonly time: number;
  readonly equity: Exact;
}

/** A fall and its end: peak and amount exact, times of trades in µs. */
export interface ReferencePeriod {
  readonly peak: Exact;
  readonly amount: Exact;
  /** The last point at the peak. */
  readonly from: number;
  /** All points as deep as the deepest, in order of time. */
  readonly troughs: readonly number[];
  /** The first point back at the peak or above; null if there was none. */
  readonly recovered: number | null;
}

/** Every period below a peak, in order of time. The peak starts at `start`. */
export function periodsOf(start: Exact, points: readonly EquityPoint[]): ReferencePeriod[] {
  const periods: ReferencePeriod[] = [];
  let open = null as ReferencePeriod | null;
  let peak = start;
  let from = NaN;
  for (const { time, equity } of points) {
    const amount = peak.minus(equity);
    if (amount.units <= 0n) {
      if (open !== null) periods.push({ ...open, recovered: time });
      open = null;
      peak = equity;
      from = time;
    } else if (open === null || amount.compare(open.amount) > 0) {
      open = { peak, amount, from, troughs: [time], recovered: null };
    } else if (amount.compare(open.amount) === 0) {
      open = { ...open, troughs: [...open.troughs, time] };
    }
  }
  return open === null ? periods : [...periods, open];
}

/** Above zero if `one` is the deeper fraction of its peak, below zero if `other` is, else zero. */
export function compareDepths(one: ReferencePeriod, other: ReferencePeriod): number {
  return one.amount.times(other.peak).compare(other.amount.times(one.peak));
}

/** The deepest period, and the first of equally deep ones; null if there is none. */
export function deepestOf(periods: readonly ReferencePeriod[]): ReferencePeriod | null {
  let deepest: ReferencePeriod | null = null;
  for (const period of periods) {
    if (deepest === null || compareDepths(period, deepest) > 0) deepest = period;
  }
  return deepest;
}

/** The longest period up to `now`, µs; null when there is none. */
export function longestOf(periods: readonly ReferencePeriod[], now: number): number | null {
  return periods.length === 0
    ? null
    : Math.max(...periods.map(({ from, recovered }) => (recovered ?? now) - from));
}

/** A period as it is reported, its amounts as decimal text. */
export interface PlainPeriod {
  readonly peak: string;
  readonly amount: string;
  readonly from: number;
  readonly to: number;
  readonly recovered: number | null;
}

/**
 * Whether `found` is that period. If equity was at its lowest several times, any of them may be the trough.
 */
export function isPeriod(
  found: PlainPeriod,
  { peak, amount, from, troughs, recovered }: ReferencePeriod,
): boolean {
  return found.peak === peak.toString() && found.amount === amount.toString() && found.from === from &&
    troughs.includes(found.to) && found.recovered === recovered;
}

/**
 * What is wrong with `found` as the `most` deepest of `periods`, deepest first, or null. Periods of equal
 * depth may be in any order, and any of them may be left out for lack of room.
 */
export function wrongInDeepest(
  found: readonly PlainPeriod[],
  periods: readonly ReferencePeriod[],
  most: number,
): string | null {
  const expected = [...periods].sort((one, other) => compareDepths(other, one)).slice(0, most);
  if (found.length !== expected.length) return `${found.length} periods: expected ${expected.length}`;
  const left = [...periods];
  for (const [at, one] of found.entries()) {
    const place = left.findIndex((period) => isPeriod(one, period));
    if (place < 0) return `number ${at} is not a period: ${JSON.stringify(one)}`;
    const [period] = left.splice(place, 1);
    if (compareDepths(period!, expected[at]!) !== 0) {
      return `number ${at} is out of order: ${JSON.stringify(one)}`;
    }
  }
  return null;
}

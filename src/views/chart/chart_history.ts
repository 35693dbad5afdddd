/** What a chart remembers of a live run: lines over several lengths of time, the last fills, and incidents. */
import type { FillEvent, PenstockEvent } from "../../domain/run/event.ts";
import { SpanSeries } from "./span_series.ts";

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;

/** The lengths of time that a chart can show, µs. */
export const SPANS: readonly number[] = [
  ...[1, 2, 5, 10, 30].map((minutes) => minutes * MINUTE),
  ...[1, 3, 6, 12, 24, 72, 168].map((hours) => hours * HOUR),
];
/** The longest span that is chosen by default. */
const LONGEST_USUAL = HOUR;

/** More fills than a wide terminal has columns would cover each other. */
const MOST_FILLS = 256;
const MOST_INCIDENTS = 64;
/** The most values of a strategy that are drawn. */
const MOST_LINES = 4;

/** Something that happened at one moment. */
export interface Incident {
  /** µs since 1970. */
  readonly time: number;
  readonly kind: "lost" | "gap" | "halt" | "released";
}

/** The lines over one length of time. */
export interface SpanLines {
  readonly price: SpanSeries;
  readonly equity: SpanSeries;
  /** The strategy's values by name. */
  readonly values: ReadonlyMap<string, SpanSeries>;
}

/** The state of a run at one moment. */
export interface Sample {
  /** The last trade's time, µs since 1970. */
  readonly time: number;
  readonly price: number;
  readonly equity: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Collects what a chart shows, in bounded memory. */
export class ChartHistory {
  readonly #spans = SPANS.map((span) => ({
    price: new SpanSeries(span),
    equity: new SpanSeries(span),
    values: new Map<string, SpanSeries>(),
  }));
  readonly #fills: FillEvent[] = [];
  readonly #incidents: Incident[] = [];
  #firstTime: number | null = null;
  #lastTime = 0;

  /** Adds the state at one moment. */
  sample({ time, price, equity, values }: Sample): void {
    this.#firstTime ??= time;
    this.#lastTime = Math.max(this.#lastTime, time);
    for (const [at, lines] of this.#spans.entries()) {
      lines.price.add(time, price);
      lines.equity.add(time, equity);
      for (const [name, value] of Object.entries(values)) {
        let series = lines.values.get(name);
        if (series === undefined) {
          if (lines.values.size === MOST_LINES) continue;
          lines.values.set(name, series = new SpanSeries(SPANS[at]!));
        }
        series.add(time, value);
      }
    }
  }

  /** Adds an event. */
  event(event: PenstockEvent): void {
    switch (event.type) {
      case "fill":
        keep(this.#fills, event, MOST_FILLS);
        break;
      case "gap":
      case "halt":
      case "released":
      case "disconnected": {
        // An incident is drawn where the line stops: an event that no trade caused has this machine's time, which may
        // differ from the market's.
        const kind = event.type === "disconnected" ? "lost" : event.type;
        keep(this.#incidents, { kind, time: this.#lastTime }, MOST_INCIDENTS);
        break;
      }
    }
  }

  /** The last fills, oldest first. */
  get fills(): readonly FillEvent[] {
    return this.#fills;
  }

  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** The time of the first and of the last trade seen, µs since 1970; null before the first. */
  get range(): { readonly from: number; readonly to: number } | null {
    return this.#firstTime === null ? null : { from: this.#firstTime, to: this.#lastTime };
  }

  /** The index in SPANS of the shortest span that covers everything so far, at most an hour. */
  get usualSpan(): number {
    const { from, to } = this.range ?? { from: 0, to: 0 };
    const covered = SPANS.findIndex((span) => span >= to - from);
    const longest = SPANS.indexOf(LONGEST_USUAL);
    return covered === -1 ? longest : Math.min(covered, longest);
  }

  /** The lines over a span, by its index in SPANS. */
  lines(span: number): SpanLines {
    return this.#spans[span]!;
  }
}

/** When an event happened, µs since 1970. */
export function timeOf({ time }: { readonly time: string }): number {
  return Date.parse(time) * 1000;
}

function keep<T>(all: T[], one: T, most: number): void {
  if (all.length === most) all.shift();
  all.push(one);
}

/**
 * The metrics of the watched runs, for Prometheus. A process that only reads knows the totals of the journal's last
 * run, which start again with a new run, and the heartbeat that the run writes every few seconds.
 */
import type { Side } from "../../domain/numbers/money.ts";
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { RunStatus } from "../../domain/run/run_status.ts";
import { timeIn } from "../../domain/numbers/time.ts";
import { expositionText, type Labels, type MetricFamily, type Sample } from "./exposition.ts";
import { LagHistogram } from "./lag_histogram.ts";

/** Penstock has few reasons, but a journal from elsewhere must not create a series for each of its own. */
const MOST_REASONS = 50;
const OTHER = "other";
const SIDES: readonly Side[] = ["buy", "sell"];

/** Counts of a run since its start. */
export interface Totals {
  readonly fills: Readonly<Record<Side, number>>;
  readonly refusals: ReadonlyMap<string, number>;
}

/** Every metric by name, with its type and help text. */
export const METRICS = {
  penstock_build_info: ["gauge", "The version of penstock watch; always 1."],
  penstock_trades_total: ["counter", "Trades that have gone through the averages."],
  penstock_fills_total: ["counter", "Fills of orders, by side."],
  penstock_refusals_total: ["counter", "Orders that the risk gate refused, by reason."],
  penstock_gaps_total: ["counter", "Jumps in the ids of trades."],
  penstock_equity: ["gauge", "Cash and the position at the last price, in quote currency."],
  penstock_drawdown_ratio: ["gauge", "How far equity is below the peak that the limit counts from, 0 to 1."],
  penstock_halted: ["gauge", "Whether trading is halted: 1 or 0."],
  penstock_last_trade_timestamp_seconds: ["gauge", "The last trade's own time, in seconds since 1970."],
  penstock_trade_lag_seconds: [
    "histogram",
    "Age of the last trade when it arrived, sampled at each heartbeat of the run since penstock watch started.",
  ],
} as const satisfies Readonly<Record<string, readonly [MetricFamily["type"], string]>>;

type MetricName = keyof typeof METRICS;

/** The counts for one journal. */
class Tally {
  readonly lag = new LagHistogram();
  status: RunStatus | null = null;
  drawdown: string | null = null;
  run = 0;
  /** Null until the totals of the run are known. */
  fills: Record<Side, number> | null = null;
  refusals = new Map<string, number>();
  heartbeat: { readonly time: number; readonly trades: number } | null = null;

  refuse(reason: string, count = 1): void {
    const name = this.refusals.has(reason) || this.refusals.size < MOST_REASONS ? reason : OTHER;
    this.refusals.set(name, (this.refusals.get(name) ?? 0) + count);
  }
}

/** The metrics of all journals. */
export class RunMetrics {
  readonly #version: string;
  readonly #tallies: readonly (Tally & { readonly journal: string })[];

  /** `version` is that of Penstock, and `journals` are paths. */
  constructor(version: string, journals: readonly string[]) {
    this.#version = version;
    this.#tallies = journals.map((journal) => Object.assign(new Tally(), { journal }));
  }

  /** Whether the next moment of this run of the journal with this index needs its totals first. */
  needsTotals(index: number, { status, isReplaced }: FollowedMoment): boolean {
    const { run, fills } = this.#tallies[index]!;
    return status !== null && (isReplaced || run !== status.run || fills === null);
  }

  /** Takes a moment. `totals`, if given, already include its events. */
  take(index: number, { status, figures, events }: FollowedMoment, totals: Totals | null): void {
    const tally = this.#tallies[index]!;
    tally.status = status;
    tally.drawdown = figures?.drawdown ?? null;
    if (totals !== null && status !== null) {
      tally.run = status.run;
      tally.fills = { ...totals.fills };
      tally.refusals = new Map();
      for (const [reason, count] of totals.refusals) tally.refuse(reason, count);
    } else {
      for (const { run, event } of events) {
        if (run !== tally.run || tally.fills === null) continue;
        if (event.type === "fill") tally.fills[event.side]++;
        if (event.type === "refusal") tally.refuse(event.reason);
      }
    }
    this.#observe(tally, figures?.heartbeat ?? null);
  }

  /** All metrics in Prometheus' format. */
  text(): string {
    return expositionText(this.#families());
  }

  /** A heartbeat repeats its last trade's lag until the next trade. */
  #observe(tally: Tally, heartbeat: NonNullable<FollowedMoment["figures"]>["heartbeat"]): void {
    if (heartbeat === null) return;
    const { time, trades, lagMs } = heartbeat;
    const before = tally.heartbeat;
    tally.heartbeat = { time, trades };
    if (lagMs === null || (before !== null && (time === before.time || trades === before.trades))) return;
    tally.lag.observe(lagMs / 1000);
  }

  #families(): MetricFamily[] {
    const each = (samplesOf: (tally: Tally, status: RunStatus, labels: Labels) => readonly Sample[]) =>
      this.#tallies.flatMap((tally) => {
        const { status, journal } = tally;
        return status === null ? [] : samplesOf(tally, status, { journal, symbol: status.symbol });
      });
    const one = (valueOf: (status: RunStatus, tally: Tally) => number | string | null) =>
      each((tally, status, labels) => {
        const value = valueOf(status, tally);
        return value === null ? [] : [{ labels, value }];
      });
    const samples: Record<MetricName, readonly Sample[]> = {
      penstock_build_info: [{ labels: { version: this.#version }, value: 1 }],
      penstock_trades_total: one(({ trades }) => trades),
      penstock_fills_total: each(({ fills }, _, labels) =>
        fills === null ? [] : SIDES.map((side) => ({ labels: { ...labels, side }, value: fills[side] }))
      ),
      penstock_refusals_total: each(({ refusals }, _, labels) =>
        [...refusals].map(([reason, value]) => ({ labels: { ...labels, reason }, value }))
      ),
      penstock_gaps_total: one(({ gaps }) => gaps),
      penstock_equity: one(({ equity }) => equity),
      penstock_drawdown_ratio: one((_, { drawdown }) => drawdown),
      penstock_halted: one(({ halted }) => Number(halted)),
      penstock_last_trade_timestamp_seconds: one(({ priceTime }) =>
        priceTime === null ? null : timeIn(priceTime)! / 1_000_000
      ),
      penstock_trade_lag_seconds: each(({ lag }, _, labels) => lag.samples(labels)),
    };
    return (Object.keys(METRICS) as MetricName[]).map((name) => {
      const [type, help] = METRICS[name];
      return { name, type, help, samples: samples[name] };
    });
  }
}

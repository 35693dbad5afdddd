/** The report of a run from its journal, which knows the run only at its events. */
import type { FillEvent, PenstockEvent, StartedEvent } from "../../domain/run/event.ts";
import { ChartSeries } from "../../domain/performance/chart_series.ts";
import { Money } from "../../domain/numbers/money.ts";
import { type RunStatus, stopText } from "../../domain/run/run_status.ts";
import type { Fill } from "../../domain/orders/fill.ts";
import { accountRows, processRows } from "../tables/status_table.ts";
import { counted, moment, span } from "../terminal/figures.ts";
import { IncidentLog } from "./incident_log.ts";
import { picturesOf } from "./pictures.ts";
import type { FactTable, RunReport } from "./run_report.ts";

const NOTHING = { places: 0, values: [] };

/** What the report needs in addition to the events. */
export interface JournalFacts {
  readonly status: RunStatus;
  /** The version of Penstock that started the run, and the options of that start. */
  readonly version: string;
  readonly options: StartedEvent["config"];
  readonly assumptions: readonly string[];
  /** Whether its trades came from files, so that their times are unrelated to the clock of its process. */
  readonly isBacktest: boolean;
  readonly entry: number;
  readonly hash: string;
}

/** Collects a report from the events of a run. */
export class JournalReport {
  readonly #chart: ChartSeries;
  readonly #cash: Money;
  readonly #incidents = new IncidentLog();
  readonly #refused = new Map<string, number>();
  /** The last signal: its trade, µs since 1970 and price. */
  #signal: { readonly tradeId: number; readonly price: number } | null = null;
  #first = Infinity;
  #last = -Infinity;

  /** The run started with `cash`, quote currency. */
  constructor(cash: Money) {
    this.#cash = cash;
    this.#chart = new ChartSeries(cash);
  }

  /** Adds the next event; `time` is in µs since 1970. */
  event(event: PenstockEvent, time: number): void {
    this.#incidents.event(event);
    if (event.type === "signal") {
      const price = Number(event.price);
      this.#signal = { tradeId: event.tradeId, price };
      this.#trade(time, price);
    } else if (event.type === "fill") {
      // A fill at the signal's own trade has its price; of any other trade only the fill's price is known.
      const price = this.#signal?.tradeId === event.tradeId ? this.#signal.price : Number(event.price);
      this.#trade(time, price);
      this.#chart.fill(fillIn(event), time, price);
    } else if (event.type === "refusal") {
      this.#refused.set(event.reason, (this.#refused.get(event.reason) ?? 0) + 1);
    }
    this.#extend(time);
  }

  /** The report, of a run whose last state is `status`. */
  report(facts: JournalFacts): RunReport {
    const { status, version, options, assumptions, isBacktest, entry, hash } = facts;
    const { price, priceTime } = status;
    if (price !== null && priceTime !== null) {
      this.#trade(Math.max(microseconds(priceTime), this.#last), Number(price));
      this.#extend(microseconds(priceTime));
    }
    if (!isBacktest) {
      this.#extend(microseconds(status.started));
      this.#extend(microseconds(status.stopped ?? status.lastHeartbeat));
    }
    const hasSpan = this.#first <= this.#last;
    const pictures = picturesOf({
      symbol: status.symbol,
      assets: status.assets ?? null,
      cash: this.#cash,
      exposure: null,
      chart: this.#chart.data(),
      volatility: [],
      averages: [],
      incidents: this.#incidents,
      refused: this.#refused,
      assumptions,
      dataDigest: null,
    });
    const [firstMs, lastMs] = hasSpan ? [this.#first / 1000, this.#last / 1000] : [0, 0];
    return {
      kind: "Run",
      summary: {
        trades: status.trades,
        firstTime: hasSpan ? new Date(firstMs).toISOString() : null,
        lastTime: hasSpan ? new Date(lastMs).toISOString() : null,
        fills: status.fills,
        refusals: status.refusals,
        position: status.position,
        equity: status.equity,
        fees: status.fees,
        halt: status.halt,
        maxDrawdown: null,
      },
      metrics: null,
      models: [],
      drawdowns: [],
      ...pictures,
      data: {
        ...pictures.data,
        // The best and worst prices of a trip between events are not known.
        trips: { ...pictures.data.trips, best: NOTHING, worst: NOTHING },
        atEvents: [Math.floor(firstMs), Math.ceil(lastMs)],
      },
      origin: {
        version,
        options,
        files: [],
        command: null,
        journal: { path: status.journal, entry, hash },
      },
      state: { sentence: sentenceOf(status, isBacktest), tables: tablesOf(status) },
    };
  }

  #trade(time: number, price: number): void {
    this.#chart.trade(time, price);
  }

  #extend(time: number): void {
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
  }
}

/** The state of the run in a sentence. */
function sentenceOf(status: RunStatus, isBacktest: boolean): string {
  const { state, stopped, stopReason, time, ageMs, trades } = status;
  const seen = counted(trades, "trade");
  if (isBacktest) return `It is a backtest of ${seen}, read from its journal.`;
  if (state === "running") return `It was running at ${moment(time)} UTC after ${seen}.`;
  if (state === "stopped") {
    return `It was stopped at ${moment(stopped)} UTC (${stopText(stopReason)}) after ${seen}.`;
  }
  return `Its process has sent no heartbeat for ${
    span(ageMs)
  }, after ${seen}: it was killed, failed or hangs.`;
}

/** The last state, as `penstock status` shows it. */
function tablesOf(status: RunStatus): FactTable[] {
  return [
    { heading: `Run ${status.run}, at ${moment(status.time)} UTC`, rows: processRows(status) },
    { heading: "Account", rows: accountRows(status).map(([label, value]) => [label, value.trim()] as const) },
  ];
}

function fillIn(
  { price, quantity, fee, cash, position, realized, time: _, type: __, ...rest }: FillEvent,
): Fill {
  return {
    ...rest,
    kind: "fill",
    price: new Money(price),
    quantity: new Money(quantity),
    fee: new Money(fee),
    cash: new Money(cash),
    position: new Money(position),
    realized: realized === undefined ? null : new Money(realized),
  };
}

function microseconds(iso: string): number {
  return Date.parse(iso) * 1000;
}

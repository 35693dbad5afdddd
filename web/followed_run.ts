/** What the page keeps of one run: only as much as it shows, however long it stays open. */
import type { LiveEntries, LivePoint, LiveRun } from "../src/views/page/live_message.ts";
import type { FillEvent } from "../src/domain/run/event.ts";
import type { RunStatus } from "../src/domain/run/run_status.ts";
import { statusLater } from "../src/domain/run/run_status.ts";
import { thinned } from "../src/views/page/thinned_points.ts";
import { EntryLog, type LogRow } from "./entry_log.ts";
import type { Mark } from "./page_data.ts";

/** More points than any screen has pixels. Beyond this number, they are thinned to three quarters of it. */
const MOST_POINTS = 6_000;
const MOST_MARKS = 1_000;

/** What an entry shows at its time: a price, and for a fill the equity after it. */
export interface Moment {
  /** ms since 1970. */
  readonly time: number;
  readonly price: number;
  readonly equity: number | null;
}

/** What the page knows of a journal's last run. */
export class FollowedRun {
  readonly journal: string;
  /** The last state that was received. */
  last: LiveRun;
  /** The last status that was received; null before the first. */
  #status: RunStatus | null = null;
  /** Oldest first. */
  points: LivePoint[] = [];
  /** The strategy's values that points have, by name. */
  values: readonly string[] = [];
  /** Marks for the fills among the entries received, oldest first. */
  readonly marks: Mark[] = [];
  /** What the signals and fills among them show between two points, oldest first. */
  readonly moments: Moment[] = [];
  readonly log = new EntryLog();
  /** Date.now() when the last status arrived. */
  #receivedAt = Date.now();
  /** The last signal. */
  #signal: { readonly tradeId: number; readonly price: number } | null = null;
  /** The highest entry received. */
  #seq = 0;

  constructor(run: LiveRun) {
    this.journal = run.journal;
    this.last = run;
  }

  /** Whether any entries have arrived. */
  get hasEntries(): boolean {
    return this.#seq > 0;
  }

  /**
   * The status as it is at `now` (ms since 1970), assuming that nothing was written since it arrived; null before the
   * first.
   */
  statusAt(now: number): RunStatus | null {
    const status = this.#status;
    return status === null ? null : statusLater(status, Math.max(0, now - this.#receivedAt));
  }

  /**
   * Takes a state. The first state of a connection has the whole history, of which the page may already know an older
   * part.
   */
  takeState(run: LiveRun, isFirst: boolean): void {
    const before = this.#status;
    const { status } = run;
    if (status !== null) {
      this.#status = status;
      this.#receivedAt = Date.now();
      // A journal only grows: one with fewer entries is a different journal, or an older copy.
      const isShorter = status.checked.to < this.#seq;
      const isOther = before !== null && before.started !== status.started;
      if (isShorter || isOther) this.#forgetRun();
      if (isShorter || (isOther && status.run <= before.run)) this.#forgetEntries();
    }
    // The last known state is shown until there is a new one.
    this.last = status === null && before !== null ? { ...this.last, problem: run.problem } : run;
    const names = Object.keys(run.averages);
    if (names.length > 0 && names.join() !== this.values.join()) {
      // Values under other names would be drawn as if they had the new names.
      this.points = this.points.map(([time, price, equity, drawdown]) => [time, price, equity, drawdown]);
      this.values = names;
    }
    this.#takePoints(run.points, isFirst);
  }

  /** Takes entries, and returns the rows of the log that are new. An entry that was received before is skipped. */
  takeEntries(entries: LiveEntries["entries"]): LogRow[] {
    const rows: LogRow[] = [];
    for (const entry of entries) {
      if (entry.seq <= this.#seq) continue;
      this.#seq = entry.seq;
      rows.push(...this.log.take(entry, this.#status?.assets ?? null));
      if (entry.type === "fill") this.#takeFill(entry);
      else if (entry.type === "signal") {
        this.#signal = { tradeId: entry.tradeId, price: Number(entry.price) };
        keep(this.moments, { time: Date.parse(entry.time), price: this.#signal.price, equity: null });
      }
    }
    rows.push(...this.log.settle(this.#status?.assets ?? null));
    return rows;
  }

  #takeFill({ time, price, side, tradeId, cash, position }: FillEvent): void {
    keep(this.marks, {
      time: Date.parse(time) / 1000,
      price: Number(price),
      isBuy: side === "buy",
      count: 1,
    });
    // A fill at the trade of its signal may differ from that trade's price, because of slippage.
    const traded = this.#signal?.tradeId === tradeId ? this.#signal.price : Number(price);
    keep(this.moments, {
      time: Date.parse(time),
      price: traded,
      equity: Number(cash) + Number(position) * traded,
    });
  }

  #takePoints(points: readonly LivePoint[], isHistory: boolean): void {
    const [first] = points;
    if (first === undefined) return;
    // A server that started after the page was opened has less history.
    if (isHistory) this.points = this.points.filter(([time]) => time < first[0]);
    let last = this.points.at(-1)?.[0] ?? -Infinity;
    for (const point of points) {
      if (point[0] < last) continue;
      if (point[0] === last) this.points.pop();
      this.points.push(point);
      last = point[0];
    }
    if (this.points.length <= MOST_POINTS) return;
    this.points = thinned(this.points, MOST_POINTS * 3 / 4).map((at) => this.points[at]!);
  }

  /** Called for a different run, whose account starts again. */
  #forgetRun(): void {
    this.points = [];
    this.marks.length = 0;
    this.moments.length = 0;
  }

  /** Called for a different journal at the same place, whose entries start again. */
  #forgetEntries(): void {
    this.log.clear();
    this.#seq = 0;
  }
}

/** Adds to a list that keeps the last of its values. */
function keep<Value>(list: Value[], value: Value): void {
  list.push(value);
  if (list.length > MOST_MARKS) list.shift();
}

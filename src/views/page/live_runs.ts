/** What the page shows about all journals, kept up to date by polling each of them. */
import type { FollowedEvent, FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { RunStatus } from "../../domain/run/run_status.ts";
import type { LivePoint, LiveRun, LiveState } from "./live_message.ts";
import { MOST_POINTS, PointHistory } from "./point_history.ts";

/** The most events kept of a journal, if there are few journals; older ones are read from it again. */
const MOST_EVENTS = 1_000;
/**
 * The most that is kept of all journals together, so that memory does not grow with their number; and the least of
 * each.
 */
const ALL = { events: 20_000, points: 80_000 } as const;
const LEAST = 100;

/** How many of something are kept of each of `journals`. */
function share(most: number, ofAll: number, journals: number): number {
  return Math.min(most, Math.max(LEAST, Math.floor(ofAll / journals)));
}

/** One journal. */
class Followed {
  readonly points: PointHistory;
  events: readonly FollowedEvent[] = [];
  /** The entry after which the kept events start. */
  start = 0;
  /** The number of the last entry that was read, whether it is an event or not. */
  seq = 0;
  run: Omit<LiveRun, "points">;
  /** The last state as text, without the fields that change only with time. */
  known = "";

  constructor(journal: string, name: string, mostPoints: number) {
    this.points = new PointHistory(mostPoints);
    const nothing = { averages: {}, drawdown: null, drawdownLimit: null };
    this.run = { journal, name, problem: "It has not been read yet.", status: null, ...nothing };
  }
}

/** All journals, in the order of the command line. */
export class LiveRuns {
  readonly #all: readonly Followed[];
  readonly #mostEvents: number;
  #version = 0;
  readonly #listeners = new Set<() => void>();

  /** Starts with these journals, each with its path and its name. */
  constructor(journals: readonly { readonly journal: string; readonly name: string }[]) {
    const { length } = journals;
    const mostPoints = share(MOST_POINTS, ALL.points, length);
    this.#mostEvents = share(MOST_EVENTS, ALL.events, length);
    this.#all = journals.map(({ journal, name }) => new Followed(journal, name, mostPoints));
  }

  /** Increases with every change. */
  get version(): number {
    return this.#version;
  }

  /** Calls `listener` with every change, until it is disposed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Takes the result of a poll of the journal with this index. */
  take(index: number, { status, figures, problem, events, place, isReplaced }: FollowedMoment): void {
    const followed = this.#all[index]!;
    const before = followed.run.status;
    const isFirst = followed.seq === 0 || isReplaced;
    if (isFirst) {
      followed.events = [];
      followed.start = (events[0]?.seq ?? (place?.seq ?? 0) + 1) - 1;
    }
    const isOther = isReplaced || (status !== null && before !== null && status.started !== before.started);
    if (isOther) followed.points.clear();
    followed.seq = place?.seq ?? followed.seq;
    followed.events = [...followed.events, ...events].slice(-this.#mostEvents);
    const { averages = {}, drawdown = null, drawdownLimit = null } = figures ?? {};
    const { journal, name } = followed.run;
    followed.run = { journal, name, problem, status, averages, drawdown, drawdownLimit };
    if (status !== null) addPoint(followed.points, status, followed.run);
    const known = knownOf(followed.run);
    if (events.length === 0 && known === followed.known) return;
    followed.known = known;
    this.#version++;
    for (const listener of [...this.#listeners]) listener();
  }

  /** The number of the last entry of each journal that was read. */
  get places(): readonly number[] {
    return this.#all.map(({ seq }) => seq);
  }

  /** The number of the last point of each journal. */
  get points(): readonly number[] {
    return this.#all.map(({ points }) => points.last);
  }

  /** The state, with the points of each journal after the one with this number. */
  state(after: readonly number[]): LiveState {
    return {
      runs: this.#all.map(({ run, points }, at) => ({ ...run, points: points.after(after[at] ?? 0) })),
    };
  }

  /** The entry of a journal after which every event is kept. */
  keptSince(index: number): number {
    const { events, seq, start } = this.#all[index]!;
    return events.length < this.#mostEvents ? start : events[0]?.seq ?? seq;
  }

  /** The kept events of a journal after the entry `seq`, and the last entry that was read. */
  eventsAfter(
    index: number,
    seq: number,
  ): { readonly events: readonly FollowedEvent[]; readonly last: number } {
    const { events, seq: last } = this.#all[index]!;
    let from = events.length;
    while (from > 0 && events[from - 1]!.seq > seq) from--;
    return { events: events.slice(from), last };
  }

  /** The entry after which the last `count` kept events of a journal come. */
  placeBefore(index: number, count: number): number {
    const { events, seq } = this.#all[index]!;
    const first = events.at(-count) ?? events[0];
    return first === undefined ? seq : first.seq - 1;
  }
}

function addPoint(
  points: PointHistory,
  { price, priceTime, equity }: RunStatus,
  { drawdown, averages }: Omit<LiveRun, "points">,
): void {
  if (price === null || priceTime === null) return;
  const values = Object.values(averages).map(Number);
  const point: LivePoint = [
    Date.parse(priceTime),
    Number(price),
    Number(equity),
    Number(drawdown ?? 0),
    ...values,
  ];
  points.add(point);
}

function knownOf({ status, ...others }: Omit<LiveRun, "points">): string {
  if (status === null) return JSON.stringify(others);
  // The page advances its clock by itself.
  const { time: _time, ageMs: _age, ...rest } = status;
  return JSON.stringify([others, rest]);
}

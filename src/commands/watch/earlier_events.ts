/** Reads events of a journal that are older than those kept in memory. */
import type { FollowedEvent, FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { EntryStore } from "../../stores/journal/entry_log.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { totalsOf } from "../../stores/journal/run_totals.ts";
import type { RunMetrics } from "../../views/metrics/run_metrics.ts";

/** The number of entries from before the start of `watch` that the page shows. */
const EARLIER = 1_000;

/** Where a journal is, and the store to read it from; by default that of its path. */
interface Journal {
  readonly path: string;
  readonly store?: EntryStore;
}

/** Some events, and the last entry that was read to find them. */
export interface EventPage {
  readonly events: readonly FollowedEvent[];
  readonly last: number;
}

/** Returns the events among the next thousand entries after `seq`; null if the journal cannot be read. */
export async function eventsAfter({ path, ...options }: Journal, seq: number): Promise<EventPage | null> {
  await using follower = await JournalFollower.open(path, { seq }, options);
  const { events, place, problem, isReplaced } = await follower.poll();
  return problem !== null || place === null || isReplaced ? null : { events, last: place.seq };
}

/**
 * Returns the moment for a page that has seen every entry up to `seen`. The first moment of a journal has no events
 * yet, so it gets the journal's latest ones.
 */
export async function withEarlier(
  journal: Journal,
  moment: FollowedMoment,
  seen: number,
): Promise<FollowedMoment> {
  const { place, events, isReplaced } = moment;
  if (place === null || events.length > 0 || (seen > 0 && !isReplaced)) return moment;
  const earlier = await eventsAfter(journal, Math.max(0, place.seq - EARLIER));
  return { ...moment, events: earlier?.events.filter(({ seq }) => seq <= place.seq) ?? [] };
}

/** Passes a moment to the metrics, with the totals of its run if they do not have them yet. */
export async function takeTotals(
  metrics: RunMetrics,
  index: number,
  { path, store }: Required<Journal>,
  moment: FollowedMoment,
): Promise<void> {
  const { status, place } = moment;
  const isNeeded = status !== null && place !== null && metrics.needsTotals(index, moment);
  metrics.take(index, moment, isNeeded ? await totalsOf(path, status.run, place.seq, store) : null);
}

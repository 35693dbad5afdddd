/** What a journal holds from before it was followed, or from before what is kept of it. */
import type { FollowedEvent, FollowedMoment } from "../../domain/run/followed_moment.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { totalsOf } from "../../stores/journal/run_totals.ts";
import type { RunMetrics } from "../../views/metrics/run_metrics.ts";

/** How many entries before its own start the page shows. */
const EARLIER = 1_000;

/** Some events, and the entry up to which there are no others. */
export interface EventPage {
  readonly events: readonly FollowedEvent[];
  readonly last: number;
}

/** The events among the next entries after `seq`, a thousand at most; null if the journal cannot be read. */
export async function eventsAfter(path: string, seq: number): Promise<EventPage | null> {
  await using follower = await JournalFollower.open(path, { seq });
  const { events, place, problem, isReplaced } = await follower.look();
  return problem !== null || place === null || isReplaced ? null : { events, last: place.seq };
}

/**
 * The same moment for a page that has everything up to the entry `seen`: the first one of a journal, whose own events lie
 * ahead, has the last ones before it.
 */
export async function withEarlier(
  path: string,
  moment: FollowedMoment,
  seen: number,
): Promise<FollowedMoment> {
  const { place, events, isReplaced } = moment;
  if (place === null || events.length > 0 || (seen > 0 && !isReplaced)) return moment;
  const earlier = await eventsAfter(path, Math.max(0, place.seq - EARLIER));
  return { ...moment, events: earlier?.events.filter(({ seq }) => seq <= place.seq) ?? [] };
}

/** Hands a moment to the metrics, with the totals of its run if they do not know them yet. */
export async function takeTotals(
  metrics: RunMetrics,
  index: number,
  path: string,
  moment: FollowedMoment,
): Promise<void> {
  const { status, place } = moment;
  const isNeeded = status !== null && place !== null && metrics.needsTotals(index, moment);
  metrics.take(index, moment, isNeeded ? await totalsOf(path, status.run, place.seq) : null);
}

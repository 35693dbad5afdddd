/**
 * The stream of server-sent events (WHATWG HTML, 9.2) for one browser. Each event is made once the browser has accepted
 * the previous one, so a slow browser gets fewer states but every entry, and takes no more memory than a fast one.
 */
import type { FollowedEvent } from "../../domain/run/followed_moment.ts";
import type { LiveEntry } from "./live_message.ts";
import type { LiveRuns } from "./live_runs.ts";

/** The least time between two states, and the idle time after which a comment keeps the connection alive, ms. */
export interface StreamTiming {
  readonly stateMs: number;
  readonly pingMs: number;
}

const TIMING: StreamTiming = { stateMs: 1_000, pingMs: 15_000 };
/** The most entries in one message, and on a first connection. */
const PAGE = 200;
const FIRST = 200;
/** A `Last-Event-ID`: the entry number of each journal. */
const ID = /^\d{1,15}(,\d{1,15}){0,999}$/;

/** The sources of a stream. */
export interface StreamSource {
  readonly runs: LiveRuns;
  /**
   * Reads the events among the next entries of a journal after the entry `seq` that are no longer kept, and returns the
   * last of these entries; null if the journal cannot be read now.
   */
  readonly older: (
    index: number,
    seq: number,
  ) => Promise<{ readonly events: readonly FollowedEvent[]; readonly last: number } | null>;
}

/** The messages for a browser that has everything up to `lastId`, or nothing yet, until `signal` is aborted. */
export async function* eventStream(
  { runs, older }: StreamSource,
  lastId: string | null,
  signal: AbortSignal,
  { stateMs, pingMs }: StreamTiming = TIMING,
): AsyncGenerator<Uint8Array> {
  const seen = startOf(runs, lastId);
  let points: readonly number[] = [];
  let version = -1;
  let sentAt = -Infinity;
  // The first bytes make a proxy start forwarding, and tell the browser how soon to reconnect.
  yield message("retry: 2000");
  while (!signal.aborted) {
    const now = performance.now();
    if (version !== runs.version && now - sentAt >= stateMs) {
      version = runs.version;
      sentAt = now;
      const state = runs.state(points);
      points = runs.points;
      yield event("state", state, seen);
    }
    for (let index = 0; index < seen.length && !signal.aborted; index++) {
      const end = runs.places[index]!;
      while (seen[index]! < end && !signal.aborted) {
        const isKept = seen[index]! >= runs.keptSince(index);
        const page = isKept ? runs.eventsAfter(index, seen[index]!) : await older(index, seen[index]!);
        // The next message tries again.
        if (page === null) break;
        for (let at = 0; at < page.events.length; at += PAGE) {
          const events = page.events.slice(at, at + PAGE);
          seen[index] = events.at(-1)!.seq;
          yield event("entries", { run: index, entries: events.map(entryOf) }, seen);
        }
        // Only checkpoints are left.
        seen[index] = page.last;
      }
    }
    if (signal.aborted) return;
    const isNews = version !== runs.version;
    const wait = isNews ? Math.max(0, stateMs - (performance.now() - sentAt)) : pingMs;
    const hasChanged = await changeWithin(isNews ? null : runs, wait, signal);
    if (!hasChanged && !isNews && !signal.aborted) yield message(": ping");
  }
}

/** The entries that the browser has, by journal. */
function startOf(runs: LiveRuns, lastId: string | null): number[] {
  const known = lastId !== null && ID.test(lastId) ? lastId.split(",").map(Number) : [];
  const places = runs.places;
  return places.map((end, index) => {
    const seq = known.length === places.length ? known[index]! : null;
    // A number beyond the journal's end belongs to another journal.
    return seq === null || seq > end ? runs.placeBefore(index, FIRST) : seq;
  });
}

/** Waits for a change of `runs` (if given), for `ms`, or for an abort. Returns whether there was a change. */
async function changeWithin(runs: LiveRuns | null, ms: number, signal: AbortSignal): Promise<boolean> {
  const end = Promise.withResolvers<boolean>();
  const onAbort = () => end.resolve(false);
  const timer = setTimeout(onAbort, ms);
  signal.addEventListener("abort", onAbort);
  using _listening = runs?.onChange(() => end.resolve(true));
  try {
    return await end.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function event(type: string, data: object, seen: readonly number[]): Uint8Array {
  return message(`event: ${type}\nid: ${seen.join(",")}\ndata: ${JSON.stringify(data)}`);
}

function entryOf({ seq, event }: FollowedEvent): LiveEntry {
  return { seq, ...event };
}

/** JSON text has no line breaks, so data cannot end a message early. */
function message(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\n\n`);
}

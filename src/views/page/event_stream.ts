/**
 * The stream of server-sent events (WHATWG HTML, 9.2) of one browser. Each is made when the browser has accepted the one
 * before: one that reads slowly gets fewer states, but every entry, and costs no more memory than any other.
 */
import type { FollowedEvent } from "../../domain/run/followed_moment.ts";
import type { LiveEntry } from "./live_message.ts";
import type { LiveRuns } from "./live_runs.ts";

/** How often a state is sent at most, and after how long a comment shows that the connection lives, ms. */
export interface StreamTiming {
  readonly stateMs: number;
  readonly pingMs: number;
}

const TIMING: StreamTiming = { stateMs: 1_000, pingMs: 15_000 };
/** Entries of one message, and on a first connection. */
const PAGE = 200;
const FIRST = 200;
/** The longest id that is looked at. */
const ID = /^\d{1,15}(,\d{1,15}){0,99}$/;

/** What a stream is made from. */
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
  // Tells a proxy not to hold anything back, and the browser when to come back.
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
        // It is tried again with the next message.
        if (page === null) break;
        for (let at = 0; at < page.events.length; at += PAGE) {
          const events = page.events.slice(at, at + PAGE);
          seen[index] = events.at(-1)!.seq;
          yield event("entries", { run: index, entries: events.map(entryOf) }, seen);
        }
        // What is left are checkpoints.
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
    // A number that is not reached yet is that of another journal.
    return seq === null || seq > end ? runs.placeBefore(index, FIRST) : seq;
  });
}

/** Waits for a change, if `runs` are given, or for the end of `ms` or of `signal`; whether the change came. */
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

/** JSON has no line break, so that a message is what it says. */
function message(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\n\n`);
}

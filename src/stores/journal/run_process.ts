/** What a journal says about the process that writes a run: when it last wrote, and whether it is connected. */
import type { KeptRun } from "../../domain/run/run_status.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import type { KeptHeartbeat } from "./entry_log.ts";
import type { Entry } from "./journal_entry.ts";
import type { JournalReader } from "./journal_reader.ts";

/** An entry as the event that was emitted, its fields in the same order. */
export function eventOf<E extends { readonly type: string }>({ type, time, content }: Entry): E {
  // The journal was written from such events.
  return { type, time: isoTime(time), ...content } as unknown as E;
}

/** The last entry of a type in `run`; null if there is none. */
export async function lastOf(reader: JournalReader, run: number, type: Entry["type"]): Promise<Entry | null> {
  return (await reader.latest(type, 1, run))[0] ?? null;
}

/** When and why a run was stopped, unless a process has resumed it since. */
export function stoppedSince(start: Entry, stopped: Entry | null): KeptRun["stopped"] {
  return stopped !== null && stopped.seq > start.seq
    ? { time: stopped.time, reason: String(stopped.content["reason"]) }
    : null;
}

/**
 * The last entry of `run` whose time is when it was written, so that its process was alive then. Entries of other types
 * have the time of their trade.
 */
export async function lastWritten(reader: JournalReader, run: number): Promise<Written> {
  const entries: Entry[] = [];
  for (const type of ["started", "resumed", "connected", "disconnected", "stopped"] as const) {
    entries.push(...await reader.latest(type, 1, run));
  }
  return entries.sort((a, b) => b.seq - a.seq)[0]!;
}

/** An entry, and when it was written, µs since 1970. */
export type Written = Pick<Entry, "seq" | "time">;

/** When a process last wrote: its heartbeat, or a later entry. The order of entries counts more than their times. */
export function lastAlive({ seq, time }: Written, heartbeat: KeptHeartbeat | null): number {
  return heartbeat !== null && heartbeat.seq >= seq ? heartbeat.time : time;
}

/** The last connection event of the process that started at the entry `sinceSeq`, and since when it applies. */
export async function connectionOf(
  reader: JournalReader,
  run: number,
  sinceSeq: number,
): Promise<KeptRun["connection"]> {
  const up = await lastOf(reader, run, "connected");
  const down = await lastOf(reader, run, "disconnected");
  const last = (up?.seq ?? 0) > (down?.seq ?? 0) ? up : down;
  if (last === null || last.seq < sinceSeq) return null;
  const event = eventOf<NonNullable<KeptRun["connection"]>["event"]>(last);
  if (last === up) return { event, since: last.time };
  // Every failed attempt has its own entry, and the first of them counts.
  const afterSeq = Math.max(up?.seq ?? 0, sinceSeq);
  return { event, since: (await reader.first("disconnected", afterSeq, run) ?? last).time };
}

/** Reads the events of a run back from its journal, one by one. */
import type { PenstockEvent, SignalEvent } from "../../domain/run/event.ts";
import type { JournalEvent } from "../../domain/run/followed_moment.ts";
import { type Entry, type EntryType, readEntry } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";
import type { JournalReader } from "./journal_reader.ts";
import { eventOf } from "./run_process.ts";
import { type Extent, fillOf, isAmount } from "./run_reading.ts";

/** An event as it was emitted, the number of its entry, and its time (µs since 1970). */
export interface KeptEvent {
  readonly seq: number;
  readonly time: number;
  readonly event: PenstockEvent;
}

/** The fields that each type of event has, except fills and signals: texts and whole numbers. */
const FIELDS: Partial<
  Record<EntryType, { readonly texts: readonly string[]; readonly numbers: readonly string[] }>
> = {
  connected: { texts: ["endpoint"], numbers: [] },
  disconnected: { texts: ["reason"], numbers: [] },
  gap: { texts: [], numbers: ["fromId", "toId", "missing", "filled"] },
  reset: { texts: [], numbers: ["fromId", "lastId"] },
  refusal: { texts: ["side", "reason", "limit", "value"], numbers: ["tradeId"] },
  halt: { texts: ["reason", "limit", "value"], numbers: ["tradeId"] },
  released: { texts: ["reason"], numbers: ["tradeId"] },
};

/** The same for the types that `eventsOf` leaves out. */
const OTHER_FIELDS: typeof FIELDS = {
  started: { texts: [], numbers: [] },
  resumed: { texts: [], numbers: [] },
  expired: { texts: ["side"], numbers: ["signalTradeId"] },
  rules: { texts: [], numbers: [] },
  stopped: { texts: ["reason"], numbers: [] },
};

/**
 * The fills, the signals and the other events with `FIELDS` of a run, within an extent and in order. Memory does not
 * grow with the journal. All entries are checked on the way, as by `fillsOf`. Throws a JournalError at the first flaw.
 */
export async function* eventsOf(
  reader: JournalReader,
  { run, first, until }: Extent,
): AsyncGenerator<KeptEvent> {
  for await (const page of reader.chainedPart(first, until)) {
    for (const raw of page) {
      if (raw.run !== run) continue;
      const event = raw.type === "fill" || raw.type === "signal" || Object.hasOwn(FIELDS, raw.type)
        ? checked(readEntry(raw, reader.path), reader.path)
        : null;
      if (event !== null) yield { seq: raw.seq, time: raw.time, event };
    }
  }
}

/** The event in an entry, which must not be a checkpoint. Throws a JournalError if the entry is not a valid event. */
export function journalEventOf(entry: Entry, path: string): JournalEvent {
  const { type, content } = entry;
  // These fields would replace the entry's own type and time, which were checked.
  if ("type" in content || "time" in content) throw damaged(path, `entry ${entry.seq} is not a ${type}`);
  if (Object.hasOwn(OTHER_FIELDS, type)) return eventIn<JournalEvent>(entry, OTHER_FIELDS[type]!, path);
  if (type !== "fill" && type !== "signal" && !Object.hasOwn(FIELDS, type)) {
    throw damaged(path, `entry ${entry.seq} is of a type that Penstock does not write`);
  }
  return checked(entry, path) as JournalEvent;
}

function checked(entry: Entry, path: string): PenstockEvent {
  const { seq, type, content } = entry;
  if (type === "fill") {
    const fill = fillOf(entry, path);
    if (isAmount(fill.cash) && isAmount(fill.position)) return fill;
  } else if (type === "signal") {
    const { side, price, tradeId } = content;
    const isSignal = (side === "buy" || side === "sell") && isAmount(price) && Number.isSafeInteger(tradeId);
    if (isSignal) return eventOf<SignalEvent>(entry);
  } else return eventIn(entry, FIELDS[type]!, path);
  throw damaged(path, `entry ${seq} is not a ${type}`);
}

function eventIn<E extends JournalEvent | PenstockEvent>(
  entry: Entry,
  { texts, numbers }: { readonly texts: readonly string[]; readonly numbers: readonly string[] },
  path: string,
): E {
  const { seq, type, content } = entry;
  const isWhole = texts.every((name) => typeof content[name] === "string") &&
    numbers.every((name) => Number.isSafeInteger(content[name])) &&
    ["string", "undefined"].includes(typeof content["text"]);
  if (!isWhole) throw damaged(path, `entry ${seq} is not a ${type}`);
  return eventOf<E>(entry);
}

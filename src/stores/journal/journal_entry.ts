/** One entry of a journal, as it is written and as it is read. */
import { damaged } from "./journal_error.ts";

/** The types of entries. */
export type EntryType =
  | "started"
  | "connected"
  | "disconnected"
  | "gap"
  | "reset"
  | "signal"
  | "refusal"
  | "fill"
  | "expired"
  | "halt"
  | "released"
  | "rules"
  | "checkpoint"
  | "stopped"
  | "resumed";

/** A draft of an entry. The other types are written with a run's start and with a checkpoint. */
export interface Draft {
  readonly type: Exclude<EntryType, "started" | "checkpoint">;
  /** µs since 1970. */
  readonly time: number;
  /** An object that JSON can hold; amounts as decimal text. */
  readonly content: object;
}

/** An entry as it is in the journal. */
export interface Entry {
  /** 1 for the first, without gaps. */
  readonly seq: number;
  /** 1 for the first run of this journal. */
  readonly run: number;
  readonly type: EntryType;
  /** µs since 1970. */
  readonly time: number;
  readonly content: Readonly<Record<string, unknown>>;
}

/** An entry before its content is read. */
export interface RawEntry {
  readonly seq: number;
  readonly run: number;
  readonly type: string;
  readonly time: number;
  /** The content that its hash covers: the bytes, or a text that only these bytes decode to. */
  readonly content: Uint8Array | string;
  /** In hexadecimal. */
  readonly hash: string;
}

/** A stored row that is not a valid entry, with its number if that can be read. */
export interface UnreadableEntry {
  readonly seq: number | null;
  readonly type: null;
}

/** An entry as it is stored, unchecked. */
export type StoredEntry = RawEntry | UnreadableEntry;

/** Strict, since two different byte sequences must not be decoded to the same text. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The most bytes in the content of an entry; a run writes a few hundred. */
export const MOST_CONTENT = 1 << 17;

/** The content of an entry as it was written; null if it is not text. */
export function textOf({ content }: RawEntry): string | null {
  if (typeof content === "string") return content;
  try {
    return DECODER.decode(content);
  } catch {
    return null;
  }
}

/** The content of an entry from its text; null if it is not a JSON object. */
export function contentIn(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null) return null;
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === "object" && content !== null ? content as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

/** Reads a stored entry. Throws a JournalError, which names the journal's `path`, if that fails. */
export function readEntry(stored: StoredEntry, path: string): Entry {
  const content = stored.type === null ? null : contentIn(textOf(stored));
  if (stored.type === null || content === null) throw damaged(path, `entry ${stored.seq} cannot be read`);
  const { seq, run, type, time } = stored;
  return { seq, run, type: type as EntryType, time, content };
}

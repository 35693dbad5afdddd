/** What a live run does with an input besides applying it. */
import type { Happened } from "../../domain/market/input.ts";
import type { RecordingNote } from "../../domain/recording/recording_note.ts";
import type { EngineEvent } from "../../stages/engine.ts";

/** What to do with an input besides applying it. */
export interface Handling {
  /** What is recorded of it before it is applied. */
  readonly note: RecordingNote;
  /** Records it once it has been applied. */
  readonly record: () => void;
  /** What the user can do about a lost connection. */
  readonly hint: string | null;
  /** The requests that led to it. */
  readonly handled: readonly number[];
}

/** The events, with what the user can do about a lost connection. */
export function* withHint(events: Iterable<EngineEvent>, hint: string): Generator<EngineEvent> {
  for (const event of events) yield event.type === "disconnected" ? { ...event, hint } : event;
}

/** How a recording says what happened. */
export function noteOf({ time: _time, ...note }: Happened): RecordingNote {
  return note;
}

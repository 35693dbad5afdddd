/** Options for how a live run handles an input, apart from applying it. */
import type { Happened } from "../../domain/market/input.ts";
import type { RecordingNote } from "../../domain/recording/recording_note.ts";
import type { EngineEvent } from "../../stages/engine.ts";

/** What else to do with an input. */
export interface Handling {
  /** The note to record before it is applied. */
  readonly note: RecordingNote;
  /** Records it after it is applied. */
  readonly record: () => void;
  /** What the user can do about a lost connection. */
  readonly hint: string | null;
  /** The requests that caused it. */
  readonly handled: readonly number[];
}

/** The events, with advice about a lost connection. */
export function* withHint(events: Iterable<EngineEvent>, hint: string): Generator<EngineEvent> {
  for (const event of events) yield event.type === "disconnected" ? { ...event, hint } : event;
}

/** How a recording notes what happened. */
export function noteOf({ time: _time, ...note }: Happened): RecordingNote {
  return note;
}

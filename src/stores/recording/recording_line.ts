/** The lines of a recording: a frame as it was received, or a note. */
import { isNote, noteText, type RecordingNote } from "../../domain/recording/recording_note.ts";

const BRACE = 123, QUOTE = 34, P = 112;

/** A frame as it follows the time on its line: unchanged, or inside a note if it would not read back the same. */
export function frameText(frame: string): string {
  return fitsLine(frame) ? frame : noteText({ event: "frame", text: frame });
}

/** A note's line, at `time`, µs since 1970. */
export function noteLine(note: RecordingNote, time: number): string {
  return `${time} ${noteText(note)}\n`;
}

/** Whether a frame is the same when it is read as the rest of its line. */
function fitsLine(frame: string): boolean {
  // Most start with {"e" or {"stream" and need no closer check of the start.
  const isObject = frame.charCodeAt(0) === BRACE && frame.charCodeAt(1) === QUOTE &&
    frame.charCodeAt(2) !== P;
  if (!isObject && (frame === "" || isNote(frame))) return false;
  return frame.indexOf("\n") < 0 && frame.indexOf("\r") < 0 && frame.isWellFormed();
}

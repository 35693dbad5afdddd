/** Live trades that had to wait: those that waited too long are late. */
import type { Config } from "../../domain/options.ts";
import type { RecordingNote } from "../../domain/recording_note.ts";
import type { Pipeline } from "../../stages/pipeline.ts";

/**
 * Tells the pipeline and the recording that what was received from `since` on (ms since 1970) has waited until now.
 * Nothing where that was no longer than trades may wait, and nobody asks how old a trade is.
 */
export function endWaiting(
  since: number,
  { maxHold, maxLag }: Pick<Config, "maxHold" | "maxLag">,
  pipeline: Pipeline,
  note: (note: RecordingNote, at: number) => void,
): void {
  const now = Date.now();
  const hold = Math.min(maxHold, maxLag ?? Infinity);
  if (now - since <= hold && maxLag === null) return;
  const waited = { until: now * 1000, hold: hold * 1000 };
  pipeline.waited(waited);
  note({ event: "waited", ...waited }, now);
}

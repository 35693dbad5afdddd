/** What a run does about the requests that other processes file in its journal. */
import type { PipelineEvent } from "../../domain/event.ts";
import type { RecordingNote } from "../../domain/recording_note.ts";
import type { Pipeline } from "../../stages/pipeline.ts";
import type { AskedFor } from "../../stores/run_journal.ts";

/** What the recording says of a request, and what comes of it, once it is pulled. */
export interface Answer {
  readonly note: RecordingNote;
  readonly events: Iterable<PipelineEvent>;
}

/** What `pipeline` does about a request at `at`, ms since 1970; null for one that is dropped. */
export function answerTo(
  { request, time: requested, why }: AskedFor,
  pipeline: Pipeline,
  at: number,
): Answer | null {
  if (request === null || why !== null) return null;
  const { text } = request;
  const said = { requested, ...(text === null ? {} : { text }) };
  if (request.kind === "release") {
    return { note: { event: "released", ...said }, events: pipeline.release(at * 1000, said) };
  }
  const { action } = request;
  return { note: { event: "halt", action, ...said }, events: pipeline.halt(action, at * 1000, said) };
}

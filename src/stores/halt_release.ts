/** Releases the halt that a run's journal holds: the one way to end it. */
import type { Halt } from "../domain/halt.ts";
import { MAX_WINDOW } from "../domain/options.ts";
import { isCurrent, type PipelineSnapshot, released } from "../stages/pipeline_snapshot.ts";
import { Journal } from "./journal.ts";
import { isThere, refused } from "./journal_file.ts";

/** The run in the journal is not halted: there is nothing to release. */
export class NotHalted extends Error {
  override readonly name = "NotHalted";
}

/** Who released a halt, when and why. */
export interface ReleaseNote {
  /** µs since 1970. */
  readonly time: number;
  readonly text: string;
}

/**
 * Releases the halt of the last run in the journal at `path`: an entry says when and why, and a checkpoint has the
 * run without it, its peak and its day begun anew. Both are on disk when this returns the halt that stood. Throws
 * NotHalted where none does, and a JournalError where there is no journal or it cannot be written, as while a run has
 * it open.
 */
export function releaseHalt(path: string, { time, text }: ReleaseNote): Halt {
  if (!isThere(path, "open")) {
    throw refused(path, "there is none. Name the file that a run keeps its journal in.");
  }
  // As no run has a longer window, nothing that it needs is let go.
  using journal = Journal.open(path, { now: () => 0, window: MAX_WINDOW });
  const checkpoint = journal.last()?.checkpoint ?? null;
  // The journal's chain has just been checked: this is what `snapshot` gave.
  const state = checkpoint?.state as unknown as PipelineSnapshot | undefined;
  const halt = state?.gate.halt ?? null;
  if (checkpoint === null || state === undefined || halt === null) {
    throw new NotHalted(`the run in ${path} is not halted: there is nothing to release`);
  }
  if (!isCurrent(state)) {
    throw new NotHalted(
      `the run in ${path} was kept by an older Penstock and cannot go on: start another with --new-run`,
    );
  }
  const { account, positions, prices: { decimals } } = checkpoint;
  const { reason, tradeId } = halt;
  journal.commit({
    entries: [{ type: "released", time, content: { reason, tradeId, text } }],
    checkpoint: {
      ...{ time, account, positions, state: released(state) },
      prices: { decimals, fresh: false, values: [] },
    },
  });
  return halt;
}

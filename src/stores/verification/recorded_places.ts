/**
 * The notes of recordings about their journal: the entry at which each recording starts, and, at some lines, the last
 * entry that the journal had kept. Each note has the entry's hash, and nobody can make the entries of another journal
 * match it by computing their hashes again. So the notes prove even what cannot be derived: when a checkpoint was made,
 * when and why a run stopped, and how a halt was released while no process ran.
 */
import type { RecordingNote, TimedHead } from "../../domain/recording/recording_note.ts";
import type { Entry } from "../journal/journal_entry.ts";

type KeptNote = Omit<Extract<RecordingNote, { readonly event: "kept" }>, "event">;

/** Returns the hash of a journal's entry, in hexadecimal; null if there is no such entry. */
export type HashOf = (seq: number) => Promise<string | null>;

/** A difference from a recording's notes, as a sentence without its full stop, with both sides. */
export interface PlaceDifference {
  readonly what: string;
  readonly journal?: unknown;
  readonly derived?: unknown;
}

/** The places that one recording names after its start. */
export class RecordedPlaces {
  readonly #hashOf: HashOf;
  #last: KeptNote = { entry: 0 };
  /** The last entry that matched the one in the recording. */
  #same = 0;
  /** The first entry that did not, as in the recording. */
  #other: Required<KeptNote> | null = null;

  /** `hashOf` reads the recordings' journal. */
  constructor(hashOf: HashOf) {
    this.#hashOf = hashOf;
  }

  /** Continues with the next recording, which starts at this entry. */
  start(entry: number): void {
    this.#last = { entry: 0 };
    this.#same = entry;
    this.#other = null;
  }

  /** Takes a note from one of its lines. */
  async take({ entry, hash }: KeptNote): Promise<void> {
    this.#last = { entry, ...(hash === undefined ? {} : { hash }) };
    if (hash === undefined || this.#other !== null) return;
    const found = await this.#hashOf(entry);
    if (found === hash) this.#same = entry;
    else if (found !== null) this.#other = { entry, hash };
  }

  /** What the journal lacks, or what was changed in it, if the last entry of the recording's process is `lastSeq`. */
  async difference(lastSeq: number): Promise<PlaceDifference | null> {
    const { entry } = this.#last;
    if (entry <= lastSeq) return await this.rewritten();
    return {
      what: `The recording says that entry ${entry} was kept, but the last one of this process is ` +
        `entry ${lastSeq}`,
    };
  }

  /** Between which entries the journal differs from the recorded one; null if it does not. */
  async rewritten(): Promise<PlaceDifference | null> {
    if (this.#other === null) return null;
    const { entry, hash } = this.#other;
    return {
      what:
        `Entry ${entry} has a different hash from the one it had when the recording was made: from entry ` +
        `${
          this.#same + 1
        } to ${entry} something was changed that no recording leads to, and the hashes were ` +
        "computed again",
      journal: { hash: await this.#hashOf(entry) },
      derived: { hash },
    };
  }
}

/**
 * Why `name`, which starts with `note`, is not the recording of `run` that continues at `opening`. Either is null if
 * there is none.
 */
export async function wrongRecording(
  note: TimedHead | null,
  opening: Entry | null,
  { name, run: wanted, hashOf }: {
    readonly name: string;
    readonly run: number;
    readonly hashOf: HashOf;
  },
): Promise<PlaceDifference> {
  const expected = opening === null ? "" : `that of entry ${opening.seq} (${opening.type})`;
  const advice = "Give all recordings of the run, in the order in which they were made";
  if (note === null) {
    const what =
      `There is no recording for what follows entry ${opening?.seq} (${opening?.type}): from there ` +
      `on nothing is proven. ${advice}`;
    return { what };
  }
  const { entry, hash, run, part } = note;
  if (entry === undefined) {
    return { what: `${name} does not say which journal it belongs to: expected ${expected || "no more"}` };
  }
  const found = await hashOf(entry);
  if (found !== hash) {
    const what = `${name} belongs to another journal, or the journal was rewritten: it starts at entry ` +
      `${entry}, which had another hash`;
    return { what, journal: { hash: found }, derived: { hash } };
  }
  const which = run === wanted ? `entry ${entry}` : `entry ${entry} in run ${run} (--run ${run})`;
  const what = `${name} is ${
    part === undefined ? "" : `part ${part} of `
  }the recording of ${which}, expected ${expected || "no more"}. ${advice}`;
  return { what };
}

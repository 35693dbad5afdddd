/**
 * The last closes of a chain of checkpoints, and which of them the next checkpoint takes over.
 *
 * A resume checks one checkpoint after another, so many checkpoints with a few closes each make it slow. Therefore the
 * first checkpoint with closes in every span of entries also stores those of the checkpoints in the span before it, and
 * what was stored with those is removed. Which closes those are follows from the chain alone: a writer finds them
 * again when it opens a journal, and a verification derives them.
 */
import type { Closes } from "../../stages/indicators/indicator.ts";
import { type ClosesNote, hasCloses } from "./closes_note.ts";

/** How many consecutive entries make a span: 85 checkpoints, each with a signal and a fill. */
const SPAN = 256;
/** A checkpoint with this many closes keeps them: taking them over again and again would cost more than it saves. */
const MANY = 1024;

/** The closes of a checkpoint. If they are `fresh`, all earlier ones are void. */
export type DraftCloses = Closes & { readonly fresh: boolean };

/** Closes as a checkpoint stores them. */
export interface PlacedCloses {
  readonly closes: DraftCloses;
  /** The last earlier checkpoint with closes that count and are not among these; null for none. */
  readonly before: number | null;
  /**
   * The first earlier checkpoint whose closes these include and which must lose them; null if these include no others.
   */
  readonly from: number | null;
}

/** The closes that one checkpoint stores. */
export interface ClosesPart {
  readonly seq: number;
  readonly note: ClosesNote;
  readonly values: Float64Array;
}

/** The end of the chain of closes at the last checkpoint. */
export class ClosesTail {
  /** The last checkpoint with closes that count; null for none. */
  #last: number | null = null;
  /** The parts that may be taken over: the last ones of the last span, without a gap, all in one unit, oldest first. */
  #parts: ClosesPart[] = [];

  /**
   * The end at a checkpoint with this `note` about its closes. `parts` are the last ones that the note leads to, oldest
   * first.
   */
  static at(seq: number, note: ClosesNote, parts: readonly ClosesPart[]): ClosesTail {
    const tail = new ClosesTail();
    for (const part of parts) tail.add(part);
    tail.#last = hasCloses(note) ? seq : note.before;
    return tail;
  }

  /**
   * What a checkpoint at entry `seq` stores if `closes` are new since the previous one, in a run that needs the last
   * `remembers` closes to resume. `remembers` is null for a writer that removes none.
   */
  placed(seq: number, closes: DraftCloses, remembers: number | null): PlacedCloses {
    return this.#taken(seq, closes, remembers) ?? this.apart(closes);
  }

  /** The same without taking any over, as in journals of older versions. */
  apart(closes: DraftCloses): PlacedCloses {
    return { closes, before: this.#last, from: null };
  }

  /** Advances to a checkpoint that stores closes; does nothing for one without. */
  add(part: ClosesPart): void {
    const { seq, note: { before, count, decimals, fresh } } = part;
    if (!hasCloses({ count, fresh })) return;
    const kept = this.#parts.at(-1);
    const follows = kept !== undefined && kept.seq === before && spanOf(kept.seq) === spanOf(seq) &&
      kept.note.decimals === decimals;
    if (!follows) this.#parts = [];
    if (count < MANY) this.#parts.push(part);
    else this.#parts = [];
    this.#last = seq;
  }

  #taken(
    seq: number,
    { decimals, values, fresh }: DraftCloses,
    remembers: number | null,
  ): PlacedCloses | null {
    const [first] = this.#parts;
    if (first === undefined || fresh || values.length === 0 || remembers === null) return null;
    if (spanOf(first.seq) === spanOf(seq) || first.note.decimals !== decimals) return null;
    const size = this.#parts.reduce((count, { note }) => count + note.count, values.length);
    // If there are more, some are no longer needed, and may be gone.
    if (size > remembers) return null;
    const all = [...this.#parts.flatMap((part) => [...part.values]), ...values];
    const { fresh: isFirst, before } = first.note;
    return { closes: { decimals, values: all, fresh: isFirst }, before, from: first.seq };
  }
}

/**
 * Whether the closes of the checkpoint at entry `seq` can no longer be taken over with those that end at entry `last`.
 */
export function isOutOfReach(seq: number, last: number): boolean {
  return spanOf(seq) !== spanOf(last);
}

function spanOf(seq: number): number {
  return Math.floor(seq / SPAN);
}

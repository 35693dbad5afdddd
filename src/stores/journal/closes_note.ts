/** The note in a checkpoint's entry about the last closes for a resumed run, which are kept beside it. */

/** Where the closes of a checkpoint are. */
export interface ClosesNote {
  readonly decimals: number;
  readonly fresh: boolean;
  readonly count: number;
  /** SHA-256 of the stored closes, in hexadecimal. */
  readonly hash: string;
  /** The last checkpoint before it that has closes which count; null for none. */
  readonly before: number | null;
}

/** A note as a row of the states has it. */
export function noteText({ decimals, fresh, count, hash, before }: ClosesNote): string {
  return JSON.stringify({ decimals, fresh, count, hash, before });
}

/** Whether the closes before those of a later checkpoint are here. */
export function hasCloses({ count, fresh }: Pick<ClosesNote, "count" | "fresh">): boolean {
  return count > 0 || fresh;
}

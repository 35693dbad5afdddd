/** The note in a checkpoint about its closes, which are stored with it for a resumed run. */

/** Where the closes of a checkpoint are. */
export interface ClosesNote {
  readonly decimals: number;
  readonly fresh: boolean;
  readonly count: number;
  /** SHA-256 of the stored closes, in hexadecimal. */
  readonly hash: string;
  /** The previous checkpoint whose closes still count; null for none. */
  readonly before: number | null;
}

/** A note as it is stored with the state. */
export function noteText({ decimals, fresh, count, hash, before }: ClosesNote): string {
  return JSON.stringify({ decimals, fresh, count, hash, before });
}

/** Whether a checkpoint with this note has closes, or voids those before it. */
export function hasCloses({ count, fresh }: Pick<ClosesNote, "count" | "fresh">): boolean {
  return count > 0 || fresh;
}

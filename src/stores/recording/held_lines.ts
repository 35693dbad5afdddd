/** The contents of a recording's lines that wait to be written. */

/** The contents of lines, to report what is missing if they are lost. */
export interface Held {
  /** The number of frames, and when the first and the last were received, µs since 1970. */
  frames: number;
  from: number;
  to: number;
  /** The lines that are notes. */
  notes: string;
}

/** No lines. */
export function nothingHeld(): Held {
  return { frames: 0, from: 0, to: 0, notes: "" };
}

/** Adds frames received from `from` to `to`. */
export function hold(held: Held, frames: number, from: number, to: number): void {
  if (frames === 0) return;
  if (held.frames === 0) held.from = from;
  held.frames += frames;
  held.to = to;
}

/** How many frames were lost, as a sentence without its full stop. */
export function lostText(frames: number): string {
  return frames === 0 ? "Nothing was lost" : `${frames} frame${frames === 1 ? " was" : "s were"} lost`;
}

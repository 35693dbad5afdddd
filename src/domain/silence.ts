/** The reason for which a silent connection is given up, in the words that recordings and journals keep. */

const BEGINNING = "no data for ";

/** Says that nothing was heard for so many ms. */
export function silenceText(milliseconds: number): string {
  return `${BEGINNING}${Math.round(milliseconds)} ms`;
}

/** Whether a reason says that a connection was given up because it was silent: what it had told last was stale. */
export function isSilence(reason: string): boolean {
  return reason.includes(BEGINNING);
}

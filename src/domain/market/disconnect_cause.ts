/** Why data stopped flowing, as a value; the reason beside it is for people. */

/** A cause. Recordings of a later version may have others, which count as plain disconnections. */
export type DisconnectCause =
  /** Nothing came for as long as the stream may be quiet. */
  | "stale"
  /** One side closed the connection, or dropped it. */
  | "closed"
  /** The connection failed, or carried what no WebSocket may. */
  | "broken"
  /** A message had no end. */
  | "endless"
  /** No connection could be made. */
  | "unreachable";

const STALE_TEXT = "no data for ";

/** What people read of a connection that sent nothing for so many ms. */
export function staleText(milliseconds: number): string {
  return `${STALE_TEXT}${Math.round(milliseconds)} ms`;
}

/** Whether a disconnection was one of a stale stream. Without a cause, as older recordings have it, the reason decides. */
export function isStale(
  { cause, reason }: { readonly cause?: DisconnectCause; readonly reason: string },
): boolean {
  return cause === undefined ? reason.includes(STALE_TEXT) : cause === "stale";
}

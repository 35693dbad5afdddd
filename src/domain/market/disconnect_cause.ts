/** Why data stopped flowing, as a value; the reason text next to it is for people. */

/** A cause. Recordings of later versions may have others, which count as plain disconnections. */
export type DisconnectCause =
  /** Nothing came for longer than the stream may be quiet. */
  | "stale"
  /** One side closed the connection, or dropped it. */
  | "closed"
  /** The connection failed, or broke the WebSocket protocol. */
  | "broken"
  /** A message was never completed. */
  | "endless"
  /** No connection could be made. */
  | "unreachable";

const STALE_TEXT = "no data for ";

/** The text for a connection that sent nothing for this many ms. */
export function staleText(milliseconds: number): string {
  return `${STALE_TEXT}${Math.round(milliseconds)} ms`;
}

/** Whether a stale stream was the cause. Older recordings give no cause: then the reason decides. */
export function isStale(
  { cause, reason }: { readonly cause?: DisconnectCause; readonly reason: string },
): boolean {
  return cause === undefined ? reason.includes(STALE_TEXT) : cause === "stale";
}

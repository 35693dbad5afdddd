/** Everything that can happen to a run: what live feeds make, what recorded files hold, and what the engine takes. */
import type { RecordingNote } from "../recording/recording_note.ts";
import type { TradeReader } from "./trade_reader.ts";

/** A recording's notes on the connection, gaps, halts and rules. */
type HappenedEvent =
  | "connected"
  | "disconnected"
  | "halt"
  | "released"
  | "rules-awaited"
  | "rules"
  | "settled"
  | "waited"
  | "ended";

/** Something that happened between two frames, at `time` in µs since 1970. */
export type Happened = Extract<RecordingNote, { readonly event: HappenedEvent }> & { readonly time: number };

/** One input of a run. */
export type Input =
  /** Trades in the order in which they were received; apply it again to continue where the engine stopped. */
  | { readonly event: "frames"; readonly trades: TradeReader }
  /** Trades that the stream missed and that were fetched afterwards. */
  | { readonly event: "backfilled"; readonly trades: TradeReader }
  | Happened
  /** Trades from another file follow: the connection state so far does not apply to them. */
  | { readonly event: "source" }
  /** The next file continues the recording of the one before, so the connection state stays as it is. */
  | { readonly event: "same-recording" }
  /**
   * The exchange's clock runs this many times faster than this machine's; Infinity if it is not compared with this
   * machine's.
   */
  | { readonly event: "speed"; readonly speed: number }
  /** Another process continues the run, as from a snapshot. */
  | { readonly event: "handed-over" };

/** The seam for views that take the whole screen of a terminal. */
import type { PenstockEvent } from "../domain/run/event.ts";
import type { Row, ScreenSize } from "./terminal/styled_rows.ts";
import type { Line, LiveGlance } from "./view.ts";

/** A line of the log, with this machine's time as the log shows it. */
export interface LogLine extends Line {
  readonly time: string;
}

/** What a screen shows in addition to the picture. */
export interface Surround {
  /** The last lines of the log, oldest first. */
  readonly log: readonly LogLine[];
  /** The last row of the screen. */
  readonly footer: Row;
}

/** Shows a live run on the whole screen. It writes nothing itself, and its memory is bounded. */
export interface Picture {
  /** The smallest screen; on a smaller one the log is shown instead. */
  readonly least: ScreenSize;
  /** The picture's own keys, in words for the last row. */
  readonly keys: string;
  /** Takes the next event. */
  event(event: PenstockEvent): void;
  /** Takes the state of the run, four times a second. */
  glance(glance: LiveGlance): void;
  /** Handles a key; returns whether the key belongs to the picture. */
  press(key: string): boolean;
  /** The rows of the screen: exactly as many as the screen has, none of them wider. */
  rows(size: ScreenSize, surround: Surround): Row[];
}

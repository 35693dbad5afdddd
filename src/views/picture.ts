/** The seam for views that take the whole screen of a terminal. */
import type { PenstockEvent } from "../domain/run/event.ts";
import type { Row, ScreenSize } from "./terminal/styled_rows.ts";
import type { Line, LiveGlance } from "./view.ts";

/** A line of the log, with the time of this machine as the log shows it. */
export interface LogLine extends Line {
  readonly time: string;
}

/** What a screen shows besides the picture's own. */
export interface Surround {
  /** The last lines of the log, oldest first. */
  readonly log: readonly LogLine[];
  /** The last row of the screen. */
  readonly footer: Row;
}

/** Shows a live run on the whole screen. It writes nothing itself, and what it remembers is bounded. */
export interface Picture {
  /** On a smaller screen there is the log instead. */
  readonly least: ScreenSize;
  /** Its own keys, in words for the last row. */
  readonly keys: string;
  /** Takes the next event. */
  event(event: PenstockEvent): void;
  /** Takes the state of the run, four times a second. */
  glance(glance: LiveGlance): void;
  /** Takes a key; returns whether it is one of its own. */
  press(key: string): boolean;
  /** The screen: exactly as many rows as it has, none wider than it. */
  rows(size: ScreenSize, surround: Surround): Row[];
}

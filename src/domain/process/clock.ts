/** The source of time for timers and timestamps. */

/** The part of a runtime that keeps time. `globalThis` is one; a test passes its own to make time run faster. */
export type Clock =
  & {
    /** The wall clock, which may be set. */
    readonly Date: Pick<DateConstructor, "now">;
    /** A monotonic clock, ms. */
    readonly performance: Pick<Performance, "now" | "timeOrigin">;
  }
  & Pick<typeof globalThis, "setTimeout" | "clearTimeout" | "setInterval" | "clearInterval">;

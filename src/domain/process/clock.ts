/** Time, as what waits and what stamps an event takes it. */

/** The part of a runtime that keeps time; `globalThis` is one, and a test brings its own where time is to run faster. */
export type Clock =
  & {
    /** The wall clock, which may be set. */
    readonly Date: Pick<DateConstructor, "now">;
    /** A clock that only goes forward. */
    readonly performance: Pick<Performance, "now" | "timeOrigin">;
  }
  & Pick<typeof globalThis, "setTimeout" | "clearTimeout" | "setInterval" | "clearInterval">;

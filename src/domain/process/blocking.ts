/** Work that may be long and never waits. */

/**
 * Does work that never waits and may be long, as reading a journal. Meanwhile a signal ends the process at once: no
 * listener would get its turn. So the work must leave nothing half done.
 */
export type Blocking = <T>(work: () => T) => T;

/** Work that may be long without a pause. */

/**
 * Does work that may be long and hardly ever waits, as reading a journal. Meanwhile a signal ends the process at once:
 * no listener would get its turn. So the work must leave nothing half done.
 */
export type Blocking = <T>(work: () => Promise<T>) => Promise<T>;

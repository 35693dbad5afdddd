/** The names of the recordings that Penstock makes in a folder: whose frames they hold, and since when. */

const NAME = /^[^/\\]+-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.txt\.gz$/;

/**
 * The name of a recording of `symbol` whose first line has the time `time`, ms since 1970. Sorted by name,
 * the recordings of one symbol are in the order of their times.
 *
 * @example
 * ```ts
 * import { recordingName } from "./recording_name.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(recordingName("BTCUSDT", 1_723_161_255_342), "BTCUSDT-2024-08-08T23-54-15.342Z.txt.gz");
 * ```
 */
export function recordingName(symbol: string, time: number): string {
  // Windows takes no colons.
  return `${symbol}-${new Date(time).toISOString().replaceAll(":", "-")}.txt.gz`;
}

/** Whether a file's name is one that `recordingName` gives. */
export function isRecordingName(name: string): boolean {
  return NAME.test(name);
}

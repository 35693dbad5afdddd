/** How many configurations a sweep computes at once. */

/**
 * Reading the trades again costs a few per cent of the work for this many configurations. More would need more memory,
 * most of it for fills that have not been garbage-collected yet.
 */
export const MOST_LANES = 512;
/** With fewer, reading the files again would be most of the work. */
const FEWEST_LANES = 256;
/** The most trades × configurations in a pass: about half a minute of work, which is lost when the sweep is stopped. */
const MOST_WORK = 3_000_000_000;
/** The size of the shortest trade in an uncompressed file, in bytes. */
const BYTES_A_TRADE = 40;

/**
 * Divides the places of a sweep into consecutive passes of at most `lanes` each. `bytes` is the size of the files; null if
 * it is not known.
 */
export function passesOf(
  places: readonly number[],
  bytes: number | null,
  lanes: number = MOST_LANES,
): number[][] {
  const trades = bytes === null ? 0 : bytes / BYTES_A_TRADE;
  const affordable = trades === 0 ? Infinity : Math.max(FEWEST_LANES, Math.floor(MOST_WORK / trades));
  const most = Math.min(lanes, affordable);
  const passes = Math.ceil(places.length / most);
  const size = Math.ceil(places.length / passes);
  return Array.from({ length: passes }, (_, pass) => places.slice(pass * size, (pass + 1) * size));
}

/** How many configurations a sweep computes at once. */

/**
 * Reading the trades again costs a few per cent of the work of so many. More need more memory, most of it for the objects of
 * fills that have not been collected yet.
 */
export const MOST_LANES = 512;
/** Fewer make reading the files again the greater part of the work. */
const FEWEST_LANES = 256;
/** A pass of so many trades and configurations takes about half a minute: what is lost when the sweep is stopped. */
const MOST_WORK = 3_000_000_000;
/** What a trade has at least in a file that is not packed. */
const BYTES_A_TRADE = 40;

/**
 * The places of a sweep in passes, which follow each other. `bytes` are those of the files; null if that is not known. A
 * pass has `lanes` at most.
 */
export function passesOf(
  places: readonly number[],
  bytes: number | null,
  lanes: number = MOST_LANES,
): number[][] {
  const trades = bytes === null ? 0 : bytes / BYTES_A_TRADE;
  const bearable = trades === 0 ? Infinity : Math.max(FEWEST_LANES, Math.floor(MOST_WORK / trades));
  const most = Math.min(lanes, bearable);
  const passes = Math.ceil(places.length / most);
  const size = Math.ceil(places.length / passes);
  return Array.from({ length: passes }, (_, pass) => places.slice(pass * size, (pass + 1) * size));
}

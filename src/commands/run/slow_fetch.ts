/** Says that missed trades are still being fetched: until that is over nothing is traded, for a minute at most. */
import type { HeldGap } from "../../stages/gap_hold.ts";
import { type Line, stillFetching } from "../../views/terminal/narration.ts";

/** How long a fetch is waited for without a word. */
const PATIENCE_MS = 3_000;

/** What comes of `fetching`; tells once where that takes longer than `patienceMs`. */
export async function loggedIfSlow<T>(
  gap: HeldGap,
  fetching: Promise<T>,
  log: (line: Line) => void,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const timer = setTimeout(() => log(stillFetching(gap)), patienceMs);
  try {
    return await fetching;
  } finally {
    clearTimeout(timer);
  }
}

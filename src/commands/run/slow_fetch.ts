/** Logs that missed trades are still being fetched. Nothing is traded meanwhile, for at most a minute. */
import type { Clock } from "../../domain/process/clock.ts";
import type { HeldGap } from "../../stages/gap_hold.ts";
import { stillFetching } from "../../views/terminal/narration.ts";
import type { Line } from "../../views/view.ts";

/** How long a fetch may take before it is logged, ms. */
const PATIENCE_MS = 3_000;

/** Returns what `fetching` resolves to; logs once if that takes longer than `patienceMs`. */
export async function loggedIfSlow<T>(
  gap: HeldGap,
  fetching: Promise<T>,
  log: (line: Line) => void,
  clock: Clock = globalThis,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const timer = clock.setTimeout(() => log(stillFetching(gap)), patienceMs);
  try {
    return await fetching;
  } finally {
    clock.clearTimeout(timer);
  }
}

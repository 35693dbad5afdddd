/** Decides when to poll which of several journals: regularly, and soon after a notice of a change. */
import { pause } from "../../feeds/live/alarm.ts";
import { ChangeNotices } from "./change_notices.ts";

/** Which journals to poll, and how often. */
export interface PollOptions {
  readonly paths: readonly string[];
  /** How often to poll a journal, ms. */
  readonly pollMs: number;
  /** The same for a journal whose store sends notices of changes, which is also polled after each notice. */
  readonly notifiedMs: number;
}

/** Changes within this time are polled for together, ms. */
const TOGETHER_MS = 100;

/** Yields the index of each journal that is due, until `signal` is aborted. The first poll of each is due at once. */
export async function* duePolls(
  { paths, pollMs, notifiedMs }: PollOptions,
  signal: AbortSignal,
): AsyncGenerator<number> {
  await using changes = await ChangeNotices.of(paths);
  const polledAt = paths.map(() => -Infinity);
  const dueAt = (index: number) => polledAt[index]! + (changes.isNotified(index) ? notifiedMs : pollMs);
  while (!signal.aborted) {
    const startedAt = performance.now();
    for (const index of paths.keys()) {
      if (!changes.take(index) && dueAt(index) > startedAt) continue;
      polledAt[index] = startedAt;
      yield index;
      if (signal.aborted) return;
    }
    // Half of the time goes to other work, even if many journals change constantly.
    const tookMs = Math.min(performance.now() - startedAt, pollMs);
    const next = Math.min(...paths.keys().map(dueAt));
    await changes.next(Math.max(0, next - performance.now()), signal);
    const quietMs = Math.max(Math.min(TOGETHER_MS, pollMs), 2 * tookMs);
    await pause(quietMs - (performance.now() - startedAt), signal);
  }
}

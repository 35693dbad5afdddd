/** When to look at which of several journals: again and again, and soon after notice of a change. */
import { pause } from "../../feeds/live/alarm.ts";
import { HeardChanges } from "./heard_changes.ts";

/** Which journals to look at, and how often. */
export interface LookOptions {
  readonly paths: readonly string[];
  /** How often to look at a journal, ms. */
  readonly lookMs: number;
  /** The same for a journal whose store sends notices of changes, which is also looked at after each notice. */
  readonly heardMs: number;
}

/** Changes within this time are looked at together, ms. */
const TOGETHER_MS = 100;

/** The index of each journal whose turn has come, until `signal` is aborted. The first look at each is due at once. */
export async function* dueLooks(
  { paths, lookMs, heardMs }: LookOptions,
  signal: AbortSignal,
): AsyncGenerator<number> {
  await using changes = await HeardChanges.of(paths);
  const lookedAt = paths.map(() => -Infinity);
  const dueAt = (index: number) => lookedAt[index]! + (changes.isHeard(index) ? heardMs : lookMs);
  while (!signal.aborted) {
    const startedAt = performance.now();
    for (const index of paths.keys()) {
      if (!changes.take(index) && dueAt(index) > startedAt) continue;
      lookedAt[index] = startedAt;
      yield index;
      if (signal.aborted) return;
    }
    // However many journals change all the time, half of the time goes to other work.
    const tookMs = Math.min(performance.now() - startedAt, lookMs);
    const next = Math.min(...paths.keys().map(dueAt));
    await changes.next(Math.max(0, next - performance.now()), signal);
    const quietMs = Math.max(Math.min(TOGETHER_MS, lookMs), 2 * tookMs);
    await pause(quietMs - (performance.now() - startedAt), signal);
  }
}

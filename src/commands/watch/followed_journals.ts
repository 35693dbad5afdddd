/** Polls all watched journals, and passes on what each look finds. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { HeardChanges } from "./heard_changes.ts";

/** Takes what a look at the journal with this index found. The next look waits for it. */
export type OnMoment = (index: number, moment: FollowedMoment) => void | Promise<void>;

/** Which journals to look at, and how often. */
export interface LookOptions {
  readonly paths: readonly string[];
  /** How often to look at a journal, ms. */
  readonly lookMs: number;
  /** The same for a journal whose changes are heard, which is looked at with each change too. */
  readonly heardMs: number;
}

/** Changes within this time are looked at together, ms. */
const TOGETHER_MS = 100;

/** Looks at each journal until `signal` is aborted. A journal that cannot be read is a moment too. */
export async function lookAgain(
  { paths, lookMs, heardMs }: LookOptions,
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const followers = await Promise.all(
    paths.map(async (path) => stack.use(await JournalFollower.open(path, null))),
  );
  const changes = stack.use(await HeardChanges.of(paths));
  const lookedAt = paths.map(() => -Infinity);
  while (!signal.aborted) {
    const startedAt = performance.now();
    const dueAt = (index: number) => lookedAt[index]! + (changes.isHeard(index) ? heardMs : lookMs);
    for (const [index, follower] of followers.entries()) {
      if (!changes.take(index) && dueAt(index) > startedAt) continue;
      lookedAt[index] = startedAt;
      for (let isBehind = true; isBehind && !signal.aborted;) {
        const moment = await follower.look();
        await onMoment(index, moment);
        isBehind = moment.isBehind;
      }
    }
    const next = Math.min(...paths.keys().map(dueAt));
    await changes.next(Math.max(0, next - performance.now()), signal);
    const quietMs = Math.min(TOGETHER_MS, lookMs) - (performance.now() - startedAt);
    if (quietMs > 0) await pause(quietMs, signal);
  }
}

/** Waits for `ms`, or until `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const end = Promise.withResolvers<void>();
  const onAbort = () => end.resolve();
  const timer = setTimeout(onAbort, ms);
  signal.addEventListener("abort", onAbort, { once: true });
  await end.promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
}

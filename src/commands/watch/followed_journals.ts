/** Polls all watched journals, and passes on what each look finds. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";

/** Takes what a look at the journal with this index found. The next look waits for it. */
export type OnMoment = (index: number, moment: FollowedMoment) => void | Promise<void>;

/** Looks at each journal every `lookMs` until `signal` is aborted. A journal that cannot be read is a moment too. */
export async function lookAgain(
  { paths, lookMs }: { readonly paths: readonly string[]; readonly lookMs: number },
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  const followers = await Promise.all(paths.map((path) => JournalFollower.open(path, null)));
  while (!signal.aborted) {
    const startedAt = performance.now();
    for (const [index, follower] of followers.entries()) {
      for (let isBehind = true; isBehind && !signal.aborted;) {
        const moment = await follower.look();
        await onMoment(index, moment);
        isBehind = moment.isBehind;
      }
    }
    await pause(Math.max(0, lookMs - (performance.now() - startedAt)), signal);
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

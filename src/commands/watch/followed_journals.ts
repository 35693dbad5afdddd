/** Looks at all watched journals, and passes on what each look finds. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { dueLooks, type LookOptions } from "./due_looks.ts";
import { SharedStores } from "./shared_stores.ts";

/** Takes what a look at the journal with this index found. The next look waits for it. */
export type OnMoment = (index: number, moment: FollowedMoment) => void | Promise<void>;

/** Looks at each journal until `signal` is aborted. A journal that cannot be read is a moment too. */
export async function lookAgain(
  options: LookOptions,
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(new SharedStores());
  const followers = await Promise.all(
    options.paths.map(async (path) => {
      const store = await stores.of(path);
      return stack.use(await JournalFollower.open(path, null, { store }));
    }),
  );
  for await (const index of dueLooks(options, signal)) {
    for (let isBehind = true; isBehind && !signal.aborted;) {
      const moment = await followers[index]!.look();
      await onMoment(index, moment);
      isBehind = moment.isBehind;
    }
  }
}

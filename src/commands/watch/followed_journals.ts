/** Looks at all watched journals, and passes on what each look finds. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { EntryStore } from "../../stores/journal/entry_log.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { dueLooks, type LookOptions } from "./due_looks.ts";
import { SharedStores } from "./shared_stores.ts";

/**
 * Takes what a look at the journal with this index found, and the store that it can be read from meanwhile. The next look
 * waits for it.
 */
export type OnMoment = (index: number, moment: FollowedMoment, store: EntryStore) => void | Promise<void>;

/** Looks at each journal until `signal` is aborted. A journal that cannot be read is a moment too. */
export async function lookAgain(
  options: LookOptions,
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const shared = stack.use(new SharedStores());
  const stores = await Promise.all(options.paths.map((path) => shared.of(path)));
  const followers: JournalFollower[] = [];
  for (const [index, path] of options.paths.entries()) {
    followers.push(stack.use(await JournalFollower.open(path, null, { store: stores[index]! })));
  }
  for await (const index of dueLooks(options, signal)) {
    for (let isBehind = true; isBehind && !signal.aborted;) {
      const moment = await followers[index]!.look();
      await onMoment(index, moment, stores[index]!);
      isBehind = moment.isBehind;
    }
  }
}

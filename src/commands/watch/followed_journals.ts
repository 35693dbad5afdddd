/** Polls all watched journals, and passes on the result of each poll. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { EntryStore } from "../../stores/journal/entry_log.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import { duePolls, type PollOptions } from "./due_polls.ts";
import { SharedStores } from "./shared_stores.ts";

/**
 * Takes the result of a poll of the journal with this index, and the store to read it from. The next poll of that journal
 * waits for it.
 */
export type OnMoment = (index: number, moment: FollowedMoment, store: EntryStore) => void | Promise<void>;

/**
 * A poll of a database is a series of queries, each of which waits for the previous answer. So when there are many
 * journals, a few groups of them are read at the same time, each over its own connection.
 */
const MOST_GROUPS = 4;
const JOURNALS_OF_A_GROUP = 50;

/** Polls each journal until `signal` is aborted. A journal that cannot be read yields a moment too. */
export async function pollJournals(
  options: PollOptions,
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  const count = Math.min(MOST_GROUPS, Math.ceil(options.paths.length / JOURNALS_OF_A_GROUP));
  const groups = Array.from(
    { length: count },
    (_, group) => [...options.paths.keys()].filter((index) => index % count === group),
  );
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const polling = groups.map(async (group) => {
    try {
      await pollInTurn(group, options, onMoment, either);
    } finally {
      // If one fails, the others end too.
      ending.abort();
    }
  });
  for (const ended of await Promise.allSettled(polling)) {
    if (ended.status === "rejected") throw ended.reason;
  }
}

/** Polls the journals with these indexes, one at a time. */
async function pollInTurn(
  group: readonly number[],
  options: PollOptions,
  onMoment: OnMoment,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const paths = group.map((index) => options.paths[index]!);
  const shared = stack.use(new SharedStores());
  const stores = await Promise.all(paths.map((path) => shared.of(path)));
  const followers: JournalFollower[] = [];
  for (const [at, path] of paths.entries()) {
    followers.push(stack.use(await JournalFollower.open(path, null, { store: stores[at]! })));
  }
  for await (const at of duePolls({ ...options, paths }, signal)) {
    for (let isBehind = true; isBehind && !signal.aborted;) {
      const moment = await followers[at]!.poll();
      await onMoment(group[at]!, moment, stores[at]!);
      isBehind = moment.isBehind;
    }
  }
}

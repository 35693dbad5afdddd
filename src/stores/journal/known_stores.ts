/** The table of stores. Adding one takes its file, its test and a row here. */
import type { EntryStore } from "./entry_log.ts";

/** The prefix of a store's places, and the store itself, which is loaded at its first use. */
export const STORES: Map<string, () => Promise<EntryStore>> = new Map([
  // All other places are files.
  ...["postgres://", "postgresql://"].map((start) =>
    [start, async () => (await import("./postgres/postgres_store.ts")).postgresStore()] as const
  ),
  ["", async () => (await import("./sqlite/sqlite_store.ts")).sqliteStore()],
]);

/** The store of the log at `path`: the one with the longest matching prefix. */
export async function storeOf(path: string): Promise<EntryStore> {
  const starts = [...STORES.keys()].filter((start) => path.startsWith(start));
  const longest = starts.reduce((one, other) => other.length > one.length ? other : one);
  return await STORES.get(longest)!();
}

/** The table of stores: adding one is its file, its test, and a row here. */
import type { EntryStore } from "./entry_log.ts";

/** How the places of a store start, and the store itself, which is loaded when it is first used. */
export const STORES: Map<string, () => Promise<EntryStore>> = new Map([
  // Every other place is a file.
  ["", async () => (await import("./sqlite/sqlite_store.ts")).sqliteStore()],
]);

/** The store of the log at `path`: the one whose places start like it, the longest start first. */
export async function storeOf(path: string): Promise<EntryStore> {
  const starts = [...STORES.keys()].filter((start) => path.startsWith(start));
  const longest = starts.reduce((one, other) => other.length > one.length ? other : one);
  return await STORES.get(longest)!();
}

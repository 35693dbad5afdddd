/** Journals that do not wait for the disk, for tests in which the machine stays up: a process's own end loses nothing. */
import type { EntryStore } from "../../src/stores/journal/entry_log.ts";
import { storeOf, STORES } from "../../src/stores/journal/known_stores.ts";
import { type Connect, connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { sqliteStore } from "../../src/stores/journal/sqlite/sqlite_store.ts";

/** Opens the database at a path as a journal does; nothing written is synced. */
export const unsynced: Connect = (path, readOnly) => {
  const database = connect(path, readOnly);
  return {
    prepare: (sql) => database.prepare(sql.replace(/synchronous = \w+/, "synchronous = OFF")),
    close: () => database.close(),
  };
};

/** The store of such journals. */
export const UNSYNCED = sqliteStore({ connect: unsynced });

/** The store of the journal at a place: of a file, this one. */
export async function quickStoreOf(place: string): Promise<EntryStore> {
  const isElsewhere = [...STORES.keys()].some((start) => start !== "" && place.startsWith(start));
  return isElsewhere ? await storeOf(place) : UNSYNCED;
}

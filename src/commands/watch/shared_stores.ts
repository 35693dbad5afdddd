/**
 * Stores of watched journals, whose readers share connections: hundreds of journals in a database need no more than
 * one.
 */
import { isInDatabase } from "../../domain/run/database_place.ts";
import type { EntryStore } from "../../stores/journal/entry_log.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";

/** The database of a journal, without the journal's name; undefined for a journal that is not in a database. */
export function databaseOf(path: string): string | undefined {
  return isInDatabase(path) ? path.replace(/#.*$/s, "") : undefined;
}

/** The stores of one reader, which reads one journal at a time, until it is disposed. */
export class SharedStores implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  /** By database. */
  readonly #stores = new Map<string, Promise<EntryStore>>();

  /** The store of the journal at `path`. Throws like `storeOf`. */
  of(path: string): Promise<EntryStore> {
    const database = databaseOf(path);
    if (database === undefined) return storeOf(path);
    const store = this.#stores.get(database) ?? this.#sharedOf(path);
    this.#stores.set(database, store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  async #sharedOf(path: string): Promise<EntryStore> {
    const store = await storeOf(path);
    return store.sharing === undefined ? store : this.#stack.use(store.sharing());
  }
}

/** Listens for changes of watched journals whose stores send notices of them. */
import { readDatabasePlace } from "../../domain/run/database_place.ts";
import type { ChangeListener } from "../../stores/journal/entry_log.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";
import { databaseOf } from "./shared_stores.ts";

/** Listens until it is disposed: once in each database, however many of its journals are watched. */
export class ChangeNotices implements AsyncDisposable {
  readonly #listeners = new Map<string, ChangeListener>();
  /** By journal: its database; undefined for one whose store sends no notices. */
  readonly #databases: readonly (string | undefined)[];
  readonly #changed = new Set<number>();
  #wake: () => void = () => {};

  /** Starts to listen for these journals. Throws a JournalError for a place that is not valid. */
  static async of(paths: readonly string[]): Promise<ChangeNotices> {
    const notices = new ChangeNotices(paths);
    for (const path of paths) {
      const database = databaseOf(path);
      if (database === undefined || notices.#listeners.has(database)) continue;
      const listener = (await storeOf(path)).listen?.(
        path,
        "entries",
        (name) => notices.#note(paths, database, name),
      );
      if (listener !== undefined) notices.#listeners.set(database, listener);
    }
    return notices;
  }

  private constructor(paths: readonly string[]) {
    this.#databases = paths.map(databaseOf);
  }

  /** Whether notices of changes to the journal with this index arrive now. */
  isNotified(index: number): boolean {
    return this.#listeners.get(this.#databases[index] ?? "")?.isListening ?? false;
  }

  /** Whether the journal with this index has changed since the last call for it. */
  take(index: number): boolean {
    return this.#changed.delete(index);
  }

  /** Waits for `ms`, for a change, or until `signal` is aborted. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#changed.size > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", this.#wake, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", this.#wake);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((listener) => listener[Symbol.asyncDispose]()));
  }

  #note(paths: readonly string[], database: string, name: string | null): void {
    for (const [index, path] of paths.entries()) {
      if (this.#databases[index] !== database) continue;
      if (name === null || readDatabasePlace(path).journal === name) this.#changed.add(index);
    }
    if (this.#changed.size > 0) this.#wake();
  }
}

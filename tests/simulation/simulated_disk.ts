/** The disk of simulated processes: real files that fail on demand, and what remains of them after a crash. */
import type { SQLInputValue } from "node:sqlite";
import type { EntryStore, LogLease } from "../../src/stores/journal/entry_log.ts";
import { Journal, type JournalOptions } from "../../src/stores/journal/journal.ts";
import {
  connect,
  type JournalDatabase,
  type JournalStatement,
} from "../../src/stores/journal/sqlite/journal_file.ts";
import { sqliteStore } from "../../src/stores/journal/sqlite/sqlite_store.ts";
import type { RecordingFile } from "../../src/stores/recording/recording_file.ts";
import type { CreatedFile, DayFiles } from "../../src/stores/recording/recording_folder.ts";
import type { Random } from "../../src/simulator/random.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** The process is gone, so its remaining calls have no effect. */
export class ProcessGone extends Error {
  override readonly name = "ProcessGone";
}

/** The current faults of the disk, which all processes share. */
export interface DiskTrouble {
  /** Whether no space is left. */
  isFull: boolean;
  /** The number of writes until one fails; null for none. */
  failsIn: number | null;
}

/** Options of a process's disk. */
export interface DiskOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly trouble: DiskTrouble;
  /** How long each of a journal's two waits for a write may take, ms; 0 for none. */
  readonly answersWithinMs: number;
  /** Called if a kill interrupts a write of this process. */
  readonly onKill: () => void;
  /** Called with each trouble of a write. */
  readonly onTrouble: (what: string) => void;
}

/** The lengths of a recording's file that matter in a crash: synced, and written. */
interface Written {
  readonly path: string;
  readonly file: RecordingFile;
  size: number;
  synced: number;
}

/** A journal's file before and after a commit that a kill interrupted. */
interface Torn {
  readonly name: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** The one write whose sync a journal does not await. */
const HEARTBEAT = /^INSERT OR REPLACE INTO life/;
const SECTOR = 512;
const SYNC_MS = 30;

/** The files of one process. */
export class SimulatedDisk {
  readonly #options: DiskOptions;
  readonly #leases: LogLease[] = [];
  readonly #recordings: Written[] = [];
  #isGone = false;
  #wasKilled = false;
  #killIn: number | null = null;
  #isKilledInCommit = false;
  #torn: readonly Torn[] = [];
  /** Whether a commit waits for the disk, according to the program's setting. */
  #isSynchronous = true;
  /** The synced length of a log; null if all of it is on disk. */
  #unsynced: { readonly name: string; readonly from: number } | null = null;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** Kills the process at this write, the next being 1; counts only commits if `isCommit`. */
  killAtWrite(number: number, isCommit: boolean): void {
    this.#killIn = number;
    this.#isKilledInCommit = isCommit;
  }

  /** Opens a journal whose statements may fail, or be interrupted by a kill. */
  readonly openJournal = (path: string, options: JournalOptions): Promise<Journal> => {
    this.#mustBeThere();
    return Journal.open(path, { ...options, store: this.#store() });
  };

  /** Opens the files of recordings, which fail in the same ways. */
  recordings(folder: DayFiles): DayFiles {
    return {
      create: (symbol, time) => {
        this.#mustBeThere();
        if (this.#options.trouble.isFull) throw fullDisk();
        return this.#written(folder.create(symbol, time));
      },
      discard: (path) => {
        folder.discard(path);
        this.#recordings.splice(this.#recordings.findIndex((written) => written.path === path), 1);
      },
    };
  }

  /** Notes that the process is gone. Its calls fail from now on, and its files stay as they are. */
  end(): void {
    this.#wasKilled = true;
    this.#isGone = true;
  }

  /**
   * Copies what a crash leaves of the process's journal from `from` to `to`. With a power cut, unsynced data is torn at
   * random, there and in the recordings. Closes everything afterwards. Returns whether a part of a recording was lost.
   */
  async crash(from: string, to: string, isPowerCut: boolean): Promise<boolean> {
    const { random } = this.#options;
    Deno.mkdirSync(to);
    for (const { name, isFile } of Deno.readDirSync(from)) {
      // SQLite rebuilds the third file from the log.
      if (!isFile || name.endsWith("-shm")) continue;
      Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
      if (name.endsWith("-wal") && random.below(3) === 0) this.#garble(`${to}/${name}`);
    }
    if (isPowerCut && this.#unsynced !== null) this.#cut(to, this.#unsynced);
    for (const { name, before, after } of this.#torn) {
      Deno.writeFileSync(`${to}/${name}`, tornBetween(before, after, random));
    }
    let isAnyLost = false;
    for (const { path, size, synced } of this.#recordings) {
      if (!isPowerCut || size === synced) continue;
      const left = synced + random.below(size - synced + 1);
      if (left < size) isAnyLost = true;
      Deno.truncateSync(path, left);
    }
    await this.close();
    return isAnyLost;
  }

  /** Notes that the system has synced what another process wrote. */
  sync(): void {
    this.#unsynced = null;
  }

  /** Closes what the process left open. */
  async close(): Promise<void> {
    this.#isGone = true;
    // Not the journals, which the process may have left in the middle of a turn.
    for (const lease of this.#leases) await lease[Symbol.asyncDispose]();
    this.#leases.length = 0;
    for (const { file } of this.#recordings) {
      try {
        file.close();
      } catch {
        // The process closed it.
      }
    }
  }

  /** A store of files that answers with a delay if the disk is slow. */
  #store(): EntryStore {
    const { time, random, answersWithinMs } = this.#options;
    const store = sqliteStore({
      connect: (path, readOnly) => this.#watched(connect(path, readOnly), path),
    });
    const slow = async <T>(work: () => Promise<T>): Promise<T> => {
      if (answersWithinMs > 0) await time.sleep(random.below(answersWithinMs));
      const result = await work();
      if (answersWithinMs > 0) await time.sleep(random.below(answersWithinMs));
      return result;
    };
    return {
      ...store,
      lease: async (path, check) => {
        const lease = await store.lease(path, check);
        this.#leases.push(lease);
        return {
          log: lease.log,
          append: (addition) => slow(() => lease.append(addition)),
          writeHeartbeat: (heartbeat) => slow(() => lease.writeHeartbeat(heartbeat)),
          loss: () => lease.loss(),
          [Symbol.asyncDispose]: async () => {
            this.#leases.splice(this.#leases.indexOf(lease), 1);
            await lease[Symbol.asyncDispose]();
          },
        };
      },
    };
  }

  #mustBeThere(): void {
    if (this.#isGone) throw new ProcessGone("the process is gone");
  }

  /** Whether a kill interrupts this write. */
  #isKilled(isCommit = false): boolean {
    if (this.#killIn === null || this.#isKilledInCommit && !isCommit) return false;
    return --this.#killIn === 0;
  }

  #kill(): never {
    this.#options.onKill();
    throw new ProcessGone("killed in a write");
  }

  /** Throws the error of a write to a disk that is full or fails. */
  #mustWork(what: string): void {
    const { trouble, onTrouble } = this.#options;
    if (trouble.isFull) {
      onTrouble(`${what}: full`);
      throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
    }
    if (trouble.failsIn === null || --trouble.failsIn > 0) return;
    trouble.failsIn = null;
    onTrouble(`${what}: failed`);
    throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
  }

  #watched(database: JournalDatabase, path: string): JournalDatabase {
    return {
      prepare: (sql) => {
        this.#mustBeThere();
        const synchronous = /^PRAGMA synchronous = (\w+)/.exec(sql)?.[1];
        if (synchronous === undefined) return this.#statement(database.prepare(sql), sql, path);
        // The simulation decides when data reaches the disk, so nothing waits for the real one.
        this.#isSynchronous = synchronous === "FULL";
        return database.prepare("PRAGMA synchronous = OFF");
      },
      close: () => database.close(),
    };
  }

  #statement(statement: JournalStatement, sql: string, path: string): JournalStatement {
    const isCommit = sql === "COMMIT";
    const isWrite = isCommit || /^(INSERT|UPDATE|DELETE)/.test(sql);
    const run = (...values: SQLInputValue[]): unknown => {
      this.#mustBeThere();
      if (!isWrite) return statement.run(...values);
      if (this.#isKilled(isCommit)) {
        if (isCommit) this.#tearCommit(() => statement.run(), path);
        this.#kill();
      }
      this.#mustWork(sql.slice(0, 24));
      if (isCommit && this.#isSynchronous) this.#unsynced = null;
      else if (isCommit || HEARTBEAT.test(sql)) {
        this.#unsynced ??= { name: nameOf(`${path}-wal`), from: bytesIn(`${path}-wal`) };
      }
      return statement.run(...values);
    };
    return {
      run,
      get: (...values) => {
        this.#mustBeThere();
        return statement.get(...values);
      },
      all: (...values) => {
        this.#mustBeThere();
        return statement.all(...values);
      },
      setReturnArrays: (isList) => statement.setReturnArrays(isList),
    };
  }

  /** A kill interrupts a commit, which is then done, undone or partial. */
  #tearCommit(commit: () => void, path: string): void {
    const { random } = this.#options;
    const how = random.below(3);
    if (how === 0) return;
    const names = [`${path}-wal`, path];
    const before = names.map(bytesOf);
    commit();
    if (how === 1) return;
    const [wal, file] = names.map((name, at) => {
      const after = bytesOf(name);
      return { name: nameOf(name), before: before[at]!, after };
    }) as [Torn, Torn];
    // The log is on the disk before any of it is copied into the file.
    this.#torn = [isSame(file.before, file.after) ? wal : file];
  }

  /** Truncates a log somewhere in its unsynced part. */
  #cut(folder: string, { name, from }: { readonly name: string; readonly from: number }): void {
    const size = bytesIn(`${folder}/${name}`);
    if (size > from) {
      Deno.truncateSync(`${folder}/${name}`, from + this.#options.random.below(size - from + 1));
    }
  }

  /** What follows the last commit in a log may be anything. */
  #garble(path: string): void {
    const { random } = this.#options;
    const bytes = Uint8Array.from({ length: 1 + random.below(6_000) }, () => random.below(256));
    Deno.writeFileSync(path, bytes, { append: true });
  }

  #written({ file, path, startedAt }: CreatedFile): CreatedFile {
    const { time, random, trouble, onTrouble } = this.#options;
    const written: Written = { path, file, size: 0, synced: 0 };
    this.#recordings.push(written);
    const writeSync = (bytes: Uint8Array): number => {
      this.#mustBeThere();
      if (this.#isKilled()) {
        written.size += file.writeSync(bytes.subarray(0, random.below(bytes.length + 1)));
        this.#kill();
      }
      if (trouble.isFull) {
        onTrouble("recording: full");
        // The last space is used up.
        const room = random.below(bytes.length);
        if (room > 0) written.size += file.writeSync(bytes.subarray(0, room));
        throw fullDisk();
      }
      const count = file.writeSync(
        random.below(20) === 0 ? bytes.subarray(0, 1 + (bytes.length >> 1)) : bytes,
      );
      written.size += count;
      return count;
    };
    return {
      path,
      startedAt,
      file: {
        writeSync,
        truncateSync: (length) => {
          this.#mustBeThere();
          file.truncateSync(length);
          written.size = length;
          written.synced = Math.min(written.synced, length);
        },
        seekSync: (offset, whence) => file.seekSync(offset, whence),
        syncData: async () => {
          this.#mustBeThere();
          const { size } = written;
          await time.sleep(1 + random.below(SYNC_MS));
          written.synced = Math.max(written.synced, Math.min(size, written.size));
        },
        statSync: () => file.statSync!(),
        close: () => {
          try {
            file.close();
          } catch (error) {
            // What a killed process left open may have been closed for it.
            if (!this.#wasKilled) throw error;
          }
        },
      },
    };
  }
}

/** A file some of whose sectors were written and some not. */
function tornBetween(before: Uint8Array, after: Uint8Array, random: Random): Uint8Array {
  const torn = Uint8Array.from(after);
  const isInOrder = random.below(2) === 0;
  const reached = random.below(Math.ceil(after.length / SECTOR) + 1);
  for (let sector = 0; sector * SECTOR < after.length; sector++) {
    // A log's header is synced before anything is written after it.
    const isWritten = isInOrder ? sector < reached : sector === 0 || random.below(2) === 0;
    if (isWritten) continue;
    for (let at = sector * SECTOR; at < Math.min(after.length, (sector + 1) * SECTOR); at++) {
      torn[at] = before[at] ?? 0;
    }
  }
  return torn.subarray(
    0,
    isInOrder ? Math.max(before.length, Math.min(after.length, reached * SECTOR)) : undefined,
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function bytesIn(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function bytesOf(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

function fullDisk(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

/**
 * A second store of logs that is unlike SQLite. It keeps its logs in memory, without files, SQL or bytes of its own,
 * and answers every call in a later turn of the event loop, like a database on another machine.
 */
import { setImmediate } from "node:timers/promises";
import type {
  Addition,
  EntryLog,
  EntryStore,
  FiledRequest,
  KeptHeartbeat,
  LogLease,
  RequestKey,
  SealedEntry,
  StoredCloses,
  StoredState,
} from "../../../src/stores/journal/entry_log.ts";
import { CopyExists } from "../../../src/stores/journal/entry_log.ts";
import { JournalError, JournalHeld, missing, refused } from "../../../src/stores/journal/journal_error.ts";
import { GENESIS } from "../../../src/stores/journal/journal_chain.ts";
import type { EntryType, StoredEntry } from "../../../src/stores/journal/journal_entry.ts";

/** The contents of one log. A commit replaces them, so anyone who holds them sees one moment. */
interface Content {
  readonly entries: readonly SealedEntry[];
  readonly head: { readonly seq: number; readonly hash: Uint8Array };
  readonly states: ReadonlyMap<number, StoredState>;
  readonly closes: ReadonlyMap<number, StoredCloses>;
  readonly heartbeat: KeptHeartbeat | null;
  readonly requests: readonly FiledRequest[];
  readonly filed: number;
}

const EMPTY: Content = {
  entries: [],
  head: { seq: 0, hash: GENESIS },
  states: new Map(),
  closes: new Map(),
  heartbeat: null,
  requests: [],
  filed: 0,
};

/** A log, and the holder of its lease. */
class MadeUpLog {
  content: Content = EMPTY;
  /** A holder with another number has lost the lease. */
  token = 0;
  isHeld = false;
}

/** A store in memory, with controls for tests. */
export interface MadeUpStore extends EntryStore {
  /** Ends the process that holds the lease of the log at `path`; it can append nothing more. */
  kill(path: string): void;
  /** Called at every append before it is made; it may throw, or wait. */
  onAppend: (addition: Addition) => void | Promise<void>;
}

/** Creates a store without logs. */
export function madeUpStore(): MadeUpStore {
  const logs = new Map<string, MadeUpLog>();
  const logAt = (path: string): MadeUpLog => {
    const log = logs.get(path);
    if (log === undefined) throw missing(path);
    return log;
  };
  const store: MadeUpStore = {
    onAppend: () => {},
    kill: (path) => {
      logAt(path).isHeld = false;
      logAt(path).token++;
    },
    has: (path) => later(() => logs.has(path)),
    read: (path) => later(() => readingOf(path, logAt(path))),
    lease: async (path, check) => {
      const log = logs.get(path) ?? new MadeUpLog();
      if (log.isHeld) throw new JournalHeld(`Cannot open the journal ${path}: another process has it open`);
      log.isHeld = true;
      const token = ++log.token;
      try {
        await check(readingOf(path, log));
      } catch (error) {
        log.isHeld = false;
        throw error;
      }
      logs.set(path, log);
      return leaseOf(path, log, token, (addition) => store.onAppend(addition));
    },
    isInFiles: false,
    files: () => ({ reads: [], writes: [] }),
    requestBox: (path) =>
      later(() => {
        const log = logAt(path);
        return {
          file: ({ run, time, request }) =>
            later(() => {
              const id = log.content.filed + 1;
              const filed = { id, run, time, kind: request.kind, request };
              log.content = { ...log.content, filed: id, requests: [...log.content.requests, filed] };
              return { id, time };
            }),
          withdraw: (key) =>
            later(() => {
              const requests = log.content.requests.filter((filed) => !isSame(filed, key));
              log.content = { ...log.content, requests };
            }),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
      }),
    copy: (path, to) =>
      later(() => {
        const { content } = logAt(path);
        if (logs.has(to)) throw new CopyExists(`${to} already exists`);
        const copy = new MadeUpLog();
        copy.content = { ...content, requests: [] };
        logs.set(to, copy);
        const { run = 0, seq = 0, type = "", time = 0 } = content.entries.at(-1) ?? {};
        return { run, entry: seq, type, time, bytes: 0 };
      }),
  };
  return store;
}

function leaseOf(
  path: string,
  log: MadeUpLog,
  token: number,
  onAppend: (addition: Addition) => void | Promise<void>,
): LogLease {
  const mustHold = (): void => {
    if (log.token !== token) throw refused(path, "another process has taken it over.");
  };
  return {
    log: readingOf(path, log),
    append: async (addition) => {
      await setImmediate();
      mustHold();
      try {
        await onAppend(addition);
      } catch (error) {
        throw new JournalError(`Cannot write to the journal ${path}: ${error}`, { cause: error });
      }
      mustHold();
      const { entries, head, state, closes, closesFrom, firstCloses, handled } = addition;
      const was = log.content;
      log.content = {
        ...was,
        entries: [...was.entries, ...entries],
        head,
        states: state === null ? was.states : new Map([...was.states, [state.run, state]]),
        closes: new Map(
          [
            ...[...was.closes].filter(([seq]) => seq < (closesFrom ?? Infinity)),
            ...(closes === null ? [] : [[closes.seq, closes] as const]),
          ].filter(([seq]) => seq >= (firstCloses ?? 0)),
        ),
        requests: was.requests.filter(({ id }) => !handled.includes(id)),
      };
    },
    writeHeartbeat: (heartbeat) =>
      later(() => {
        mustHold();
        log.content = { ...log.content, heartbeat };
      }),
    loss: () => later(() => log.token === token ? null : "another process took it over"),
    [Symbol.asyncDispose]: () =>
      later(() => {
        if (log.token === token) log.isHeld = false;
      }),
  };
}

function readingOf(path: string, log: MadeUpLog): EntryLog {
  /** The contents to read while a moment is held. */
  let held: Content | null = null;
  const read = <T>(look: (content: Content) => T): Promise<T> => later(() => look(held ?? log.content));
  const ofType = ({ entries }: Content, type: EntryType, run: number) =>
    entries.filter((entry) => entry.type === type && entry.run === run);
  return {
    path,
    moment: () =>
      later(() => {
        if (held !== null) throw new TypeError("Moments are not nested");
        held = log.content;
        return {
          [Symbol.asyncDispose]: () =>
            later(() => {
              held = null;
            }),
        };
      }),
    head: () => read(({ head }) => head),
    last: () =>
      read(({ entries }) => {
        const { seq, run, time } = entries.at(-1) ?? { seq: 0, run: 0, time: 0 };
        return seq === 0 ? null : { seq, run, time };
      }),
    after: (seq, limit) => read(({ entries }) => entries.slice(seq, seq + limit).map(storedOf)),
    afterOfType: (type, run, seq, limit) =>
      read((content) =>
        ofType(content, type, run).filter((entry) => entry.seq > seq).slice(0, limit).map(storedOf)
      ),
    lastOfType: (type, run, count) =>
      read((content) => ofType(content, type, run).slice(-count).reverse().map(storedOf)),
    placeOf: (seq) =>
      read(({ entries }) => {
        const entry = entries[seq - 1];
        return entry === undefined ? null : { run: entry.run, hash: entry.hash.toHex() };
      }),
    counts: (run, most) =>
      read(({ entries }) => {
        const counted = entries.filter((entry) =>
          entry.type !== "checkpoint" && (run === null || entry.run === run)
        );
        const byType = Map.groupBy(counted.slice(0, most), ({ type }) => type);
        return [...byType].map(([type, all]) => [type, all.length] as const);
      }),
    state: (run) =>
      read(({ states }) => {
        const { seq, content, closes } = states.get(run) ?? { seq: 0, content: "", closes: "" };
        return seq === 0 ? null : { seq, content, closes };
      }),
    closesUpTo: (last, limit) =>
      read(({ closes }) =>
        [...closes].filter(([seq]) => seq <= last).reverse().slice(0, limit)
          .map(([seq, { decimals, fresh, bytes, before, state }]) => ({
            seq,
            decimals,
            fresh,
            bytes,
            before,
            state,
          }))
      ),
    closesKept: (limit) =>
      read(({ closes }) =>
        [...closes].reverse().slice(0, limit)
          .map(([seq, { bytes }]) => ({ seq, count: bytes!.length / 8 }))
      ),
    closesExtent: () =>
      read(({ closes }) => ({ parts: closes.size, oldest: closes.keys().next().value ?? null })),
    heartbeat: () => read(({ heartbeat }) => heartbeat),
    requests: () => read(({ requests }) => requests.slice(0, 100)),
    isWaiting: (key) => read(({ requests }) => requests.some((filed) => isSame(filed, key))),
    repetitionFlaw: () => Promise.resolve(null),
    typeNotFound: () => Promise.resolve(null),
    storageFlaw: (lastRun) =>
      read(({ states }) => {
        const stray = [...states.keys()].find((run) => run < 1 || run > lastRun);
        return stray === undefined ? null : `there is a state of run ${stray}, which has no entry`;
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function storedOf({ hash, ...entry }: SealedEntry): StoredEntry {
  return { ...entry, hash: hash.toHex() };
}

function isSame(one: RequestKey, other: RequestKey): boolean {
  return one.id === other.id && one.time === other.time;
}

/** Does something in a later turn of the event loop. */
async function later<T>(work: () => T): Promise<T> {
  await setImmediate();
  return work();
}

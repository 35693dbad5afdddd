/**
 * The seam between a journal and what stores it: a log of sealed entries, which one process at a time adds to, and the
 * data stored with them. A store keeps and finds bytes. Hashes, checkpoints and everything they prove belong to the
 * journal, so no store has to be trusted.
 */
import type { CheckResult } from "../../domain/process/check_result.ts";
import type { RunRequest } from "../../domain/run/run_request.ts";
import type { EntryType, RawEntry, StoredEntry } from "./journal_entry.ts";

/** A place in a chain: an entry's number and its hash. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** The state of a run at its last checkpoint. */
export interface StoredState {
  /** The entry of that checkpoint. */
  readonly seq: number;
  /** State, account and positions as JSON. */
  readonly content: string;
  /** The note about where the closes are, as JSON. */
  readonly closes: string;
}

/** The closes stored with one checkpoint. Parts that cannot be read are null. */
export interface StoredCloses {
  readonly decimals: number | null;
  /** 1 if all earlier closes are void, otherwise 0. */
  readonly fresh: number | null;
  readonly bytes: Uint8Array | null;
  /** The checkpoint with the previous closes. */
  readonly before: number | null;
  /** SHA-256 of the state's content, in hexadecimal; null if the entry of the checkpoint holds the state. */
  readonly state: string | null;
}

/** Closes, and the number of the checkpoint that they are stored with. */
export type ClosesAt = StoredCloses & { readonly seq: number };

/** The writing process's report about itself, which no entry holds. Times in µs since 1970. */
export interface Heartbeat {
  /** When it was written, by the wall clock. */
  readonly time: number;
  readonly pid: number;
  readonly trades: number;
  /** A whole number, like the lag. */
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
  /** The last trade's price, decimal text in quote currency, and its own time; null before the first. */
  readonly last: { readonly price: string; readonly time: number } | null;
}

/**
 * A heartbeat as it is stored. It is not an entry: it is not hashed, a resume does not read it, and it proves nothing.
 */
export interface KeptHeartbeat extends Heartbeat {
  /** The run that the process was writing. */
  readonly run: number;
  /** The log's last entry at the time of writing; later entries are younger than the heartbeat. */
  readonly seq: number;
}

/** Identifies a request. The number of a handled one may be used again. */
export interface RequestKey {
  readonly id: number;
  /** When it was filed, µs since 1970. */
  readonly time: number;
}

/**
 * A waiting request of another process to the writer. It is neither an entry nor hashed. The run's reaction is an
 * entry, in the commit that removes the request.
 */
export interface FiledRequest extends RequestKey {
  /** The run that it is for. */
  readonly run: number;
  readonly kind: string;
  /** Null if this program does not know it. */
  readonly request: RunRequest | null;
}

/**
 * A log open for reading. It sees each commit written meanwhile as a whole, and blocks no writer. All methods throw a
 * JournalError if they cannot read the data. The caller makes one call at a time.
 */
export interface EntryLog extends AsyncDisposable {
  /** The log's place, as the user named it. */
  readonly path: string;
  /** Until the result is disposed, reads see the log as it is now, whatever is written meanwhile. One at a time. */
  moment(): Promise<AsyncDisposable>;
  /** The end that the log records: 0, with 32 zero bytes, before the first entry; null if it records none. */
  head(): Promise<ChainPlace | null>;
  /** The last existing entry, whatever end the log records; null if there is none. */
  last(): Promise<{ readonly seq: number; readonly run: number; readonly time: number } | null>;
  /** Up to `limit` entries after `seq`, in order. After 0 they are the first of all, whatever their numbers. */
  after(seq: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Up to `limit` entries of `type` in `run` after `seq`, in order. */
  afterOfType(type: EntryType, run: number, seq: number, limit: number): Promise<readonly StoredEntry[]>;
  /** The last entries of `type` in `run`, at most `count`, newest first. */
  lastOfType(type: EntryType, run: number, count: number): Promise<readonly StoredEntry[]>;
  /** The run and the hash (in hexadecimal) of an entry, even if the rest is unreadable; null if there is none. */
  placeOf(seq: number): Promise<{ readonly run: number; readonly hash: string } | null>;
  /**
   * How many entries of each type except checkpoints are among the first `most` entries of `run`, or of all runs if it
   * is null. A type that cannot be read is null.
   */
  counts(
    run: number | null,
    most: number,
  ): Promise<readonly (readonly [type: string | null, count: number])[]>;
  /** The state of a run; null if none is stored for it. */
  state(run: number): Promise<StoredState | null>;
  /** The closes stored with the last checkpoints up to the one at `seq`, at most `limit` checkpoints, newest first. */
  closesUpTo(seq: number, limit: number): Promise<readonly ClosesAt[]>;
  /** The checkpoints with the last stored closes, up to `limit`, and how many each has, newest first. */
  closesKept(limit: number): Promise<readonly { readonly seq: number; readonly count: number }[]>;
  /** How many checkpoints have closes, and the first of them. */
  closesExtent(): Promise<{ readonly parts: number; readonly oldest: number | null }>;
  /** The last heartbeat of any run; null before the first. */
  heartbeat(): Promise<KeptHeartbeat | null>;
  /** The requests that wait for the process that writes, or for the next one, at most a hundred, oldest first. */
  requests(): Promise<readonly FiledRequest[]>;
  /** Whether a request still waits. */
  isWaiting(key: RequestKey): Promise<boolean>;
  /**
   * The first disagreement between the last checkpoint of `run` and the store's copies of its content, as a clause;
   * null if there is none. `checkpoint` is null if the run has none.
   */
  repetitionFlaw(run: number, checkpoint: RepeatedCheckpoint | null): Promise<string | null>;
  /** A type whose entries of `run` near entry `seq` are missing from `afterOfType` or `lastOfType`; null for none. */
  typeNotFound(run: number, seq: number): Promise<string | null>;
  /** A flaw in the storage of the log as a whole, up to `lastRun`, as a clause; null for none. */
  storageFlaw(lastRun: number): Promise<string | null>;
}

/** What a store may repeat of a checkpoint. Amounts are decimal text. */
export interface RepeatedCheckpoint {
  readonly seq: number;
  readonly account: { readonly cash: string; readonly fees: string; readonly realized: string };
  readonly positions: readonly {
    readonly symbol: string;
    readonly quantity: string;
    readonly cost: string;
  }[];
}

/** An entry as it is appended; its hash follows from the one before. */
export interface SealedEntry extends Omit<RawEntry, "content" | "hash"> {
  /** JSON. */
  readonly content: string;
  readonly hash: Uint8Array;
}

/** What one commit changes. */
export interface Addition {
  /** They follow the log's last entry without a gap. */
  readonly entries: readonly SealedEntry[];
  /** The end of the log with them. */
  readonly head: ChainPlace;
  /** Replaces the state of its run; null keeps it. */
  readonly state: StoredState & { readonly run: number } | null;
  /** The closes stored with a checkpoint; null for none. */
  readonly closes: ClosesAt & { readonly bytes: Uint8Array } | null;
  /**
   * The first checkpoint whose closes are among the new ones: removes what it and later ones store; null removes
   * nothing.
   */
  readonly closesFrom: number | null;
  /** Removes the closes of checkpoints before this one; null keeps all. */
  readonly firstCloses: number | null;
  /** The requests to remove, by number. */
  readonly handled: readonly number[];
}

/**
 * The right to add to a log. One process at a time holds it, until it is disposed or the process ends, however it ends.
 * A process that lost it can add nothing. The caller makes one call at a time.
 */
export interface LogLease extends AsyncDisposable {
  /** The log, open as long as the lease. */
  readonly log: EntryLog;
  /**
   * Commits an addition completely or not at all. Once this returns, a power cut does not undo it. Throws a
   * JournalError if it cannot be written.
   */
  append(addition: Addition): Promise<void>;
  /** Replaces the heartbeat, or skips that if it would have to wait. Throws like `append`. */
  writeHeartbeat(heartbeat: KeptHeartbeat): Promise<void>;
  /**
   * Why an addition would be lost, or another process might be adding too, as a clause; null if neither is the case.
   * Throws a JournalError instead if this is permanent and putting files back would not help.
   */
  loss(): Promise<string | null>;
}

/** How a lease is held in a store that others may take over, such as a database on another machine. */
export interface Holding {
  /** The time within which another process takes over from a holder that no longer renews the lease, ms. */
  readonly leaseMs: number;
  /**
   * Whether a lease may be taken before it ends if its holder is no longer connected: its process is dead, or cut off.
   */
  readonly isEager: boolean;
  /** Once it is aborted, additions fail instead of waiting for an unreachable store. */
  readonly signal: AbortSignal;
  /** Called when the store becomes unreachable, and with null when it is back. */
  readonly onAway: (away: StoreAway | null) => void;
}

/**
 * Reports that a store is unreachable: additions wait until it is back, or until another process has taken the lease.
 */
export interface StoreAway {
  /** Which store it is and what is wrong, as a clause. */
  readonly what: string;
  /** When the waiting work was started, ms since 1970. */
  readonly since: number;
}

/** A request on its way to the run that writes a log. */
export interface NewRequest {
  readonly run: number;
  /** µs since 1970. */
  readonly time: number;
  readonly request: RunRequest;
}

/** A log open for filing requests, while another process may write it. */
export interface RequestBox extends AsyncDisposable {
  /** Files a request; waits for the run's own commit if it must. */
  file(request: NewRequest): Promise<RequestKey>;
  /** Withdraws a request, if it still waits. */
  withdraw(key: RequestKey): Promise<void>;
}

/** The contents of a copy of a log. */
export interface CopiedJournal {
  /** The last run, 0 if there is none, and the last entry. */
  readonly run: number;
  readonly entry: number;
  readonly type: string;
  /** Of that entry, µs since 1970. */
  readonly time: number;
  readonly bytes: number;
}

/** Something already exists at the copy's path. */
export class CopyExists extends Error {
  override readonly name = "CopyExists";
  readonly exit = "usage";
}

/** What the holder of a lease needs access to while it lasts. */
export interface StoreNeeds {
  /** Files to read. */
  readonly reads: readonly string[];
  /** Files to write or to remove. */
  readonly writes: readonly string[];
  /** `host:port` to connect to; none by default. */
  readonly hosts?: readonly string[];
}

/** One of the logs in a place that holds many. */
export interface ListedLog {
  /** The log's place, as other methods take it. */
  readonly path: string;
  readonly name: string;
  /** The process that holds its lease, or was the last to; null if none has been. */
  readonly holder: string | null;
  /** Whether the lease is held. */
  readonly isHeld: boolean;
}

/** What to listen for in a place: other entries or heartbeats, or a lease that its holder released. */
export type ChangeKind = "entries" | "freed";

/** Listens for changes until it is disposed. It connects again by itself whenever its connection is lost. */
export interface ChangeListener extends AsyncDisposable {
  /** Whether it is listening now. A change may still be missed, so this saves polls but does not replace them. */
  readonly isListening: boolean;
}

/** A kind of storage for logs. Every method throws a JournalError that explains what is wrong and what to do. */
export interface EntryStore {
  /** Whether a log is a file at its path, in an existing folder. */
  readonly isInFiles: boolean;
  /** Whether there is a writable log at `path`. */
  has(path: string): Promise<boolean>;
  /** Opens the log at `path` for reading; throws if there is none. */
  read(path: string): Promise<EntryLog>;
  /**
   * Takes the lease of the log at `path`, and creates the log if there is none. Throws JournalHeld if another process
   * has the lease. Upgrades a log of an older version. `check` examines the log before any change; if it throws, the
   * log stays as it was. A store in files needs no `holding`: the system ends the lease with its holder.
   */
  lease(
    path: string,
    check: (log: EntryLog) => Promise<void>,
    holding?: Partial<Holding>,
  ): Promise<LogLease>;
  /** What a process with the lease of the log at `path` still needs. */
  files(path: string): StoreNeeds;
  /** Opens the log at `path`, which another process may write, for requests. Throws if that process accepts none. */
  requestBox(path: string): Promise<RequestBox>;
  /**
   * Calls `onChange` with the name of a log in the place of `path` when it has changed, and with null once it listens
   * again: any log may have changed meanwhile. Absent if the store has no such notices.
   */
  readonly listen?: (
    path: string,
    kind: ChangeKind,
    onChange: (name: string | null) => void,
  ) => ChangeListener;
  /**
   * The same store, whose open logs share one connection to each place until it is disposed. The caller reads one log at a
   * time. Absent if reading takes no connection.
   */
  readonly sharing?: () => EntryStore & AsyncDisposable;
  /** The logs in the place that `path` names, by name; absent if a place holds only one. */
  readonly list?: (path: string) => Promise<readonly ListedLog[]>;
  /** Checks whether a run could keep its log at `path`, beyond what files need; absent if there is nothing more. */
  readonly examine?: (path: string) => Promise<readonly CheckResult[]>;
  /** Copies the log at `path`, as of one moment, to a new file `to`; throws CopyExists if something exists there. */
  copy(path: string, to: string): Promise<CopiedJournal>;
}

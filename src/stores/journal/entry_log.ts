/**
 * The seam between a journal and what stores it: a log of sealed entries, which one process at a time adds to, and
 * what stands beside them. A store keeps and finds bytes. Hashes, checkpoints and everything that they prove are the
 * journal's own, so no store is believed.
 */
import type { RunRequest } from "../../domain/run/run_request.ts";
import type { EntryType, RawEntry, StoredEntry } from "./journal_entry.ts";

/** One place of a chain: an entry's number and its hash. */
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
  /** Where the prices are, as JSON. */
  readonly prices: string;
}

/** The prices beside one checkpoint. What cannot be read of them is null. */
export interface StoredPrices {
  readonly decimals: number | null;
  /** 1 if all prices before are void, else 0. */
  readonly fresh: number | null;
  readonly bytes: Uint8Array | null;
  /** The checkpoint with those before. */
  readonly before: number | null;
  /** SHA-256 of the state's content, in hexadecimal; null if the entry of the checkpoint holds the state. */
  readonly state: string | null;
}

/** What the process that writes reports about itself and no entry holds. Times in µs since 1970. */
export interface Heartbeat {
  /** When it was written, by the wall clock. */
  readonly time: number;
  readonly pid: number;
  readonly trades: number;
  /** A whole number, as is the lag. */
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
  /** The last trade's price, decimal text in quote currency, and its own time; null before the first. */
  readonly last: { readonly price: string; readonly time: number } | null;
}

/** A heartbeat as it is stored. It is not an entry: it is not hashed, a resume does not read it, it proves nothing. */
export interface KeptHeartbeat extends Heartbeat {
  /** The run that the process was writing. */
  readonly run: number;
  /** The log's last entry when it was written: what came after it is younger. */
  readonly seq: number;
}

/** Which request: the number of one that was handled may be given again. */
export interface RequestKey {
  readonly id: number;
  /** When it was filed, µs since 1970. */
  readonly time: number;
}

/**
 * A request of another process to the one that writes, as it waits. It is not an entry and not hashed; what the run
 * does about it is an entry, in the commit that removes the request.
 */
export interface FiledRequest extends RequestKey {
  /** The run that it is for. */
  readonly run: number;
  readonly kind: string;
  /** Null if this program does not know it. */
  readonly request: RunRequest | null;
}

/**
 * A log open for reading. It sees what is written meanwhile, each commit whole, and blocks no writer. All methods throw
 * a JournalError if they cannot read what they are asked for. The caller makes one call at a time.
 */
export interface EntryLog extends AsyncDisposable {
  /** Its place, as the user named it. */
  readonly path: string;
  /** From now until this is disposed of, the log is seen as it is now, whatever is written meanwhile. One at a time. */
  moment(): Promise<AsyncDisposable>;
  /** Where the log says that it ends: at 0, with 32 zero bytes, before the first entry; null if it does not say. */
  head(): Promise<ChainPlace | null>;
  /** The last entry that is there, wherever the log says that it ends; null if there is none. */
  last(): Promise<{ readonly seq: number; readonly run: number; readonly time: number } | null>;
  /** The first up to `limit` entries after `seq`, in order. After 0 these are the first of all, whatever their numbers. */
  after(seq: number, limit: number): Promise<readonly StoredEntry[]>;
  /** The first up to `limit` entries of `type` in `run` after `seq`, in order. */
  afterOfType(type: EntryType, run: number, seq: number, limit: number): Promise<readonly StoredEntry[]>;
  /** The last up to `count` entries of `type` in `run`, the newest first. */
  lastOfType(type: EntryType, run: number, count: number): Promise<readonly StoredEntry[]>;
  /** The run and the hash (in hexadecimal) of an entry, whatever else of it can be read; null if there is none. */
  placeOf(seq: number): Promise<{ readonly run: number; readonly hash: string } | null>;
  /**
   * How many entries of each type but checkpoints there are among the first `most`, in `run` or, for null, in all; a
   * type that cannot be read is null.
   */
  counts(
    run: number | null,
    most: number,
  ): Promise<readonly (readonly [type: string | null, count: number])[]>;
  /** The state of a run; null if it has none of its own. */
  state(run: number): Promise<StoredState | null>;
  /** The prices beside the checkpoint at `seq`; null for none. */
  prices(seq: number): Promise<StoredPrices | null>;
  /** The checkpoints with the last up to `limit` stored prices, and how many each has, the newest first. */
  pricesKept(limit: number): Promise<readonly { readonly seq: number; readonly count: number }[]>;
  /** How many checkpoints have prices, and the first of them. */
  pricesExtent(): Promise<{ readonly parts: number; readonly oldest: number | null }>;
  /** The last heartbeat, of whatever run; null before the first. */
  heartbeat(): Promise<KeptHeartbeat | null>;
  /** The requests that wait for the process that writes, or for the next one, oldest first, a hundred at most. */
  requests(): Promise<readonly FiledRequest[]>;
  /** Whether a request still waits. */
  isWaiting(key: RequestKey): Promise<boolean>;
  /**
   * What the store repeats of the last checkpoint of `run` and is not what that says, as a clause; null where all
   * agrees. `checkpoint` is null where the run has none.
   */
  repetitionFlaw(run: number, checkpoint: RepeatedCheckpoint | null): Promise<string | null>;
  /** A type of which `afterOfType` and `lastOfType` miss some of `run` near the entry `seq`; null for none. */
  typeNotFound(run: number, seq: number): Promise<string | null>;
  /** What is wrong with the whole of what stores the log, up to `lastRun`, as a clause; null for nothing. */
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
  /** They follow on the log's last entry, without a hole. */
  readonly entries: readonly SealedEntry[];
  /** Where the log ends with them. */
  readonly head: ChainPlace;
  /** Replaces the state of its run; null where that stays. */
  readonly state: StoredState & { readonly run: number } | null;
  /** The prices beside a checkpoint; null for none. */
  readonly prices: StoredPrices & { readonly seq: number; readonly bytes: Uint8Array } | null;
  /** Prices of checkpoints before this one go; null where all stay. */
  readonly firstPrices: number | null;
  /** The requests that go, by number. */
  readonly handled: readonly number[];
}

/**
 * The right to add to a log. One process at a time has it, until it is disposed of or the process ends, however that
 * ends. A process that lost it can add nothing. The caller makes one call at a time.
 */
export interface LogLease extends AsyncDisposable {
  /** The log, which stays open as long as this. */
  readonly log: EntryLog;
  /**
   * Commits an addition, all of it or nothing. Once this returns, a power cut does not undo it. Throws a JournalError if
   * it cannot be written.
   */
  append(addition: Addition): Promise<void>;
  /** Replaces the heartbeat, or skips it where that would have to wait. Throws like `append`. */
  writeHeartbeat(heartbeat: KeptHeartbeat): Promise<void>;
  /** Why what is appended would not be kept or not by this process alone, as a clause; null while it is. */
  loss(): Promise<string | null>;
}

/** A request on its way to the run that writes a log. */
export interface NewRequest {
  readonly run: number;
  /** µs since 1970. */
  readonly time: number;
  readonly request: RunRequest;
}

/** A log open to file requests in, beside the process that writes it. */
export interface RequestBox extends AsyncDisposable {
  /** Files a request; waits for the run's own commit if it must. */
  file(request: NewRequest): Promise<RequestKey>;
  /** Withdraws a request, if it still waits. */
  withdraw(key: RequestKey): Promise<void>;
}

/** What a copy of a log holds. */
export interface CopiedJournal {
  /** The last run, 0 if there is none, and the last entry. */
  readonly run: number;
  readonly entry: number;
  readonly type: string;
  /** Of that entry, µs since 1970. */
  readonly time: number;
  readonly bytes: number;
}

/** Something exists at the copy's path. */
export class CopyExists extends Error {
  override readonly name = "CopyExists";
  readonly exit = "usage";
}

/** A kind of place that logs are kept in. Every method throws a JournalError that says what is wrong, and what to do. */
export interface EntryStore {
  /** Whether there is a log at `path` that can be written to. */
  has(path: string): Promise<boolean>;
  /** Opens the log at `path` for reading; throws if there is none. */
  read(path: string): Promise<EntryLog>;
  /**
   * Takes the lease of the log at `path`, which is made where there is none; throws JournalHeld if another process has
   * it. A log of an older version is brought to the present one. `check` looks at the log before anything in it is
   * changed, and what it throws leaves the log as it was.
   */
  lease(path: string, check: (log: EntryLog) => Promise<void>): Promise<LogLease>;
  /** The files that a process still has to read, and to write or remove, once it has the lease of the log at `path`. */
  files(path: string): { readonly reads: readonly string[]; readonly writes: readonly string[] };
  /** Opens the log at `path`, which another process may write, for requests. Throws if that one takes none. */
  requestBox(path: string): Promise<RequestBox>;
  /** Copies the log at `path`, as of one moment, to a new file `to`; throws CopyExists if something is there. */
  copy(path: string, to: string): Promise<CopiedJournal>;
}

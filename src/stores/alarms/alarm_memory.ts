/**
 * The alarm memory: how far each service has got in each journal. It is a small file, replaced as a whole and locked
 * for as long as a process uses it.
 */
import { createHash } from "node:crypto";
import { memoryAdvice } from "../../domain/process/permission_advice.ts";
import { type FileKind, isObject, WholeFile } from "../files/whole_file.ts";

/** Where the memory is kept. */
export const ALARMS_FILE = "data/alarms.json";

/** The memory cannot be used; the message says why and what to do. */
export class AlarmMemoryError extends Error {
  override readonly name = "AlarmMemoryError";
  readonly exit = "failure";
}

/** A place in a journal: the entry, and its hash in hexadecimal. */
export interface KeptPlace {
  readonly seq: number;
  readonly hash: string;
}

/** How far a service has got in a journal. */
export interface KeptDelivery {
  /** Where the events of a poll started. */
  readonly place: KeptPlace;
  /** The last entry whose alarms the service has all received. */
  readonly done: number;
  /** How many alarms of the next entry it has received. */
  readonly sent: number;
  /** What the alarm rules remembered at that point, as JSON. */
  readonly rules: unknown;
}

/** One service in the file. `journals` is keyed by path. */
interface KeptChannel {
  /** For a person who reads the file. */
  readonly name: string;
  /** When it last changed, ISO 8601. */
  readonly changed: string;
  readonly journals: Readonly<Record<string, KeptDelivery>>;
}

/** The file is a JSON object with these fields. `channels` is keyed by the digest of each address. */
interface Kept {
  readonly schema: typeof SCHEMA;
  readonly version: typeof VERSION;
  readonly channels: Readonly<Record<string, KeptChannel>>;
}

const SCHEMA = "penstock-alarms";
const VERSION = 1;
const EMPTY: Kept = { schema: SCHEMA, version: VERSION, channels: {} };
const DIGEST = /^[0-9a-f]{16}$/;
const HASH = /^([0-9a-f]{64})?$/;
/** With as many channels and journals as it may hold, the file takes about 7 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
const KIND: FileKind = {
  schema: SCHEMA,
  version: VERSION,
  mostBytes: MOST_BYTES,
  Failure: AlarmMemoryError,
  purpose: "which remembers the alarms that were sent",
  without: "then alarms start with what happens from now on",
  advice: (missing) => memoryAdvice(missing, Deno.build.standalone),
};
/** Beyond this many, the services and journals that were unused longest are dropped. */
const MOST_CHANNELS = 50;
const MOST_JOURNALS = 200;

/** The memory in one file. */
export class AlarmMemory implements Disposable {
  readonly #file: WholeFile;
  readonly #lock: Deno.FsFile;
  #kept: Kept;

  /**
   * Opens the memory at `path`, which need not exist yet. Throws an AlarmMemoryError if it cannot be used, or if
   * another process uses it.
   */
  static open(path: string): AlarmMemory {
    const file = new WholeFile(path, KIND);
    let lock: Deno.FsFile | null = null;
    try {
      lock = file.openLock();
      if (!lock.tryLockSync(true)) {
        throw file.unusable(
          "another penstock watch uses it to send alarms, and no alarm may be sent twice. Stop that one, or " +
            "give this one another file with --notify-memory",
        );
      }
      const fields = file.read();
      return new AlarmMemory(file, lock, fields === null ? EMPTY : keptOf(file, fields));
    } catch (error) {
      lock?.close();
      throw file.failure(error);
    }
  }

  private constructor(file: WholeFile, lock: Deno.FsFile, kept: Kept) {
    this.#file = file;
    this.#lock = lock;
    this.#kept = kept;
  }

  /** How far the service at `address` has got in the journal at `journal`; null if the pair is new. */
  delivery(address: string, journal: string): KeptDelivery | null {
    const { journals = {} } = this.#kept.channels[digestOf(address)] ?? {};
    return Object.hasOwn(journals, journal) ? journals[journal]! : null;
  }

  /**
   * Saves how far a service has got, and waits until that is on disk. `name` is the service's name for people, `now`
   * the time in ms since 1970. Throws an AlarmMemoryError if that fails; the file is then unchanged.
   */
  keep(address: string, name: string, journal: string, delivery: KeptDelivery, now: number): void {
    const digest = digestOf(address);
    const { journals = {} } = this.#kept.channels[digest] ?? {};
    const { [journal]: _before, ...others } = journals;
    const channel = {
      name,
      changed: new Date(now).toISOString(),
      journals: last(MOST_JOURNALS, { ...others, [journal]: delivery }),
    };
    const { [digest]: _channel, ...channels } = this.#kept.channels;
    const kept = { ...this.#kept, channels: last(MOST_CHANNELS, { ...channels, [digest]: channel }) };
    try {
      this.#file.replace(kept);
    } catch (error) {
      throw this.#file.failure(error);
    }
    this.#kept = kept;
  }

  /** Releases the lock, so that another process can use the memory. */
  [Symbol.dispose](): void {
    // A child process that is just starting briefly has a copy of the open file, which would keep the lock.
    this.#lock.unlockSync();
    this.#lock.close();
  }
}

/** The last `count` fields, in the order in which they were written. */
function last<T>(count: number, fields: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).slice(-count));
}

/** Identifies an address by a digest, because it may contain something private. */
function digestOf(address: string): string {
  return createHash("sha256").update(address, "utf8").digest("hex").slice(0, 16);
}

/** The content of the file at `path`. Throws an AlarmMemoryError if it is not an alarm memory. */
export function keptIn(path: string, text: string): Kept {
  const file = new WholeFile(path, KIND);
  return keptOf(file, file.fieldsIn(text));
}

function keptOf(file: WholeFile, kept: Readonly<Record<string, unknown>>): Kept {
  const { channels } = kept;
  if (!isObject(channels)) throw file.damaged(`it has no "channels"`);
  for (const [digest, channel] of Object.entries(channels)) {
    if (!DIGEST.test(digest) || !isChannel(channel)) {
      throw file.damaged(`its channel ${JSON.stringify(digest)} cannot be read`);
    }
  }
  return kept as unknown as Kept;
}

function isChannel(value: unknown): value is KeptChannel {
  const { name, changed, journals } = fieldsOf(value);
  return typeof name === "string" && typeof changed === "string" && isObject(journals) &&
    Object.values(journals).every(isDelivery);
}

function isDelivery(value: unknown): value is KeptDelivery {
  const { place, done, sent, rules } = fieldsOf(value);
  const { seq, hash } = fieldsOf(place);
  return isCount(seq) && typeof hash === "string" && HASH.test(hash) && isCount(done) && isCount(sent) &&
    isObject(rules);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** The error for a memory at `path` that cannot be read. */
export function damaged(path: string, how: string): Error {
  return new WholeFile(path, KIND).damaged(how);
}

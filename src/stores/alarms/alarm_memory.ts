/**
 * The memory of alarms: how far each service has got in each journal. It is a small file that is replaced as a whole,
 * and locked for as long as a process uses it.
 */
import { createHash } from "node:crypto";
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { grantAdvice } from "../../domain/process/permission_advice.ts";
import { folderOf } from "../files/data_folder.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "../files/owner_only.ts";

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
  /** Where the events of a look started. */
  readonly place: KeptPlace;
  /** The last entry of which the service has every alarm. */
  readonly done: number;
  /** How many alarms of the next entry the service has. */
  readonly sent: number;
  /** What the alarm rules remembered at that point, as JSON. */
  readonly rules: unknown;
}

/** One service in the file, `journals` by path. */
interface KeptChannel {
  /** For a person who reads the file. */
  readonly name: string;
  /** When it last changed, ISO 8601. */
  readonly changed: string;
  readonly journals: Readonly<Record<string, KeptDelivery>>;
}

/** The file is a JSON object of these fields, `channels` by the digest of their addresses. */
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
/** The most channels with the most journals take some 7 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Beyond this many, the services and journals that were unused longest are dropped. */
const MOST_CHANNELS = 50;
const MOST_JOURNALS = 200;

/** The memory in one file. */
export class AlarmMemory implements Disposable {
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  #kept: Kept;

  /**
   * Opens the memory at `path`, which need not exist yet. Throws an AlarmMemoryError if it cannot be used, or if
   * another process uses it.
   */
  static open(path: string): AlarmMemory {
    let lock: Deno.FsFile | null = null;
    try {
      for (const name of [path, lockOf(path), partialOf(path)]) {
        const link = outwardLink(name, Deno, true);
        if (link !== null) throw unusable(path, outwardText(link));
      }
      makeFolder(folderOf(path));
      // The lock is on a second file, because the first is replaced at each write.
      lock = Deno.openSync(lockOf(path), { write: true, create: true, mode: OWNERS_FILE });
      if (!lock.tryLockSync(true)) {
        throw unusable(
          path,
          "another penstock watch sends alarms by it, and nothing is to be sent twice. End that one, or give this one a " +
            "file of its own with --notify-memory",
        );
      }
      return new AlarmMemory(path, lock, read(path));
    } catch (error) {
      lock?.close();
      throw error instanceof AlarmMemoryError ? error : unusable(path, reasonOf(path, error), error);
    }
  }

  private constructor(path: string, lock: Deno.FsFile, kept: Kept) {
    this.#path = path;
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
      replace(this.#path, kept);
    } catch (error) {
      throw unusable(this.#path, reasonOf(this.#path, error), error);
    }
    this.#kept = kept;
  }

  /** Releases the lock, so that another process can use the memory. */
  [Symbol.dispose](): void {
    this.#lock.close();
  }
}

/** The last `count` fields, in the order in which they were written. */
function last<T>(count: number, fields: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).slice(-count));
}

/** A digest, because an address may contain something private. */
function digestOf(address: string): string {
  return createHash("sha256").update(address, "utf8").digest("hex").slice(0, 16);
}

function read(path: string): Kept {
  let text: string;
  try {
    if (Deno.statSync(path).size > MOST_BYTES) throw damaged(path, "it is far larger than it can be");
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return EMPTY;
    throw error;
  }
  return keptIn(path, text);
}

/** The content of the file at `path`. Throws an AlarmMemoryError if it is not one. */
export function keptIn(path: string, text: string): Kept {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    throw damaged(path, text === "" ? "it is empty" : "it is not JSON");
  }
  const { schema, version, channels } = fieldsOf(kept);
  if (schema !== SCHEMA) throw damaged(path, `its "schema" is not "${SCHEMA}"`);
  if (version !== VERSION) {
    throw unusable(
      path,
      `it is of version ${
        JSON.stringify(version) ?? "none"
      }, and this Penstock knows version ${VERSION}: use the ` +
        "Penstock that wrote it",
    );
  }
  if (!isObject(channels)) throw damaged(path, `it has no "channels"`);
  for (const [digest, channel] of Object.entries(channels)) {
    if (!DIGEST.test(digest) || !isChannel(channel)) {
      throw damaged(path, `its channel ${JSON.stringify(digest)} cannot be read`);
    }
  }
  return kept as Kept;
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** Writes the content to another file, waits until that is on disk, and gives it the name. */
function replace(path: string, kept: Kept): void {
  const partial = partialOf(path);
  {
    using file = Deno.openSync(partial, { write: true, create: true, truncate: true, mode: OWNERS_FILE });
    let bytes = new TextEncoder().encode(`${JSON.stringify(kept, null, 1)}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
    file.syncDataSync();
  }
  Deno.renameSync(partial, path);
}

/**
 * Makes the folder if it is missing. A locked program may write only the memory's files, so it cannot make a folder.
 */
function makeFolder(folder: string): void {
  try {
    if (Deno.statSync(folder).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.mkdirSync(folder, { mode: OWNERS_FOLDER });
}

/** The files that a memory at `path` needs, for permissions. */
export function filesOf(path: string): readonly string[] {
  return [path, lockOf(path), partialOf(path)];
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function partialOf(path: string): string {
  return `${path}.partial`;
}

/** The error for a memory at `path` that cannot be read. */
export function damaged(path: string, how: string): AlarmMemoryError {
  return unusable(
    path,
    `${how}. Restore it from a copy, or remove it: then alarms start with what happens from now on`,
  );
}

function unusable(path: string, why: string, cause?: unknown): AlarmMemoryError {
  return new AlarmMemoryError(
    `${path}, which remembers the alarms that were sent, cannot be used: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function reasonOf(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `it may not be read or written: ${
      grantAdvice({ read: path, write: filesOf(path).join(",") }, Deno.build.standalone)
    }`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Opens the files that a user names, and standard input, and explains errors. */
import { setImmediate } from "node:timers";
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { grantAdvice } from "../../domain/process/permission_advice.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import type { ByteParts, ByteSource } from "./byte_source.ts";

/** The path that stands for standard input. */
export const STANDARD_INPUT = "-";
/** What is wrong with an input that is empty or has only blank lines. */
export const EMPTY_INPUT = "it is empty, expected recorded trades";

/** An input that the user named and that exists. */
export interface InputFile {
  /** The path as given; `-` is standard input. */
  readonly path: string;
  /** Its name in messages. */
  readonly name: string;
  /** Bytes on disk; null if that is not known in advance, as for a pipe or a device. */
  readonly size: number | null;
}

/**
 * Examines a path without opening it. Throws UnusableInput if it does not exist, if it is an empty file or a folder, if
 * the program may not read it, or if a link leads out of `./data`.
 */
export async function findInput(path: string): Promise<InputFile> {
  if (path === STANDARD_INPUT) return { path, name: "standard input", size: null };
  refuseOutward(path);
  const { isDirectory, isFile, size } = await explainErrors(path, Deno.stat(path));
  if (isDirectory) {
    throw new UnusableInput(
      { name: path },
      "is a folder, expected a file or a folder of recordings: name the files in it",
    );
  }
  if (isFile && size === 0) throw new UnusableInput({ name: path }, EMPTY_INPUT);
  return { path, name: path, size: isFile ? size : null };
}

/**
 * Opens an input. Calls `count` with the number of bytes of each read. `signal` ends a read from a pipe, which might
 * otherwise never end. Throws UnusableInput as `findInput` does, and the signal's reason.
 */
export async function openInput(
  { path, name, size }: InputFile,
  signal?: AbortSignal,
  count: (bytes: number) => void = () => {},
): Promise<ByteSource> {
  if (path === STANDARD_INPUT) return new PipeSource(Deno.stdin, name, count, signal);
  const opening = explainErrors(path, Deno.open(path));
  if (size !== null) return new FileSource(await opening, name, size, count);
  // Opening a named pipe waits until another process opens it for writing.
  return new PipeSource(await openUnlessAborted(opening, signal), name, count, signal);
}

/** A quicker read comes from the system's cache or a fast disk, for which another thread is not worthwhile. */
const QUICK_MS = 1;
/** After a slower read, this many reads are made on another thread, in parallel. */
const SLOW_READS = 64;
/** One in this many reads waits for a turn of the event loop, so that timers and signals are handled. */
const READS_PER_TURN = 4;

/** A file on disk. */
class FileSource implements ByteSource, ByteParts {
  readonly size: number;
  readonly #file: Deno.FsFile;
  readonly #name: string;
  readonly #count: (bytes: number) => void;
  /** Settled while no read is in progress. A read from a disk ends by itself, so `close` waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  #isOpen = true;
  #reads = 0;
  /** The disk counts as slow until this read. */
  #slowUntil = 0;

  constructor(file: Deno.FsFile, name: string, size: number, count: (bytes: number) => void) {
    this.#file = file;
    this.#name = name;
    this.size = size;
    this.#count = count;
  }

  get parts(): ByteParts {
    return this;
  }

  read(into: Uint8Array): Promise<number | null> {
    const reading = explainErrors(this.#name, this.#counted(into));
    this.#last = reading.catch(() => {});
    return reading;
  }

  async readPart(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      this.#file.seekSync(offset + filled, Deno.SeekMode.Start);
      const read = await this.read(bytes.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#last;
    this.#file.close();
  }

  async #counted(into: Uint8Array): Promise<number | null> {
    const isTurn = this.#reads % READS_PER_TURN === 0;
    const isHere = this.#reads >= this.#slowUntil;
    this.#reads++;
    const bytes = isHere ? await this.#readHere(into, isTurn) : await this.#readElsewhere(into, isTurn);
    if (bytes !== null) this.#count(bytes);
    return bytes;
  }

  /** Reads on this thread, after a turn of the event loop if `isTurn`. */
  async #readHere(into: Uint8Array, isTurn: boolean): Promise<number | null> {
    if (isTurn) await nextTurn();
    const startedAt = performance.now();
    const bytes = this.#file.readSync(into);
    if (performance.now() - startedAt >= QUICK_MS) this.#slowUntil = this.#reads + SLOW_READS;
    return bytes;
  }

  /** Reads on another thread. */
  async #readElsewhere(into: Uint8Array, isTurn: boolean): Promise<number | null> {
    // Awaiting a read that is already done does not let the event loop run.
    const [bytes] = await Promise.all([this.#file.read(into), isTurn ? nextTurn() : null]);
    return bytes;
  }
}

/** Resolves after one turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A pipe, a terminal or a device. A read may never end; the source then abandons it. */
class PipeSource implements ByteSource {
  readonly #file: Deno.FsFile | typeof Deno.stdin;
  readonly #name: string;
  readonly #count: (bytes: number) => void;
  readonly #signal: AbortSignal | undefined;
  #isOpen = true;
  #abandon: (reason: unknown) => void = () => {};
  readonly #onAbort = (): void => this.#abandon(this.#signal!.reason);

  constructor(
    file: Deno.FsFile | typeof Deno.stdin,
    name: string,
    count: (bytes: number) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#file = file;
    this.#name = name;
    this.#count = count;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      if (this.#signal?.aborted) return reject(this.#signal.reason);
      this.#abandon = reject;
      explainErrors(this.#name, this.#file.read(into)).then((bytes) => {
        if (bytes !== null) this.#count(bytes);
        resolve(bytes);
      }, reject);
    });
  }

  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#signal?.removeEventListener("abort", this.#onAbort);
      this.#abandon(new Deno.errors.Interrupted(`${this.#name} was closed`));
      if (this.#file !== Deno.stdin) this.#file.close();
    }
    return Promise.resolve();
  }
}

/** Resolves to the file, or rejects with the signal's reason. A file that is opened too late is closed again. */
export function openUnlessAborted(
  opening: Promise<Deno.FsFile>,
  signal?: AbortSignal,
): Promise<Deno.FsFile> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal!.reason);
      opening.then((file) => file.close(), () => {});
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    opening.then(resolve, reject).finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

/** Resolves to the result of a read, or rejects with the signal's reason: closing the file then ends the read. */
export function readUnlessAborted(
  file: Deno.FsFile,
  into: Uint8Array,
  signal?: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal!.reason);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    file.read(into).then(resolve, reject).finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

/** Throws UnusableInput if a link leads out of `./data` on the way to `path`. */
export function refuseOutward(path: string): void {
  const found = outwardLink(path, Deno);
  if (found !== null) throw new UnusableInput({ name: path }, outwardText(found));
}

/** Turns an error of the operating system into what the user can do about it. */
async function explainErrors<T>(name: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw unusable(name, error);
  }
}

/** Turns an error from opening or reading the file of this name into UnusableInput. */
export function unusable(name: string, error: unknown): UnusableInput {
  return new UnusableInput({ name }, reasonOf(name, error), { cause: error });
}

function reasonOf(name: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the operating system does not let this user read it: ask its owner, or change its mode";
  }
  if (!(error instanceof Deno.errors.NotCapable)) {
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  // Deno opens devices and the like only for a program with all permissions.
  return /^\/(dev|proc|sys)\//.test(name)
    ? `the program may not read it: give it as standard input, "-"`
    : `the program may not read it: ${grantAdvice({ read: name }, Deno.build.standalone)}`;
}

/** The target of a result: a file that is replaced as a whole, a pipe or a device. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { grantAdvice } from "../../domain/process/permission_advice.ts";
import { modeAt } from "../files/owner_only.ts";

/** The result cannot be written; the message says why and what to do. */
export class ResultFileError extends Error {
  override readonly name = "ResultFileError";
  readonly exit = "failure";
}

/** The start of every result, even an unfinished one. */
export const RESULT_START = `{"schema":"penstock-result"`;

/** Takes a result's text piece by piece. */
export interface ResultPlace extends Disposable {
  /** Takes a piece, which is written now or at the next `flush`. Throws a ResultFileError if it cannot be written. */
  write(text: string): void;
  /** Writes the text that waits for a reader. Throws a ResultFileError if that fails, or if nobody reads. */
  flush(): Promise<void>;
  /** Finishes the result: the file gets its name. Throws a ResultFileError if that fails. */
  finish(): Promise<void>;
  /** Drops what is not finished. */
  [Symbol.dispose](): void;
}

/** What a place may replace, how long it may keep a run waiting, and where it reports. */
export interface PlaceOptions {
  /** How every file of this kind starts, even an unfinished one; only such files are replaced. A result by default. */
  readonly start?: string;
  /** Once it is aborted, the run stops waiting for a pipe's reader. */
  readonly stop: AbortSignal;
  /** Called with warnings for the user, one sentence each. */
  readonly onWarning: (text: string) => void;
}

const ENCODER = new TextEncoder();
/** A waiting reader opens a pipe within this time. A longer wait is reported. */
const READER_MS = 500;
/** How long a write may wait for its reader once the run is to stop. */
const GRACE_MS = 1_500;
/** The most links in a row that the kernel follows. */
const MOST_LINKS = 40;
/** Such links lead to a process's open files, each with its own position: writes would overlap. */
const OPEN_FILES = /^\/(proc|dev\/fd)\//;
/** The most runs with the same process id, each in its own container, that may write one result at a time. */
const MOST_PARTS = 100;

/**
 * Opens the place at `path`. A link is followed, even to a file that does not exist yet. Throws a ResultFileError if no
 * result can be written: at a folder, a socket, or a file that is not a result, or if a link leads out of `./data`.
 */
export async function resultPlaceAt(path: string, options: PlaceOptions): Promise<ResultPlace> {
  try {
    const outward = outwardLink(path, Deno);
    if (outward !== null) throw impossible(path, outwardText(outward));
    const info = infoOf(path);
    if (/[\\/]$/.test(path) || info?.isDirectory) throw impossible(path, "it is a folder");
    if (info?.isSocket) throw impossible(path, "it is a socket. Name a file, a pipe or a device");
    if (info?.isFifo) return openPlace(path, info, await openPipe(path, options), options);
    if (info?.isCharDevice || info?.isBlockDevice) {
      return openPlace(path, info, await Deno.open(path, { write: true }), options);
    }
    return Replacement.of(path, targetOf(path), options);
  } catch (error) {
    throw failed(path, error);
  }
}

/** A regular file, existing or not. The result is written beside it under another name until it is complete. */
class Replacement implements ResultPlace {
  readonly #path: string;
  readonly #target: string;
  readonly #partial: string;
  readonly #start: string;
  readonly #file: Deno.FsFile;
  #isOpen = true;

  /** `path` is what the user named, `target` the file that it leads to. */
  static of(
    path: string,
    target: string,
    { start = RESULT_START, onWarning }: PlaceOptions,
  ): Replacement {
    refuseOther(target, start);
    for (const name of removeAbandoned(target, start)) {
      onWarning(`${name} is removed: it is the partial result of a run that was killed`);
    }
    for (let n = 0;; n++) {
      // No two processes use one name, and each locks its own file: one without a lock is abandoned.
      const partial = `${target}.${Deno.pid}${n === 0 ? "" : `-${n}`}.partial`;
      try {
        return new Replacement(
          path,
          target,
          partial,
          start,
          Deno.openSync(partial, { write: true, createNew: true, mode: modeAt(target) }),
        );
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists) || n === MOST_PARTS) throw error;
      }
    }
  }

  private constructor(path: string, target: string, partial: string, start: string, file: Deno.FsFile) {
    this.#path = path;
    this.#target = target;
    this.#partial = partial;
    this.#start = start;
    this.#file = file;
    try {
      file.tryLockSync(true);
    } catch {
      // On a file system without locks, no file ever counts as abandoned.
    }
  }

  write(text: string): void {
    let bytes = ENCODER.encode(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
    } catch (error) {
      throw failed(this.#path, error);
    }
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    try {
      refuseOther(this.#target, this.#start);
      Deno.renameSync(this.#partial, this.#target);
    } catch (error) {
      return Promise.reject(failed(this.#path, error));
    }
    this.#isOpen = false;
    this.#file.close();
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
    try {
      Deno.removeSync(this.#partial);
    } catch {
      // What ended the run matters more than a leftover file.
    }
  }
}

/** A pipe or a device, where written text cannot be taken back. */
class OpenPlace implements ResultPlace {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #stop: AbortSignal;
  #waiting: string[] = [];
  #isOpen = true;

  constructor(path: string, file: Deno.FsFile, stop: AbortSignal) {
    this.#path = path;
    this.#file = file;
    this.#stop = stop;
  }

  write(text: string): void {
    this.#waiting.push(text);
  }

  async flush(): Promise<void> {
    const bytes = ENCODER.encode(this.#waiting.join(""));
    this.#waiting = [];
    if (bytes.length === 0) return;
    try {
      await this.#unlessStopped(writeAll(this.#file, bytes));
    } catch (error) {
      throw failed(this.#path, error);
    }
  }

  async finish(): Promise<void> {
    await this.flush();
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }

  /** Waits for the write; throws if its reader reads nothing after `stop` is aborted. */
  async #unlessStopped(write: Promise<void>): Promise<void> {
    using end = new EndOfWaiting(this.#stop, GRACE_MS);
    if (await Promise.race([write, end.promise]) === "over") {
      throw impossible(this.#path, "its reader reads nothing, and the rest of the result is lost");
    }
  }
}

/** The opened file at `path`, if it is the pipe or device found there before. */
function openPlace(path: string, found: Deno.FileInfo, file: Deno.FsFile, { stop }: PlaceOptions): OpenPlace {
  const { dev, ino } = file.statSync();
  if (dev === found.dev && ino === found.ino) return new OpenPlace(path, file, stop);
  file.close();
  throw impossible(path, "it was replaced while it was opened. Start again");
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
}

/** Resolves with "over" a number of ms after `stop` is aborted. */
class EndOfWaiting implements Disposable {
  readonly promise: Promise<"over">;
  readonly #stop: AbortSignal;
  readonly #onStop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stop: AbortSignal, graceMs: number) {
    const { promise, resolve } = Promise.withResolvers<"over">();
    this.promise = promise;
    this.#stop = stop;
    this.#onStop = () => this.#timer = setTimeout(() => resolve("over"), graceMs);
    if (stop.aborted) this.#onStop();
    else stop.addEventListener("abort", this.#onStop, { once: true });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop.removeEventListener("abort", this.#onStop);
  }
}

/** Opens a pipe for writing, which waits for its reader; warns about that, and stops waiting once `stop` is aborted. */
async function openPipe(path: string, { stop, onWarning }: PlaceOptions): Promise<Deno.FsFile> {
  const opening = Deno.open(path, { write: true });
  const timer = setTimeout(() => onWarning(`waiting for a reader of the pipe ${path}`), READER_MS);
  using end = new EndOfWaiting(stop, 0);
  try {
    const file = await Promise.race([opening, end.promise]);
    if (file !== "over") return file;
    opening.then((late) => late.close(), () => {});
    throw impossible(path, "the pipe has no reader");
  } finally {
    clearTimeout(timer);
  }
}

/** What is at `path`, links followed; null if nothing is. */
function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** The file that `path` leads to, whether it exists or not. */
function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    let next: string;
    try {
      if (!Deno.lstatSync(target).isSymlink) return target;
      next = Deno.readLinkSync(target);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return target;
      throw error;
    }
    if (OPEN_FILES.test(target)) {
      throw impossible(path, "it leads to a file that is open already. Name the file itself");
    }
    target = /^([\\/]|[A-Za-z]:)/.test(next) ? next : `${folderOf(target)}${next}`;
  }
  throw impossible(path, "it leads through too many links");
}

/** The folder of a file, with a final slash; empty for the working folder. */
function folderOf(path: string): string {
  return /^.*[\\/]/.exec(path)?.[0] ?? "";
}

/**
 * Removes the partial files that killed runs left beside `target`: those that no process has locked. Returns the names
 * of the files removed.
 */
function removeAbandoned(target: string, start: string): string[] {
  const folder = folderOf(target);
  const name = target.slice(folder.length);
  const pattern = new RegExp(`^${RegExp.escape(name)}(\\.\\d+(-\\d+)?)?\\.partial$`);
  const removed: string[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(folder === "" ? "." : folder)) {
      if (isFile && pattern.test(name) && isAbandoned(folder + name, start)) {
        Deno.removeSync(folder + name);
        removed.push(folder + name);
      }
    }
  } catch {
    // The folder may not be inspected: its files stay, and writing will show what is wrong.
  }
  return removed;
}

function isAbandoned(path: string, start: string): boolean {
  try {
    if (!startsWith(path, start)) return false;
    using file = Deno.openSync(path, { read: true, write: true });
    return file.tryLockSync(true);
  } catch {
    return false;
  }
}

/** Throws a ResultFileError if a result must not replace the file. */
function refuseOther(path: string, start: string): void {
  const info = infoOf(path);
  // If it is anything else than a file, opening or replacing it will fail.
  if (info === null || !info.isFile || info.size === 0 || startsWith(path, start)) return;
  const kind = start === RESULT_START
    ? "a result"
    : start.startsWith("<")
    ? "a Penstock page"
    : "the result of a sweep";
  throw impossible(path, `the file there is not ${kind}. Choose another name, or remove it`);
}

function startsWith(path: string, start: string): boolean {
  const bytes = new Uint8Array(start.length);
  using file = Deno.openSync(path);
  const count = file.readSync(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, count)) === start;
}

function impossible(path: string, why: string, cause?: unknown): ResultFileError {
  return new ResultFileError(
    `the result cannot be written to ${path}: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function failed(path: string, error: unknown): ResultFileError {
  if (error instanceof ResultFileError) return error;
  return impossible(path, reasonOf(path, error), error);
}

function reasonOf(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    // Another name in the same folder is written first.
    const place = /^Requires all/.test(error.message) ? path : folderOf(targetOrNone(path)) || ".";
    return `it may not be read or written: ${
      grantAdvice({ read: place, write: place }, Deno.build.standalone)
    }`;
  }
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist";
  return error instanceof Error ? error.message : String(error);
}

/** The file that `path` leads to, or the path itself if links may not be inspected. */
function targetOrNone(path: string): string {
  try {
    return targetOf(path);
  } catch {
    return path;
  }
}

/** The file behind a recording: opening it, and the errors when that fails. */

import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { asSentence, grantAdvice } from "../../domain/process/permission_advice.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "../files/owner_only.ts";

/** The part of Deno.FsFile that a recording is written through; opened to append. */
export interface RecordingFile {
  writeSync(bytes: Uint8Array): number;
  truncateSync(length: number): void;
  seekSync(offset: number, whence: Deno.SeekMode): number;
  syncData(): Promise<void>;
  /** How many names the file has; null if the system does not report it. */
  statSync?(): { readonly nlink: number | null };
  close(): void;
}

/** A recording cannot be started; the message says why and what to do. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  readonly exit = "usage";
}

/**
 * Opens `path` to append. A missing folder is created, so that a fresh checkout has its `data`; its parent must exist.
 * Throws a RecordingError for a pipe, a link that leads out of its folder, and a file with other names, and rethrows
 * the system's errors.
 */
export function openToAppend(path: string): RecordingFile {
  refuseOutward(path);
  refusePipe(path);
  const options = { create: true, append: true, mode: OWNERS_FILE };
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(folderOf(path), { mode: OWNERS_FOLDER });
    file = Deno.openSync(path, options);
  }
  try {
    // A link may have replaced it in between.
    refuseOutward(path);
    refuseOtherNames(path, file);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function refuseOutward(path: string): void {
  const found = outwardLink(path, Deno, true);
  if (found !== null) throw unusable(path, `${outwardText(found)}.`);
}

/** Throws a RecordingError if the opened file is not the one at `path`, or has other names too. */
function refuseOtherNames(path: string, file: Deno.FsFile): void {
  let [open, there]: Deno.FileInfo[] = [];
  try {
    [open, there] = [file.statSync(), Deno.statSync(path)];
  } catch (error) {
    // Without permission to read, nothing can be checked.
    if (error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  if (open!.ino !== there!.ino || open!.dev !== there!.dev) {
    throw unusable(path, "it was replaced while it was opened. Start again.");
  }
  if ((open!.nlink ?? 1) > 1) {
    throw unusable(path, `its file has ${open!.nlink} names (hard links). Choose another name.`);
  }
}

/** The identity of the file or folder at `path`, links followed; null if that may not be inspected. */
export function identityOf(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}

/** Opening a pipe waits for a reader, and no signal ends that wait. */
function refusePipe(path: string): void {
  let isPipe: boolean | null;
  try {
    isPipe = Deno.statSync(path).isFifo;
  } catch {
    // Nothing exists there, or it may not be inspected. Opening it will show which.
    return;
  }
  if (isPipe) throw unusable(path, "it is a pipe. Choose another name.");
}

/** Shows other processes that this file is being written, as long as it is open. */
export function lockForWriting(file: Deno.FsFile): void {
  // On Windows a lock keeps readers out, and an open file cannot be removed anyway.
  if (Deno.build.os === "windows") return;
  try {
    file.lockSync(true);
  } catch {
    // On a file system without locks, only its age shows whether a file is still being written.
  }
}

/**
 * Whether another process, or this one, has or may have the file at `path` locked for writing: another user's file
 * cannot be checked.
 */
export function isBeingWritten(path: string): boolean {
  if (Deno.build.os === "windows") return false;
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true });
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
  try {
    return !file.tryLockSync(true);
  } catch {
    return false;
  } finally {
    file.close();
  }
}

function folderOf(path: string): string {
  return /^(.*)[\\/]/.exec(path)?.[1] ?? ".";
}

/** The file's size in bytes; throws a RecordingError for one without a size, such as a pipe. */
export function sizeOf(file: RecordingFile, path: string): number {
  try {
    // Asking the system about a file needs permission to read; seeking to its end does not.
    return file.seekSync(0, Deno.SeekMode.End);
  } catch (error) {
    throw unusable(path, `it is not a file (${messageOf(error)}). Choose another name.`, error);
  }
}

/** Why the file at `path` could not be opened, and what to do. */
export function unopened(path: string, error: unknown): RecordingError {
  if (error instanceof RecordingError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    const advice = asSentence(grantAdvice({ write: path }, Deno.build.standalone));
    return unusable(path, `writing there is not allowed. ${advice}.`, error);
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return unusable(
      path,
      "it is a folder. Put a / at its end for one file per day, or name a file in it.",
      error,
    );
  }
  if (error instanceof Deno.errors.NotFound) {
    return unusable(
      path,
      `the folder ${folderOf(path)} does not exist. Create it, or choose another place.`,
      error,
    );
  }
  return unusable(path, `${messageOf(error)}. Choose another place.`, error);
}

/** The error for a `path` that cannot be recorded to; `why` gives the reason. */
export function unusable(path: string, why: string, cause?: unknown): RecordingError {
  return new RecordingError(`Cannot record to ${path}: ${why}`, cause === undefined ? {} : { cause });
}

/** The message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

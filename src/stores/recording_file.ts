/** The file behind a recording: opening it, and what is said when that fails. */

import { asSentence, grantAdvice } from "../domain/permission_advice.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "./owner_only.ts";

/** The part of Deno.FsFile that a recording is written through; opened to append. */
export interface RecordingFile {
  writeSync(bytes: Uint8Array): number;
  truncateSync(length: number): void;
  seekSync(offset: number, whence: Deno.SeekMode): number;
  syncData(): Promise<void>;
  /** How many names the file has; null where the system does not say. */
  statSync?(): { readonly nlink: number | null };
  close(): void;
}

/** A recording cannot be begun; the message says why and what to do. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/**
 * Opens `path` to append. A missing folder is created, so that a fresh checkout has its `data`; the folder around it
 * has to be there. Throws a RecordingError for a pipe, and what the system says.
 */
export function openToAppend(path: string): RecordingFile {
  refusePipe(path);
  const options = { create: true, append: true, mode: OWNERS_FILE };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(folderOf(path), { mode: OWNERS_FOLDER });
    return Deno.openSync(path, options);
  }
}

/** Opening a pipe waits for a reader, and no signal ends that wait. */
function refusePipe(path: string): void {
  let isPipe: boolean | null;
  try {
    isPipe = Deno.statSync(path).isFifo;
  } catch {
    // Nothing there, or not to be looked at: opening it says more.
    return;
  }
  if (isPipe) throw unusable(path, "it is a pipe. Choose another name.");
}

/** Lets others see that this file is being written, as long as it is open. */
export function lockForWriting(file: Deno.FsFile): void {
  // There a lock keeps readers out, and an open file cannot be removed in any case.
  if (Deno.build.os === "windows") return;
  try {
    file.lockSync(true);
  } catch {
    // A file system without locks: its age alone says whether a file is still written.
  }
}

/**
 * Whether another process, or this one, has the file at `path` locked for writing, or may have: a file of someone else's
 * cannot be asked.
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

/** The file's size in bytes; throws a RecordingError for what has none, such as a pipe. */
export function sizeOf(file: RecordingFile, path: string): number {
  try {
    // Asking the system about a file takes a permission to read, going to its end does not.
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
      "it is a folder. Put a / at its end for a file a day, or name a file in it.",
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

/** The error that says why `path` cannot be recorded to. */
export function unusable(path: string, why: string, cause?: unknown): RecordingError {
  return new RecordingError(`Cannot record to ${path}: ${why}`, cause === undefined ? {} : { cause });
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

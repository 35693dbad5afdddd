/** A folder of recordings: a new file for every process and day. Old ones are deleted on request. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { recordingName } from "../../domain/recording/recording_name.ts";
import { identityOf, lockForWriting, type RecordingFile, unopened, unusable } from "./recording_file.ts";
import type { RecordingRetention } from "./recording_retention.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "../files/owner_only.ts";

/** A file that has just been created. */
export interface CreatedFile {
  readonly path: string;
  readonly file: RecordingFile;
  /** Its start according to its name, ms since 1970. */
  readonly startedAt: number;
}

/** Creates each day's file of a recording. */
export interface DayFiles {
  /** A new file for `symbol` from `time` on, ms since 1970. Throws RecordingError if it cannot be created. */
  create(symbol: string, time: number): CreatedFile;
  /** Removes a file that was created but cannot be used. */
  discard(path: string): void;
}

/** How many names are tried. A name is taken only if another process started in the same millisecond. */
const TRIES = 1000;

/** Creates the files of recordings in a folder. */
export class RecordingFolder implements DayFiles {
  readonly path: string;
  readonly #retention: RecordingRetention | null;
  /** The file that this process is writing. */
  #current: string | null = null;
  /** The identity of the folder, once there is a file in it; null if that may not be inspected. */
  #identity: string | null = null;

  /** `path` has no slash at its end. `retention` deletes old files; null keeps them. */
  constructor(path: string, retention: RecordingRetention | null) {
    this.path = path;
    this.#retention = retention;
  }

  /**
   * Creates the file of a recording of `symbol` from `time` on, ms since 1970, and the folder if it is missing. After
   * that, this process's previous file is complete. Old files are deleted first, which frees space. Throws
   * RecordingError if the file cannot be created, if a link leads out of `./data`, or if the folder was replaced.
   */
  create(symbol: string, time: number): CreatedFile {
    this.#mustBeInPlace();
    this.#retention?.prune(time, this.#current);
    const startedAt = Math.floor(time);
    for (let tries = 0; tries < TRIES; tries++) {
      const path = `${this.path}/${recordingName(symbol, startedAt + tries)}`;
      try {
        const file = openNew(this.path, path);
        if (this.#current !== null) this.#retention?.add(this.#current, time);
        this.#identity = identityOf(this.path) ?? this.#identity;
        this.#current = path;
        return { path, file, startedAt: startedAt + tries };
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw error instanceof Deno.errors.NotCapable ? notAllowed(this.path, error) : unopened(path, error);
      }
    }
    throw unusable(this.path, `${TRIES} names from ${recordingName(symbol, startedAt)} on are taken.`);
  }

  /** Throws if another folder has replaced this one, so that nothing is written or deleted there. */
  #mustBeInPlace(): void {
    if (this.#identity === null) {
      const found = outwardLink(this.path, Deno);
      if (found !== null) throw unusable(`${this.path}/`, `${outwardText(found)}.`);
      return;
    }
    const current = identityOf(this.path);
    if (current !== null && current !== this.#identity) {
      throw unusable(`${this.path}/`, "the folder was moved or replaced while the run records there.");
    }
  }

  discard(path: string): void {
    try {
      Deno.removeSync(path);
    } catch {
      // An empty file is harmless.
    }
  }
}

/** Opens a new file to append, and creates the folder if it is missing. */
function openNew(folder: string, path: string): RecordingFile {
  const options = { createNew: true, append: true, mode: OWNERS_FILE };
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(folder, { recursive: true, mode: OWNERS_FOLDER });
    file = Deno.openSync(path, options);
  }
  lockForWriting(file);
  return file;
}

function notAllowed(folder: string, error: unknown): Error {
  const advice = `Allow it with --allow-write=${folder}, or choose a place where writing is allowed.`;
  return unusable(`${folder}/`, `writing there is not allowed. ${advice}`, error);
}

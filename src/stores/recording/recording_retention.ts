/** Deletes recordings that have become too old: those that Penstock made in one folder, and nothing else. */
import { constants, gunzipSync } from "node:zlib";
import { isRecordingName } from "../../domain/recording/recording_name.ts";
import { isNote, readNote } from "../../domain/recording/recording_note.ts";
import { durationText } from "../../domain/numbers/duration.ts";
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { identityOf, isBeingWritten, messageOf, unusable } from "./recording_file.ts";

/** The limits of retention, and where it reports. */
export interface RetentionOptions {
  /** The age at which a recording is deleted, counted from the last write, ms. */
  readonly keepMs: number;
  /** Called with a sentence about what was deleted, or what could not be. */
  readonly onDeleted: (text: string) => void;
  readonly onTrouble: (text: string) => void;
}

/** A recording that may be deleted one day. */
interface KeptRecording {
  readonly path: string;
  /** When it was last written to, ms since 1970. */
  readonly endedAt: number;
  /** Its identity, to distinguish it from a file that takes its name. */
  readonly identity: string | null;
}

/** The first line is its own gzip member, and much shorter than this. */
const HEAD_BYTES = 4096;
/** How many files a log line names; it counts the others. */
const NAMED = 5;

/**
 * The recordings in a folder, listed once while reading is still allowed, and those that this process adds. Recordings
 * that other processes make later are deleted by them, or at the next start.
 */
export class RecordingRetention {
  readonly #options: RetentionOptions;
  #recordings: KeptRecording[];

  /**
   * Searches `folder`; nothing is deleted before `prune`. A recording is a file, not a link, with a name as Penstock
   * gives it and a first line that Penstock wrote, and no process is writing it. Throws a RecordingError if the folder
   * exists but cannot be read, or if it is a link that leads out of `./data`.
   */
  static of(folder: string, options: RetentionOptions): RecordingRetention {
    const found = outwardLink(folder, Deno);
    if (found !== null) throw unusable(`${folder}/`, `${outwardText(found)}.`);
    return new RecordingRetention(options, recordingsIn(folder));
  }

  private constructor(options: RetentionOptions, recordings: KeptRecording[]) {
    this.#options = options;
    this.#recordings = recordings;
  }

  /** Adds a recording that was finished at `endedAt` (ms since 1970). */
  add(path: string, endedAt: number): void {
    this.#recordings.push({ path, endedAt, identity: identityOf(path) });
  }

  /**
   * Deletes recordings that are too old at `now` (ms since 1970), but never `current`. Reports once what cannot be
   * deleted.
   */
  prune(now: number, current: string | null = null): void {
    const { keepMs, onDeleted, onTrouble } = this.#options;
    const deleted: string[] = [];
    const kept: KeptRecording[] = [];
    for (const recording of this.#recordings) {
      const { path, endedAt } = recording;
      if (now - endedAt <= keepMs || path === current || isBeingWritten(path)) {
        kept.push(recording);
        continue;
      }
      if (isAnother(recording)) {
        onTrouble(`${path} has taken the name of a recording that is too old: it is not deleted.`);
        continue;
      }
      try {
        Deno.removeSync(path);
        deleted.push(path);
      } catch (error) {
        // Someone else has removed it.
        if (error instanceof Deno.errors.NotFound) continue;
        onTrouble(`The recording ${path} is too old and cannot be deleted: ${messageOf(error)}.`);
      }
    }
    this.#recordings = kept;
    if (deleted.length > 0) onDeleted(deletedText(deleted, keepMs));
  }
}

/** Whether another file, or a link, now has a recording's name. False if the name is free, or may not be inspected. */
function isAnother({ path, identity }: KeptRecording): boolean {
  try {
    const { isSymlink, dev, ino } = Deno.lstatSync(path);
    return isSymlink || identity !== `${dev} ${ino}`;
  } catch {
    return false;
  }
}

function deletedText(paths: readonly string[], keepMs: number): string {
  const named = paths.slice(0, NAMED).join(", ");
  const more = paths.length <= NAMED ? "" : ` and ${paths.length - NAMED} more`;
  const what = paths.length === 1 ? "a recording" : `${paths.length} recordings`;
  return `deleted ${what} older than ${durationText(keepMs)}: ${named}${more}`;
}

function recordingsIn(folder: string): KeptRecording[] {
  const found: KeptRecording[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      // A link does not count as a file, wherever it leads.
      const recording = isFile && isRecordingName(name) ? recordingAt(`${folder}/${name}`) : null;
      if (recording !== null) found.push(recording);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    const why = error instanceof Deno.errors.NotCapable
      ? `reading there is not allowed. Allow it with --allow-read=${folder}, or leave out --record-keep.`
      : `its files cannot be listed (${messageOf(error)}). Choose another place.`;
    throw unusable(`${folder}/`, why, error);
  }
  return found.sort((a, b) => a.endedAt - b.endedAt || (a.path < b.path ? -1 : 1));
}

/** The file at `path` if it is a recording that no process is writing; null for anything else, readable or not. */
function recordingAt(path: string): KeptRecording | null {
  try {
    using file = Deno.openSync(path, { read: true });
    const { mtime } = file.statSync();
    if (mtime === null || !isHead(file) || isBeingWritten(path)) return null;
    return { path, endedAt: mtime.getTime(), identity: identityOf(path) };
  } catch {
    return null;
  }
}

/** Whether a file starts as a compressed recording does. */
function isHead(file: Deno.FsFile): boolean {
  const bytes = new Uint8Array(HEAD_BYTES);
  const length = file.readSync(bytes) ?? 0;
  // The bytes end somewhere in a later member.
  const text = new TextDecoder().decode(
    gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH }),
  );
  const [, note] = /^\d+ (.*)\n/.exec(text) ?? [];
  return note !== undefined && isNote(note) && readNote(note).event === "recording";
}

/** One file of a recording: a piece is written whole, or removed again. */
import { gzipSync } from "node:zlib";
import type { Clock } from "../../domain/process/clock.ts";
import { messageOf, type RecordingFile } from "./recording_file.ts";

/** Half the time of the usual 6 for files a tenth larger. */
const GZIP_LEVEL = 3;
/** Characters that are compressed before other work gets a turn: one or two milliseconds, on a busy machine ten. */
const COMPRESSED_AT_ONCE = 256 * 1024;
const ENCODER = new TextEncoder();

/** A file opened to append, and how far it is whole. */
export class RecordingOutput {
  readonly path: string;
  readonly #file: RecordingFile;
  readonly #onTrouble: (text: string) => void;
  readonly #isCompressed: boolean;
  /** The length of the file up to the last whole piece, and whether anything may follow it. */
  #size = 0;
  #isTorn = false;
  #syncing: Promise<void> | null = null;
  #isUnsynced = false;
  #isSyncLogged = false;
  #isRemovalLogged = false;
  /** Characters compressed since other work had a turn. */
  #compressed = 0;

  /** The empty `file` at `path`; compressed when the path ends in `.gz`. */
  constructor(path: string, file: RecordingFile, onTrouble: (text: string) => void) {
    this.path = path;
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#isCompressed = path.endsWith(".gz");
  }

  /** Whether the file ends in part of a piece that could not be taken back. */
  get isTorn(): boolean {
    return this.#isTorn;
  }

  /** Lines as `append` takes them: with gzip a whole member. */
  encode(text: string): Uint8Array {
    const bytes = ENCODER.encode(text);
    if (!this.#isCompressed) return bytes;
    this.#compressed += text.length;
    return gzipSync(bytes, { level: GZIP_LEVEL });
  }

  /**
   * What to await by `clock` before compressing more, so that other work gets a turn; null after little compression.
   */
  rest(clock: Clock): Promise<void> | null {
    if (this.#compressed < COMPRESSED_AT_ONCE) return null;
    this.#compressed = 0;
    return new Promise((resolve) => clock.setTimeout(resolve, 0));
  }

  /**
   * Writes a piece. If that fails, nothing of it is in the file, or the file is marked as torn, and the system's
   * error is thrown.
   */
  append(bytes: Uint8Array): void {
    if (this.#isTorn) this.#file.truncateSync(this.#size);
    this.#isTorn = true;
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    this.#isTorn = false;
    this.#size += bytes.length;
  }

  /** Syncs what was written to the disk, one sync after another, without waiting for it. */
  sync(): void {
    this.#mustHaveName();
    this.#isUnsynced = true;
    this.#syncing ??= this.#syncAll();
  }

  /** Waits for the disk and closes the file. */
  async close(): Promise<void> {
    try {
      await this.#syncing;
    } finally {
      this.#file.close();
    }
  }

  /** Removes what a failed write left of a piece, so that no line or member stays torn. */
  #cutBack(): void {
    try {
      this.#file.truncateSync(this.#size);
      this.#isTorn = false;
    } catch {
      // Tried again before anything else is written.
    }
  }

  /** Reports once that the file was removed, because its contents are lost when the process ends. */
  #mustHaveName(): void {
    if (this.#isRemovalLogged) return;
    try {
      if (this.#file.statSync?.().nlink !== 0) return;
    } catch {
      // It may not be inspected.
      return;
    }
    this.#isRemovalLogged = true;
    this.#onTrouble(
      `${this.path} was removed while the run writes to it: nothing is recorded from now on, and the run ` +
        "continues. To record again, start it again.",
    );
  }

  async #syncAll(): Promise<void> {
    while (this.#isUnsynced) {
      this.#isUnsynced = false;
      try {
        await this.#file.syncData();
      } catch (error) {
        if (!this.#isSyncLogged) {
          this.#onTrouble(
            `The system does not confirm that ${this.path} is on the disk: ${messageOf(error)}. ` +
              "If the machine fails, more than the last second may be lost.",
          );
        }
        this.#isSyncLogged = true;
      }
    }
    this.#syncing = null;
  }
}

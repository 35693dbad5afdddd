/** Keeps what a live feed received, so that it can be run again: one frame a line, with its receive time. */
import { gzipSync } from "node:zlib";
import {
  isNote,
  type JournalPlace,
  noteText,
  RECORDING_VERSION,
  type RecordingNote,
} from "../domain/recording_note.ts";
import { messageOf, openToAppend, type RecordingFile, sizeOf, unopened, unusable } from "./recording_file.ts";

/** What a recording is made from. */
export interface RecordingOptions {
  /** Whose frames they are, in upper case as the exchange writes it. */
  readonly symbol: string;
  /** Told, in a sentence or two for the person, when writing fails and when it works again; never often. */
  readonly onTrouble: (text: string) => void;
  /** When it begins, ms since 1970; now unless it is given. */
  readonly time?: number;
  /** Where the run's journal stands as the recording begins. */
  readonly journal?: JournalPlace | undefined;
  /** Opens the file to append; the default creates it where it is missing. */
  readonly open?: (path: string) => RecordingFile;
}

/** Lines on their way to the file: whole ones, and with gzip a whole member. */
interface Block {
  readonly bytes: Uint8Array;
  readonly held: Held;
}

/** What lines hold, to tell what is missing when they are lost. */
interface Held {
  /** Frames, and when the first and the last of them were received, µs since 1970. */
  frames: number;
  from: number;
  to: number;
  /** The lines that are notes. */
  notes: string;
}

/** Less than the second that may be lost at most, as timers are late. */
const FLUSH_MS = 900;
/** Characters that are written without waiting any longer. */
const FLUSH_CHARACTERS = 256 * 1024;
/** What waits in memory at most when it cannot be written. */
const WAITING_BYTES = 16 * 1024 * 1024;
/** What a waiting block costs besides its bytes, roughly. */
const BLOCK_BYTES = 512;
/** Half the time of the usual 6 for files a tenth larger. */
const GZIP_LEVEL = 3;
const BRACE = 123, QUOTE = 34, P = 112;
const ENCODER = new TextEncoder();

/**
 * A file that grows by what is received. Lines gather in memory for up to a second, so that a program that is
 * killed loses no more than that; with gzip each lot is a member of its own and the file can be read up to the
 * last one. When writing fails, what is received waits in memory, up to 16 MiB, and is tried again with every
 * lot: what fits no more is lost, oldest first, and a note stands in its place.
 */
export class Recording implements AsyncDisposable {
  readonly #path: string;
  readonly #file: RecordingFile;
  readonly #onTrouble: (text: string) => void;
  readonly #isPacked: boolean;
  #text = "";
  #held = nothingHeld();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #blocks: Block[] = [];
  #waitingBytes = 0;
  /** How long the file is up to the last whole block, and whether anything may stand behind that. */
  #size = 0;
  #isTorn = false;
  /** Why writing fails, since it does. */
  #trouble: string | null = null;
  /** What was dropped and is not yet noted in the file. */
  #lost = nothingHeld();
  /** Frames lost since writing began to fail. */
  #lostFrames = 0;
  #syncing: Promise<void> | null = null;
  #isUnsynced = false;
  #isSyncTold = false;
  /** The journal's last entry, to be noted with the next lot; null once it is. */
  #kept: number | null = null;
  #closing: Promise<void> | null = null;

  /**
   * Begins a recording; its first line is in the file when this returns. Compressed when `path` ends in `.gz`.
   * Throws RecordingError where `path` is a file with something in it, which is never overwritten, or cannot be
   * written to.
   */
  static create(path: string, options: RecordingOptions): Recording {
    const { symbol, onTrouble, time = Date.now(), journal, open = openToAppend } = options;
    let file: RecordingFile;
    try {
      file = open(path);
    } catch (error) {
      throw unopened(path, error);
    }
    try {
      if (sizeOf(file, path) > 0) {
        throw unusable(path, "it has something in it already. Choose another name, or move that file away.");
      }
      const recording = new Recording(path, file, onTrouble);
      recording.#begin({ event: "recording", version: RECORDING_VERSION, symbol, ...journal }, time);
      return recording;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private constructor(path: string, file: RecordingFile, onTrouble: (text: string) => void) {
    this.#path = path;
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#isPacked = path.endsWith(".gz");
  }

  /** Keeps the first `count` of `frames`, taken in at `receivedAt`, ms since 1970. */
  frames(frames: readonly string[], receivedAt: number, count = frames.length): void {
    this.#mustBeOpen();
    const time = Math.round(receivedAt * 1000);
    const stamp = `${time} `;
    let text = this.#text;
    for (let i = 0; i < count; i++) {
      const frame = frames[i]!;
      text += stamp + (fitsLine(frame) ? frame : noteText({ event: "frame", text: frame })) + "\n";
    }
    this.#text = text;
    hold(this.#held, count, time, time);
    this.#schedule();
  }

  /** Keeps a note of what happened at `time`, ms since 1970, between the frames. */
  note(note: RecordingNote, time: number): void {
    this.#mustBeOpen();
    this.#add(note, time);
    this.#schedule();
  }

  /**
   * Writes what has gathered without waiting any longer, so that it is in the file whatever becomes of this process;
   * the system puts it on the disk within the usual second.
   */
  flush(): void {
    this.#mustBeOpen();
    // While writing fails it is tried with every lot, and no oftener.
    if (this.#text === "" || this.#trouble !== null) return;
    this.#gather();
    this.#writeOut();
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Notes within the usual second that the run's journal has kept everything up to `entry`. */
  kept(entry: number): void {
    this.#mustBeOpen();
    this.#kept = entry;
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /**
   * Notes the end at `time` (ms since 1970; now unless it is given), writes what is left and closes the file.
   * What cannot be written even now is lost, and told.
   */
  close(time = Date.now()): Promise<void> {
    return this.#closing ??= this.#close(time);
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(time: number): Promise<void> {
    this.#addKept(time);
    this.#add({ event: "ended" }, time);
    this.#flush();
    clearTimeout(this.#timer);
    if (this.#blocks.length > 0) {
      const lost = this.#blocks.reduce((frames, { held }) => frames + held.frames, this.#lostFrames);
      const torn = this.#isTorn ? ", and what it ends in may be torn" : "";
      this.#onTrouble(
        `${this.#path} could not be written to the end: ${this.#trouble}. ${lostText(lost)}${torn}.`,
      );
    }
    try {
      await this.#syncing;
    } finally {
      this.#file.close();
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new Error(`The recording ${this.#path} is closed`);
  }

  #begin(note: RecordingNote, time: number): void {
    this.#add(note, time);
    const bytes = this.#pack(this.#text);
    this.#text = "";
    this.#held = nothingHeld();
    try {
      this.#append(bytes);
    } catch (error) {
      this.#cutBack();
      throw unusable(this.#path, `${messageOf(error)}. Choose another place.`, error);
    }
    this.#sync();
  }

  #add(note: RecordingNote, time: number): void {
    const line = noteLine(note, Math.round(time * 1000));
    this.#text += line;
    this.#held.notes += line;
  }

  #addKept(time: number): void {
    if (this.#kept !== null) this.#add({ event: "kept", entry: this.#kept }, time);
    this.#kept = null;
  }

  #schedule(): void {
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
    else if (this.#text !== "") this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#addKept(Date.now());
    if (this.#text !== "") this.#gather();
    if (this.#writeOut()) this.#sync();
    // However quiet the stream is, it is tried again.
    else this.#timer = setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Makes a block of the lines that have gathered. */
  #gather(): void {
    const bytes = this.#pack(this.#text);
    this.#blocks.push({ bytes, held: this.#held });
    this.#waitingBytes += bytes.length + BLOCK_BYTES;
    this.#text = "";
    this.#held = nothingHeld();
  }

  /** Writes what waits; false, and told, where that fails. */
  #writeOut(): boolean {
    try {
      this.#write();
    } catch (error) {
      this.#cutBack();
      this.#suffer(error);
      return false;
    }
    this.#recover();
    return true;
  }

  /** Writes what waits, in order, until it fails. */
  #write(): void {
    if (this.#isTorn) this.#file.truncateSync(this.#size);
    this.#isTorn = false;
    const { frames, from, to, notes } = this.#lost;
    if (frames > 0 || notes !== "") {
      const lost = frames > 0 ? noteLine({ event: "lost", frames, from, to }, to) : "";
      this.#append(this.#pack(lost + notes));
      this.#lost = nothingHeld();
    }
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      this.#append(block.bytes);
      this.#blocks.shift();
      this.#waitingBytes -= block.bytes.length + BLOCK_BYTES;
    }
  }

  #append(bytes: Uint8Array): void {
    this.#isTorn = true;
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    this.#isTorn = false;
    this.#size += bytes.length;
  }

  /** Takes away what a failed write left of a block: no line and no member stays torn. */
  #cutBack(): void {
    try {
      if (this.#isTorn) this.#file.truncateSync(this.#size);
      this.#isTorn = false;
    } catch {
      // Tried again before anything else is written.
    }
  }

  /** Tells that writing fails, once, and lets go of what memory may not hold. */
  #suffer(error: unknown): void {
    if (this.#trouble === null) {
      this.#onTrouble(
        `Cannot write to ${this.#path}: ${
          messageOf(error)
        }. The run goes on, and what it receives waits in ` +
          "memory until writing works again; make room.",
      );
    }
    this.#trouble = messageOf(error);
    while (this.#waitingBytes > WAITING_BYTES) {
      const { bytes, held } = this.#blocks.shift()!;
      this.#waitingBytes -= bytes.length + BLOCK_BYTES;
      if (this.#lostFrames === 0 && held.frames > 0) {
        this.#onTrouble(
          `Cannot write to ${this.#path}, and memory holds no more: the oldest frames are lost.`,
        );
      }
      this.#lostFrames += held.frames;
      hold(this.#lost, held.frames, held.from, held.to);
      // Notes are few, and what follows makes no sense without them; but they too end somewhere.
      if (this.#lost.notes.length < WAITING_BYTES) this.#lost.notes += held.notes;
    }
  }

  #recover(): void {
    if (this.#trouble === null) return;
    this.#onTrouble(`Writing to ${this.#path} works again. ${lostText(this.#lostFrames)}.`);
    this.#trouble = null;
    this.#lostFrames = 0;
  }

  /** Has the system put on the disk what was written, one go after another, without waiting for it. */
  #sync(): void {
    this.#isUnsynced = true;
    this.#syncing ??= this.#syncAll();
  }

  async #syncAll(): Promise<void> {
    while (this.#isUnsynced) {
      this.#isUnsynced = false;
      try {
        await this.#file.syncData();
      } catch (error) {
        if (!this.#isSyncTold) {
          this.#onTrouble(
            `The system does not confirm that ${this.#path} is on the disk: ${messageOf(error)}. ` +
              "Should the machine fail, more than the last second may be lost.",
          );
        }
        this.#isSyncTold = true;
      }
    }
    this.#syncing = null;
  }

  #pack(text: string): Uint8Array {
    const bytes = ENCODER.encode(text);
    return this.#isPacked ? gzipSync(bytes, { level: GZIP_LEVEL }) : bytes;
  }
}

/** Whether a frame is the same when it is read as the rest of its line. */
function fitsLine(frame: string): boolean {
  // Most begin like {"e" or {"stream" and need no closer look at the beginning.
  const isObject = frame.charCodeAt(0) === BRACE && frame.charCodeAt(1) === QUOTE &&
    frame.charCodeAt(2) !== P;
  if (!isObject && (frame === "" || isNote(frame))) return false;
  return frame.indexOf("\n") < 0 && frame.indexOf("\r") < 0 && frame.isWellFormed();
}

function noteLine(note: RecordingNote, time: number): string {
  return `${time} ${noteText(note)}\n`;
}

function nothingHeld(): Held {
  return { frames: 0, from: 0, to: 0, notes: "" };
}

function hold(held: Held, frames: number, from: number, to: number): void {
  if (frames === 0) return;
  if (held.frames === 0) held.from = from;
  held.frames += frames;
  held.to = to;
}

function lostText(frames: number): string {
  return frames === 0 ? "Nothing was lost" : `${frames} frame${frames === 1 ? " was" : "s were"} lost`;
}

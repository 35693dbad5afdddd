/** Keeps what a live feed receives, so that it can be replayed: one frame per line, with its receive time. */
import type { Clock } from "../../domain/process/clock.ts";
import {
  type JournalPlace,
  RECORDING_FORMAT,
  RECORDING_VERSION,
  type RecordingHead,
  type RecordingNote,
} from "../../domain/recording/recording_note.ts";
import { type Held, hold, lostText, nothingHeld } from "./held_lines.ts";
import { messageOf, openToAppend, type RecordingFile, sizeOf, unopened, unusable } from "./recording_file.ts";
import type { DayFiles } from "./recording_folder.ts";
import { frameText, noteLine } from "./recording_line.ts";
import { RecordingOutput } from "./recording_output.ts";

/** Options of a recording. */
export interface RecordingOptions {
  /** The symbol, in upper case as the exchange writes it. */
  readonly symbol: string;
  /** The exchange, as `--exchange` names it. */
  readonly exchange: string;
  /** How many times faster the exchange's clock runs than this machine's. Default 1. */
  readonly speed?: number;
  /** Called with a sentence or two for the user when writing fails and when it works again; rarely. */
  readonly onTrouble: (text: string) => void;
  /** When it starts, ms since 1970. Default: now. */
  readonly time?: number;
  /** The end of the run's journal when the recording starts. */
  readonly journal?: JournalPlace | undefined;
  /** Default: this machine's. */
  readonly clock?: Clock;
}

/** How the one file of a recording is opened. */
export interface FileOptions extends RecordingOptions {
  /** Opens the file to append; the default creates it where it is missing. */
  readonly open?: (path: string) => RecordingFile;
}

type KeptEntry = Pick<JournalPlace, "entry" | "hash">;

/** Lines on their way to the file: whole ones, and with gzip a whole member. */
interface Block {
  readonly bytes: Uint8Array;
  readonly held: Held;
}

/** Less than the one second that may be lost, because timers fire late. */
const FLUSH_MS = 900;
/** Lines are written once they reach this many characters. */
const FLUSH_CHARACTERS = 256 * 1024;
/** The most that waits in memory while writing fails. */
const WAITING_BYTES = 16 * 1024 * 1024;
/** The approximate cost of a waiting block besides its bytes. */
const BLOCK_BYTES = 512;
const DAY_MS = 86_400_000;

/**
 * A file, or a file a day, that grows by what is received. Lines gather in memory for up to a second, so a killed
 * program loses no more than that. With gzip each write is a member of its own, and the file can be read up to the last
 * one. When writing fails, received lines wait in memory, up to 16 MiB, and each later write tries them again. Lines
 * that no longer fit are lost, oldest first, and a note takes their place.
 */
export class Recording implements AsyncDisposable {
  #output: RecordingOutput;
  readonly #head: RecordingHead;
  /** When the recording started, µs since 1970. */
  readonly #since: number;
  readonly #onTrouble: (text: string) => void;
  readonly #clock: Clock;
  /** The folder in which each day gets a file; null for a single file. */
  readonly #folder: DayFiles | null;
  /** Lines from this time on, ms since 1970, belong in another file. */
  #turnAt: number;
  #part = 1;
  /** Files of earlier days that are being closed. */
  readonly #left: Promise<void>[] = [];
  #text = "";
  #held = nothingHeld();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #blocks: Block[] = [];
  #waitingBytes = 0;
  /** Why writing fails, while it does. */
  #trouble: string | null = null;
  /** What was dropped and is not yet noted in the file. */
  #lost = nothingHeld();
  /** Frames lost since writing started to fail. */
  #lostFrames = 0;
  /** The journal's last entry, to be noted with the next lot; null once it is. */
  #kept: KeptEntry | null = null;
  #closing: Promise<void> | null = null;

  /**
   * Starts a recording in one file; its first line is in the file when this returns. Compressed when `path` ends in
   * `.gz`. Throws RecordingError if `path` is a file with something in it, which is never overwritten, or cannot be
   * written to.
   */
  static create(path: string, options: FileOptions): Recording {
    const { open = openToAppend } = options;
    let file: RecordingFile;
    try {
      file = open(path);
    } catch (error) {
      throw unopened(path, error);
    }
    try {
      if (sizeOf(file, path) > 0) {
        throw unusable(
          path,
          "it is not empty. Choose another name, move that file away, or give a folder, with a / " +
            "at its end, where every run gets its own files.",
        );
      }
      return new Recording(new RecordingOutput(path, file, options.onTrouble), null, options);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Starts a recording with a file a day (UTC) in `folder`, the first line of the first in the file when this returns.
   * Throws RecordingError if that fails.
   */
  static createIn(folder: DayFiles, options: RecordingOptions): Recording {
    const { symbol, onTrouble, clock = globalThis, time = clock.Date.now() } = options;
    const { path, file, startedAt } = folder.create(symbol, time);
    try {
      const output = new RecordingOutput(path, file, onTrouble);
      return new Recording(output, folder, { ...options, time: startedAt });
    } catch (error) {
      file.close();
      folder.discard(path);
      throw error;
    }
  }

  private constructor(output: RecordingOutput, folder: DayFiles | null, options: RecordingOptions) {
    const { symbol, exchange, speed = 1, journal, onTrouble, clock = globalThis } = options;
    const { time = clock.Date.now() } = options;
    this.#clock = clock;
    this.#output = output;
    this.#folder = folder;
    this.#onTrouble = onTrouble;
    const market = { symbol, exchange, symbols: [symbol], format: RECORDING_FORMAT } as const;
    const clocked = speed === 1 ? {} : { speed: speed === Infinity ? "max" as const : speed };
    this.#head = { event: "recording", version: RECORDING_VERSION, ...market, ...clocked, ...journal };
    this.#since = Math.round(time * 1000);
    this.#turnAt = folder === null ? Infinity : dayAfter(time);
    try {
      output.append(output.encode(noteLine(this.#head, this.#since)));
    } catch (error) {
      throw unusable(output.path, `${messageOf(error)}. Choose another place.`, error);
    }
    output.sync();
  }

  /** Keeps the first `count` of `frames`, received at `receivedAt`, ms since 1970. */
  frames(frames: readonly string[], receivedAt: number, count = frames.length): void {
    this.#mustBeOpen();
    if (receivedAt >= this.#turnAt) this.#turn(receivedAt);
    const time = Math.round(receivedAt * 1000);
    const stamp = `${time} `;
    let text = this.#text;
    for (let i = 0; i < count; i++) text += stamp + frameText(frames[i]!) + "\n";
    this.#text = text;
    hold(this.#held, count, time, time);
    this.#schedule();
  }

  /** As `RecordingOutput.rest`: frames that arrive without a pause are compressed without one. */
  readonly rest = (): Promise<void> | null => this.#output.rest(this.#clock);

  /** Keeps a note of what happened at `time`, ms since 1970, between the frames. */
  note(note: RecordingNote, time: number): void {
    this.#mustBeOpen();
    if (time >= this.#turnAt) this.#turn(time);
    this.#add(note, time);
    this.#schedule();
  }

  /**
   * Writes the gathered lines now, so that they are in the file even if this process ends. The system syncs them within
   * the usual second.
   */
  flush(): void {
    this.#mustBeOpen();
    // While writing fails, only the regular writes try again.
    if (this.#text === "" || this.#trouble !== null) return;
    this.#gather();
    this.#writeOut();
    this.#flushLater();
  }

  /** Notes within the usual second that the run's journal has kept everything up to this entry. */
  kept({ entry, hash }: KeptEntry): void {
    this.#mustBeOpen();
    this.#kept = { entry, hash };
    this.#flushLater();
  }

  /**
   * Notes the end at `time` (ms since 1970; by default now), writes what is left and closes the file. What cannot be
   * written even now is lost, and reported.
   */
  close(time = this.#clock.Date.now()): Promise<void> {
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
    this.#clock.clearTimeout(this.#timer);
    const output = this.#output;
    if (this.#blocks.length > 0) {
      const lost = this.#blocks.reduce((frames, { held }) => frames + held.frames, this.#lostFrames);
      const torn = output.isTorn ? ", and its last frame may be incomplete" : "";
      this.#onTrouble(
        `${output.path} could not be written to the end: ${this.#trouble}. ${lostText(lost)}${torn}.`,
      );
    }
    await Promise.all([...this.#left, output.close()]);
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new Error(`The recording ${this.#output.path} is closed`);
  }

  /**
   * Continues in another file from `time` on, ms since 1970. Lines that could not be written to the last one move
   * along. If no other file can be created now, the last one takes this day too.
   */
  #turn(time: number): void {
    this.#turnAt = dayAfter(time);
    const last = this.#output;
    this.#addKept(time);
    if (this.#text !== "") this.#gather();
    if (this.#writeOut()) last.sync();
    // The torn part would appear twice.
    const next = last.isTorn ? null : this.#nextOutput(time);
    if (next === null) return;
    const [, name] = /([^\\/]*)$/.exec(next.path)!;
    try {
      const line = noteLine({ event: "continued", file: name! }, Math.round(time * 1000));
      if (this.#blocks.length === 0) last.append(last.encode(line));
    } catch {
      // It is still marked as a recording that another file continues.
    }
    last.sync();
    this.#left.push(last.close());
    this.#output = next;
    this.#part++;
    if (this.#writeOut()) next.sync();
  }

  /** The next day's file, with its first line in it; null, and reported, if it cannot be created. */
  #nextOutput(time: number): RecordingOutput | null {
    const folder = this.#folder!;
    let path: string | null = null;
    try {
      const created = folder.create(this.#head.symbol, time);
      path = created.path;
      const output = new RecordingOutput(path, created.file, this.#onTrouble);
      try {
        const head = { ...this.#head, part: this.#part + 1, since: this.#since };
        output.append(output.encode(noteLine(head, Math.round(created.startedAt * 1000))));
      } catch (error) {
        created.file.close();
        throw unusable(path, `${messageOf(error)}.`, error);
      }
      return output;
    } catch (error) {
      if (path !== null) folder.discard(path);
      this.#onTrouble(
        `${
          messageOf(error)
        } Frames received from now on are written to ${this.#output.path}, until the next day.`,
      );
      return null;
    }
  }

  #add(note: RecordingNote, time: number): void {
    const line = noteLine(note, Math.round(time * 1000));
    this.#text += line;
    this.#held.notes += line;
  }

  #addKept(time: number): void {
    if (this.#kept !== null) this.#add({ event: "kept", ...this.#kept }, time);
    this.#kept = null;
  }

  #schedule(): void {
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
    else if (this.#text !== "") this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#addKept(this.#clock.Date.now());
    if (this.#text !== "") this.#gather();
    if (this.#writeOut()) this.#output.sync();
    // Writing is tried again even if the stream is quiet.
    else this.#flushLater();
  }

  /** Makes a block of the lines that have gathered. */
  #gather(): void {
    const bytes = this.#output.encode(this.#text);
    this.#blocks.push({ bytes, held: this.#held });
    this.#waitingBytes += bytes.length + BLOCK_BYTES;
    this.#text = "";
    this.#held = nothingHeld();
  }

  /** Writes what waits. Returns false, and reports why, if that fails. */
  #writeOut(): boolean {
    try {
      this.#write();
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#recover();
    return true;
  }

  /** Writes what waits, in order, until it fails. */
  #write(): void {
    const output = this.#output;
    const { frames, from, to, notes } = this.#lost;
    if (frames > 0 || notes !== "") {
      const lost = frames > 0 ? noteLine({ event: "lost", frames, from, to }, to) : "";
      output.append(output.encode(lost + notes));
      this.#lost = nothingHeld();
    }
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      output.append(block.bytes);
      this.#blocks.shift();
      this.#waitingBytes -= block.bytes.length + BLOCK_BYTES;
    }
  }

  /** Reports once that writing fails, and drops what does not fit in memory. */
  #fail(error: unknown): void {
    if (this.#trouble === null) {
      this.#onTrouble(
        `Cannot write to ${this.#output.path}: ${
          messageOf(error)
        }. The run continues, and what it receives waits in ` +
          "memory until writing works again; make room.",
      );
    }
    this.#trouble = messageOf(error);
    while (this.#waitingBytes > WAITING_BYTES) {
      const { bytes, held } = this.#blocks.shift()!;
      this.#waitingBytes -= bytes.length + BLOCK_BYTES;
      if (this.#lostFrames === 0 && held.frames > 0) {
        this.#onTrouble(
          `Cannot write to ${this.#output.path}, and memory holds no more: the oldest frames are lost.`,
        );
      }
      this.#lostFrames += held.frames;
      hold(this.#lost, held.frames, held.from, held.to);
      // Notes are few, and what follows makes no sense without them; but even they have a limit.
      if (this.#lost.notes.length < WAITING_BYTES) this.#lost.notes += held.notes;
    }
  }

  #recover(): void {
    if (this.#trouble === null) return;
    this.#onTrouble(`Writing to ${this.#output.path} works again. ${lostText(this.#lostFrames)}.`);
    this.#trouble = null;
    this.#lostFrames = 0;
  }
}

/** The first midnight (UTC) after `time`, both ms since 1970. */
function dayAfter(time: number): number {
  return (Math.floor(time / DAY_MS) + 1) * DAY_MS;
}

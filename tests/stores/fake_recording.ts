/** Support for tests of recordings: a disk that can fill up, and a reader built on the program's own. */
import type { Clock } from "../../src/domain/process/clock.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertEquals } from "@std/assert";
import { MessageLines } from "../../src/formats/message_lines.ts";
import { Recording } from "../../src/stores/recording/recording.ts";
import type { RecordingFile } from "../../src/stores/recording/recording_file.ts";
import { RECORDING } from "../support/layouts.ts";

export const TIME = 1723161255342;
export const MIB = 1024 * 1024;
/** The number of characters written at once. */
export const LOT = 256 * 1024;
const DECODER = new TextDecoder();

/** A file in memory with a disk that can fill up, and syncs that end when a test lets them. */
export class FakeFile implements RecordingFile {
  /** It grows: most files stay small, and there are many. */
  #bytes = new Uint8Array(64 * 1024);
  size = 0;
  /** The number of bytes that still fit on the disk. */
  room = Infinity;
  canTruncate = true;
  canSeek = true;
  isClosed = false;
  /** How many syncs are running now, and how many were started in all. */
  syncing = 0;
  syncs = 0;
  syncError: Error | null = null;
  /** While it is set, syncs wait for it. */
  gate: Promise<void> | null = null;
  onWrite: () => void = () => {};

  writeSync(bytes: Uint8Array): number {
    assert(!this.isClosed);
    // Never more than this at once, as on some systems.
    const written = Math.min(bytes.length, this.room, 100_000);
    if (written === 0) throw new Error("No space left on device (os error 28)");
    if (this.size + written > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.size + written));
      larger.set(this.#bytes.subarray(0, this.size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(0, written), this.size);
    this.size += written;
    this.room -= written;
    this.onWrite();
    return written;
  }

  truncateSync(length: number): void {
    if (!this.canTruncate) throw new Error("Input/output error (os error 5)");
    assert(length <= this.size);
    this.room += this.size - length;
    this.size = length;
  }

  seekSync(offset: number, whence: Deno.SeekMode): number {
    assertEquals([offset, whence], [0, Deno.SeekMode.End]);
    if (!this.canSeek) throw new Error("Illegal seek (os error 29)");
    return this.size;
  }

  async syncData(): Promise<void> {
    assertEquals(++this.syncing, 1, "two syncs at once");
    this.syncs++;
    await this.gate;
    this.syncing--;
    if (this.syncError !== null) throw this.syncError;
  }

  close(): void {
    assertEquals([this.isClosed, this.syncing], [false, 0]);
    this.isClosed = true;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  get text(): string {
    return DECODER.decode(this.bytes);
  }
}

/** A recording into a fake file, with every trouble that it reported. */
export function fake(path = "x.rec", clock: Clock = globalThis) {
  const file = new FakeFile();
  const printed: string[] = [];
  const onTrouble = (text: string): void => void printed.push(text);
  const recording = Recording.create(path, {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble,
    time: TIME,
    clock,
    open: () => file,
  });
  return { file, printed, recording };
}

/** A line as a naive reader sees it. */
export interface Line {
  readonly time: number;
  readonly frame: string;
}

/** The frames of a recording, with its notes in place, as the program's own reader returns them. */
export function readBack(bytes: Uint8Array) {
  const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), true);
  const origin = { name: "recording", layout: RECORDING };
  lines.open({ origin, bytes, start: 0, end: bytes.length });
  const frames: Line[] = [];
  const decisions: string[] = [];
  const notes: Record<string, unknown>[] = [];
  for (;;) {
    const readResult = lines.next();
    if (readResult !== null) {
      decisions.push(readResult);
      frames.push({ time: lines.receivedAt, frame: lines.sample() });
      continue;
    }
    const note = lines.takeNote();
    if (note === null) break;
    notes.push({ ...note, after: frames.length });
  }
  return { frames, decisions, notes, torn: lines.torn };
}

/** Numbered frames of `length` characters. */
export function numbered(from: number, to: number, length = 100): string[] {
  return Array.from(
    { length: to - from },
    (_, i) => `{"id":${from + i},"x":"`.padEnd(length - 2, "x") + `"}`,
  );
}

export function idsOf(frames: readonly Line[]): number[] {
  return frames.map(({ frame }) => Number(/^{"id":(\d+),/.exec(frame)![1]));
}

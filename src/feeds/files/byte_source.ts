/** Bytes on their way from a file to its lines: read one after the other, whatever they were packed in. */

/** Where bytes come from. Only one read is under way at a time. */
export interface ByteSource {
  /**
   * Reads into the start of `into`, which has room for one byte at least. Answers how many bytes there were, at least
   * one, or null at the end. Throws UnusableInput if none can be read, and the signal's reason when it was aborted.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Lets go of all that is open, once; a read under way ends soon, however it ends. */
  close(): Promise<void>;
  /** How many bytes there are said to be in all, if that is known; no promise. */
  readonly size?: number;
  /** Where any part of it can be read at any time, for archives, whose table of contents stands at the end. */
  readonly parts?: ByteParts;
}

/** Bytes of which any part can be read. */
export interface ByteParts {
  readonly size: number;
  /** The bytes from `offset`: `length` of them, or fewer at the end. Throws as a source does. */
  readPart(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Reads up to `length` bytes from a source, fewer only where it ends. */
export async function readUpTo(source: ByteSource, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await source.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** A source of which the beginning has been read already and is given out once again. */
export class PeekedSource implements ByteSource {
  readonly size?: number;
  readonly #source: ByteSource;
  #head: Uint8Array;

  constructor(head: Uint8Array, source: ByteSource) {
    this.#head = head;
    this.#source = source;
    if (source.size !== undefined) this.size = source.size;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#head.length === 0) return this.#source.read(into);
    const count = Math.min(this.#head.length, into.length);
    into.set(this.#head.subarray(0, count));
    this.#head = this.#head.subarray(count);
    return Promise.resolve(count);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/** Bytes in memory, of which any part can be read. */
export class BytesInMemory implements ByteParts {
  readonly size: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  readPart(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(this.#bytes.subarray(offset, offset + length));
  }
}

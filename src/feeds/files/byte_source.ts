/** The bytes of a file from start to end, compressed or not. */

/** Where bytes come from. Only one read may be in progress at a time. */
export interface ByteSource {
  /**
   * Reads into the start of `into`, which has room for at least one byte. Returns the number of bytes read, at least
   * one, or null at the end. Throws UnusableInput if the source cannot be read, and the signal's reason if aborted.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Closes everything that is open. Call it once. A read in progress ends soon, one way or another. */
  close(): Promise<void>;
  /** The expected number of bytes in all, if known. It is not guaranteed. */
  readonly size?: number;
  /** Set if any part can be read at any time. Archives need that: their table of contents is at the end. */
  readonly parts?: ByteParts;
}

/** Bytes of which any part can be read. */
export interface ByteParts {
  readonly size: number;
  /** `length` bytes from `offset`, or fewer at the end. Throws as a source does. */
  readPart(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Reads `length` bytes from a source, or fewer if it ends first. */
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

/** A source whose start has already been read. It returns that again. */
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

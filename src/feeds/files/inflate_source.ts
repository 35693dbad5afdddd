/** Decompresses deflate data: gzip files and members of zip archives. */
import type * as Zlib from "node:zlib";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import type { ByteSource } from "./byte_source.ts";

/** gzip data that ends in the middle. Everything before the end has been read. */
export class TruncatedInput extends UnusableInput {}

/** How much compressed data is read at a time. Deflate compresses at most a thousandfold, so memory stays bounded. */
const COMPRESSED_BYTES = 32 << 10;
const DECOMPRESSED_BYTES = 256 << 10;
const LEAST_BYTES = 1 << 10;

/** zlib's errors for bytes after a member that do not start another member. */
const NO_MEMBER = ["incorrect header check", "unknown compression method", "unknown header flags set"];

/**
 * The decompressed bytes of a gzip file or of a member of a zip archive. A gzip file may hold several members in
 * succession, as recorders append them. Zeros after the end are padding and are skipped.
 */
export class InflateSource implements ByteSource {
  readonly #name: string;
  readonly #format: "gzip" | "zip";
  readonly #compressed: ByteSource;
  readonly #zlib: Zlib.Gunzip | Zlib.InflateRaw;
  readonly #input: Uint8Array<ArrayBuffer>;
  readonly #decompressed: Uint8Array[] = [];
  /** The piece that was fed to zlib last, and how many bytes were fed in all. */
  #piece: Uint8Array<ArrayBuffer>;
  #fed = 0;
  #state: "decompressing" | "padding" | "finished" | "closed" = "decompressing";
  #failure: (Error & { readonly code?: string }) | null = null;
  #wake = (): void => {};

  /**
   * `compressed` starts with a gzip header if it is gzip; `name` is for errors. A member that is known to decompress to
   * `size` bytes takes no more memory than that.
   */
  static async open(
    name: string,
    format: "gzip" | "zip",
    compressed: ByteSource,
    size = Infinity,
  ): Promise<InflateSource> {
    // Loading it takes 20 ms and 10 MB, and most inputs are plain.
    return new InflateSource(await import("node:zlib"), name, format, compressed, size);
  }

  private constructor(
    { createGunzip, createInflateRaw }: typeof Zlib,
    name: string,
    format: "gzip" | "zip",
    compressed: ByteSource,
    size: number,
  ) {
    this.#name = name;
    this.#format = format;
    this.#compressed = compressed;
    const chunkSize = Math.min(DECOMPRESSED_BYTES, Math.max(LEAST_BYTES, size));
    this.#input = this.#piece = new Uint8Array(Math.min(COMPRESSED_BYTES, chunkSize));
    this.#zlib = (format === "gzip" ? createGunzip : createInflateRaw)({ chunkSize });
    this.#zlib.on("data", (bytes: Uint8Array) => this.#decompressed.push(bytes));
    this.#zlib.on("end", () => this.#wake());
    this.#zlib.on("error", (error: Error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const next = this.#decompressed[0];
      if (next !== undefined) {
        const count = Math.min(next.length, into.length);
        into.set(next.subarray(0, count));
        if (count < next.length) this.#decompressed[0] = next.subarray(count);
        else this.#decompressed.shift();
        return count;
      }
      if (this.#failure !== null) throw this.#explain(this.#failure);
      if (this.#state === "finished" || this.#state === "closed") return null;
      if (this.#state === "padding") await this.#passOverPadding();
      else await this.#feed();
    }
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#zlib.destroy();
    this.#wake();
    await this.#compressed.close();
  }

  /** Decompresses the next piece, or ends. */
  async #feed(): Promise<void> {
    const count = await this.#compressed.read(this.#input);
    // zlib does not call back once it is closed.
    if (this.#isClosed()) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (count === null) this.#zlib.end();
      else {
        this.#fed += count;
        this.#piece = this.#input.subarray(0, count);
        this.#zlib.write(this.#piece, (error) => {
          if (error) this.#failure ??= error;
          resolve();
        });
      }
    });
    if (this.#failure !== null || this.#isClosed()) return;
    if (count === null) this.#state = "finished";
    // zlib ends at a zero after a member, and reads nothing after it.
    else if (this.#zlib.bytesWritten < this.#fed) this.#state = "padding";
  }

  /** Makes sure that only zeros follow. */
  async #passOverPadding(): Promise<void> {
    const left = this.#fed - this.#zlib.bytesWritten;
    let padding = this.#piece.subarray(this.#piece.length - left);
    for (;;) {
      if (padding.some((byte) => byte !== 0)) throw this.#trailingData();
      const count = await this.#compressed.read(this.#input);
      if (count === null) break;
      padding = this.#input.subarray(0, count);
    }
    if (!this.#isClosed()) this.#state = "finished";
  }

  /** Whether it has been closed meanwhile. */
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #explain(error: Error & { readonly code?: string }): UnusableInput {
    const isGzip = this.#format === "gzip";
    if (error.code === "Z_BUF_ERROR" && isGzip) {
      return new TruncatedInput(
        { name: this.#name },
        "the gzip data is cut off: it ends in the middle. Fetch or copy the file again",
        { cause: error },
      );
    }
    // The first header was checked before the source was made, so this is the header of a later member.
    return isGzip && NO_MEMBER.includes(error.message)
      ? this.#trailingData(error)
      : this.#damaged(error.message, error);
  }

  #trailingData(cause?: Error): UnusableInput {
    if (this.#format === "zip") return this.#damaged("a member is shorter than its table of contents says");
    const what = "something that is not gzip follows the gzip data. Fetch or copy the file again";
    return new UnusableInput({ name: this.#name }, what, { cause });
  }

  #damaged(how: string, cause?: Error): UnusableInput {
    const what = this.#format === "gzip" ? "gzip data" : "zip archive";
    return new UnusableInput(
      { name: this.#name },
      `the ${what} is damaged: ${how}. Fetch or copy the file again`,
      { cause },
    );
  }
}

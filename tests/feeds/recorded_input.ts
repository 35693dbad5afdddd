/** Recorded files made for a test, and the results of reading them. */
import { gzipSync } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter, type ZipWriterAddDataOptions } from "@zip.js/zip.js";
import type { Layout } from "../../src/formats/trade_file.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { type ReadOptions, recordedChunks } from "../../src/feeds/files/recorded_files.ts";

export const HEADER =
  "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n";

/** Rows of spot aggTrades with ids from `first` on. */
export function rows(count: number, first = 1): string {
  return Array.from({ length: count }, (_, row) => {
    const id = first + row;
    return `${id},0.0000${900 + id % 97},${id % 1013}.00,${id},${id},${1729987202368 + id},True,True\n`;
  }).join("");
}

/** What Penstock writes with `--record`: its first line and `count` frames. */
export function recording(count: number): string {
  const first = `1723161253937085 {"penstock":{"event":"recording","version":1,"symbol":"BTCUSDT"}}\n`;
  return first +
    Array.from(
      { length: count },
      (_, row) =>
        `${1723161253937085 + row} {"e":"trade","s":"BTCUSDT","t":${row},"p":"61737.63","q":"0.1"}\n`,
    ).join("");
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function gzip(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(content));
}

/** A zip archive of these members, in this order; a name that ends in a slash is a directory. */
export async function zip(
  members: Readonly<Record<string, string | Uint8Array>>,
  options: ZipWriterAddDataOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const archive = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, content] of Object.entries(members)) {
    if (name.endsWith("/")) await archive.add(name, undefined, { directory: true });
    else {
      const bytes = typeof content === "string" ? bytesOf(content) : content;
      await archive.add(name, new Uint8ArrayReader(bytes), options);
    }
  }
  return new Uint8Array(await archive.close());
}

/** A temporary folder, which is removed at the end. */
export class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "penstock-" });

  /** Writes a file. Returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.writeFile(path, typeof content === "string" ? bytesOf(content) : content);
    return path;
  }

  /** Makes a named pipe, which Windows does not have. Returns its path. */
  async pipe(name: string): Promise<string> {
    const path = `${this.path}/${name}`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/**
 * The next open of a pipe for reading by the code under test. An open that is given up goes on in the system until a
 * writer comes, and would outlive the test.
 */
export class OpeningPipe implements AsyncDisposable {
  /** Resolves when the pipe is being opened. */
  readonly begun: Promise<void>;
  #opening: Promise<unknown> | null = null;
  readonly #pipe: string;
  readonly #open = Deno.open;

  constructor(pipe: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.#pipe = pipe;
    Deno.open = (path, options) => {
      const opening = this.#open(path, options);
      if (path === pipe) {
        Deno.open = this.#open;
        this.#opening = opening;
        resolve();
      }
      return opening;
    };
  }

  /** Gives the pipe a writer, and waits until the open has returned. */
  async [Symbol.asyncDispose](): Promise<void> {
    Deno.open = this.#open;
    if (this.#opening === null) return;
    (await Deno.open(this.#pipe, { write: true })).close();
    await this.#opening;
  }
}

/** The result of reading files. */
export interface Outcome {
  readonly text: string;
  /** The names of the origins, without the folder, in order. */
  readonly names: string[];
  readonly layouts: string[];
  readonly chunks: number;
  /** Likewise without the folder. */
  readonly warnings: string[];
  /** The message of the error at the end, likewise, or null. */
  readonly error: string | null;
}

/** Reads files to the end or to the first UnusableInput. Rethrows any other error. */
export async function outcomeOf(
  paths: string | readonly string[],
  options: ReadOptions = {},
): Promise<Outcome> {
  const all = typeof paths === "string" ? [paths] : paths;
  const plain = (text: string): string =>
    all.reduce(
      (shorter, path) => shorter.replaceAll(path.slice(0, path.lastIndexOf("/") + 1) || "\0", ""),
      text,
    );
  const origins = new Set<Layout>();
  const names: string[] = [];
  const warnings: string[] = [];
  const texts: Uint8Array[] = [];
  let chunks = 0;
  let error: string | null = null;
  try {
    const onWarning = (text: string): void => void warnings.push(plain(text));
    for await (const { origin, bytes, start, end } of recordedChunks(all, { ...options, onWarning })) {
      chunks++;
      texts.push(bytes.slice(start, end));
      if (origins.has(origin.layout)) continue;
      origins.add(origin.layout);
      names.push(plain(origin.name));
    }
  } catch (thrown) {
    if (!(thrown instanceof UnusableInput)) throw thrown;
    error = plain(thrown.message);
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(...texts));
  return { text, names, layouts: [...origins].map(({ name }) => name), chunks, warnings, error };
}

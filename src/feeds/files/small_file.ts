/** Reads files that should be small and may come from anyone. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { openUnlessAborted, readUnlessAborted } from "./input_file.ts";

/** The file is larger than any file of its kind. */
export class FileTooLarge extends Error {
  override readonly name = "FileTooLarge";
}

const CHUNK_BYTES = 64 * 1024;

/**
 * The text of the file at `path`, of at most `most` bytes, decoded as UTF-8 with its byte order mark kept. Throws
 * FileTooLarge after reading that much of a larger file, whatever size the system gives (pipes and devices have none).
 * Throws an Error if a link leads out of `./data`, and what opening and reading throw. `signal` ends the wait for a
 * pipe without a writer; its reason is thrown.
 */
export async function readSmallFile(path: string, most: number, signal?: AbortSignal): Promise<string> {
  const link = outwardLink(path, Deno);
  if (link !== null) throw new Error(outwardText(link));
  using file = await openUnlessAborted(Deno.open(path), signal);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const count = await readUnlessAborted(file, chunk, signal);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (length > most) {
      throw new FileTooLarge(`it holds more than ${most} bytes, far more than such a file has`);
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await new Blob(chunks).arrayBuffer());
}

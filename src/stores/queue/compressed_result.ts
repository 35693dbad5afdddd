/**
 * Results as the database keeps them: compressed by the workers, because compressing is most of the cost of keeping
 * one.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { UnusableResult } from "./queue_error.ts";

/** A text, compressed with gzip, in base64. */
export function compressed(text: string): string {
  return gzipSync(text).toString("base64");
}

/** No result of a task is nearly as long, but a few compressed bytes can stand for gigabytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The text that `compressed` compressed. Throws an UnusableResult for any other text, and for one of more than 256 MiB.
 */
export function decompressed(text: string): string {
  try {
    return gunzipSync(Uint8Array.fromBase64(text), { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch {
    throw new UnusableResult("it is not compressed as results are");
  }
}

/** Results as the database keeps them: packed by their workers, as packing them is most of what keeping one would cost it. */
import { gunzipSync, gzipSync } from "node:zlib";
import { UnusableResult } from "./queue_error.ts";

/** A text, packed with gzip, in base64. */
export function packed(text: string): string {
  return gzipSync(text).toString("base64");
}

/** No result of a task is nearly as long, and a few packed bytes can stand for gigabytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The text that `packed` packed. Throws an UnusableResult if it packed none, or one of more than 256 MiB. */
export function unpacked(text: string): string {
  try {
    return gunzipSync(Uint8Array.fromBase64(text), { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch {
    throw new UnusableResult("it is not packed as results are");
  }
}

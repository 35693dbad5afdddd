/** Results as the database keeps them: packed by their workers, as packing them is most of what keeping one would cost it. */
import { gunzipSync, gzipSync } from "node:zlib";

/** A text, packed with gzip, in base64. */
export function packed(text: string): string {
  return gzipSync(text).toString("base64");
}

/** The text that `packed` packed. */
export function unpacked(text: string): string {
  return gunzipSync(Uint8Array.fromBase64(text)).toString("utf8");
}

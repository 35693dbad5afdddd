/** Fetches a file that is known by its digest, and keeps it only if it has that digest. */
import { createHash } from "node:crypto";
import type { NamedInput } from "./named_inputs.ts";

/** A digest that a file may have as its name. */
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Fetches `file` from the folder `url`, which ends with a slash, under the file's own name, and puts it into `folder`
 * under its digest. Returns null, or why it was not kept. Follows no redirect, because it may lead to any host. Throws
 * what writing throws, what Deno throws without permission, and the reason of `signal`.
 */
export async function fetchInput(
  { name, sha256, bytes }: NamedInput,
  { url, folder, signal }: { readonly url: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<string | null> {
  if (!DIGEST.test(sha256)) return "the sweep has no digest of it";
  const place = `${url}${encodeURIComponent(name)}`;
  let response: Response;
  try {
    response = await fetch(place, { signal, redirect: "manual" });
  } catch (error) {
    if (signal.aborted || error instanceof Deno.errors.NotCapable) throw error;
    return `${place}: ${error instanceof Error ? error.message : error}`;
  }
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    return `${place} answers ${response.status}`;
  }
  const path = `${folder}/${sha256}`;
  const partial = `${path}.${Deno.pid}.partial`;
  const hash = createHash("sha256");
  let size = 0;
  try {
    {
      await Deno.mkdir(folder, { recursive: true });
      using file = await Deno.open(partial, { write: true, create: true, truncate: true });
      for await (const chunk of response.body) {
        size += chunk.length;
        if (size > bytes) return `${place} has more than the ${bytes} bytes of the sweep's file`;
        hash.update(chunk);
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      }
    }
    const found = hash.digest("hex");
    if (found !== sha256) return `${place} has the SHA-256 ${found}, and the sweep's file ${sha256}`;
    await Deno.rename(partial, path);
    return null;
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) throw error;
    // The connection broke.
    return `${place}: ${error.message}`;
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
}

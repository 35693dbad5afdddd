/**
 * A process that reads recorded files, for tests of standard input and of permissions: `recorded_reader.ts PATH...`.
 * Prints the result as one JSON line. With `--abort` in front, it aborts at the first chunk, and prints that chunk too.
 */
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";

const aborts = Deno.args[0] === "--abort";
const controller = new AbortController();
const warnings: string[] = [];
const names = new Set<string>();
let text = "";
let error: string | null = null;
try {
  const options = { signal: controller.signal, onWarning: (warning: string) => void warnings.push(warning) };
  for await (
    const { origin, bytes, start, end } of recordedChunks(Deno.args.slice(aborts ? 1 : 0), options)
  ) {
    names.add(origin.name);
    text += new TextDecoder().decode(bytes.subarray(start, end));
    // Abort only once the next read is waiting for more input.
    if (aborts) setTimeout(() => controller.abort());
  }
} catch (thrown) {
  if (!(thrown instanceof UnusableInput)) throw thrown;
  error = thrown.message;
}
console.log(JSON.stringify({ text, names: [...names], warnings, error }));
Deno.exit(0);

/** Compares a file with the checksum file next to it, as Binance publishes them. */
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { type InputFile, openInput } from "./input_file.ts";
import { readSmallFile } from "./small_file.ts";

const SUFFIX = ".CHECKSUM";
const READ_BYTES = 1 << 20;
/** Room for the checksums of ten thousand files, as `sha256sum` prints them. */
const MOST_BYTES = 1 << 20;

/** `<64 hexadecimal digits>  name`. An asterisk before the name means that the file is binary. */
const LINE = /^([0-9a-f]{64})(?:[ \t]+\*?(.*))?$/i;

/**
 * Throws UnusableInput if `FILE.CHECKSUM` exists and has no SHA-256 in it, or one that does not match the file on disk.
 * Checks nothing for a pipe, or if there is no such file. Calls `onWarning` if the program may not look for it.
 */
export async function verifyChecksum(
  file: InputFile,
  onWarning: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (file.size === null) return;
  const path = file.path + SUFFIX;
  let text: string;
  try {
    text = await readSmallFile(path, MOST_BYTES, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    signal?.throwIfAborted();
    // The permission to read the file itself is enough to continue.
    if (error instanceof Deno.errors.NotCapable) {
      return onWarning(`${path} is not used, because the program may not read it: no checksum is compared`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnusableInput({ name: path }, `the checksum cannot be read: ${reason}`, { cause: error });
  }
  const expected = checksumIn(text, path, file.path);
  const found = await sha256(file, signal);
  if (found === expected) return;
  throw new UnusableInput(
    { name: file.name },
    `its SHA-256 is ${found}, but ${path} says ${expected}: fetch the file again`,
  );
}

/** The checksum of `file`, in lower case, from the text of the checksum file at `path`. */
function checksumIn(text: string, path: string, file: string): string {
  const base = file.slice(file.search(/[^\\/]*$/));
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const entries = lines.map((line) => LINE.exec(line));
  // A file that was renamed together with its checksum is still the same file.
  const entry = entries.length === 1 ? entries[0] : entries.find((found) => found?.[2] === base);
  if (entry != null) return entry[1]!.toLowerCase();
  const found = lines.length === 0
    ? "it is empty"
    : lines.length === 1
    ? `it holds ${JSON.stringify(lines[0]!.slice(0, 80))}`
    : `none of its ${lines.length} lines is for ${base}`;
  throw new UnusableInput(
    { name: path },
    `${found}, expected "<64 hexadecimal digits>  ${base}": fetch it again, or remove it to skip the check`,
  );
}

/** The SHA-256 of a file, hexadecimal in lower case. Throws what reading it throws, and the signal's reason. */
export async function sha256(file: InputFile, signal?: AbortSignal): Promise<string> {
  // Most files have no checksum next to them, and loading this module takes 20 ms.
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const bytes = new Uint8Array(READ_BYTES);
  const source = await openInput(file, signal);
  try {
    for (;;) {
      const count = await source.read(bytes);
      if (count === null) return hash.digest("hex");
      hash.update(bytes.subarray(0, count));
      signal?.throwIfAborted();
    }
  } finally {
    await source.close();
  }
}

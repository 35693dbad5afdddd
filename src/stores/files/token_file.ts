/** A token in a file, which grants access to a page. Penstock makes it, so that it cannot be guessed. */
import { ConfigError } from "../../domain/process/config_error.ts";
import { OWNERS_FILE } from "./owner_only.ts";

/** Random bytes in a token: twice as many as would already prevent guessing. */
const BYTES = 32;
/** 128 bits in base64url, and more than any token has. */
const LEAST_CHARACTERS = 22;
const MOST_BYTES = 1_000;
const TOKEN = /^[\w-]+$/;

/**
 * Returns the token in the file at `path`; creates a missing file, for its owner only. Throws a ConfigError for a file
 * with anything else in it, or with a token that can be guessed, and Deno's errors if the file cannot be read or created.
 */
export function tokenIn(path: string): string {
  let text: string;
  let isWhole: boolean;
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(MOST_BYTES);
    const read = file.readSync(bytes) ?? 0;
    isWhole = read < MOST_BYTES;
    text = new TextDecoder().decode(bytes.subarray(0, read)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) {
      throw new ConfigError([`--token ${path}: expected a file, but this is a folder`]);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return newToken(path);
  }
  // Part of a token would differ from the one that clients read from the same file.
  if (isWhole && TOKEN.test(text) && text.length >= LEAST_CHARACTERS) return text;
  throw new ConfigError([
    `--token ${path}: expected one line of ${LEAST_CHARACTERS} or more letters, digits, - and _; ` +
    "remove the file, and penstock watch will create one",
  ]);
}

/** Whether users other than its owner may use the file, and so could see the page. */
export function isOpenToOthers(path: string): boolean {
  const { mode } = Deno.statSync(path);
  return mode !== null && (mode & 0o077) !== 0;
}

function newToken(path: string): string {
  const token = crypto.getRandomValues(new Uint8Array(BYTES)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, createNew: true, mode: OWNERS_FILE });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ConfigError([`--token ${path}: expected a file in a folder that exists`]);
  }
  using _closing = file;
  file.writeSync(new TextEncoder().encode(`${token}\n`));
  return token;
}

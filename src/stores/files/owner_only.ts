/**
 * The rights of what is made: its owner's alone, since a journal tells what a user trades. What is there already
 * keeps the rights that the user gave it, and on Windows the folder's apply.
 */

/** Of files: read and write. */
export const OWNERS_FILE = 0o600;
/** Of folders: read, write and enter. */
export const OWNERS_FOLDER = 0o700;

/** Those of the file at `path`, for what takes its place; its owner's alone where there is none. */
export function modeAt(path: string): number {
  try {
    return (Deno.statSync(path).mode ?? OWNERS_FILE) & 0o777;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return OWNERS_FILE;
    throw error;
  }
}

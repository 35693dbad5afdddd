/**
 * File modes for new files and folders: only their owner may use them, since a journal shows what the user trades.
 * Existing files keep their modes; on Windows, those of the folder apply.
 */

/** For files: read and write. */
export const OWNERS_FILE = 0o600;
/** For folders: read, write and enter. */
export const OWNERS_FOLDER = 0o700;

/** The modes of the file at `path`, for a file that replaces it; owner-only if there is none. */
export function modeAt(path: string): number {
  try {
    return (Deno.statSync(path).mode ?? OWNERS_FILE) & 0o777;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return OWNERS_FILE;
    throw error;
  }
}

/** The names of a journal's files. */

/** The journal itself, the log and its index that SQLite has beside it while it is open, and the lock. */
export function filesOfJournal(path: string): string[] {
  return ["", "-wal", "-shm", ".lock"].map((end) => path + end);
}

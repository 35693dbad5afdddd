/** Journals made to mislead the reader, hang the program or fill the disk. */
import { DatabaseSync } from "node:sqlite";
declare module "node:sqlite" {
  /** Deno 2.9 has this, but its types lack it. */
  interface DatabaseSyncOptions {
    defensive?: boolean;
  }
}

/** Changes the database at `path`, bypassing the safeguards of SQLite and of the journal's tables. */
export function change(path: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path, { defensive: false });
  database.exec("PRAGMA writable_schema = ON; PRAGMA ignore_check_constraints = ON");
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** A statement that changes the schema row of one of the database's objects. */
export function relist(name: string, set: string): string {
  return `UPDATE sqlite_schema SET ${set} WHERE name = '${name}'`;
}

/** Overwrites bytes of a file from an offset on. */
export function patch(path: string, at: number, ...bytes: readonly number[]): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(Uint8Array.from(bytes));
}

/** Creates so many views that SQLite takes minutes to read their list. */
export const MANY_VIEWS =
  `WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 300000) INSERT INTO sqlite_schema
    SELECT 'view', 'v' || n, 'v' || n, 0, 'CREATE VIEW v' || n || ' AS SELECT 1' FROM more`;

/** A view with this name that never ends, and has a million bytes in every column. */
export function endless(name: string, ...columns: readonly string[]): string {
  const values = columns.map((column) => `zeroblob(1000000) AS ${column}`).join(", ");
  return `CREATE VIEW ${name} AS WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more)
    SELECT ${values} FROM more`;
}

/** Journals that somebody made to mislead, hang or fill the machine that opens them. */
import { DatabaseSync } from "node:sqlite";
declare module "node:sqlite" {
  /** Deno 2.9 has this, and its types do not know it yet. */
  interface DatabaseSyncOptions {
    defensive?: boolean;
  }
}

/** Changes the database at `path` past all that SQLite and a journal's tables would keep one from. */
export function change(path: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path, { defensive: false });
  database.exec("PRAGMA writable_schema = ON; PRAGMA ignore_check_constraints = ON");
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** The statement that changes what the database says of one of its objects. */
export function relist(name: string, set: string): string {
  return `UPDATE sqlite_schema SET ${set} WHERE name = '${name}'`;
}

/** Changes bytes of a file: numbers from an offset on. */
export function patch(path: string, at: number, ...bytes: readonly number[]): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(Uint8Array.from(bytes));
}

/** So many views that SQLite reads their list for minutes. */
export const MANY_VIEWS =
  `WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 300000) INSERT INTO sqlite_schema
    SELECT 'view', 'v' || n, 'v' || n, 0, 'CREATE VIEW v' || n || ' AS SELECT 1' FROM more`;

/** A view by this name that never ends, and gives every column a million bytes. */
export function endless(name: string, ...columns: readonly string[]): string {
  const values = columns.map((column) => `zeroblob(1000000) AS ${column}`).join(", ");
  return `CREATE VIEW ${name} AS WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more)
    SELECT ${values} FROM more`;
}

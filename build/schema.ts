/** `deno task schema` writes the tables for PostgreSQL to deploy/postgres.sql. A test compares them. */
import { schemaScript } from "../src/stores/journal/postgres/database_schema.ts";

/** The script, after a comment about its purpose. */
export function schemaFile(): string {
  return `-- Makes Penstock's tables in the database that psql is connected to, and four roles: penstock_writer for runs and for
-- halt and release, penstock_reader for status, export, verify and report, penstock_sweeper for sweeps with a queue, and
-- penstock_worker for its workers. Programs that may make the tables themselves need none of this. See docs/fleet.md.
-- Written by deno task schema from src/stores/journal/postgres/database_schema.ts.

${schemaScript()}`;
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../deploy/postgres.sql", import.meta.url), schemaFile());
}

/** `deno task schema`: writes the tables of journals in PostgreSQL to deploy/postgres.sql. A test compares them. */
import { schemaScript } from "../src/stores/journal/postgres/database_schema.ts";

/** The script, with a comment on what it is for. */
export function schemaFile(): string {
  return `-- Makes the tables of Penstock's journals in the database that psql is connected to, and two roles:
-- penstock_writer for runs and for halt and release, penstock_reader for status, export, verify and report.
-- Runs that may make the tables themselves need none of this. See docs/fleet.md.
-- Written by deno task schema from src/stores/journal/postgres/database_schema.ts.

${schemaScript()}`;
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../deploy/postgres.sql", import.meta.url), schemaFile());
}

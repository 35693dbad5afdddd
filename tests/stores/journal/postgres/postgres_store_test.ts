/** Runs the store contract on PostgreSQL. */
import { postgresStore } from "../../../../src/stores/journal/postgres/postgres_store.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";
import { testEntryStore } from "../entry_log_contract.ts";

if (noPostgres) Deno.test.ignore("PostgreSQL passes the contract of stores", () => {});
else {
  const server = await PostgresServer.start();
  const database = await server.database();
  let places = 0;
  testEntryStore({
    name: "PostgreSQL",
    store: postgresStore(),
    newPlace: () => `${database}#journal-${places++}`,
  });
}

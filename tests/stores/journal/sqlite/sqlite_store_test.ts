/** Runs the store contract on SQLite. */
import { sqliteStore } from "../../../../src/stores/journal/sqlite/sqlite_store.ts";
import { testEntryStore } from "../entry_log_contract.ts";

const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
let places = 0;

testEntryStore({ name: "SQLite", store: sqliteStore(), newPlace: () => `${folder}/${places++}.db` });

Deno.test("SQLite leaves nothing behind", () => Deno.removeSync(folder, { recursive: true }));

/** Runs the store contract on a made-up store. */
import { testEntryStore } from "./entry_log_contract.ts";
import { madeUpStore } from "./made_up_store.ts";

let places = 0;

testEntryStore({ name: "a made-up store", store: madeUpStore(), newPlace: () => `made-up:${places++}` });

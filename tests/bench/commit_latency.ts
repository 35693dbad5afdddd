/**
 * What a commit of a live run costs, in SQLite and in PostgreSQL on loopback, each with its disk: the same market, in
 * turns, three times. A commit has a signal or a fill, and the state after it. Needs PostgreSQL 14 or newer.
 */
import { configure, shownConfig } from "../../src/config/config.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { storeOf } from "../../src/stores/journal/known_stores.ts";
import { HandRun } from "../support/hand_run.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { SeededRandom } from "../support/random.ts";
import { table } from "./table.ts";

const ROUNDS = 3;
const COMMITS = 200;
const START_TIME = 1_723_161_255_342_000;
const OPTIONS: ShownOptions = { ...shownConfig(configure({}).config), short: 3, long: 9, cash: "1000000" };

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
await using server = await PostgresServer.start({ settings: { fsync: "on", autovacuum: "on" } });
try {
  const database = await server.database();
  const name = database.slice(database.lastIndexOf("/") + 1);
  const measured = { SQLite: [] as number[][], PostgreSQL: [] as number[][] };
  for (let round = 0; round < ROUNDS; round++) {
    measured.SQLite.push(await commits(`${folder}/${round}.db`));
    measured.PostgreSQL.push(await commits(`${database}#round-${round}`));
  }
  for (const [store, rounds] of Object.entries(measured)) {
    table(`${COMMITS} commits in ${store}, ${ROUNDS} times`, [
      ["p50", rounds.map((times) => milliseconds(times, 0.5)).join(", ")],
      ["p99", rounds.map((times) => milliseconds(times, 0.99)).join(", ")],
    ]);
  }
  const bytes = async (what: string) => Number(await server.sql(name, `SELECT ${what}`));
  const tables = await bytes(
    "sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'penstock'::regnamespace",
  );
  const rows = await bytes("count(*) FROM penstock.entries");
  const before = await bytes("pg_current_wal_lsn() - '0/0'");
  await commits(`${database}#log`);
  const log = await bytes("pg_current_wal_lsn() - '0/0'") - before;
  table("Sizes in PostgreSQL", [
    ["entries", `${rows}, ${(rows / ROUNDS / COMMITS).toFixed(2)} a commit`],
    ["tables and indexes", `${Math.round(tables / ROUNDS / COMMITS)} bytes a commit`],
    ["its own log, which it reuses", `${Math.round(log / COMMITS)} bytes a commit`],
  ]);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

/** The time that each of some commits took, ms. */
async function commits(place: string): Promise<number[]> {
  const random = new SeededRandom(8);
  const times: number[] = [];
  const recording = `${folder}/${crypto.randomUUID()}.txt`;
  const store = await storeOf(place);
  await using run = await HandRun.open(place, recording, OPTIONS, START_TIME, { store });
  for (let price = 60_000; times.length < COMMITS;) {
    const { events, keep } = run.receive(price += random.whole(-50, 50));
    const from = performance.now();
    await keep();
    if (events.length > 0) times.push(performance.now() - from);
  }
  return times;
}

function milliseconds(times: readonly number[], share: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return `${sorted[Math.floor(share * sorted.length)]!.toFixed(2)} ms`;
}

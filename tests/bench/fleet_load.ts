/**
 * What many runs cost their database, beyond the number that fits one machine: simulated runs, each with a journal, a
 * lease and its own connection. They decide once a minute, and look for requests and write heartbeats as often as
 * any run does, through the code of a run's journal. Trades between decisions are left out, and with them the
 * checkpoints that a run writes every ten seconds while trades come.
 * Linux only. Part of no gate:
 *
 *     deno run --allow-all tests/bench/fleet_load.ts [SECONDS] [RUNS]...
 */
import { configure, shownConfig } from "../../src/config/config.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { SeededRandom } from "../support/random.ts";
import { children, cpuNs } from "./cpu_time.ts";
import { table } from "./table.ts";

const [seconds = 30, ...given] = Deno.args.map(Number);
const levels = given.length === 0 ? [200, 500, 1_000] : given;
/** More often than averages over bars of a minute decide. */
const DECISION_MS = 60_000;
const REQUESTS_MS = 1_000;
const HEARTBEAT_MS = 5_000;
/** Runs start some at a time, so that none waits long for its turn. */
const TOGETHER = 8;
const START_TIME = 1_723_161_255_342_000;
const OPTIONS: ShownOptions = { ...shownConfig(configure({}).config), short: 3, long: 9, cash: "1000000" };

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
await using server = await PostgresServer.start({
  settings: {
    fsync: "on",
    autovacuum: "on",
    max_connections: String(Math.max(...levels) + 20),
    shared_buffers: "128MB",
  },
});
const database = await server.database();
const name = database.slice(database.lastIndexOf("/") + 1);
const random = new SeededRandom(5);
const ended = new AbortController();
/** How long each commit of a decision took, ms. */
let times: number[] = [];
const runs: Promise<void>[] = [];

try {
  for (const count of levels) {
    while (runs.length < count) {
      const more = Math.min(TOGETHER, count - runs.length);
      const opened = await Promise.all(Array.from({ length: more }, (_, at) => opening(runs.length + at)));
      runs.push(...opened.map(lasting));
    }
    await pause(2 * HEARTBEAT_MS);
    times = [];
    const first = await sample();
    await pause(seconds * 1_000);
    const last = await sample();
    const elapsed = (last.at - first.at) / 1_000;
    const rate = (what: "transactions" | "entries" | "log") => (last[what] - first[what]) / elapsed;
    const cores = (what: "database" | "own") => ((last[what] - first[what]) / elapsed / 1e9).toFixed(2);
    table(`${count} simulated runs, ${elapsed.toFixed(0)} s, load ${Deno.loadavg()[0]!.toFixed(1)}`, [
      ["entries", `${rate("entries").toFixed(0)} a second`],
      ["transactions, of all kinds", `${rate("transactions").toFixed(0)} a second`],
      ["bytes of PostgreSQL's log", `${Math.round(rate("log"))} a second`],
      ["PostgreSQL", `${cores("database")} cores, ${last.memoryMb} MB`],
      ["the simulated runs", `${cores("own")} cores`],
      ["a commit", `p50 ${share(0.5)}, p99 ${share(0.99)}`],
      ["runs that lost their lease", String(last.lost)],
    ]);
  }
} finally {
  ended.abort();
  await Promise.allSettled(runs);
  Deno.removeSync(folder, { recursive: true });
}

function opening(number: number): Promise<HandRun> {
  return HandRun.open(`${database}#run-${number}`, `${folder}/${number}.txt`, OPTIONS, START_TIME);
}

/** Does what a run does, each kind of work in its turn, until all end. */
async function lasting(run: HandRun): Promise<void> {
  await using _closed = run;
  let price = 60_000;
  const decide = async () => {
    for (;;) {
      const { events, keep } = run.receive(price += random.whole(-50, 50));
      if (events.length === 0) continue;
      const from = performance.now();
      await keep();
      times.push(performance.now() - from);
      return;
    }
  };
  const look = async () => {
    for await (const _ of run.journal.requests());
  };
  const beat = () => run.journal.heartbeat(Date.now() * 1_000, { tradesPerSecond: 20, lagMs: 0 });
  const works = [
    { work: decide, everyMs: DECISION_MS },
    { work: look, everyMs: REQUESTS_MS },
    { work: beat, everyMs: HEARTBEAT_MS },
  ].map((each) => ({ ...each, due: performance.now() + random.whole(0, each.everyMs) }));
  while (!ended.signal.aborted) {
    const next = works.reduce((one, other) => other.due < one.due ? other : one);
    await pause(next.due - performance.now());
    if (ended.signal.aborted) return;
    // Work that is late is not done twice, as in a run.
    next.due = Math.max(next.due + next.everyMs, performance.now());
    await next.work();
  }
}

/** Counters and processor times (ns) at this moment. */
async function sample() {
  const query = `SELECT xact_commit, (SELECT count(*) FROM penstock.entries), pg_current_wal_lsn() - '0/0',
    (SELECT count(*) FROM penstock.journals WHERE expires < clock_timestamp())
    FROM pg_stat_database WHERE datname = '${name}'`;
  const [transactions, entries, log, lost] = (await server.sql(name, query)).split("|").map(Number);
  const processes = [server.pid, ...children(server.pid)];
  return {
    at: performance.now(),
    ...{ transactions: transactions!, entries: entries!, log: log!, lost: lost! },
    database: processes.map(cpuNs).reduce((sum, ns) => sum + ns, 0),
    memoryMb: Math.round(processes.map(privateKb).reduce((sum, kb) => sum + kb, 0) / 1024),
    own: cpuNs(Deno.pid),
  };
}

/** The memory that only this process has, kB. */
function privateKb(pid: number): number {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function share(of: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return `${(sorted[Math.floor(of * sorted.length)] ?? 0).toFixed(1)} ms`;
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    clearTimeout(timer);
    ended.signal.removeEventListener("abort", done);
    resolve();
  };
  const timer = setTimeout(done, Math.max(0, ms));
  ended.signal.addEventListener("abort", done);
  return promise;
}

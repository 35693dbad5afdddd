/**
 * What many runs in one database cost: demo runs for a minute, and `penstock watch` over all of them, with PostgreSQL on
 * loopback and `fsync` on. Everything is on this machine, so the runs themselves take most of it. Linux only. Part of
 * no gate:
 *
 *     deno run --allow-all tests/bench/fleet_cost.ts [RUNS] [SECONDS] [RUNS IN A PROCESS]
 */
import { AS_BUILT, Penstock } from "../support/penstock.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { children, cpuNs } from "./cpu_time.ts";
import { table } from "./table.ts";

const [runs = 30, seconds = 60, inProcess = 1] = Deno.args.map(Number);
const HOST = new URL("fleet_host.ts", import.meta.url).pathname;
const PARTS = 5;
/** The runs start one after the other, so that no one of them waits for its turn of the processor at its start. */
const TOGETHER = 4;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-env=TERM,PGPASSWORD"];

await using server = await PostgresServer.start({
  settings: {
    fsync: "on",
    autovacuum: "on",
    max_connections: String(2 * runs + 20),
    shared_buffers: "128MB",
  },
});
const database = await server.database();
const name = database.slice(database.lastIndexOf("/") + 1);
await using stack = new AsyncDisposableStack();
const programs: Penstock[] = [];
for (let first = 0; inProcess > 1 && first < runs; first += inProcess) {
  const own = [database, String(first), String(Math.min(inProcess, runs - first))];
  const command = [Deno.execPath(), "run", "--no-check", "--allow-all", ...AS_BUILT, HOST, ...own];
  programs.push(stack.use(Penstock.spawn(command)));
  const from = performance.now();
  await programs.at(-1)!.event("started");
  console.error(`${first + inProcess} runs after another ${Math.round(performance.now() - from)} ms`);
}
while (inProcess === 1 && programs.length < runs) {
  const more = Array.from({ length: Math.min(TOGETHER, runs - programs.length) }, (_, index) => {
    const number = programs.length + index;
    const options = [
      "--rate=20",
      "--short=10",
      "--long=30",
      "--json",
      "--log-level=error",
      `--seed=${number}`,
    ];
    return stack.use(Penstock.start(["demo", `--state=${database}#run-${number}`, ...options], FLAGS));
  });
  await Promise.all(more.map((program) => program.event("started")));
  programs.push(...more);
}
const watch = stack.use(Penstock.start(["watch", database, "--listen=127.0.0.1:0"], [...AS_BUILT, ...FLAGS]));
const [url] = /http:\S+/.exec(await watch.logged("live page"))!;
await new Promise((resolve) => setTimeout(resolve, 3_000));

const first = await sample();
const memory = [residentMb(watch.pid)];
for (let part = 0; part < PARTS; part++) {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000 / PARTS));
  memory.push(residentMb(watch.pid));
}
const last = await sample();
const state = await (await fetch(`${url}/state`)).json();
/** Each state, and how many runs are in it. */
const states = Object.entries(
  Object.groupBy(
    state.runs as { problem: string | null; status: { state: string } | null }[],
    ({ status, problem }) => status?.state ?? problem ?? "unread",
  ),
).map(([name, of]) => `${of!.length} ${name}`).join(", ");
const elapsed = (last.at - first.at) / 1000;

const rate = (what: "transactions" | "entries" | "log") => (last[what] - first[what]) / elapsed;
const cores = (what: "database" | "programs" | "page") =>
  `${((last[what] - first[what]) / elapsed / 1e9).toFixed(2)} cores`;
table(
  `${runs} demo runs in one database, ${elapsed.toFixed(0)} s, load before ${Deno.loadavg()[2]!.toFixed(1)}`,
  [
    ["what the page shows", states],
    ["entries", `${rate("entries").toFixed(1)} a second`],
    ["transactions, of all kinds", `${rate("transactions").toFixed(1)} a second`],
    ["bytes of PostgreSQL's log", `${Math.round(rate("log"))} a second`],
    ["bytes of tables and indexes", `${Math.round((last.size - first.size) / elapsed)} a second`],
    ["PostgreSQL", cores("database")],
    ["the runs", cores("programs")],
    ["watch", `${cores("page")}, ${memory.join(", ")} MB`],
    ["connections of watch", String(last.connections - runs)],
    [
      "the runs' memory",
      `${programs.reduce((sum, { pid }) => sum + residentMb(pid), 0)} MB in ${programs.length}`,
    ],
  ],
);
// A process that is not ended here would go on for good.
await stack.disposeAsync();

/** Counters and processor times (ns) at this moment. */
async function sample() {
  const query = `SELECT xact_commit, (SELECT count(*) FROM penstock.entries),
    pg_current_wal_lsn() - '0/0', pg_database_size(datname) FROM pg_stat_database WHERE datname = '${name}'`;
  const [transactions, entries, log, size] = (await server.sql(name, query)).split("|").map(Number);
  const clients = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'penstock'";
  return {
    at: performance.now(),
    ...{ transactions: transactions!, entries: entries!, log: log!, size: size! },
    connections: Number(await server.sql(name, clients)),
    database: children(server.pid).map(cpuNs).reduce((sum, ns) => sum + ns, cpuNs(server.pid)),
    programs: programs.map(({ pid }) => cpuNs(pid)).reduce((sum, ns) => sum + ns, 0),
    page: cpuNs(watch.pid),
  };
}

function residentMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024);
}

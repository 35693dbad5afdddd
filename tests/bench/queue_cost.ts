/**
 * What the queue of a sweep costs a task: simulated workers, each with its own connection, take tasks from a real
 * PostgreSQL on loopback with `fsync` on, and finish them after some seconds with a result as large as a real one.
 * Everything is on this machine, the workers in this process. Linux only. Part of no gate:
 *
 *     deno run --allow-all tests/bench/queue_cost.ts [WORKERS] [TASKS] [SECONDS]
 */
import { PostgresSweepQueue } from "../../src/stores/queue/postgres_sweep_queue.ts";
import { PostgresWorkerQueue } from "../../src/stores/queue/postgres_worker_queue.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { children, cpuNs } from "./cpu_time.ts";
import { table } from "./table.ts";

const [count = 1_000, tasks = 3_000, seconds = 10] = Deno.args.map(Number);
/** That of a task with 64 configurations. */
const RESULT_BYTES = 90_000;
const LEASE_MS = 30_000;
const POLL_MS = 10_000;
/** How many connect at the same time. */
const TOGETHER = 20;

const signal = new AbortController().signal;
await using server = await PostgresServer.start({
  settings: { fsync: "on", autovacuum: "on", max_connections: String(count + 20), shared_buffers: "128MB" },
});
const url = await server.database();
const options = { signal, onTrouble: (text: string) => console.error(text) };
const sweep = await PostgresSweepQueue.open(url, options);
const workers: PostgresWorkerQueue[] = [];
while (workers.length < count) {
  const more = Array.from(
    { length: Math.min(TOGETHER, count - workers.length) },
    () => PostgresWorkerQueue.open(url, { ...options, version: "1", leaseMs: LEASE_MS }),
  );
  workers.push(...await Promise.all(more));
}
// Like rows of figures: PostgreSQL packs them to about a third.
const random = Array.from({ length: RESULT_BYTES / 10 }, (_, at) => (at * 7919 % 100_003 / 7).toFixed(4));
const result = `[${random.join(",")}]`.slice(0, RESULT_BYTES);

const before = await sample();
const askedAt = performance.now();
await sweep.add({
  ...{ key: hex(1), version: "1", input: "f", content: "a sweep" },
  tasks: Array.from({ length: tasks }, (_, at) => ({
    key: hex(at + 2),
    content: JSON.stringify(Array.from({ length: 64 }, (_, place) => at * 64 + place)),
    isChecked: at % 100 === 0,
  })),
});
const addedMs = performance.now() - askedAt;
const due = tasks + Math.ceil(tasks / 100);
const ending = new AbortController();
const takes: number[] = [];
const finishes: number[] = [];
const from = performance.now();
await Promise.all(workers.map(async (worker, number) => {
  // As if they had started at different times.
  if (seconds > 0) await sleep(number / count * seconds);
  let nextPoll = 0;
  while (!ending.signal.aborted) {
    const start = performance.now();
    const task = await worker.take([]);
    if (task !== null) {
      takes.push(performance.now() - start);
      if (seconds > 0) await sleep(seconds);
      const computed = performance.now();
      await worker.finish(task, result);
      finishes.push(performance.now() - computed);
      if (finishes.length === due) ending.abort();
      continue;
    }
    // As the real ones do.
    if (performance.now() >= nextPoll) {
      await worker.remaining([]);
      nextPoll = performance.now() + POLL_MS;
    }
    await worker.changed(POLL_MS, ending.signal);
  }
}));
const elapsed = (performance.now() - from) / 1000;
const after = await sample();
const { left, done } = await sweep.status();
const each = (ns: number) => `${(ns / done / 1e6).toFixed(2)} ms`;
table(
  `${count} workers, ${tasks} tasks of ${seconds} s, every hundredth computed twice, load ${
    Deno.loadavg()[0]!.toFixed(1)
  }`,
  [
    ["done, left", `${done}, ${left}`],
    ["adding all tasks", `${addedMs.toFixed(0)} ms`],
    [
      "transactions, of all kinds",
      `${((after.transactions - before.transactions) / elapsed).toFixed(0)} a second`,
    ],
    ["PostgreSQL", `${((after.database - before.database) / elapsed / 1e9).toFixed(2)} cores`],
    ["tasks a second", (done / elapsed).toFixed(0)],
    ["processor time of PostgreSQL for a task", each(after.database - before.database)],
    ["processor time of the workers for a task", each(after.own - before.own)],
    ["a take", quantiles(takes)],
    ["keeping a result", quantiles(finishes)],
  ],
);
for (const worker of workers) await worker[Symbol.asyncDispose]();
await sweep[Symbol.asyncDispose]();

async function sample() {
  const transactions = Number(await server.sql("postgres", "SELECT sum(xact_commit) FROM pg_stat_database"));
  const database = children(server.pid).map(cpuNs).reduce((sum, ns) => sum + ns, cpuNs(server.pid));
  return { transactions, database, own: cpuNs(Deno.pid) };
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function quantiles(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => `${sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(64, "0");
}

/**
 * How a sweep scales with the workers of a queue: the same grid over the same made-up trades on one machine with one thread
 * and with two, and by one and by two workers with a thread each, with PostgreSQL on this machine; taken in turn. Times
 * are those of the sweep's whole process; the workers are connected before. Processor times are those of all processes,
 * PostgreSQL's too, which a busy machine changes little. Linux only. Part of no gate:
 *
 *     deno run --allow-all tests/bench/queue_speed.ts [TRADES] [ROUNDS]
 */
import { Penstock } from "../support/penstock.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { children, cpuNs } from "./cpu_time.ts";
import { makeCsv } from "./make_csv.ts";
import { median, table } from "./table.ts";

const [trades = 300_000, rounds = 3] = Deno.args.map(Number);
/** 256 pairs: four tasks, which two workers divide evenly. */
const GRID = ["--short=5..80:5", "--long=85..160:5"];
const FLAGS = [
  "--no-prompt",
  "--v8-flags=--max-semi-space-size=8,--heap-growing-percent=70",
  ...["--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--allow-env=TERM,PGPASSWORD"],
];

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
await using server = await PostgresServer.start({ settings: { fsync: "on", shared_buffers: "64MB" } });
const ways = ["one machine, 1 thread", "one machine, 2 threads", "1 worker", "2 workers"] as const;
/** What each way took, round by round: ms by the clock, and ms of processors. */
const times = new Map<(typeof ways)[number], { readonly clock: number[]; readonly processors: number[] }>(
  ways.map((way) => [way, { clock: [], processors: [] }]),
);
try {
  makeCsv(`${folder}/trades.csv`, trades);
  for (let round = 0; round < rounds; round++) {
    for (const threads of [1, 2]) {
      await measure(ways[threads - 1]!, [`--workers=${threads}`], () => 0);
    }
    for (const count of [1, 2]) {
      const queue = await server.database();
      const start = () =>
        Penstock.start(
          ["worker", queue, `--data=${folder}`, "--workers=1"],
          FLAGS.filter((flag) => flag !== "--allow-write"),
        );
      const workers = Array.from({ length: count }, start);
      for (const worker of workers) await worker.logged("waiting for tasks");
      const others = () => [server.pid, ...children(server.pid), ...workers.map(({ pid }) => pid)].map(cpuNs);
      await measure(ways[count + 1]!, [`--queue=${queue}`], () => others().reduce((sum, ns) => sum + ns));
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const least = (way: (typeof ways)[number], of: "clock" | "processors") => Math.min(...times.get(way)![of]);
const ratio = (one: (typeof ways)[number], other: (typeof ways)[number]) =>
  (["clock", "processors"] as const).map((of) => `${of} ${(least(one, of) / least(other, of)).toFixed(2)}`)
    .join(", ");
table(`256 pairs × ${trades} trades, ${rounds} rounds, load ${Deno.loadavg()[0]!.toFixed(1)}`, [
  ...ways.map((way) => {
    const { clock, processors } = times.get(way)!;
    const text = (all: number[]) =>
      `${Math.min(...all).toFixed(0)} ms at least, ${median(all).toFixed(0)} in the middle`;
    return [way, `clock ${text(clock)}; processors ${text(processors)}`] as const;
  }),
  ["2 workers ÷ 1 worker", ratio("2 workers", "1 worker")],
  ["1 worker ÷ 1 thread", ratio("1 worker", "one machine, 1 thread")],
  ["2 workers ÷ 2 threads", ratio("2 workers", "one machine, 2 threads")],
]);

/** Runs the sweep; `others` are the processor times of the other processes so far, ns. */
async function measure(
  way: (typeof ways)[number],
  options: readonly string[],
  others: () => number,
): Promise<void> {
  const before = others();
  const from = performance.now();
  await using program = Penstock.start(
    ["sweep", `${folder}/trades.csv`, ...GRID, ...options, "--log-level=error", `--out=${folder}/sweep.json`],
    FLAGS,
  );
  let own = 0;
  // Linux forgets a process's times once it has ended.
  const look = setInterval(() => own = Math.max(own, cpuNs(program.pid)), 20);
  const { code, stderr } = await program.finished();
  clearInterval(look);
  if (code !== 0) throw new Error(stderr);
  const { clock, processors } = times.get(way)!;
  clock.push(performance.now() - from);
  processors.push((others() - before + own) / 1e6);
}

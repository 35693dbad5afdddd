/**
 * How a sweep scales with the workers of a queue: the same grid over the same made-up trades on one machine with one thread
 * and with two, and by one and by two workers with a thread each, with PostgreSQL on this machine; taken in turn. Times
 * are those of the sweep's whole process; the workers are connected before. Part of no gate:
 *
 *     deno run --allow-all tests/bench/queue_speed.ts [TRADES] [ROUNDS]
 */
import { Penstock } from "../support/penstock.ts";
import { PostgresServer } from "../support/postgres_server.ts";
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
const times: Readonly<Record<(typeof ways)[number], number[]>> = {
  "one machine, 1 thread": [],
  "one machine, 2 threads": [],
  "1 worker": [],
  "2 workers": [],
};
try {
  makeCsv(`${folder}/trades.csv`, trades);
  for (let round = 0; round < rounds; round++) {
    for (const threads of [1, 2]) {
      times[ways[threads - 1]!].push(await timeOf([`--workers=${threads}`]));
    }
    for (const count of [1, 2]) {
      const queue = await server.database();
      const start = () =>
        Penstock.start(
          ["worker", queue, `--data=${folder}`, "--workers=1"],
          FLAGS.filter((flag) => flag !== "--allow-write"),
        );
      const workers = Array.from({ length: count }, start);
      for (const worker of workers) await worker.logged("waits for tasks");
      times[ways[count + 1]!].push(await timeOf([`--queue=${queue}`]));
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const least = (way: (typeof ways)[number]) => Math.min(...times[way]);
table(`256 pairs × ${trades} trades, load ${Deno.loadavg()[0]!.toFixed(1)}`, [
  ...ways.map((way) =>
    [way, `${least(way).toFixed(0)} ms at least, ${median(times[way]).toFixed(0)} ms in the middle`] as const
  ),
  ["2 workers ÷ 1 worker", (least("2 workers") / least("1 worker")).toFixed(2)],
  ["1 worker ÷ 1 thread", (least("1 worker") / least("one machine, 1 thread")).toFixed(2)],
  ["2 workers ÷ 2 threads", (least("2 workers") / least("one machine, 2 threads")).toFixed(2)],
]);

async function timeOf(options: readonly string[]): Promise<number> {
  const from = performance.now();
  await using program = Penstock.start(
    ["sweep", `${folder}/trades.csv`, ...GRID, ...options, "--log-level=error", `--out=${folder}/sweep.json`],
    FLAGS,
  );
  const { code, stderr } = await program.finished();
  if (code !== 0) throw new Error(stderr);
  return performance.now() - from;
}

/**
 * The memory of `penstock watch` over many journals in one database, whose commits come as fast as they can. Linux only.
 * Needs PostgreSQL 14 or newer. Part of no gate:
 *
 *     deno run --allow-all tests/bench/fleet_memory.ts [JOURNALS] [EVENTS OF EACH]
 */
import { Journal } from "../../src/stores/journal/journal.ts";
import { AS_BUILT, Penstock } from "../support/penstock.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { checkpoint, REMEMBERS, TIME } from "../stores/sample_journal.ts";
import { table } from "./table.ts";

const [journals = 30, eventsOfEach = 3_000] = Deno.args.map(Number);
const EVENTS = 10;
const SAMPLES = 6;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-env=TERM,PGPASSWORD"];

await using server = await PostgresServer.start({
  settings: { max_connections: String(journals + 20), shared_buffers: "128MB" },
});
const database = await server.database();
await using stack = new AsyncDisposableStack();
const all: Journal[] = [];
for (let number = 0; number < journals; number++) {
  const holding = { leaseMs: 3_600_000 };
  const path = `${database}#run-${number}`;
  const journal = stack.use(await Journal.open(path, { now: () => 0, remembers: REMEMBERS, holding }));
  await journal.startRun({
    time: TIME,
    content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } },
  });
  all.push(journal);
}
const watch = stack.use(Penstock.start(["watch", database, "--listen=127.0.0.1:0"], [...AS_BUILT, ...FLAGS]));
const [url] = /http:\S+/.exec(await watch.logged("live page"))!;
const rows: [string, string][] = [];
const rounds = Math.ceil(eventsOfEach / EVENTS);
let time = TIME;
for (let round = 1; round <= rounds; round++) {
  await Promise.all(all.map((journal) => commit(journal, round)));
  if (round % Math.ceil(rounds / SAMPLES) !== 0) continue;
  // It reads what came.
  for (;;) {
    const { runs } = await (await fetch(`${url}/state`)).json();
    if (runs.every(({ status }: { status: { trades: number } | null }) => status?.trades === round)) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  rows.push([`after ${round * EVENTS} events of each`, `${residentMb(watch.pid)} MB resident`]);
}
table(`Memory of penstock watch over ${journals} journals in a database`, rows);
await stack.disposeAsync();

async function commit(journal: Journal, round: number): Promise<void> {
  time += 1_000;
  const entries = Array.from({ length: EVENTS }, (_, at) => ({
    ...{ type: "refusal" as const, time },
    content: {
      ...{ symbol: "BTCUSDT", side: "buy", reason: "cooldown", limit: "30000" },
      ...{ value: String(at), tradeId: round },
    },
  }));
  await journal.commit({ entries, checkpoint: { ...checkpoint(round), state: { trades: round } } });
  const last = { price: String(60_000 + round % 97), time };
  await journal.heartbeat({ time, pid: 1, trades: round, tradesPerSecond: 1, lagMs: 7, last });
}

function residentMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024);
}

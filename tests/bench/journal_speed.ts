/**
 * What a journal costs a live run: part of `deno task bench`. Two hours of trades at 1,000 a second, as fast as they
 * are read, at a price that never moves, so that nothing is decided and only checkpoints are written; and then a
 * market in which orders fill. The exchange is in this process, the run in one of its own.
 */
import { BuiltInExchange, type ExchangeOptions } from "../../src/feeds/exchange/server.ts";
import type { ExchangeTrade } from "../../src/feeds/exchange/trade.ts";
import { table } from "./table.ts";

const QUIET_TRADES = 7_200_000;
const BUSY_TRADES = 500_000;
const SAMPLE_MS = 1_000;
const START_TIME = 1_723_161_255_342;

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
try {
  await measure(
    `A journal with ${QUIET_TRADES} trades that decide nothing`,
    { trades: quietMarket() },
    QUIET_TRADES,
  );
  await measure(`A journal with ${BUSY_TRADES} trades of the built-in market`, {}, BUSY_TRADES);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

function* quietMarket(): Generator<ExchangeTrade> {
  for (let id = 1; id <= QUIET_TRADES; id++) {
    yield {
      id,
      price: "61607.85000000",
      quantity: "0.01000000",
      time: START_TIME + id,
      buyerIsMaker: id % 2 === 0,
    };
  }
}

async function measure(title: string, options: ExchangeOptions, trades: number): Promise<void> {
  await using exchange = BuiltInExchange.listen({ ...options, speed: Infinity });
  const path = `${folder}/${trades}.db`;
  const run = new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--no-prompt",
        "--v8-flags=--max-semi-space-size=1,--optimize-for-size,--heap-growing-percent=10",
        "--allow-net=127.0.0.1",
        "--allow-read",
      ],
      ...[`--allow-write=${folder}`, "main.ts", "run", "--json", "--log-level=debug", "--state", path],
      ...["--endpoint", exchange.endpoint, `--stop-after=${trades}`],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const memory: number[] = [];
  const sampling = setInterval(() => memory.push(residentMb(run.pid)), SAMPLE_MS);
  const { stdout, stderr } = await run.output();
  clearInterval(sampling);
  const summary = JSON.parse(new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!);
  const [, commits, total, worst] = /journal took (\d+) commits, ([\d.]+) ms together, ([\d.]+) ms at worst/
    .exec(new TextDecoder().decode(stderr))!;
  const share = 100 * Number(total) / summary.elapsedMs;
  const half = memory.length >> 1;
  table(title, [
    ["trades a second", `${Math.round(summary.trades / summary.elapsedMs)} k`],
    ["fills", `${summary.fills}`],
    ["commits", `${commits}, ${(Number(total) / Number(commits)).toFixed(2)} ms each, ${worst} ms at worst`],
    ["share of the time in the journal", `${share.toFixed(2)} %`],
    ["size of the journal", `${Math.round(Deno.statSync(path).size / 1024)} kB`],
    [
      "resident memory, first and second half",
      `up to ${Math.round(Math.max(0, ...memory.slice(0, half)))} and ${
        Math.round(Math.max(0, ...memory.slice(half)))
      } MB`,
    ],
  ]);
}

/** Resident memory of a process in MB; 0 where the system does not tell. Deno itself may not look into /proc. */
function residentMb(pid: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`], stderr: "null" }).outputSync();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))?.[1] ?? 0) / 1024;
}

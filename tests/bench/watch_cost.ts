/**
 * What it costs a run to be watched: its processor time with nobody, and with fifty browsers at once, in alternating windows
 * of some heartbeats. Linux only. Part of no gate:
 *
 *     deno run --allow-all tests/bench/watch_cost.ts
 */
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { EventClient } from "../support/event_client.ts";
import { Penstock } from "../support/penstock.ts";
import { median, table } from "./table.ts";

const ROUNDS = 3;
/** The length of a window; a run writes one heartbeat a second. */
const HEARTBEATS = 5;
const POLL_MS = 20;
const BROWSERS = 50;
const RATE = 1_000;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--allow-env=TERM"];

const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
try {
  await measure(`${folder}/a.db`);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
Deno.exit();

async function measure(path: string): Promise<void> {
  await using exchange = Penstock.start(["exchange", "--port=0", "--json", `--rate=${RATE}`], FLAGS);
  const { endpoint, restEndpoint } = await exchange.event("listening");
  const addresses = [`--endpoint=${endpoint}`, `--rest-endpoint=${restEndpoint}`];
  await using run = Penstock.start([
    "run",
    ...addresses,
    "--state",
    path,
    "--short=200",
    "--long=500",
    "--log-level=error",
  ], FLAGS);
  // The journal is there, and most of the code is compiled.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const alone: number[] = [];
  const crowded: number[] = [];
  const page: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await costOf(run.pid, path));
    await using watch = Penstock.start(["watch", path, "--listen=127.0.0.1:0"], FLAGS);
    const [url] = /http:\S+/.exec(await watch.logged("live page"))!;
    const clients = await Promise.all(
      Array.from({ length: BROWSERS }, () => EventClient.open(`${url}/events`)),
    );
    let states = 0;
    for (const client of clients) void readAll(client, () => states++);
    const [before, startedAt] = [cpuNs(watch.pid), performance.now()];
    crowded.push(await costOf(run.pid, path));
    page.push((cpuNs(watch.pid) - before) / (performance.now() - startedAt) / 1e4);
    if (states < BROWSERS * 2) throw new Error(`${BROWSERS} browsers received ${states} states`);
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
  const shown = (values: readonly number[]): string =>
    `median ${median(values).toFixed(2)} µs, least ${Math.min(...values).toFixed(2)} µs`;
  const ratio = (values: readonly number[]): string => {
    const ratios = values.map((value, round) => value / alone[round]!);
    return `median ${median(ratios).toFixed(3)}, least ${Math.min(...ratios).toFixed(3)}`;
  };
  table(`Processor time of a run for each trade, ${RATE} trades a second`, [
    ["nobody watches", shown(alone)],
    [`penstock watch, ${BROWSERS} browsers`, shown(crowded)],
    [`${BROWSERS} browsers ÷ alone`, ratio(crowded)],
    [`the page itself, ${BROWSERS} browsers`, `median ${median(page).toFixed(1)} % of a core`],
  ]);
}

async function readAll(client: EventClient, onState: () => void): Promise<void> {
  try {
    for (;;) if ((await client.next()).type === "state") onState();
  } catch {
    // Its window is over.
  }
}

/** The processor time of a process for each trade over the next heartbeats, µs. */
async function costOf(pid: number, path: string): Promise<number> {
  await using reader = await JournalReader.open(path);
  const start = await nextHeartbeat(reader, pid);
  let end = start;
  for (let count = 0; count < HEARTBEATS; count++) end = await nextHeartbeat(reader, pid);
  return (end.cpu - start.cpu) / (end.trades - start.trades) / 1000;
}

/** The trades and the processor time at the next heartbeat. */
async function nextHeartbeat(
  reader: JournalReader,
  pid: number,
): Promise<{ readonly cpu: number; readonly trades: number }> {
  const before = (await reader.heartbeat())?.time;
  for (;;) {
    const heartbeat = await reader.heartbeat();
    if (heartbeat !== null && heartbeat.time !== before) return { cpu: cpuNs(pid), trades: heartbeat.trades };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The processor time of all threads of a process so far, ns. */
function cpuNs(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    sum += Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ")[0]);
  }
  return sum;
}

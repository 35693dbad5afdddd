/**
 * The memory of `penstock watch` over an hour's worth of polls, events and heartbeats, which come as fast as they can, with
 * some browsers. Linux only. Part of no gate:
 *
 *     deno run --allow-all tests/bench/watch_memory.ts
 */
import { EventClient } from "../support/event_client.ts";
import { checkpoint, openJournal, TIME } from "../stores/sample_journal.ts";
import { V8_FLAGS } from "../support/penstock.ts";
import { table } from "./table.ts";

/** A poll, a commit and a heartbeat a second, for an hour. */
const SECONDS = 3_600;
const EVENTS = 6;
const BROWSERS = 5;
const SERVER = `
  import { serve } from "${new URL("../../src/commands/watch/serving.ts", import.meta.url).href}";
  await serve({
    version: "1", paths: [Deno.args[0]], pollMs: 5, names: [], token: null, isPrivate: true, isOwnProcess: false,
    listen: { hostname: "127.0.0.1", port: 0 }, log: () => {}, signal: new AbortController().signal,
    onListening: (port) => console.log(port),
  });
`;

const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
try {
  await measure(`${folder}/a.db`);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
Deno.exit();

async function measure(path: string): Promise<void> {
  await using journal = await openJournal(path);
  await journal.startRun({
    time: TIME,
    content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } },
  });
  const script = `${folder}/server.js`;
  Deno.writeTextFileSync(script, SERVER);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const server = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      V8_FLAGS,
      "--config",
      config,
      "--allow-net=127.0.0.1",
      "--allow-read",
      script,
      path,
    ],
    stdout: "piped",
  }).spawn();
  const { value: port } = await server.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const received = { states: 0, entries: 0 };
  for (let browser = 0; browser < BROWSERS; browser++) {
    void readAll(await EventClient.open(`http://127.0.0.1:${Number(port)}/events`), received);
  }
  const rows: [string, string][] = [];
  for (let second = 1; second <= SECONDS; second++) {
    await journal.commit({ entries: eventsAt(second), checkpoint: checkpointAt(second) });
    await journal.heartbeat(heartbeatAt(second));
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (second % (SECONDS / 6) !== 0) continue;
    rows.push([
      `after ${second / 60} minutes' worth`,
      `${Math.round(residentKb(server.pid) / 1024)} MB resident`,
    ]);
  }
  rows.push(["received by the browsers", `${received.states} states, ${received.entries} entries`]);
  table(`Memory of penstock watch: ${EVENTS} events a second, ${BROWSERS} browsers`, rows);
  server.kill();
  await server.status;
}

function eventsAt(second: number) {
  const time = TIME + second * 1_000_000;
  return Array.from({ length: EVENTS }, (_, at) => ({
    ...{ type: "refusal" as const, time },
    content: {
      symbol: "BTCUSDT",
      side: "buy",
      reason: "cooldown",
      limit: "30000",
      value: String(at),
      tradeId: second,
    },
  }));
}

function checkpointAt(second: number) {
  return { ...checkpoint(second), state: { trades: second } };
}

function heartbeatAt(second: number) {
  const time = TIME + second * 1_000_000;
  const last = { price: String(60_000 + second % 97), time };
  return { time, pid: 1, trades: second + 1, tradesPerSecond: 1, lagMs: second % 50, last };
}

async function readAll(client: EventClient, received: { states: number; entries: number }): Promise<void> {
  try {
    for (;;) {
      const { type, data } = await client.next();
      if (type === "state") received.states++;
      else received.entries += data.entries.length;
    }
  } catch {
    // The server has ended.
  }
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

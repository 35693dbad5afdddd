/**
 * Runs in their own network namespaces, joined to their database and to the exchange by cables. One is pulled again and
 * again: the leader's to the database. Nothing answers then, and no connection ends. The standby has to take over, and
 * the old leader must never commit again. Linux only, as root, with `ip` and PostgreSQL 14 or newer:
 *
 *     deno task partition [ROUNDS] [LEASE, MS]
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import {
  assertKept,
  assertRunMatchesReference,
  reproducibleExchange,
  wholeEntries,
} from "../commands/reference_run.ts";
import { commandLine, eventsOf, Penstock, penstock, type PrintedEvent } from "../support/penstock.ts";
import { PostgresServer } from "../support/postgres_server.ts";

const [rounds = 4, leaseMs = 3_000] = Deno.args.map(Number);
/** Reserved for examples (RFC 5737), in parts of four addresses. Even so, this machine may use it. */
const NET = "203.0.113";

/** The exchange has one address, because a resumed run must be on the same market. */
const EXCHANGE = `${NET}.254`;

/** Its own machine: a network namespace with one cable to the database and one to the exchange. */
class Machine implements Disposable {
  readonly name: string;
  readonly database: string;
  /** To the database, and to the exchange. */
  readonly #cables: readonly [string, string];

  constructor(number: number) {
    this.name = `penstock${Deno.pid % 1_000}${number}`;
    ip("netns", "add", this.name);
    ip("-n", this.name, "link", "set", "lo", "up");
    this.#cables = [`pd${Deno.pid % 1_000}${number}`, `px${Deno.pid % 1_000}${number}`];
    this.database = this.#joined(this.#cables[0], number * 8);
    const exchange = this.#joined(this.#cables[1], number * 8 + 4);
    ip("-n", this.name, "route", "add", EXCHANGE, "via", exchange);
  }

  /** Pulls the cable to the database, or plugs it in again. */
  set isPlugged(isPlugged: boolean) {
    ip("link", "set", this.#cables[0], isPlugged ? "up" : "down");
  }

  /** Starts Penstock on it. */
  start(args: readonly string[], flags: readonly string[]): Penstock {
    return Penstock.spawn(["ip", "netns", "exec", this.name, Deno.execPath(), ...commandLine(args, flags)]);
  }

  [Symbol.dispose](): void {
    // A namespace lasts as long as a connection in it that nobody answers.
    for (const cable of this.#cables) ip("link", "del", cable);
    ip("netns", "del", this.name);
  }

  /** Joins it to this machine by a cable; returns the address at this end. */
  #joined(cable: string, first: number): string {
    const [here, there] = [`${NET}.${first + 1}`, `${NET}.${first + 2}`];
    ip("link", "add", cable, "type", "veth", "peer", "name", "eth", "netns", this.name);
    ip("-n", this.name, "link", "set", "eth", "name", cable);
    ip("addr", "add", `${here}/30`, "dev", cable);
    ip("link", "set", cable, "up");
    ip("-n", this.name, "addr", "add", `${there}/30`, "dev", cable);
    ip("-n", this.name, "link", "set", cable, "up");
    return here;
  }
}

function ip(...args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command("ip", { args: [...args] }).outputSync();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The events that a process printed. */
async function printedBy(program: Penstock): Promise<PrintedEvent[]> {
  return eventsOf((await program.finished()).stdout);
}

if (ip("addr").includes(NET) || ip("route").includes(NET)) {
  throw new Error(`This machine uses ${NET}.0/24 already: expected a network that is free`);
}
const folder = Deno.makeTempDirSync({ prefix: "penstock_partition_" });
await using stack = new AsyncDisposableStack();
stack.defer(() => Deno.removeSync(folder, { recursive: true }));
ip("addr", "add", `${EXCHANGE}/32`, "dev", "lo");
stack.defer(() => void ip("addr", "del", `${EXCHANGE}/32`, "dev", "lo"));
const machines = [new Machine(0), new Machine(1)];
for (const machine of machines) stack.use(machine);
const server = stack.use(
  await PostgresServer.start({
    settings: { listen_addresses: "*" },
    access: ["host all all 0.0.0.0/0 trust"],
  }),
);
const exchange = stack.use(
  reproducibleExchange({ hostname: EXCHANGE, hosts: [EXCHANGE] }),
);
const place = `${await server.database()}#parted`;
let starts = 0;

/** Starts a run, which waits if another leads, on a machine. */
function start(machine: Machine): Penstock {
  const state = place.replace("127.0.0.1", machine.database).replace("#", "?sslmode=disable#");
  const args = [
    ...["run", "--json", "--log-level=info", "--state", state, "--standby", `--lease=${leaseMs}`],
    ...["--max-hold=1h", `--record=${folder}/${starts++}.txt`],
    ...["--endpoint", exchange.endpoint, "--rest-endpoint", exchange.restEndpoint],
  ];
  return stack.use(
    machine.start(args, ["--no-prompt", "--allow-net", "--allow-read", `--allow-write=${folder}`]),
  );
}

let [leader, standby] = [start(machines[0]!), null as Penstock | null];
const leaders = [leader];
await leader.event("started");
const took: number[] = [];
for (let round = 0; round < rounds; round++) {
  const [mine, other] = round % 2 === 0 ? [machines[0]!, machines[1]!] : [machines[1]!, machines[0]!];
  standby = start(other);
  await standby.logged("standing by");
  await leader.event("fill");
  mine.isPlugged = false;
  const from = performance.now();
  await standby.event("started");
  took.push(Math.round(performance.now() - from));
  await standby.event("fill");
  const before = (await wholeEntries(place)).length;
  mine.isPlugged = true;
  const { code, stderr } = await leader.finished();
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /process \d+ on 203\.0\.113\.\d+ has taken it over/);
  const added = (await wholeEntries(place)).slice(before);
  // A process that takes the journal over adds a resumed entry first, so the old leader has not taken it back.
  assert(added.every(({ type }) => type !== "resumed"));
  console.log(`cut ${round + 1} of ${rounds}: the standby traded after ${took.at(-1)} ms`);
  leader = standby;
  leaders.push(leader);
}
leader.signal("SIGINT");
const printed: PrintedEvent[][] = [];
for (const program of leaders) printed.push(await printedBy(program));
const entries = await wholeEntries(place);
assertKept(entries, printed);
assertEquals(entries.filter(({ type }) => type === "resumed").length, rounds);
const { fills } = await assertRunMatchesReference(place);
assertGreater(fills, rounds);
const recordings = Array.from({ length: starts }, (_, number) => `${folder}/${number}.txt`);
const verified = await penstock("verify", "--log-level=error", place, ...recordings);
assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
console.log(
  `${rounds} cuts, a lease of ${leaseMs} ms: the standby traded after ${Math.min(...took)} to ${
    Math.max(...took)
  } ms; ` +
    `${fills} fills, each once, and the run verifies`,
);

/** A run in PostgreSQL with standbys: one of them takes over when it dies, pauses or loses the database. */
import { assertEquals, assertGreater, assertLess, assertMatch, assertRejects } from "@std/assert";
import { inFolder } from "../stores/sample_journal.ts";
import { CuttingProxy } from "../support/cutting_proxy.ts";
import { eventsOf, FLAGS, Penstock, penstock, type PrintedEvent } from "../support/penstock.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import {
  assertKept,
  assertRunMatchesReference,
  reproducibleExchange,
  wholeEntries,
} from "./reference_run.ts";

/** How often the leader is killed or paused. */
const FAILOVERS = Number(Deno.env.get("PENSTOCK_FAILOVERS") ?? 2);
/** Whether every leader is paused and wakes; otherwise every other one is killed. */
const ONLY_PAUSES = Deno.env.get("PENSTOCK_ONLY_PAUSES") === "1";
const LEASE_MS = Number(Deno.env.get("PENSTOCK_LEASE_MS") ?? 3_000);

const server = noPostgres ? null! : await PostgresServer.start();

/** A process of the run, which records to its own file. */
interface Member {
  readonly program: Penstock;
  readonly recording: string;
  /** Resolves once it leads. */
  readonly leads: Promise<Member>;
}

/** The events that a process printed; the last line of a killed one may be incomplete. */
async function printedBy({ program }: Member): Promise<PrintedEvent[]> {
  const { stdout } = await program.finished();
  const lines = stdout.split("\n");
  const last = lines.pop() ?? "";
  return eventsOf(last.endsWith("}") ? stdout : lines.join("\n"));
}

/** The percentile of some numbers. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

Deno.test({
  name:
    `penstock run --standby takes over ${FAILOVERS} times from a leader that was killed or paused, and no fill is lost or duplicated`,
  ignore: noPostgres,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${await server.database()}#followed`;
      await using exchange = reproducibleExchange();
      const members: Member[] = [];
      await using stack = new AsyncDisposableStack();
      const start = (): Member => {
        const recording = `${folder}/${members.length}.txt`;
        const args = [
          ...[
            "run",
            "--json",
            "--log-level=info",
            "--state",
            path,
            "--max-hold=1h",
            "--standby",
            `--lease=${LEASE_MS}`,
          ],
          ...[
            "--endpoint",
            exchange.endpoint,
            "--rest-endpoint",
            exchange.restEndpoint,
            `--record=${recording}`,
          ],
        ];
        const program = stack.use(Penstock.start(args, [...FLAGS, `--allow-write=${folder}`]));
        const leads = program.event("started").then(() => member);
        // One that never leads is looked at in the end.
        leads.catch(() => {});
        const member: Member = { program, recording, leads };
        members.push(member);
        return member;
      };
      const leaders: Member[] = [];
      const printed: PrintedEvent[][] = [];
      const paused: Member[] = [];
      const took: number[] = [];
      let waiting = [start()];
      await waiting[0]!.leads;
      leaders.push(...waiting);
      waiting = [start()];
      for (let failover = 0; failover < FAILOVERS; failover++) {
        waiting.push(start());
        for (const { program } of waiting.slice(-1)) await program.logged("standing by");
        const leader = leaders.at(-1)!;
        await leader.program.event("fill");
        const isKilled = !ONLY_PAUSES && failover % 2 === 0;
        leader.program.signal(isKilled ? "SIGKILL" : "SIGSTOP");
        if (!isKilled) paused.push(leader);
        const from = performance.now();
        const next = await Promise.race(waiting.map(({ leads }) => leads));
        took.push(performance.now() - from);
        leaders.push(next);
        waiting = waiting.filter((member) => member !== next);
        // The old one wakes in the middle of what it was doing, and must not go on.
        if (!isKilled) leader.program.signal("SIGCONT");
      }
      for (const { program } of paused) {
        const { code, stderr } = await program.finished();
        assertEquals(code, 1);
        assertMatch(stderr, /process \d+ on 127\.0\.0\.1 has taken it over/);
      }
      await leaders.at(-1)!.program.event("fill");
      for (const { program } of [leaders.at(-1)!, ...waiting]) program.signal("SIGINT");
      for (const leader of leaders) printed.push(await printedBy(leader));
      for (const { program, leads } of waiting) {
        assertEquals((await program.finished()).code, 0);
        await assertRejects(() => leads, Error, "ended without");
      }
      const entries = await wholeEntries(path);
      assertKept(entries, printed);
      const { fills } = await assertRunMatchesReference(path);
      assertGreater(fills, FAILOVERS);
      assertEquals(entries.filter(({ type }) => type === "resumed").length, FAILOVERS);
      const verified = await penstock(
        "verify",
        "--log-level=error",
        path,
        ...leaders.map(({ recording }) => recording),
      );
      assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
      if (FAILOVERS > 2) {
        const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)].map(Math.round);
        console.log(`a lease of ${LEASE_MS} ms, ${FAILOVERS} takeovers: p50 ${p50} ms, p99 ${p99} ms`);
      }
      assertLess(percentile(took, 0.5), 10 * LEASE_MS);
    }),
});

Deno.test({
  name: "penstock run waits while its database is unreachable, trades nothing, and continues when it is back",
  ignore: noPostgres,
  fn: () =>
    inFolder(async (folder) => {
      await using proxy = CuttingProxy.to(server.port);
      const path = `${await server.database()}#cut`;
      const through = path.replace(`:${server.port}/`, `:${proxy.port}/`);
      await using exchange = reproducibleExchange();
      const args = [
        ...[
          "run",
          "--json",
          "--log-level=warn",
          "--state",
          through,
          "--max-hold=1h",
          "--lease=1s",
          "--retry-max=1s",
        ],
        ...[
          "--endpoint",
          exchange.endpoint,
          "--rest-endpoint",
          exchange.restEndpoint,
          `--record=${folder}/0.txt`,
        ],
      ];
      await using program = Penstock.start(args, [...FLAGS, `--allow-write=${folder}`]);
      await program.event("fill");
      proxy.hold();
      const line = await program.logged("no decisions are made until it is back");
      assertMatch(line, /has been unreachable since \S+ \(127\.0\.0\.1:\d+: no answer within 1000 ms\)/);
      program.passOver();
      proxy.release();
      await program.logged("the database of the journal is back");
      await program.event("fill");
      program.signal("SIGINT");
      const { code, stdout } = await program.finished();
      assertEquals(code, 0);
      assertKept(await wholeEntries(path), [eventsOf(stdout)]);
      await assertRunMatchesReference(path);
      const verified = await penstock("verify", "--log-level=error", path, `${folder}/0.txt`);
      assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
    }),
});

/** A run with its journal in PostgreSQL that is killed at any moment and started again at once. */
import { assertEquals, assertGreater } from "@std/assert";
import { inFolder } from "../stores/sample_journal.ts";
import { eventsOf, FLAGS, Penstock, penstock, type PrintedEvent } from "../support/penstock.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import { SeededRandom } from "../support/random.ts";
import {
  assertKept,
  assertRunMatchesReference,
  besidesRules,
  reproducibleExchange,
  wholeEntries,
} from "./reference_run.ts";

/** How often the run is killed; PENSTOCK_KILLS says more. */
const KILLS = Number(Deno.env.get("PENSTOCK_KILLS") ?? 2);
/** Decides when it is killed. */
const SEED = Number(Deno.env.get("PENSTOCK_KILL_SEED") ?? 5);
/** The latest moment of a kill after the start of the process, or after its first fill, ms. */
const LATEST_KILL_MS = 700;

/** The events that a killed process printed; its last line may be incomplete. */
async function printedBy(program: Penstock): Promise<PrintedEvent[]> {
  const { stdout } = await program.finished();
  const lines = stdout.split("\n");
  const last = lines.pop() ?? "";
  return eventsOf(last.endsWith("}") ? stdout : lines.join("\n"));
}

Deno.test({
  name:
    `penstock run in PostgreSQL, killed ${KILLS} times at any moment, books every fill once and decides as if uninterrupted`,
  ignore: noPostgres,
  fn: () =>
    inFolder(async (folder) => {
      await using server = await PostgresServer.start();
      const path = `${await server.database()}#killed`;
      const random = new SeededRandom(SEED);
      // Slower than elsewhere: a market of hours would lose so much in fees that its drawdown halts the run.
      await using exchange = reproducibleExchange({ speed: 5 });
      const printed: PrintedEvent[][] = [];
      const start = (number: number) =>
        Penstock.start([
          ...[
            "run",
            "--json",
            "--log-level=warn",
            "--state",
            path,
            "--max-hold=1h",
            `--record=${folder}/${number}.txt`,
          ],
          ...["--endpoint", exchange.endpoint, "--rest-endpoint", exchange.restEndpoint],
        ], [...FLAGS, `--allow-write=${folder}`]);
      for (let kill = 0; kill < KILLS; kill++) {
        await using program = start(kill);
        // Every other process certainly trades. One that is killed before it connects changes nothing.
        if (kill % 2 === 0) await program.event("fill");
        await new Promise((resolve) => setTimeout(resolve, random.fraction() * LATEST_KILL_MS));
        program.signal("SIGKILL");
        printed.push(await printedBy(program));
      }
      await using program = start(KILLS);
      await program.event("fill");
      program.signal("SIGINT");
      const { code, stdout, stderr } = await program.finished();
      assertEquals([code, besidesRules(stderr)], [0, ""]);
      printed.push(eventsOf(stdout));
      assertKept(await wholeEntries(path), printed);
      const recordings = Array.from(Deno.readDirSync(folder), ({ name }) => Number.parseInt(name))
        .sort((one, other) => one - other).map((number) => `${folder}/${number}.txt`);
      const verified = await penstock("verify", "--log-level=error", path, ...recordings);
      assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
      const { fills, trades } = await assertRunMatchesReference(path);
      const summary = printed.at(-1)!.at(-1)!;
      assertEquals([summary.trades, summary.fills], [trades, fills]);
      assertGreater(fills, KILLS / 2);
    }),
});

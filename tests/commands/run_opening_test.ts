/** A run that is about to start: signals before the start, and what it leaves if it cannot start. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { commandLine, FLAGS, Penstock, within } from "../support/penstock.ts";
import { hasScript, OwnTerminal } from "../views/own_terminal.ts";

const ignore = Deno.build.os === "windows";

/** What a folder holds, by name. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** A run whose exchange trades, but never answers when asked for its rules. */
async function withQuestion(folder: string, use: (program: Penstock) => Promise<void>): Promise<void> {
  await using exchange = BuiltInExchange.listen({ rate: 1_000 });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using program = Penstock.start(
    [
      ...["run", "--json", "--log-level=info", `--state=${folder}/run.db`, "--endpoint", exchange.endpoint],
      ...["--rest-endpoint", `http://127.0.0.1:${listener.addr.port}`],
    ],
    [...FLAGS, `--allow-write=${folder}`],
  );
  using conn = await within(listener.accept(), "the question");
  const asked = new Uint8Array(4_096);
  await conn.read(asked);
  assertStringIncludes(new TextDecoder().decode(asked), "exchangeInfo");
  await use(program);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `penstock run never starts if ${signal} arrives while it requests the exchange's rules`,
    ignore,
    fn: () =>
      inFolder((folder) =>
        withQuestion(folder, async (program) => {
          program.signal(signal);
          const { code, stdout, stderr } = await program.finished();
          assertEquals([code, stdout], [0, ""], stderr);
          assertMatch(stderr, /^[\d:.]+ INFO {2}stopped before the run started: nothing was traded/);
          assertEquals(names(folder), []);
        })
      ),
  });
}

Deno.test({
  name: "penstock run leaves its journal closed if it cannot start",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using exchange = BuiltInExchange.listen({ rate: 1_000 });
      const run = async (...args: string[]) => {
        const words = ["run", "--backfill=off", "--log-level=error", `--state=${folder}/run.db`];
        await using program = Penstock.start(
          [...words, "--endpoint", exchange.endpoint, ...args],
          [...FLAGS, `--allow-write=${folder}`],
        );
        return await program.finished();
      };
      assertEquals((await run("--stop-after=100")).code, 0);
      const closed = names(folder);
      assertEquals(closed, ["run.db"]);
      const other = await run("--short=3");
      assertEquals(other.code, 2, other.stderr);
      assertStringIncludes(other.stderr, "short was 20 and is 3");
      // An open journal has a lock and a write-ahead log beside it.
      assertEquals(names(folder), closed);
      const unrecorded = await run("--record=/frames.txt");
      assertEquals(unrecorded.code, 2, unrecorded.stderr);
      assertEquals(names(folder), closed);
    }),
});

Deno.test({
  name: "penstock run shows on its status line that it is offline after a disconnection",
  ignore: !hasScript(),
  fn: async () => {
    await using exchange = BuiltInExchange.listen({
      rate: 1_000,
      faults: parseFaults("drop@300,refuse=503:0:1000@300"),
    });
    await using terminal = new OwnTerminal([
      Deno.execPath(),
      ...commandLine([
        ...["run", "--state=none", "--backfill=off", "--retry-max=250ms"],
        ...["--endpoint", exchange.endpoint],
      ]),
    ]);
    // Before the first connection it is offline, too.
    await terminal.shows(/● [^]*○ offline/);
    await terminal.type("\x03");
    assertEquals((await terminal.finished()).code, 0);
  },
});

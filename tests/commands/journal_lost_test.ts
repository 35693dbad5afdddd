/** What a run does when its journal is removed while it is open. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { eventsOf, FLAGS, Penstock, QUICKLY } from "../support/penstock.ts";
import { inFolder, refuseEntries } from "../stores/sample_journal.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";

const GONE = "was removed, moved or renamed while it was open";

/** Ways to damage the journal `state`, which has its own folder, with the expected message. */
const CASES: readonly (readonly [(state: string, folder: string) => void, string])[] = [
  [(state) => Deno.removeSync(state), GONE],
  [(state) => {
    Deno.renameSync(state, `${state}.old`);
    Deno.copyFileSync(`${state}.old`, state);
  }, "was replaced by another file while it was open"],
  [(_state, folder) => Deno.removeSync(folder, { recursive: true }), GONE],
  [(state) => Deno.removeSync(`${state}-wal`), "-wal was removed"],
  [(state) => Deno.removeSync(`${state}.lock`), ".lock was removed"],
];

/** Starts a run with a journal and a recording, and calls `use` once it has printed a fill. */
async function ended(
  exchange: BuiltInExchange,
  readsAnywhere: boolean,
  what: string,
  use: (program: Penstock, state: string, folder: string) => void,
): Promise<void> {
  await inFolder(async (outer) => {
    const folder = `${outer}/data`;
    const [state, record] = [`${folder}/a.db`, `${outer}/a.txt`];
    await using program = Penstock.start(
      [
        ...["run", "--json", "--log-level=error", "--backfill=off", "--short=5", "--long=20"],
        ...["--cash=1000000", "--endpoint", exchange.endpoint, "--state", state, "--record", record],
      ],
      // With the permissions of a test, and with those of the tasks and the binary.
      [
        ...FLAGS.map((flag) => flag === "--allow-read" && !readsAnywhere ? `${flag}=${outer}` : flag),
        `--allow-write=${outer}`,
      ],
    );
    await program.event("fill");
    use(program, state, folder);
    const { code, stdout, stderr } = await program.finished();
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, `Cannot keep using the journal ${state}: `);
    assertStringIncludes(stderr, what);
    assertStringIncludes(stderr, "Put the files back, or restore the journal from a copy, and start again.");
    assertEquals(eventsOf(stdout).at(-1)!.type, "summary");
    const lines = Deno.readTextFileSync(record).trimEnd().split("\n");
    assert(lines.at(-1)!.endsWith(`{"penstock":{"event":"ended"}}`), lines.at(-1));
  });
}

Deno.test({
  name:
    "penstock run ends with 1 and a message at its next heartbeat after its journal is removed or replaced",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using exchange = BuiltInExchange.listen({ seed: 5, rate: 300 });
    await Promise.all(
      CASES.map(([change, what], at) =>
        ended(exchange, at % 2 === 0, what, (_program, state, folder) => change(state, folder))
      ),
    );
  },
});

Deno.test({
  name: "penstock run that is stopped ends with 1 if its journal was removed before the next heartbeat",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using exchange = BuiltInExchange.listen({ seed: 5, rate: 300 });
    await ended(exchange, true, GONE, (program, state) => {
      Deno.removeSync(state);
      program.signal("SIGINT");
    });
  },
});

Deno.test({
  name: "penstock run ends with 1, its summary and a complete recording when a halt by hand cannot be kept",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await using exchange = BuiltInExchange.listen({ seed: 5, rate: 300 });
      const [state, record] = [`${folder}/a.db`, `${folder}/a.txt`];
      await using program = Penstock.start(
        [
          ...["run", "--json", "--log-level=error", "--backfill=off", "--state", state, "--record", record],
          ...["--endpoint", exchange.endpoint, "--short=400000", "--long=500000"],
        ],
        [...FLAGS, QUICKLY, `--allow-write=${folder}`],
      );
      await program.event("connected");
      refuseEntries(state, "halt");
      const database = connect(state, false);
      const request = { kind: "halt", action: "hold", text: null } as const;
      fileRequest(database, { run: 1, time: Date.now() * 1000, request });
      database.close();
      const { code, stdout, stderr } = await program.finished();
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, `the journal ${state}: halt refused`);
      const events = eventsOf(stdout);
      assertEquals([events.at(-1)!.type, events.some(({ type }) => type === "halt")], ["summary", false]);
      assert(Deno.readTextFileSync(record).endsWith(`{"penstock":{"event":"ended"}}\n`));
    }),
});

/** How a run ends when several senders signal it at once, and when its terminal is closed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { commandLine, eventsOf, FLAGS, Penstock, within } from "../support/penstock.ts";
import { hasScript, OwnTerminal } from "../views/own_terminal.ts";
import { assertRun } from "./event_contract.ts";
import { wordyMarket } from "./wordy_market.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const IN_A_ROW = 10;
const isUnix = Deno.build.os !== "windows";

/** Why the last run in a journal stopped; null if the journal has no `stopped` entry for it. */
async function stoppedIn(path: string): Promise<unknown> {
  try {
    await using journal = await JournalReader.open(path);
    return (await journal.latest("stopped", 1))[0]?.content["reason"] ?? null;
  } catch {
    // It does not exist yet, or is being written.
    return null;
  }
}

/** Calls `use` with a new journal where the tasks may write, and removes it afterwards. */
async function inDataFolder(use: (journal: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(`${ROOT}data`, { recursive: true });
  const name = `signals_test_${crypto.randomUUID()}.db`;
  try {
    await use(`${ROOT}data/${name}`);
  } finally {
    for await (const entry of Deno.readDir(`${ROOT}data`)) {
      if (entry.name.startsWith(name)) await Deno.remove(`${ROOT}data/${entry.name}`);
    }
  }
}

/** `deno task demo`, whatever the current folder. */
const task = (...args: string[]): string[] => [
  ...[Deno.execPath(), "task", "--cwd", ROOT, "demo", "--rate=200", ...args],
];

Deno.test({
  name: `deno task demo on a terminal ends cleanly on one Ctrl-C, ${IN_A_ROW} times in a row`,
  ignore: !hasScript(),
  fn: async () => {
    for (let turn = 0; turn < IN_A_ROW; turn++) {
      await inDataFolder(async (journal) => {
        await using terminal = new OwnTerminal(task(`--state=${journal}`));
        await terminal.shows("connected to ws:");
        await terminal.type("\x03");
        const { code, text } = await terminal.finished();
        assertMatch(text, /\nSummary: on paper, /);
        assertEquals([code, await stoppedIn(journal)], [0, "asked to"], text);
      });
    }
  },
});

Deno.test({
  name: "penstock demo ends cleanly when every process in its group gets the signal, some twice",
  // setsid comes with script(1).
  ignore: !hasScript(),
  fn: async () => {
    for (const signal of ["INT", "TERM"]) {
      await inDataFolder(async (journal) => {
        // Its own group, whose number is that of its first process.
        await using demo = Penstock.spawn(["setsid", ...task("--json", `--state=${journal}`)]);
        const killAll = (name: string) =>
          new Deno.Command("sh", { args: ["-c", `kill -${name} -${demo.pid}`] }).outputSync();
        using _leftOver = { [Symbol.dispose]: () => killAll("KILL") };
        await demo.event("fill");
        // The task hands it on, so that the run itself gets it twice. Sent twice, it could also come when the run has
        // ended, and the task with it.
        assertEquals(killAll(signal).code, 0);
        const { code, stdout } = await demo.finished();
        assertRun(eventsOf(stdout));
        assertEquals([code, await stoppedIn(journal)], [0, "asked to"], signal);
      });
    }
  },
});

Deno.test({
  name: "penstock demo ends cleanly however many signals arrive at once",
  ignore: !isUnix,
  fn: () =>
    inFolder(async (folder) => {
      const journal = `${folder}/run.db`;
      await using demo = Penstock.start(
        ["demo", "--json", "--log-level=error", "--speed=100", `--state=${journal}`],
        [...FLAGS, `--allow-write=${folder}`],
      );
      await demo.event("fill");
      for (const name of ["SIGINT", "SIGTERM", "SIGINT", "SIGTERM"] as const) demo.signal(name);
      const { code, stdout, stderr } = await demo.finished();
      assertEquals([code, stderr, await stoppedIn(journal)], [0, "", "asked to"]);
      assertRun(eventsOf(stdout));
    }),
});

Deno.test({
  name: "penstock demo ends cleanly when its terminal is closed",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const [journal, recording] = [`${folder}/run.db`, `${folder}/run.txt`];
      const args = ["demo", "--rate=200", `--state=${journal}`, `--record=${recording}`];
      const flags = [...FLAGS, `--allow-write=${folder}`];
      await using terminal = new OwnTerminal([Deno.execPath(), ...commandLine(args, flags)]);
      await terminal.shows("connected to ws:");
      terminal.hangUp();
      const isStopped = async () => {
        while (await stoppedIn(journal) === null) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await within(isStopped(), "the end of the run");
      const isClosed = async () => {
        while (!(await Deno.readTextFile(recording)).includes(`"event":"ended"`)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      await within(isClosed(), "the end of the recording");
    }),
});

/** Waits until a journal has so many fills. */
async function fillsIn(journal: string, count: number): Promise<void> {
  for (;;) {
    await using reader = await JournalReader.open(journal);
    if (((await reader.counts())["fill"] ?? 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

Deno.test({
  name:
    "penstock demo keeps trading while nothing reads the terminal with its chart, and ends cleanly on SIGTERM",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const journal = `${folder}/run.db`;
      // Four seconds of trades, in which the chart changes sixteen times.
      const args = ["demo", "--view=chart", `--state=${journal}`, ...wordyMarket(folder, 50, 9)];
      const flags = [...FLAGS, `--allow-write=${folder}`];
      await using terminal = new OwnTerminal([Deno.execPath(), ...commandLine(args, flags)], {}, 200, 60);
      await terminal.shows("\x1b[?1049h");
      terminal.stopReading();
      await within(fillsIn(journal, 450), "a fill at every trade");
      Deno.kill(Number(await Deno.readTextFile(`${journal}.lock`)), "SIGTERM");
      const isStopped = async () => {
        while (await stoppedIn(journal) === null) await new Promise((resolve) => setTimeout(resolve, 50));
      };
      await within(isStopped(), "the end of the run");
      terminal.readOn();
      assertEquals((await terminal.finished()).code, 0);
      assertEquals(await stoppedIn(journal), "asked to");
    }),
});

Deno.test({
  name: "penstock demo keeps trading while Ctrl-S stops its terminal, and ends cleanly on SIGTERM",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const journal = `${folder}/run.db`;
      const args = ["demo", `--state=${journal}`, ...wordyMarket(folder, 100, 4)];
      const flags = [...FLAGS, `--allow-write=${folder}`];
      // A run that reads keys takes Ctrl-S for one of them.
      const words = ["sh", "-c", `exec "$@" < /dev/null`, "sh", Deno.execPath(), ...commandLine(args, flags)];
      await using terminal = new OwnTerminal(words);
      await terminal.shows("BUY ");
      await terminal.type("\x13");
      // Each adds a long line to the log, so a run that waits for its terminal would not get this far.
      await within(fillsIn(journal, 400), "a fill at every trade");
      const pid = Number(await Deno.readTextFile(`${journal}.lock`));
      Deno.kill(pid, "SIGTERM");
      assertEquals((await terminal.finished()).code, 0);
      assertEquals(await stoppedIn(journal), "asked to");
    }),
});

for (const wrapper of ["nohup", null]) {
  Deno.test({
    name: `penstock demo keeps running after a hang-up ${
      wrapper === null ? "without a terminal" : "under nohup"
    }`,
    ignore: !isUnix,
    fn: async () => {
      const command = [
        ...(wrapper === null ? [] : [wrapper]),
        Deno.execPath(),
        ...commandLine(["demo", "--json", "--log-level=error", "--speed=100"]),
      ];
      await using demo = Penstock.spawn(command);
      await demo.event("fill");
      demo.signal("SIGHUP");
      demo.passOver();
      for (let fill = 0; fill < 5; fill++) await demo.event("fill");
      demo.signal("SIGTERM");
      const { code, stdout } = await demo.finished();
      assertEquals(code, 0);
      assertRun(eventsOf(stdout));
    },
  });
}

/** The local ports that a process listens on, found through its open files. */
function listenedOn(pid: number): number[] {
  // The runtime itself may not read either.
  const script = `ls -l /proc/${pid}/fd; cat /proc/net/tcp /proc/net/tcp6`;
  const text = new TextDecoder().decode(new Deno.Command("sh", { args: ["-c", script] }).outputSync().stdout);
  const own = new Set([...text.matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode));
  const listening = text.matchAll(/^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F:]+ 0A (?:\S+ +){5}(\d+) /gm);
  return [...listening].filter(([, , inode]) => own.has(inode)).map(([, port]) => parseInt(port!, 16));
}

Deno.test({
  name: "penstock run keeps trading whenever SIGUSR1 arrives, and closes the debugger that Deno opens then",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using exchange = BuiltInExchange.listen({ rate: 300 });
    await using run = Penstock.start(
      ["run", "--json", "--state=none", "--backfill=off", "--short=5", "--long=12"].concat(
        "--endpoint",
        exchange.endpoint,
      ),
    );
    await run.event("connected");
    // Deno listens for the signal only some time after the start.
    const timer = setInterval(() => run.signal("SIGUSR1"), 20);
    try {
      // Where another program has that port, the runtime says so instead, and nothing is open.
      await run.logged("127.0.0.1:9229");
    } finally {
      clearInterval(timer);
    }
    await run.logged("if Deno opened its debugger at it, that is closed again");
    assertEquals(listenedOn(run.pid), []);
    run.signal("SIGUSR1");
    await run.logged("if Deno opened its debugger at it, that is closed again");
    assertEquals(listenedOn(run.pid), []);
    run.passOver();
    await run.event("fill");
    run.signal("SIGTERM");
    const { code, stdout } = await run.finished();
    assertEquals(code, 0);
    assertRun(eventsOf(stdout));
  },
});

Deno.test({
  name: "penstock run does not log that a debugger was open where another program has its port",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const taken: Deno.Listener[] = [];
    /** Takes the port unless another program has it, perhaps only for a moment. */
    const take = () => {
      if (taken.length > 0) return;
      try {
        taken.push(Deno.listen({ hostname: "127.0.0.1", port: 9229 }));
      } catch (error) {
        if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      }
    };
    take();
    try {
      await using exchange = BuiltInExchange.listen({ rate: 300 });
      await using run = Penstock.start(
        ["run", "--json", "--state=none", "--backfill=off", "--endpoint", exchange.endpoint],
      );
      await run.event("connected");
      const timer = setInterval(() => {
        take();
        run.signal("SIGUSR1");
      }, 20);
      try {
        await run.logged("Failed to start inspector server");
      } finally {
        clearInterval(timer);
      }
      await run.logged("if Deno opened its debugger at it");
      assertEquals(listenedOn(run.pid), []);
      run.signal("SIGTERM");
      const { code, stderr } = await run.finished();
      assertEquals(code, 0);
      assert(!stderr.includes("debugger that Deno opens"), stderr);
    } finally {
      for (const listener of taken) listener.close();
    }
  },
});

Deno.test({
  name:
    "penstock run that gets SIGTERM at any moment of its start ends cleanly, or before it creates anything",
  ignore: !isUnix,
  fn: () =>
    inFolder(async (folder) => {
      await using exchange = BuiltInExchange.listen({ rate: 300 });
      const ends = [0, 60, 120, 180, 240, 300, 400].map(async (ms) => {
        const journal = `${folder}/${ms}/run.db`;
        await using run = Penstock.start(
          [
            ...["run", "--log-level=error", "--json", "--backfill=off", `--state=${journal}`],
            ...["--endpoint", exchange.endpoint],
          ],
          [...FLAGS, `--allow-write=${folder}`],
        );
        await new Promise((resolve) => setTimeout(resolve, ms));
        run.signal("SIGTERM");
        const { code, stdout, stderr } = await run.finished();
        const isMade = Array.from(Deno.readDirSync(folder)).some(({ name }) => name === `${ms}`);
        if (!isMade) return assertEquals([stdout, stderr], ["", ""], `after ${ms} ms`);
        assertEquals([code, await stoppedIn(journal), stderr], [0, "asked to", ""], `after ${ms} ms`);
        assertRun(eventsOf(stdout));
      });
      await Promise.all(ends);
    }),
});

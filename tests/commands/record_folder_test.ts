/** `--record FOLDER/`: restarted many times, across midnights, verified and backtested. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { recordingName } from "../../src/domain/recording/recording_name.ts";
import { noteText } from "../../src/domain/recording/recording_note.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { parseFaults } from "../../src/simulator/faults.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, type Finished, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { finishHere, startHere } from "../support/program_here.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { backtest, eventsFrom, traded } from "./backtest_run.ts";

const DAY = 86_400_000;
/** Short windows for many decisions, and so much cash that no drawdown halts. */
const BUSY = ["--short=5", "--long=20", "--cash=1000000", "--retry-max=250ms", "--stale=1s"];

/** How a run's clock advances. */
interface Clock {
  readonly calls: number;
  readonly ahead?: number;
}

/** A folder `data` that runs write to, and the arguments that all of them share. */
class Place {
  readonly journal: string;
  readonly recordings: string;
  readonly #folder: string;
  readonly #exchange: BuiltInExchange;

  constructor(folder: string, exchange: BuiltInExchange) {
    this.#folder = folder;
    this.#exchange = exchange;
    this.journal = `${folder}/data/a.db`;
    this.recordings = `${folder}/data/rec`;
  }

  /** The recordings, in name order, oldest first. */
  get files(): string[] {
    try {
      const names = [...Deno.readDirSync(this.recordings)].map(({ name }) => name);
      return names.sort().map((name) => `${this.recordings}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** A run with the permissions that a task gives it. */
  start(args: readonly string[] = [], flags: readonly string[] = []): Penstock {
    const folder = this.#folder;
    return Penstock.start(this.#line(args), [
      ...["--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${folder}`],
      ...[`--allow-write=${folder}/data`, ...flags],
    ]);
  }

  #line(args: readonly string[]): string[] {
    const { endpoint, restEndpoint } = this.#exchange;
    return [
      ...["run", "--json", "--log-level=info", "--endpoint", endpoint, "--rest-endpoint", restEndpoint],
      ...(args.some((arg) => arg.startsWith("--state=")) ? [] : [`--state=${this.journal}`]),
      ...["--record", `${this.recordings}/`, ...BUSY, ...args],
    ];
  }

  /** Starts a run, and ends it with `signal` once it has printed `fills` fills. */
  async run(signal: Deno.Signal, fills: number, ...args: string[]): Promise<Finished> {
    return await endedAfter(fills, signal, this.start(args));
  }

  /** The same in the process of the test, which asks it to end. */
  async runHere(fills: number, ...args: string[]): Promise<Finished> {
    return await endedAfter(fills, "SIGINT", startHere(this.#line(args)));
  }

  /** A run whose clock is `ahead` days ahead and advances by a day with every `calls` readings. */
  startOverDays({ calls, ahead = 0 }: Clock, ...args: string[]): Penstock {
    const clock = `${this.#folder}/clock.ts`;
    Deno.writeTextFileSync(
      clock,
      `const now = Date.now; let calls = 0;\n` +
        `Date.now = () => now() + ${DAY} * (${ahead} + Math.floor(calls++ / ${calls}));\n`,
    );
    return this.start(args, [`--preload=${clock}`]);
  }

  /** Starts such a run, and ends it with `signal` once it has written that many files. */
  async runOverDays(signal: Deno.Signal, files: number, clock: Clock, ...args: string[]): Promise<void> {
    const before = this.files.length;
    await using program = this.startOverDays(clock, ...args);
    while (this.files.length - before < files) await program.event("fill");
    program.signal(signal);
    await program.finished();
  }
}

async function endedAfter(fills: number, signal: Deno.Signal, started: Penstock): Promise<Finished> {
  await using program = started;
  for (let seen = 0; seen < fills; seen++) await program.event("fill");
  program.signal(signal);
  return await program.finished();
}

/** The paths that a verification names as skipped. */
function passedOver(outcome: PrintedEvent, { recordings }: Place): string[] {
  const files = outcome["passedOver"] as { readonly folder: string; readonly names: readonly string[] }[];
  assert(files.every(({ folder }) => folder === recordings));
  return files.flatMap(({ names }) => names.map((name) => `${recordings}/${name}`));
}

Deno.test("penstock run --record FOLDER/ starts again with the same arguments, and verify proves all of it from the folder", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 4, rate: 500 });
    const place = new Place(folder, exchange);
    // As under a restart policy. The folder does not exist at first, and is later named without a slash.
    await place.run("SIGKILL", 5, "--record-keep=30d");
    await place.run("SIGKILL", 5);
    const { code, stderr } = await place.run("SIGTERM", 5, `--record-keep=30d`);
    assertEquals(code, 0);
    assertStringIncludes(
      stderr,
      `writing ${place.journal}.lock, writing ${place.recordings}, reading ${place.journal}, `,
    );
    assertEquals(place.files.length, 3);
    assert(
      place.files.every((path) => /\/BTCUSDT-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.txt\.gz$/.test(path)),
    );
    for (const path of [place.recordings, `${place.recordings}/`]) {
      const verified = await inProcess("verify", place.journal, path);
      assertEquals(
        [verified.code, verified.stderr.replaceAll(/.*was cut off.*\n?/g, "")],
        [0, ""],
        verified.stdout,
      );
      assertMatch(verified.stdout, /^Verified in .* follow from 3 recordings$/);
    }
    // A backtest reads them in the same order.
    const options = ["--json", "--short=5", "--long=20", "--cash=1000000"];
    const [fromFolder, fromFiles] = [
      await eventsFrom([...options, place.recordings]),
      await eventsFrom([...options, ...place.files]),
    ];
    assertGreater(traded(fromFolder).length, 15);
    assertEquals(traded(fromFolder), traded(fromFiles));
  });
});

Deno.test("penstock run --record FOLDER/ loses nothing at midnight, and verify proves it through faults and kills", async () => {
  await inFolder(async (folder) => {
    const faults = parseFaults("drop@150,duplicate=9@300,hole=5@400,malformed@450,close@700,hole=3@900");
    await using exchange = BuiltInExchange.listen({ seed: 6, rate: 1_000, faults });
    const place = new Place(folder, exchange);
    await place.runOverDays("SIGKILL", 4, { calls: 60, ahead: 5 });
    const made = place.files;
    // Its clock is days behind; the journal gives the order of the runs.
    await place.runOverDays("SIGKILL", 3, { calls: 90 }, "--backfill=off");
    await place.runOverDays("SIGINT", 4, { calls: 40, ahead: 2 });
    assertGreater(place.files.length, 10);
    const verified = await inProcess("verify", "--json", place.journal, place.recordings);
    assertEquals(verified.code, 0, verified.stdout);
    const [outcome] = eventsOf(verified.stdout);
    assertEquals(outcome!.type, "verified");
    // A run that is killed as it creates a file leaves it empty.
    const empty = place.files.filter((path) => Deno.statSync(path).size === 0);
    const whole = place.files.filter((path) => !empty.includes(path));
    assertEquals([...outcome!["recordings"] as string[]].sort(), whole);
    assertEquals(passedOver(outcome!, place), empty);

    // If one of its days is missing, nothing after that day is verified.
    const [, second] = made as [string, string];
    Deno.removeSync(second);
    const without = await inProcess("verify", place.journal, place.recordings);
    assertEquals(without.code, 5);
    assertStringIncludes(
      without.stdout,
      "Part 2 of its recording is missing, or not in its place: part 3 comes next",
    );
  });
});

Deno.test("penstock backtest FOLDER gives the events of the run, one for one, across midnights and faults", async () => {
  await inFolder(async (folder) => {
    const faults = parseFaults("drop@150,hole=5@400,malformed@450,stall@600,close@900,hole=3@1000");
    await using exchange = BuiltInExchange.listen({ seed: 12, rate: 1_000, faults });
    const place = new Place(folder, exchange);
    const options = ["--latency=200ms", "--max-drawdown=90%"];
    await using program = place.startOverDays({ calls: 40 }, "--state=none", ...options);
    for (let seen = 0; seen < 60 || place.files.length < 4; seen++) await program.event("fill");
    program.signal("SIGINT");
    const live = eventsOf((await program.finished()).stdout);
    const again = await eventsFrom([
      "--short=5",
      "--long=20",
      "--cash=1000000",
      ...options,
      place.recordings,
    ]);
    assertEquals(traded(again), traded(live));
    const connections = (events: readonly { readonly type: string }[]) =>
      events.filter(({ type }) => type.endsWith("connected")).map(({ type }) => type);
    assertEquals(connections(again), connections(live));
  });
});

Deno.test("penstock backtest FOLDER stays disconnected from one part to the next, but not across a missing part", async () => {
  await inFolder(async (folder) => {
    const time = 1_723_161_255_342_000;
    const head = { event: "recording", version: 1, symbol: "BTCUSDT" } as const;
    const trade = (id: number, price: string) =>
      messageOf({ firstId: id, lastId: id, time: time + id, price });
    const write = (name: string, lines: readonly string[]) =>
      Deno.writeTextFileSync(`${folder}/${name}`, lines.map((line) => `${time} ${line}\n`).join(""));
    write("1.txt", [
      noteText(head),
      ...[1, 2, 3, 4].map((id) => trade(id, "100")),
      noteText({ event: "disconnected", reason: "x", retryInMs: 1 }),
      noteText({ event: "continued", file: "2.txt" }),
    ]);
    for (const [part, printed] of [[2, "refusal"], [3, "fill"]] as const) {
      write("2.txt", [noteText({ ...head, part, since: time }), trade(5, "110")]);
      const events = await eventsFrom(["--short=2", "--long=4", folder]);
      assertEquals(traded(events).map(({ type }) => type), ["signal", printed]);
    }
  });
});

Deno.test("penstock verify FOLDER proves a live run so far, even across midnight", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 34, rate: 1_000 });
    const place = new Place(folder, exchange);
    await using program = place.startOverDays({ calls: 25 });
    let before = 0;
    for (let time = 0; time < 6 || place.files.length < 6; time++) {
      await program.event("fill");
      const { code, stdout } = await inProcess("verify", "--json", place.journal, place.recordings);
      assertEquals(code, 0, stdout);
      const [outcome] = eventsOf(stdout);
      assert(Number(outcome!["entries"]) >= before);
      before = Number(outcome!["entries"]);
    }
    program.signal("SIGINT");
    await program.finished();
  });
});

Deno.test("penstock verify FOLDER uses the recordings of the run, and lists those it skipped", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 7, rate: 1_000 });
    const place = new Place(folder, exchange);
    await place.runHere(3);
    await place.runHere(3, "--new-run");
    await place.runHere(3, "--state=none");
    await place.runHere(3, `--state=${folder}/data/b.db`);
    const [first, second, third, fourth] = place.files.map((path) => path.split("/").at(-1)!);
    // A process that is killed between creating the file and writing to it leaves this.
    const empty = recordingName("BTCUSDT", Date.now());
    Deno.writeTextFileSync(`${place.recordings}/${empty}`, "");
    Deno.writeTextFileSync(`${place.recordings}/notes.txt`, "mine");
    Deno.mkdirSync(`${place.recordings}/older`);
    const { code, stdout, stderr } = await inProcess("verify", place.journal, place.recordings);
    assertEquals(code, 0, stdout);
    const lines = stderr.split("\n").map((line) => line.replace(/^\S+ INFO +/, "")).filter((line) =>
      line !== ""
    );
    assertEquals(lines.sort(), [
      `skipped in ${place.recordings}, empty (a run was killed as it created the file, or has only just created ` +
      `it): ${empty}`,
      `skipped in ${place.recordings}, not Penstock recordings: notes.txt, older`,
      `skipped in ${place.recordings}, of another journal, or of entries that were changed since: ${fourth}`,
      `skipped in ${place.recordings}, of run 1: ${first}`,
      `skipped in ${place.recordings}, of runs without a journal: ${third}`,
    ]);
    assertStringIncludes(stdout, `follow from ${place.recordings}/${second}`);
    const { code: firstCode, stdout: ofFirst } = await inProcess(
      ...["verify", "--json", "--run=1", place.journal, place.recordings],
    );
    assertEquals(firstCode, 0);
    const [outcome] = eventsOf(ofFirst);
    assertEquals(
      [...outcome!["recordings"] as string[], ...passedOver(outcome!, place)].sort(),
      [...place.files].sort(),
    );
    // If none is left, nothing is verified.
    Deno.removeSync(`${place.recordings}/${second}`);
    const none = await inProcess("verify", place.journal, place.recordings);
    assertEquals(none.code, 5);
    assertStringIncludes(none.stdout, "There is no recording for what follows entry");
    assertEquals((await outcomeOf(place.journal, [`${place.recordings}/${first}`], 1)).type, "verified");
  });
});

Deno.test("penstock backtest FOLDER reads the recordings of the symbol, and lists the rest", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 9, rate: 1_000 });
    const place = new Place(folder, exchange);
    await place.runHere(2, "--state=none");
    const [path] = place.files as [string];
    const name = path.split("/").at(-1)!;
    Deno.writeTextFileSync(`${place.recordings}/notes.txt`, "mine");
    const found = await backtest(["--log-level=warn", place.recordings]);
    assertEquals(found.code, 0);
    assertStringIncludes(
      found.stderr,
      `skipped in ${place.recordings}, not Penstock recordings: notes.txt`,
    );
    const other = await backtest(["--symbol=ETHUSDT", place.recordings]);
    assertEquals([other.code, other.stdout], [3, ""]);
    assertEquals(
      other.stderr,
      `penstock: ${place.recordings}: it holds no recording of ETHUSDT, only of BTCUSDT: choose one with --symbol`,
    );
    const result = `${folder}/result.json`;
    assertEquals((await backtest(["--out", result, place.recordings])).code, 0);
    assertEquals(JSON.parse(Deno.readTextFileSync(result)).files, [`${place.recordings}/${name}`]);
    // A backtest does not overwrite what it reads.
    const same = await backtest(["--out", path, place.recordings]);
    assertEquals(same.code, 2);
    const empty = await backtest([folder]);
    assertEquals(empty.code, 3);
    assertStringIncludes(
      empty.stderr,
      `${folder}: is a folder, expected a file or a folder of recordings`,
    );
  });
});

Deno.test("penstock run --record-keep deletes older recordings, logs it, and requires a folder", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 10, rate: 1_000 });
    const place = new Place(folder, exchange);
    await place.runHere(1);
    const [old] = place.files as [string];
    const then = new Date(Date.now() - 31 * DAY);
    Deno.utimeSync(old, then, then);
    const { stderr } = await place.runHere(1, "--record-keep=30d");
    assertStringIncludes(stderr, `INFO  deleted a recording older than 30d: ${old}`);
    assertEquals([place.files.includes(old), place.files.length], [false, 1]);
    // Across midnights, with all permissions dropped except for its folder.
    await using program = place.startOverDays({ calls: 60 }, "--record-keep=24h");
    for (let time = 0; time < 3; time++) await program.logged("deleted a recording older than 24h: ");
    program.signal("SIGINT");
    assertEquals((await program.finished()).code, 0);

    const journal = Deno.readFileSync(place.journal);
    for (const args of [["--record", `${folder}/data/x.txt`], []]) {
      const { code, stderr } = await finishHere(
        "run",
        "--record-keep=30d",
        "--state",
        place.journal,
        ...args,
      );
      assertEquals(code, 2);
      assertStringIncludes(stderr, "--record-keep deletes old recordings of a folder, but ");
    }
    assertEquals(Deno.readFileSync(place.journal), journal);
  });
});

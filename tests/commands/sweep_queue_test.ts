/** `penstock sweep --queue` and `penstock worker`, over a real PostgreSQL: the result of one machine, or why there is none. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { TaskFailure } from "../../src/commands/backtest/queue/queued_passes.ts";
import { FilesMissing, workFor } from "../../src/commands/backtest/worker.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { configure } from "../../src/config/config.ts";
import { readDatabasePlace } from "../../src/domain/run/database_place.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { compressed, decompressed } from "../../src/stores/queue/compressed_result.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import { inFolder, type ShownSweep, sweepHere, type SweepSetting } from "../support/swept.ts";

const server = noPostgres ? null! : await PostgresServer.start();

/** A folder with trades, and its own queue. */
interface Scene {
  readonly file: (name: string) => string;
  readonly queue: string;
  sql(statements: string): Promise<string>;
  sweep(words: readonly string[], options?: SweepSetting): Promise<ShownSweep>;
  /** Runs a worker until the queue is empty, or until it is stopped, and returns its log. */
  worker(words?: readonly string[], options?: WorkerOptions): Promise<readonly string[]>;
  /** Runs a sweep with a worker beside it, and returns what the worker logged as well. */
  helped(words: readonly string[], options?: SweepSetting): Promise<ShownSweep & { readonly worked: string }>;
  /** Resolves once a statement says `wanted`, or anything but nothing. */
  until(statement: string, wanted?: string): Promise<void>;
}

const TASKS = "SELECT count(*) FROM penstock.tasks";
/** How long to wait before the database is asked again, ms. */
const PAUSE_MS = 50;

interface WorkerOptions {
  readonly version?: string;
  readonly signal?: AbortSignal;
  readonly heard?: (text: string) => void;
}

function queueTest(name: string, fn: (scene: Scene) => Promise<void>, trades = 600): void {
  Deno.test({
    name,
    ignore: noPostgres,
    fn: () =>
      inFolder(async (file) => {
        const queue = await server.database();
        const { database } = readDatabasePlace(queue);
        const sql = (statements: string) => server.sql(database, statements);
        const sweep: Scene["sweep"] = (words, options) =>
          sweepHere(words, file("tries.json"), { version: "1", lanes: 3, oneCheckedIn: 4, ...options });
        const worker: Scene["worker"] = (words = ["--until-empty"], options) =>
          working([queue, `--data=${file("")}`, "--workers=1", ...words], options);
        await fn({
          ...{ file, queue, sql, sweep, worker },
          async helped(words, options) {
            const stop = new AbortController();
            const working = worker([], { signal: stop.signal });
            const shown = await sweep(words, options);
            stop.abort();
            return { ...shown, worked: (await working).join("\n") };
          },
          async until(statement, wanted) {
            for (;;) {
              // The tables may not be there yet.
              const found = await sql(statement).catch(() => "0");
              if (wanted === undefined ? found !== "0" : found === wanted) return;
              await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
            }
          },
        });
      }, trades),
  });
}

async function working(
  words: readonly string[],
  { version = "1", signal = new AbortController().signal, heard = () => {} }: WorkerOptions = {},
): Promise<readonly string[]> {
  const logged: string[] = [];
  const { given, mistakes, files } = readArguments(["worker", ...words]);
  await workFor({
    ...configure(given, mistakes, "worker"),
    ...{ command: "worker", version, files, signal, blocking: (work) => work() },
  }, (_level, text) => {
    logged.push(text);
    heard(text);
  });
  return logged;
}

/** Everything that a sweep left, without the time that it took and how many workers it had. */
async function lasting(
  file: Scene["file"],
  { events, table }: ShownSweep,
  ...paths: string[]
): Promise<string> {
  const texts = [JSON.stringify(events), table];
  for (const path of [...paths, file("tries.json")]) texts.push(await Deno.readTextFile(path));
  return texts.join("\n").replaceAll(/"(elapsedMs|tradeConfigurationsPerSecond)":\d+/g, '"$1":0')
    .replace(/"workers":\d+/, '"workers":null');
}

const GRID = ["--short=3,5", "--long=12,30", "--stop-loss=0.5%,2%"];

/** What one machine makes of the grid. */
async function alone({ file, sweep }: Scene, words: readonly string[], ...paths: string[]): Promise<string> {
  const shown = await sweep([file("trades.csv"), ...words]);
  const expected = await lasting(file, shown, ...paths);
  for (const path of [...paths, file("tries.json")]) await Deno.remove(path);
  return expected;
}

for (
  const [division, trades, count] of [
    [["--report=page.html"], 1_000, 1],
    [["--test=30%"], 5_000, 2],
    [["--walk-forward=2", "--test=20%", "--bars=20t,1m", "--fee=0"], 1_000, 3],
  ] as const
) {
  queueTest(
    `a sweep with ${
      division.join(" ")
    } by ${count} of the queue's workers is that of one machine, to the byte`,
    async (scene) => {
      const { file, queue, sweep, worker } = scene;
      const out = file(count === 2 ? "sweep.csv" : "sweep.json");
      const pages = division.some((word) => word === "--report=page.html") ? [file("page.html")] : [];
      const words = [
        ...GRID,
        ...division.map((word) => word.replace("page.html", pages[0]!)),
        `--out=${out}`,
      ];
      const expected = await alone(scene, words, out, ...pages);
      const stop = new AbortController();
      const { promise: all, resolve } = Promise.withResolvers<void>();
      let waiting = 0;
      const heard = (text: string) =>
        text.startsWith("waiting for tasks") && ++waiting === count && resolve();
      const workers = Array.from({ length: count }, () => worker([], { signal: stop.signal, heard }));
      await all;
      const shown = await sweep([file("trades.csv"), ...words, `--queue=${queue}`]);
      assertEquals(shown.logged, []);
      assert(await lasting(file, shown, out, ...pages) === expected);
      stop.abort();
      const done = (await Promise.all(workers)).map((lines) => Number(/\d+/.exec(lines.at(-1)!)));
      assert(done.reduce((sum, tasks) => sum + tasks) >= 3, `${done}`);
    },
    trades,
  );
}

queueTest(
  "the same sweep again is a look-up, whatever the files are called; with other options it is not",
  async ({ file, queue, sweep, helped }) => {
    const words = [...GRID, `--queue=${queue}`];
    const first = await helped([file("trades.csv"), ...words]);
    assertMatch(first.worked, /ended after [3-6] tasks$/);
    await Deno.rename(file("trades.csv"), file("moved.csv"));
    const again = await sweep([file("moved.csv"), ...words, "--log-level=warn"]);
    assertEquals(again.logged, []);
    assertEquals(again.events.slice(1, -1), first.events.slice(1, -1));
    const other = await helped([file("moved.csv"), ...words, "--fee=0"]);
    assertMatch(other.worked, /computed 3 configurations in .*ended after [3-6] tasks$/s);
    assertEquals(other.events.length, 10);
  },
);

queueTest(
  "a sweep says that no worker computes its tasks, and when a worker does; one of another version skips them",
  async ({ file, queue, sweep, worker }) => {
    const stop = new AbortController();
    const { signal } = stop;
    const connected = Promise.withResolvers<void>();
    const all = [worker([], { version: "2", signal, heard: () => connected.resolve() })];
    await connected.promise;
    const help = (text: string) => text.startsWith("skipping") && all.push(worker([], { signal }));
    const heard = (text: string) => {
      // One that starts now sees at once what there is.
      if (text.includes("no worker")) all.push(worker([], { version: "2", signal, heard: help }));
    };
    const { logged } = await sweep([file("trades.csv"), ...GRID, `--queue=${queue}`], { heard });
    stop.abort();
    const [, stranger, helper] = await Promise.all(all);
    assertMatch(
      logged[0]!,
      /^[3-6] tasks wait, and no worker of Penstock 1 is connected \(only of Penstock 2\): start "penstock worker postgres:\S+" on machines that have the files$/,
    );
    for (const line of logged.slice(1)) {
      assertMatch(line, /^\d tasks? waits?, and 1 worker can compute (it|them) now$/);
    }
    assertMatch(
      stranger!.join("\n"),
      /skipping \d tasks for Penstock 1, and this is 2\nended after 0 tasks$/,
    );
    assertMatch(helper!.at(-1)!, /ended after [3-6] tasks/);
  },
);

queueTest(
  "a worker without the files, or with others of that name and size, skips the tasks of those files",
  async ({ file, queue, sweep, worker, until }) => {
    await Deno.mkdir(file("other"));
    const text = await Deno.readTextFile(file("trades.csv"));
    await Deno.writeTextFile(file("other/trades.csv"), text.replace("0.5,", "0.6,"));
    const told = Promise.withResolvers<string>();
    const asking = sweep([file("trades.csv"), ...GRID, `--queue=${queue}`], {
      heard: (text) => text.includes("none of") && told.resolve(text),
    });
    await until(TASKS);
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    for (const folder of ["other", "none"]) {
      const logged: string[] = [];
      const { message } = await assertRejects(
        () =>
          working([queue, `--data=${file(folder)}`, "--workers=1", "--until-empty"], {
            heard: (text) => logged.push(text),
          }),
        FilesMissing,
      );
      assertMatch(message, /^\d tasks left whose files are not in \S+: copy them there$/);
      assertStringIncludes(
        logged.join("\n"),
        `skipping the tasks of a sweep over trades.csv (${text.length} bytes, SHA-256 ${bytes.toHex()}): the file is not here`,
      );
    }
    const stop = new AbortController();
    const lacking = working([queue, `--data=${file("none")}`, "--workers=1"], { signal: stop.signal });
    assertMatch(
      await told.promise,
      /none of 1 worker has the files: put them into the folder of its --data$/,
    );
    assertMatch((await worker()).at(-1)!, /ended after [3-6] tasks/);
    stop.abort();
    assertMatch((await lacking).at(-1)!, /ended after 0 tasks/);
    assertEquals((await asking).events.length, 10);
  },
);

queueTest(
  "a worker fetches the files that it does not have, and skips tasks of other files",
  async ({ file, queue, sweep, until }) => {
    const text = await Deno.readTextFile(file("trades.csv"));
    let served = text.replace("0.5,", "0.6,");
    await using web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(served),
    );
    const asking = sweep([file("trades.csv"), ...GRID, `--queue=${queue}`]);
    await until(TASKS);
    const words = [queue, `--data=${file("here")}`, "--workers=1", "--until-empty"];
    const url = `--data-url=http://127.0.0.1:${web.addr.port}/trades`;
    const logged: string[] = [];
    await assertRejects(() => working([...words, url], { heard: (text) => logged.push(text) }), FilesMissing);
    assertMatch(
      logged.join("\n"),
      /trades\.csv cannot be fetched: http:\S+\/trades\/trades\.csv has the SHA-256 /,
    );
    served = text;
    const fetched = (await working([...words, url])).join("\n");
    assertMatch(fetched, /fetched trades\.csv from http:\S+\/trades\/\n.*ended after [3-6] tasks$/s);
    assertEquals((await asking).events.length, 10);
    for (const wrong of ["ftp://h/", "http://ann:secret@h/", "here/", "http://h/?a=b"]) {
      const { message } = await assertRejects(() => working([...words, `--data-url=${wrong}`]), ConfigError);
      assertMatch(message, /^--data-url cannot be used: expected https:\/\/HOST\/FOLDER\/, without a user/);
    }
  },
);

queueTest(
  "two workers that disagree are reported with both values, and compute the task again",
  async ({ file, queue, sweep, helped, sql }) => {
    const words = [file("trades.csv"), ...GRID, `--queue=${queue}`];
    const options = { oneCheckedIn: 1 };
    const expected = (await helped(words, options)).events.slice(1, -1);
    assertEquals(await sql("SELECT count(*), count(*) FILTER (WHERE copy = 2) FROM penstock.tasks"), "6|3");
    const [task, result] =
      (await sql("SELECT task, result FROM penstock.tasks WHERE copy = 2 ORDER BY task LIMIT 1"))
        .split("|") as [string, string];
    const wrong = compressed(decompressed(result).replace(/"netProfit":"[^"]*"/, '"netProfit":"12345"'));
    await sql(`UPDATE penstock.tasks SET result = '${wrong}' WHERE task = ${task}`);
    const { message } = await assertRejects(() => sweep(words, options), TaskFailure);
    assertMatch(
      message,
      /^two workers disagree: netProfit of the configuration \{"short":3,"long":12,"stopLoss":"0.005"\} is "-?[\d.]+" by process \d+ on 127.0.0.1 and "12345" by process \d+ on 127.0.0.1. One of these machines computes wrongly. The same command has both computed again$/,
    );
    const again = await helped(words, options);
    assertEquals(again.events.slice(1, -1), expected);
    assertMatch(
      again.worked,
      /computed 3 configurations .*, as a check of another worker.*ended after 2 tasks/s,
    );
  },
);

queueTest(
  "a sweep refuses a result that no worker computed, in plain words, and has the task computed again",
  async ({ file, queue, sweep, helped, sql }) => {
    const words = [file("trades.csv"), "--short=2,3", "--long=12", "--walk-forward=2", `--queue=${queue}`];
    const options = { oneCheckedIn: 1_000_000_000 };
    const expected = (await helped(words, options)).events.slice(1, -1);
    const text = decompressed(await sql("SELECT result FROM penstock.tasks"));
    const changed = (from: RegExp | string, to: string): string => {
      const other = text.replace(from, to);
      assert(other !== text, `${from} is not in it`);
      return compressed(other);
    };
    const wrong: readonly (readonly [why: string, result: string])[] = [
      ["not compressed as results are", "%"],
      ["not JSON", compressed("{")],
      ["not the result of a task", compressed("[]")],
      ["0 rows", compressed(JSON.stringify({ ...JSON.parse(text), rows: [] }))],
      ['no row of {"short":3}', changed('{"short":3}', '{"short":2}')],
      ['row of {"short":2} has no figures', changed(/"netProfit":"[^"]*"/, '"netProfit":"NaN"')],
      ['row of {"short":2} has no figures', changed('"test":null', '"test":{}')],
      ["other trades", changed(/"digest":"./, '"digest":"x')],
      ["figures against luck", changed('"walks":[', '"walks":[],"else":[')],
      ["figures against luck", changed('"place":', '"place":7')],
      ["figures against luck", changed('"texts":["', '"texts":[7,"')],
    ];
    for (const [why, result] of wrong) {
      await sql(`UPDATE penstock.tasks SET state = 'done', result = '${result}'`);
      const { message } = await assertRejects(() => sweep(words, options), TaskFailure);
      assertMatch(message, /^a result in the queue, by process \d+ on 127.0.0.1, cannot be used: it/);
      assertStringIncludes(message, why);
      assertMatch(message, /The same command has it computed again$/);
    }
    assertEquals((await helped(words, options)).events.slice(1, -1), expected);
  },
);

queueTest(
  "a worker refuses what no sweep wrote into the queue, in plain words, and continues",
  async ({ file, queue, sweep, worker, sql }) => {
    const words = [file("trades.csv"), "--short=2,3", `--queue=${queue}`];
    const stop = new AbortController();
    const heard = (text: string) => text.includes("no worker") && stop.abort();
    await sweep(words, { signal: stop.signal, heard, oneCheckedIn: 1_000_000_000 });
    const [content, task] =
      (await sql("SELECT s.content, t.content FROM penstock.sweeps s JOIN penstock.tasks t USING (sweep)"))
        .split("|") as [string, string];
    const described = JSON.parse(content);
    const foreign = "what the queue has of its sweep is not what a sweep of this version writes";
    const wrong: readonly (readonly [sweep: string, task: string, why: string])[] = [
      ...["{", "null", "[]", "[-1]", "[0,0]", "[2]", "[0.5]", '["0"]'].map((places) =>
        [content, places, "it names no configurations of its sweep"] as const
      ),
      ...["{", "null", "{}"].map((text) => [text, task, foreign] as const),
      ...[
        { given: { short: 5 } },
        { folds: [] },
        { folds: null },
        { files: [] },
        { files: [null] },
        {
          rules: { lot: 1 },
        },
        { first: -1 },
        { folds: [...described.folds, { ...described.folds[0], id: 1 }] },
      ].map((other) => [JSON.stringify({ ...described, ...other }), task, foreign] as const),
    ];
    for (const [ofSweep, ofTask, why] of wrong) {
      await sql(`UPDATE penstock.sweeps SET content = '${ofSweep}';
        UPDATE penstock.tasks SET content = '${ofTask}', state = 'waiting', lost = 2`);
      assertEquals((await worker()).slice(1), [
        `a task failed, and no worker tries it again: ${why}`,
        "ended after 0 tasks",
      ]);
    }
  },
);

queueTest(
  "a sweep whose tasks somebody removed ends instead of waiting for ever, and adds them again",
  async ({ file, queue, sweep, helped, sql }) => {
    const words = [file("trades.csv"), ...GRID, `--queue=${queue}`];
    let removed: Promise<string> | null = null;
    const heard = (text: string) => {
      if (text.includes("no worker")) removed = sql("DELETE FROM penstock.tasks; NOTIFY penstock_results");
    };
    const { message } = await assertRejects(() => sweep(words, { heard }), TaskFailure);
    assertMatch(message, /^somebody removed tasks of this sweep .* The same command adds them again$/);
    await removed;
    assertEquals((await helped(words)).events.length, 10);
  },
);

queueTest(
  "a worker that cannot read its folder does not start, so that no task fails for all workers",
  async ({ file, queue }) => {
    const { message } = await assertRejects(
      () => working([queue, `--data=${file("trades.csv")}`, "--until-empty"]),
      ConfigError,
    );
    assertMatch(message, /^--data is \S+trades\.csv: it is not a folder$/);
  },
);

queueTest(
  "a failed task ends the sweep with its configurations, and is tried again",
  async ({ file, queue, sweep, worker, helped, sql, until }) => {
    const words = [file("trades.csv"), "--stop-loss=0.5%,1%,2%,3%", `--queue=${queue}`];
    const asking = assertRejects(() => sweep(words, { oneCheckedIn: 1 }), TaskFailure);
    await until(TASKS);
    // What somebody wrote into the queue names a program, which no worker runs.
    const content = await sql("SELECT content FROM penstock.sweeps");
    await sql(`UPDATE penstock.sweeps SET content = replace(content, '"given":{',
    '"given":{"strategy":{"text":"./data/own.ts","source":"command line"},')`);
    assertStringIncludes((await worker()).join("\n"), "a task failed, and no worker tries it again: ");
    const { message } = await asking;
    assertMatch(
      message,
      /^the 2 configurations from \{"stopLoss":.* to \{.*\} failed: \.\/data\/own\.ts is a program that the queue names, and no worker runs it. The same command tries again$/,
    );
    await sql(`UPDATE penstock.sweeps SET content = '${content}'`);
    assertEquals((await helped(words)).events.length, 6);
  },
);

queueTest(
  "Ctrl-C of a sweep leaves its tasks to the workers, and the same command shows the result of all",
  async (scene) => {
    const { file, queue, sweep, worker } = scene;
    const out = file("sweep.json");
    const expected = await alone(scene, [...GRID, `--out=${out}`], out);
    const words = [file("trades.csv"), ...GRID, `--out=${out}`, `--queue=${queue}`];
    const stop = new AbortController();
    const heard = (text: string) => text.includes("no worker") && stop.abort();
    const { logged } = await sweep(words, { signal: stop.signal, heard });
    assertEquals(
      logged.at(-1),
      "stopped: 0 of 8 configurations are finished. The tasks stay in the queue, where workers continue with them; the same " +
        "command shows the result",
    );
    assertMatch((await worker()).at(-1)!, /^ended after [3-6] tasks$/);
    assert(await lasting(file, await sweep(words), out) === expected);
  },
);

queueTest(
  "a crash of the database in the middle loses nothing: sweep and worker wait for it, and say so",
  async (scene) => {
    const { file, queue, sweep, worker } = scene;
    const out = file("sweep.json");
    const words = [...GRID, `--out=${out}`];
    const expected = await alone(scene, words, out);
    const stop = new AbortController();
    const crashed = Promise.withResolvers<void>();
    const heard = (text: string) => {
      if (text.startsWith("computed")) crash ??= crashNow();
    };
    let crash: Promise<void> | null = null;
    const crashNow = async () => {
      await server.stop("immediate");
      crashed.resolve();
      await server.resume();
    };
    const working = worker([], { signal: stop.signal, heard });
    const shown = await sweep([file("trades.csv"), ...words, `--queue=${queue}`], {
      // Enough tasks for the crash to come among them.
      ...{ lanes: 1, oneCheckedIn: 1 },
    });
    await crashed.promise;
    await crash;
    stop.abort();
    assert(await lasting(file, shown, out) === expected);
    assertMatch(
      (await working).join("\n"),
      /the database of the queue is unreachable .*the database of the queue is back/s,
    );
  },
);

queueTest(
  "Ctrl-C of a worker gives its task back at once",
  async ({ file, queue, sweep, worker, sql, until }) => {
    const asking = sweep([file("trades.csv"), ...GRID, `--queue=${queue}`]);
    await until(TASKS);
    const stop = new AbortController();
    const heard = (text: string) => text.startsWith("computes") && stop.abort();
    assertMatch((await worker([], { signal: stop.signal, heard })).at(-1)!, /^ended after 0 tasks$/);
    assertEquals(await sql("SELECT count(*) FROM penstock.tasks WHERE state = 'taken' OR lost > 0"), "0");
    assertEquals(await sql("SELECT count(*) FROM penstock.workers"), "0");
    await worker();
    assertEquals((await asking).events.length, 10);
  },
);

queueTest(
  "options that do not fit a queue are refused together, and so is a place that is not a queue",
  async ({ file, queue, sweep }) => {
    const words = [...GRID, `--queue=${queue}`];
    const refused = async (work: () => Promise<unknown>) => (await assertRejects(work, ConfigError)).message;
    assertEquals(
      (await refused(() => sweep(["-", ...words, "--continue", "--part=1/2", "--workers=2"]))).split("\n"),
      [
        "--continue is given with --queue: leave it out, as the queue keeps what is finished, so the same command continues",
        "--part is given with --queue: leave it out, as the workers of the queue divide the grid by themselves",
        "--workers is given with --queue: leave it out, as each worker has its own",
        "standard input can be read only once, and workers read the trades too: give a file",
      ],
    );
    await Deno.writeTextFile(file("own.ts"), "export default {};");
    assertStringIncludes(
      await refused(() => sweep([file("trades.csv"), `--strategy=${file("own.ts")}`, words.at(-1)!])),
      "own.ts: workers of a queue run no program that it names. Use --part on each machine",
    );
    assertStringIncludes(
      await refused(() => working(["data/penstock.db"])),
      '"data/penstock.db" is not a queue: expected',
    );
    assertStringIncludes(
      await refused(() => working([`${queue}#btc`])),
      "names a journal: expected a whole database",
    );
    for (const place of ["data/penstock.db", `${queue}#btc`, "postgres://ann:secret@h/d"]) {
      const message = await refused(() => sweep([file("trades.csv"), `--queue=${place}`]));
      assertStringIncludes(message, '--queue is "');
      assert(!message.includes("secret"));
    }
  },
);

/** The queue in a real PostgreSQL: who gets a task, whose result is kept, and what happens to those that are lost. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { readDatabasePlace } from "../../../src/domain/run/database_place.ts";
import { PostgresSweepQueue } from "../../../src/stores/queue/postgres_sweep_queue.ts";
import { MOST_LOST, PostgresWorkerQueue } from "../../../src/stores/queue/postgres_worker_queue.ts";
import { QueueError } from "../../../src/stores/queue/queue_error.ts";
import type { QueuedSweep, TakenTask } from "../../../src/stores/queue/task_queue.ts";
import { within } from "../../support/penstock.ts";
import { CuttingProxy } from "../../support/cutting_proxy.ts";
import { noPostgres, PostgresServer } from "../../support/postgres_server.ts";

const server = noPostgres ? null! : await PostgresServer.start();
const NEVER = new AbortController().signal;
/** How many pieces a round of asking, taking and finishing sends at most. */
const PIECES = 30;
/** No lease ends by itself while a test runs. */
const LEASE_MS = 600_000;

/** Its own database, and statements in it. */
interface Place {
  readonly url: string;
  sql(statements: string): Promise<string>;
}

function queueTest(name: string, fn: (place: Place) => Promise<void>): void {
  Deno.test({
    name,
    ignore: noPostgres,
    fn: async () => {
      const url = await server.database();
      const { database } = readDatabasePlace(url);
      await fn({ url, sql: (statements) => server.sql(database, statements) });
    },
  });
}

function worker(url: string, version = "1", leaseMs = LEASE_MS): Promise<PostgresWorkerQueue> {
  return PostgresWorkerQueue.open(url, { version, leaseMs, signal: NEVER, onTrouble() {} });
}

function sweeper(url: string): Promise<PostgresSweepQueue> {
  return PostgresSweepQueue.open(url, { signal: NEVER, onTrouble() {} });
}

const hex = (number: number): string => number.toString(16).padStart(64, "0");

/** A sweep of some tasks, of which those with these numbers are computed twice. */
function sweepOf(
  count: number,
  { key = 1, version = "1", input = "f", twice = [] as number[] } = {},
): QueuedSweep {
  const tasks = Array.from({ length: count }, (_, at) => ({
    key: hex(key * 1000 + at),
    content: `task ${at}`,
    isChecked: twice.includes(at),
  }));
  return { key: hex(key), version, input, content: `sweep ${key}`, tasks };
}

const keysOf = ({ tasks }: QueuedSweep): string[] => tasks.map(({ key }) => key);
const contents = (tasks: readonly (TakenTask | null)[]) => tasks.map((task) => task?.content ?? null);
/** Ends the leases of all tasks that are taken, as time would. */
const END_LEASES = "UPDATE penstock.tasks SET expires = clock_timestamp() WHERE state = 'taken'";

queueTest("many workers at once take every task, and no two take the same", async ({ url }) => {
  await using queue = await sweeper(url);
  await queue.add(sweepOf(60));
  await using stack = new AsyncDisposableStack();
  const workers = await Promise.all(Array.from({ length: 8 }, () => worker(url)));
  for (const each of workers) stack.use(each);
  const taken: TakenTask[] = [];
  await Promise.all(workers.map(async (each) => {
    for (let task = await each.take([]); task !== null; task = await each.take([])) {
      taken.push(task);
      assert(await each.finish(task, `result of ${task.content}`));
    }
  }));
  assertEquals(taken.length, 60);
  assertEquals(new Set(taken.map(({ task }) => task)).size, 60);
  const states = await queue.states(keysOf(sweepOf(60)));
  assertEquals(states.filter(({ isDone }) => isDone).length, 60);
  for (const { key, task } of states) {
    assertEquals(await queue.result(task), `result of task ${Number.parseInt(key, 16) - 1000}`);
  }
});

queueTest(
  "tasks are taken in the order in which they were added, and each only once",
  async ({ url, sql }) => {
    await using first = await sweeper(url);
    await using second = await sweeper(url);
    await Promise.all([first.add(sweepOf(3)), second.add(sweepOf(3))]);
    await first.add(sweepOf(2, { key: 2 }));
    assertEquals(await sql("SELECT count(*) FROM penstock.tasks"), "5");
    await using own = await worker(url);
    const task = (await own.take([]))!;
    assertEquals([task.content, await own.described(task.sweep)], ["task 0", "sweep 1"]);
    await own.finish(task, "one");
    // Added again, it is a look-up.
    await second.add(sweepOf(3));
    assertEquals((await second.status()).left, 2);
    const rest = [
      await own.take([]),
      await own.take([]),
      await own.take([]),
      await own.take([]),
      await own.take([]),
    ];
    assertEquals(contents(rest), ["task 1", "task 2", "task 0", "task 1", null]);
  },
);

queueTest(
  "the task of a lost worker goes to another, and the late result is refused",
  async ({ url, sql }) => {
    await using queue = await sweeper(url);
    await queue.add(sweepOf(1));
    await using slow = await worker(url);
    const before = (await slow.take([]))!;
    await using other = await worker(url);
    assertEquals(await other.take([]), null);
    await sql(END_LEASES);
    assertEquals(await other.take([]), null);
    assertEquals((await other.remaining([])).left, 1);
    const after = (await other.take([]))!;
    assertEquals([after.task, after.token > before.token], [before.task, true]);
    assertEquals(await slow.finish(before, "late"), false);
    assertEquals(await slow.fail(before, "late"), false);
    await slow.giveBack(before);
    assert(await other.finish(after, "in time"));
    assertEquals(await slow.finish(before, "later"), false);
    // The answer to the same statement may have been lost.
    assert(await other.finish(after, "in time"));
    assertEquals(await queue.result(after.task), "in time");
  },
);

queueTest("a worker renews its lease while it computes, and notices its loss", async ({ url, sql }) => {
  await using queue = await sweeper(url);
  await queue.add(sweepOf(1));
  await using own = await worker(url, "1", 500);
  const task = (await own.take([]))!;
  const renewed = async () => {
    const ends = () => sql("SELECT expires FROM penstock.tasks");
    const from = await ends();
    while (await ends() === from);
  };
  await within(renewed(), "a renewal");
  await within(renewed(), "the next renewal");
  assertEquals(own.lost.aborted, false);
  // Before the statement, because the worker may notice before the statement's own answer is read.
  const loss = new Promise((resolve) => own.lost.addEventListener("abort", resolve));
  await sql("UPDATE penstock.tasks SET token = token + 1");
  await within(loss, "the loss");
  assertEquals(await own.finish(task, "late"), false);
});

queueTest(
  "a task that kills its workers, or fails on them, is marked as failed, and tried again when it is next added",
  async ({ url, sql }) => {
    await using queue = await sweeper(url);
    await queue.add(sweepOf(2));
    await using own = await worker(url);
    for (let lost = 1; lost <= MOST_LOST; lost++) {
      const task = (await own.take([]))!;
      assertEquals(task.content, "task 0");
      assertEquals((await queue.status()).failed, null);
      await sql(END_LEASES);
      // The sweep sees to it as well, as there may be no worker left.
      await queue.status();
    }
    const { failed } = await queue.status();
    assertEquals(failed?.content, "task 0");
    assertMatch(
      failed!.failure,
      /^its workers were killed or did not answer: the last was process \d+ on 127.0.0.1$/,
    );
    const texts: boolean[] = [];
    for (let times = 0; times < MOST_LOST; times++) {
      texts.push(await own.fail((await own.take([]))!, `failure ${times}`));
    }
    assertEquals(texts, [false, false, true]);
    assertEquals(await own.take([]), null);
    await queue.add(sweepOf(2));
    assertEquals(contents([await own.take([]), await own.take([])]), ["task 0", "task 1"]);
  },
);

queueTest(
  "a failed task goes to another worker, if one with the files is connected",
  async ({ url }) => {
    await using queue = await sweeper(url);
    await queue.add(sweepOf(1));
    await using broken = await worker(url);
    await using withoutFiles = await worker(url);
    assertEquals(await withoutFiles.take(["f"]), null);
    await broken.fail((await broken.take([]))!, "its disk is broken");
    // Nobody else can do it.
    await broken.fail((await broken.take([]))!, "its disk is broken");
    await using sound = await worker(url);
    assertEquals(await broken.take([]), null);
    assert(await sound.finish((await sound.take([]))!, "done"));
  },
);

queueTest("a task that is given back does not count as lost, however often", async ({ url }) => {
  await using queue = await sweeper(url);
  await queue.add(sweepOf(1));
  await using own = await worker(url);
  for (let times = 0; times <= MOST_LOST; times++) await own.giveBack((await own.take([]))!);
  assert(await own.finish((await own.take([]))!, "done"));
  const { left, done, failed } = await queue.status();
  assertEquals([left, done, failed], [0, 1, null]);
});

queueTest(
  "the second computation of a task goes to another worker, if one with the files is connected",
  async ({ url, sql }) => {
    await using queue = await sweeper(url);
    await queue.add(sweepOf(1, { twice: [0] }));
    await using one = await worker(url);
    const first = (await one.take([]))!;
    const two = await worker(url);
    assertEquals([first.copy, await two.take([])], [1, null]);
    await one.finish(first, "a");
    assertEquals(await one.take([]), null);
    // Another worker of another version, or without the files, will never do it.
    const stranger = await worker(url, "2");
    assertEquals(await two.take(["f"]), null);
    const second = (await one.take([]))!;
    assertEquals(second.copy, 2);
    await one.giveBack(second);
    assertEquals((await two.take([]))?.copy, 2);
    await sql(END_LEASES);
    await one.remaining([]);
    await two[Symbol.asyncDispose]();
    await stranger[Symbol.asyncDispose]();
    assert(await one.finish((await one.take([]))!, "b"));
    const states = await queue.states([first.key]);
    assertEquals(states.map(({ copy, isDone }) => [copy, isDone]).sort(), [[1, true], [2, true]]);
    await queue.markFailed(first.key, "they differ");
    assertEquals((await queue.status()).failed, { content: "task 0", failure: "they differ" });
    await queue.add(sweepOf(1, { twice: [0] }));
    assertEquals((await queue.status()).left, 2);
  },
);

queueTest(
  "a worker skips the tasks of other versions and of files that it does not have, and counts them",
  async ({ url }) => {
    await using queue = await sweeper(url);
    await using own = await worker(url, "2");
    await queue.add(sweepOf(2));
    assertEquals(await own.take([]), null);
    assertEquals((await own.remaining([])).others, [{ version: "1", tasks: 2 }]);
    const { workers, otherVersions } = await queue.status();
    assertEquals([workers, otherVersions], [0, ["2"]]);
    await using withoutFiles = await worker(url);
    assertEquals(await withoutFiles.take(["e", "f"]), null);
    const { left, withoutFiles: lacking, endsInMs } = await withoutFiles.remaining(["f"]);
    assertEquals([left, lacking, endsInMs], [0, 2, null]);
    const seen = await queue.status();
    assertEquals([seen.workers, seen.withFiles], [1, 0]);
    assertEquals((await withoutFiles.take([]))?.content, "task 0");
    assertEquals((await queue.status()).withFiles, 1);
    const ends = (await own.remaining([])).endsInMs!;
    assert(ends > LEASE_MS / 2 && ends <= LEASE_MS, `${ends}`);
  },
);

queueTest("a worker is notified of new tasks, and a sweep of results, without polling", async ({ url }) => {
  await using queue = await sweeper(url);
  await using own = await worker(url);
  const patience = 600_000;
  await own.changed(0, NEVER);
  const heard = own.changed(patience, NEVER);
  await queue.add(sweepOf(1));
  await within(heard, "the notice of a task");
  const task = (await own.take([]))!;
  await queue.changed(0, NEVER);
  const result = queue.changed(patience, NEVER);
  await own.finish(task, "done");
  await within(result, "the notice of a result");
  const ending = new AbortController();
  const waiting = queue.changed(patience, ending.signal);
  ending.abort();
  await waiting;
});

queueTest(
  "a worker takes and keeps each task once, wherever its connection is cut",
  async ({ url, sql }) => {
    await using proxy = CuttingProxy.to(server.port);
    const through = url.replace(`:${server.port}/`, `:${proxy.port}/`);
    await using queue = await sweeper(through);
    await using own = await worker(through);
    let key = 0;
    for (const at of ["request", "answer"] as const) {
      // Logging in, and all that is asked for below, are fewer pieces.
      for (let pieces = 0; pieces < PIECES; pieces++) {
        key++;
        proxy.cut();
        proxy.cutAfter(pieces, at);
        await queue.add(sweepOf(2, { key, twice: [0] }));
        for (let task = await own.take([]); task !== null; task = await own.take([])) {
          assertEquals(await own.finish(task, `result of ${task.content}`), true, `${at} ${pieces}`);
        }
        const states = await queue.states(keysOf(sweepOf(2, { key })));
        assertEquals(states.map(({ isDone }) => isDone), [true, true, true], `${at} ${pieces}`);
        assertEquals(
          await queue.result(states[0]!.task),
          `result of task ${Number.parseInt(states[0]!.key, 16) % 1000}`,
        );
      }
    }
    assertEquals(await sql("SELECT count(*), max(lost) FROM penstock.tasks"), `${3 * key}|0`);
    assert(proxy.cuts >= PIECES, `${proxy.cuts}`);
  },
);

queueTest(
  "deploy/postgres.sql gives sweeps and workers what they need, and no more",
  async ({ url, sql }) => {
    const script = Deno.readTextFileSync(new URL("../../../deploy/postgres.sql", import.meta.url));
    await sql(script);
    await sql(
      "CREATE ROLE sue LOGIN IN ROLE penstock_sweeper; CREATE ROLE will LOGIN IN ROLE penstock_worker",
    );
    const as = (user: string) => url.replace("postgres@", `${user}@`);
    {
      await using queue = await sweeper(as("sue"));
      await queue.add(sweepOf(2, { twice: [0] }));
      await using own = await worker(as("will"));
      for (let task = await own.take([]); task !== null; task = await own.take([])) {
        await own.finish(
          task,
          "a",
        );
      }
      await queue.markFailed(sweepOf(1).tasks[0]!.key, "why");
      await queue.add(sweepOf(2, { twice: [0] }));
      await own.fail((await own.take([]))!, "why");
      await own.remaining([]);
      assertEquals((await queue.status()).left, 2);
    }
    const { database } = readDatabasePlace(url);
    for (
      const [user, statement] of [
        ["will", "INSERT INTO penstock.sweeps (key, content) VALUES ('a', 'b')"],
        [
          "will",
          "INSERT INTO penstock.tasks (key, copy, sweep, version, input, content) VALUES ('a', 1, 1, '1', 'f', 'c')",
        ],
        ["will", "UPDATE penstock.tasks SET content = 'other'"],
        ["will", "UPDATE penstock.sweeps SET content = 'other'"],
        ["will", "DELETE FROM penstock.tasks"],
        ["will", "SELECT * FROM penstock.entries"],
        ["will", "INSERT INTO penstock.journals (name) VALUES ('a')"],
        ["sue", "DELETE FROM penstock.tasks"],
        ["sue", "UPDATE penstock.tasks SET content = 'other'"],
        ["sue", "SELECT * FROM penstock.entries"],
        ["sue", "DELETE FROM penstock.workers"],
      ] as const
    ) {
      const { message } = await assertRejects(() => server.sql(database, statement, user), Error);
      assertStringIncludes(message, "permission denied", `${user}: ${statement}`);
    }
  },
);

queueTest("an unusable queue is reported with the reason and what to do", async ({ url, sql }) => {
  const { database } = readDatabasePlace(url);
  const message = async (place: string) => (await assertRejects(() => worker(place), QueueError)).message;
  assertEquals(
    await message(url.replace(database, "nowhere")),
    `Cannot use the queue in ${
      url.replace(database, "nowhere")
    }: there is no database nowhere. Create it: createdb nowhere.`,
  );
  const nobody = url.replace(/:\d+\//, ":1/");
  assertEquals(
    await message(nobody),
    `Cannot use the queue in ${nobody}: 127.0.0.1:1: nothing listens there. ` +
      "Check that PostgreSQL is running there and can be reached, then start again.",
  );
  await using _queue = await sweeper(url);
  await sql("UPDATE penstock.version SET version = 99");
  assertMatch(
    await message(url),
    /^Cannot use the queue in \S+: a newer Penstock made its tables \(version 99; /,
  );
});

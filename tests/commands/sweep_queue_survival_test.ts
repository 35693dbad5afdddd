/** A sweep by the workers of a queue, whose processes are killed at any moment. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { readDatabasePlace } from "../../src/domain/run/database_place.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import { FLAGS, Penstock } from "../support/penstock.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import { SeededRandom } from "../support/random.ts";
import { inFolder, sweepHere } from "../support/swept.ts";
import meta from "../../deno.json" with { type: "json" };

/** How often a worker is killed, how many workers there are, and how large the grid is: PENSTOCK_KILLS and others say more. */
const KILLS = Number(Deno.env.get("PENSTOCK_KILLS") ?? 1);
const WORKERS = (Deno.env.get("PENSTOCK_WORKERS") ?? "2").split(",").map(Number);
const CONFIGURATIONS = Number(Deno.env.get("PENSTOCK_CONFIGURATIONS") ?? 100);
const TRADES = Number(Deno.env.get("PENSTOCK_TRADES") ?? 1_000);
/** Small, so that many tasks are lost. */
const IN_TASK = 5;
/** A worker of a machine with too much to do gets its turn within this time, ms. */
const LEASE_MS = 4_000;
/** The longest time between two kills, ms. */
const LONGEST_MS = 1_500;

/** What a sweep showed and wrote, without the time that it took. */
async function swept(
  file: (name: string) => string,
  words: readonly string[],
  seen: (event: PenstockEvent) => void = () => {},
): Promise<{ readonly text: string; readonly logged: readonly string[] }> {
  const out = file("sweep.json");
  const { events, logged } = await sweepHere(
    [file("trades.csv"), ...words, `--out=${out}`],
    file("tries.json"),
    { version: meta.version, lanes: IN_TASK, seen },
  );
  const texts = [
    JSON.stringify(events),
    await Deno.readTextFile(out),
    await Deno.readTextFile(file("tries.json")),
  ];
  for (const path of [out, file("tries.json")]) await Deno.remove(path);
  return {
    text: texts.join("\n").replaceAll(/"(elapsedMs|tradeConfigurationsPerSecond|workers)":(\d+|null)/g, ""),
    logged,
  };
}

for (const count of WORKERS) {
  Deno.test({
    name:
      `${CONFIGURATIONS} configurations by ${count} workers, with ${KILLS} kills of one of them, are those of one machine`,
    ignore: noPostgres,
    fn: () =>
      inFolder(async (file) => {
        const size = Math.ceil(CONFIGURATIONS / 20);
        const words = [
          `--short=2..${size + 1}:1`,
          "--long=60..79:1",
          "--fee=0",
          "--test=20%",
          "--walk-forward=2",
        ];
        const expected = await swept(file, [...words, "--workers=1"]);
        await using server = await PostgresServer.start();
        const url = await server.database();
        const { database } = readDatabasePlace(url);
        const random = new SeededRandom(count);
        const start = () =>
          Penstock.start(
            [
              "worker",
              url,
              `--data=${file("")}`,
              "--workers=1",
              `--lease=${LEASE_MS}ms`,
              "--log-level=debug",
            ],
            [...FLAGS, "--allow-env=PGPASSWORD"],
          );
        /** Stops a worker in the middle of a task, which it has until it is killed. */
        const stoppedAtWork = async (worker: Penstock): Promise<void> => {
          const its = `state = 'taken' AND called LIKE 'process ${worker.pid} on %'`;
          for (;;) {
            worker.signal("SIGSTOP");
            const tasks = await server.sql(database, `SELECT count(*) FROM penstock.tasks WHERE ${its}`);
            if (isDone || tasks !== "0") return;
            worker.signal("SIGCONT");
            await Promise.race([worker.logged("computes"), sweeping]);
          }
        };
        const workers = Array.from({ length: count }, start);
        const first = [...workers];
        const started = Promise.withResolvers<void>();
        let isDone = false;
        const sweeping = swept(file, [...words, `--queue=${url}`], ({ type }) => {
          if (type === "configuration") started.resolve();
        }).finally(() => isDone = true);
        await Promise.race([started.promise, sweeping]);
        let lost = 0;
        for (let kill = 0; kill < KILLS && !isDone; kill++) {
          const victim = random.whole(0, count - 1);
          const worker = workers[victim]!;
          await Promise.race([worker.logged("computes"), sweeping]);
          if (KILLS > 1) await new Promise((resolve) => setTimeout(resolve, random.fraction() * LONGEST_MS));
          else await stoppedAtWork(worker);
          worker.signal("SIGKILL");
          await worker.finished();
          workers[victim] = start();
          lost++;
        }
        const { text, logged } = await sweeping;
        // One that was started just now may not listen to signals yet.
        const lasting = workers.filter((worker) => first.includes(worker));
        for (const worker of lasting) worker.signal("SIGINT");
        for (const worker of lasting) assertEquals((await worker.finished()).code, 0);
        for (const worker of workers) await worker[Symbol.asyncDispose]();
        assert(text === expected.text);
        assertEquals(logged.filter((line) => !/no worker|can compute/.test(line)), []);
        assertGreater(lost, 0);
        const counts =
          "SELECT count(*) FILTER (WHERE state = 'done') = count(*), max(lost), sum(lost) FROM penstock.tasks";
        const [areDone, most, all] = (await server.sql(database, counts)).split("|");
        if (KILLS > 1) {
          console.log(`${count} workers: ${lost} kills, ${all} tasks lost, one of them ${most} times`);
        }
        assertEquals(areDone, "t");
        assertGreater(Number(all), 0);
      }, TRADES),
  });
}

/** Shows that a lease in a database lets one process at a time add, and adds everything once, whatever fails. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Holding, LogLease } from "../../../../src/stores/journal/entry_log.ts";
import { verifyEntries } from "../../../../src/stores/journal/journal_chain.ts";
import { JournalError, JournalHeld } from "../../../../src/stores/journal/journal_error.ts";
import { postgresStore } from "../../../../src/stores/journal/postgres/postgres_store.ts";
import { CuttingProxy } from "../../../support/cutting_proxy.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";
import { Writer } from "../entry_log_contract.ts";

/** How often the server's process for a connection is killed, and how often the whole server crashes. */
const BACKENDS = Number(Deno.env.get("PENSTOCK_BACKEND_KILLS") ?? 5);
const CRASHES = Number(Deno.env.get("PENSTOCK_DATABASE_CRASHES") ?? 1);

/** How many pieces a new connection sends, up to the third addition. */
const PIECES = 9;

const server = noPostgres ? null! : await PostgresServer.start();
const store = postgresStore();
let places = 0;

/** A new place in a database, for the server itself and through a proxy. */
async function newPlaces(port = server.port): Promise<{ readonly place: string; readonly through: string }> {
  database ??= await server.database();
  const place = `${database}#journal-${places++}`;
  return { place, through: place.replace(`:${server.port}/`, `:${port}/`) };
}
let database: string | undefined;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `PostgresLease ${name}`, ignore: noPostgres, fn });
}

function lease(place: string, holding: Partial<Holding> = {}): Promise<LogLease> {
  return store.lease(place, () => Promise.resolve(), holding);
}

/** Throws unless the journal is whole, with so many entries. */
async function assertWhole(place: string, count: number): Promise<void> {
  await using log = await store.read(place);
  const chain = await verifyEntries(log);
  assert(chain.isWhole, chain.isWhole ? "" : chain.what);
  assertEquals(chain.entries, count);
}

/** When the lease ends unless it is renewed, by the server's clock. */
function expiryOf(place: string): Promise<string> {
  const [, name] = place.split("#");
  return server.sql("test_1", `SELECT expires FROM penstock.journals WHERE name = '${name}'`);
}

/** The number of the server's process for the holder of the lease. */
function sessionOf(place: string): Promise<string> {
  const [, name] = place.split("#");
  return server.sql("test_1", `SELECT session FROM penstock.journals WHERE name = '${name}'`);
}

test("is taken by one of five processes that want it at once, and by the next when it is released", async () => {
  const { place } = await newPlaces();
  {
    await using held = await lease(place);
    await new Writer(held).append(1, ["started"]);
  }
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => lease(place)));
  const won = tries.filter((one) => one.status === "fulfilled");
  assertEquals(won.length, 1);
  for (const one of tries) assert(one.status === "fulfilled" || one.reason instanceof JournalHeld);
  await won[0]!.value[Symbol.asyncDispose]();
  await using _next = await lease(place);
});

Deno.test({
  name:
    "PostgresLease fences off a holder whose lease has expired: it can add nothing, and learns who took over",
  ignore: noPostgres,
  fn: async () => {
    const { place } = await newPlaces();
    await using old = await lease(place, { leaseMs: 600_000 });
    const writer = new Writer(old);
    await writer.append(1, ["started"]);
    await assertRejects(
      () => lease(place, { isEager: true }),
      JournalHeld,
      `process ${Deno.pid} on 127.0.0.1 has it open`,
    );
    await server.sql("test_1", "UPDATE penstock.journals SET expires = now() - interval '1 ms'");
    await using taken = await lease(place);
    assertEquals((await taken.log.last())?.seq, 1);
    await assertRejects(() => writer.append(1, ["fill"]), JournalError, "has taken it over");
    await assertRejects(() => old.loss(), JournalError, "has taken it over");
    const heartbeat = {
      run: 1,
      seq: 1,
      time: 5,
      pid: 5,
      trades: 7,
      tradesPerSecond: 2,
      lagMs: null,
      last: null,
    };
    await assertRejects(() => old.writeHeartbeat(heartbeat), JournalError, "has taken it over");
    assertEquals(await taken.log.heartbeat(), null);
    assertEquals(await taken.loss(), null);
    await assertWhole(place, 1);
  },
});

test("outlasts its end as long as no one else takes it, and is renewed by itself", async () => {
  const { place } = await newPlaces();
  await using held = await lease(place, { leaseMs: 4_000 });
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  const first = await expiryOf(place);
  while (await expiryOf(place) === first) await new Promise((resolve) => setTimeout(resolve, 50));
  await assertRejects(() => lease(place), JournalHeld);
  await server.sql("test_1", "UPDATE penstock.journals SET expires = now() - interval '1 hour'");
  await writer.append(1, ["fill"]);
  await assertRejects(() => lease(place), JournalHeld);
  await assertWhole(place, 2);
});

test("writes an end after four fifths of the lease into the row with each operation", async () => {
  const { place } = await newPlaces();
  // So long that the time between a statement and the look at its row does not matter, however slow the machine is.
  const leaseMs = 3_600_000;
  const row = `penstock.journals WHERE name = '${place.split("#")[1]}'`;
  const left = `SELECT extract(epoch FROM expires - clock_timestamp()) * 1000 / ${leaseMs} FROM ${row}`;
  const shares: number[] = [];
  const look = async () => {
    shares.push(Number(await server.sql("test_1", left)));
    await server.sql("test_1", `UPDATE ${row.replace(" WHERE", " SET expires = clock_timestamp() WHERE")}`);
  };
  await using held = await lease(place, { leaseMs });
  await look();
  await new Writer(held).append(1, ["started"]);
  await look();
  const counts = { trades: 7, tradesPerSecond: 2, lagMs: null, last: null };
  await held.writeHeartbeat({ run: 1, seq: 1, time: 5, pid: 5, ...counts });
  await look();
  await server.sql("test_1", `SELECT pg_terminate_backend(${await sessionOf(place)}, 5000)`);
  // The next use connects again, which renews it.
  await held.log.head();
  await look();
  assertEquals(shares.map((share) => share.toFixed(1)), ["0.8", "0.8", "0.8", "0.8"]);
  for (const share of shares) assertLessOrEqual(share, 0.8);
});

test("may be taken at once from a process without a connection, but only if that was requested", async () => {
  await using proxy = CuttingProxy.to(server.port);
  const { place, through } = await newPlaces(proxy.port);
  await using old = await lease(through, { leaseMs: 600_000 });
  await new Writer(old).append(1, ["started"]);
  proxy.hold();
  await server.sql("test_1", `SELECT pg_terminate_backend(${await sessionOf(place)}, 5000)`);
  const { message } = await assertRejects(() => lease(place), JournalHeld);
  const [, seconds] = message.match(/Its lease ends in (\d+)s/) ?? [];
  assert(Number(seconds) > 300 && Number(seconds) <= 480, message);
  await using _taken = await lease(place, { isEager: true });
});

test("adds everything once when the connection is cut at any piece, before or after the server got it", async () => {
  await using proxy = CuttingProxy.to(server.port);
  for (const at of ["request", "answer"] as const) {
    const { place, through } = await newPlaces(proxy.port);
    const troubles: (string | null)[] = [];
    await using held = await lease(through, { onAway: (away) => troubles.push(away?.what ?? null) });
    const writer = new Writer(held);
    await writer.append(1, ["started"]);
    const before = proxy.cuts;
    let added = 1;
    // Logging in, setting up, renewing the lease and adding are some ten pieces.
    for (let pieces = 0; pieces < PIECES; pieces++) {
      proxy.cut();
      proxy.cutAfter(pieces, at);
      for (let commit = 0; commit < 3; commit++) {
        const state = { run: 1, seq: writer.seq + 2, content: `{"${added}":1}`, closes: "[]" };
        await writer.append(1, ["fill", "checkpoint"], { state });
        added += 2;
      }
    }
    assertGreater(proxy.cuts - before, PIECES - 3);
    assertStringIncludes(troubles[0]!, "it closed the connection");
    assertEquals(troubles.at(-1), null);
    assertEquals((await held.log.state(1))?.seq, added);
    await assertWhole(place, added);
  }
});

test("waits out a partition, and continues if no one took over", async () => {
  await using proxy = CuttingProxy.to(server.port);
  const { place, through } = await newPlaces(proxy.port);
  const away = Promise.withResolvers<void>();
  await using held = await lease(through, { leaseMs: 2_000, onAway: () => away.resolve() });
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  proxy.hold();
  const adding = writer.append(1, ["fill"]);
  await away.promise;
  proxy.release();
  await adding;
  await assertWhole(place, 2);
});

test("ends after a partition in which another took over, and leaves what that one wrote", async () => {
  await using proxy = CuttingProxy.to(server.port);
  const { place, through } = await newPlaces(proxy.port);
  await using held = await lease(through, { leaseMs: 2_000 });
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  proxy.hold();
  const adding = assertRejects(() => writer.append(1, ["fill"]), JournalError, "has taken it over");
  await server.sql("test_1", "UPDATE penstock.journals SET expires = now()");
  await using taken = await lease(place);
  const other = new Writer(taken);
  [other.seq, other.hash] = [1, (await taken.log.head())!.hash];
  await other.append(1, ["gap"]);
  proxy.release();
  await adding;
  await assertWhole(place, 2);
});

test("stops waiting a second after it was asked to end, and not before", async () => {
  await using proxy = CuttingProxy.to(server.port);
  const { place, through } = await newPlaces(proxy.port);
  const ending = new AbortController();
  await using held = await lease(through, { signal: ending.signal });
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  proxy.hold();
  ending.abort();
  const from = performance.now();
  await assertRejects(() => writer.append(1, ["fill"]), JournalError, "does not answer");
  const took = performance.now() - from;
  assertGreater(took, 500);
  // Without the end it would wait for ten seconds.
  assertLess(took, 8_000);
  proxy.release();
  await using log = await store.read(place);
  assertLess((await log.last())!.seq, 3);
});

test(`adds everything once while its process of the server is killed ${BACKENDS} times`, async () => {
  const { place } = await newPlaces();
  await using held = await lease(place);
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  let isOver = false;
  const killing = (async () => {
    for (let kill = 0; kill < BACKENDS; kill++) {
      await server.sql("test_1", `SELECT pg_terminate_backend(${await sessionOf(place)}, 5000)`);
    }
    isOver = true;
  })();
  let added = 1;
  while (!isOver) {
    await writer.append(1, ["fill"]);
    added++;
  }
  await killing;
  assertGreater(added, BACKENDS);
  await assertWhole(place, added);
});

test(`adds everything once while the server crashes ${CRASHES} times`, async () => {
  const { place } = await newPlaces();
  await using held = await lease(place);
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  let isOver = false;
  const crashing = (async () => {
    for (let crash = 0; crash < CRASHES; crash++) {
      await server.stop("immediate");
      await server.resume();
    }
    isOver = true;
  })();
  let added = 1;
  while (!isOver) {
    await writer.append(1, ["fill"]);
    added++;
  }
  await crashing;
  await writer.append(1, ["fill"]);
  await assertWhole(place, added + 1);
});

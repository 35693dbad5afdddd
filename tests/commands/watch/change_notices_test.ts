/** Shows that changes in a database reach those who watch it, before they poll again. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { pollJournals } from "../../../src/commands/watch/followed_journals.ts";
import type { FollowedMoment } from "../../../src/domain/run/followed_moment.ts";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { postgresStore } from "../../../src/stores/journal/postgres/postgres_store.ts";
import { within } from "../../support/penstock.ts";
import { noPostgres, PostgresServer } from "../../support/postgres_server.ts";
import { checkpoint, REMEMBERS, TIME } from "../../stores/sample_journal.ts";

/** So long that a regular poll comes too late for any test. */
const NEVER_MS = 3_600_000;

const server = noPostgres ? null! : await PostgresServer.start();

/** A journal with a run in it. */
async function started(path: string): Promise<Journal> {
  const journal = await Journal.open(path, { now: () => 0, remembers: REMEMBERS, store: postgresStore() });
  await journal.startRun({
    time: TIME,
    content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } },
  });
  return journal;
}

async function addTo(journal: Journal): Promise<void> {
  await journal.commit({
    entries: [{ type: "connected", time: TIME + 1, content: { endpoint: "ws://h", attempt: 1 } }],
    checkpoint: checkpoint(1),
  });
}

Deno.test({
  name: "penstock watch shows new entries of a journal in a database on notice, even after the listener died",
  ignore: noPostgres,
  fn: async () => {
    const database = await server.database();
    const paths = [`${database}#one`, `${database}#two`];
    await using one = await started(paths[0]!);
    await using _two = await started(paths[1]!);
    const ending = new AbortController();
    const polls = [0, 0];
    let found: (moment: FollowedMoment) => void = () => {};
    const shown = (at: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      found = ({ place }) => place !== null && place.seq >= at && resolve();
      return within(promise, `entry ${at}`);
    };
    /** Resolves at the first poll of both that follows a change of anything at all. */
    const listening = async (before: string) => {
      const own = "FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'";
      for (;;) {
        const pid = await server.sql("postgres", `SELECT pid ${own} LIMIT 1`);
        if (pid !== "" && pid !== before) return pid;
      }
    };
    const first = shown(1);
    const polling = pollJournals({ paths, pollMs: NEVER_MS, notifiedMs: NEVER_MS }, (index, moment) => {
      polls[index]!++;
      if (index === 0) found(moment);
    }, ending.signal);
    await first;
    const pid = await listening("");
    const second = shown(2);
    await addTo(one);
    await second;
    await server.sql("postgres", `SELECT pg_terminate_backend(${pid}, 5000)`);
    await listening(pid);
    const fourth = shown(4);
    await addTo(one);
    await fourth;
    // The other journal was polled at the start, and each time that the listener started: none of its own changed.
    assertLessOrEqual(polls[1]!, 3);
    ending.abort();
    await polling;
  },
});

Deno.test({
  name: "PostgresLease sends a notice when it is released, and few notices for many commits",
  ignore: noPostgres,
  fn: async () => {
    const store = postgresStore();
    const path = `${await server.database()}#one`;
    const journal = await started(path);
    const heard: Record<string, (string | null)[]> = { entries: [], freed: [] };
    const [listens, named] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const freed = Promise.withResolvers<void>();
    await using _entries = store.listen!(path, "entries", (name) => {
      heard["entries"]!.push(name);
      (name === null ? listens : named).resolve();
    });
    const ready = Promise.withResolvers<void>();
    await using _freed = store.listen!(path, "freed", (name) => {
      heard["freed"]!.push(name);
      (name === null ? ready : freed).resolve();
    });
    await Promise.all([listens.promise, ready.promise]);
    const before = performance.now();
    for (let commit = 0; commit < 40; commit++) await addTo(journal);
    await journal.close();
    // Before it listened, one may have been on its way; and what is due at the end is sent at once.
    const most = (performance.now() - before) / 100 + 3;
    await within(Promise.all([freed.promise, named.promise]), "the notices");
    assertEquals(heard["freed"], [null, "one"]);
    const names = heard["entries"]!.filter((name) => name !== null);
    assertEquals(new Set(names), new Set(["one"]));
    assertLessOrEqual(names.length, most);
  },
});

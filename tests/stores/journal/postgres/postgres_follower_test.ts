/** A follower of a journal in PostgreSQL. */
import { assertEquals, assertMatch } from "@std/assert";
import { Journal } from "../../../../src/stores/journal/journal.ts";
import { JournalFollower } from "../../../../src/stores/journal/journal_follower.ts";
import { JournalReader } from "../../../../src/stores/journal/journal_reader.ts";
import { postgresStore } from "../../../../src/stores/journal/postgres/postgres_store.ts";
import { readRun } from "../../../../src/stores/journal/run_reading.ts";
import { statusOf } from "../../../../src/domain/run/run_status.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";
import { checkpoint, REMEMBERS, TIME } from "../../sample_journal.ts";

const name =
  "JournalFollower.poll() follows a journal in a database over one connection, and through its end";
if (noPostgres) Deno.test.ignore(name, () => {});
else {
  const server = await PostgresServer.start();
  const path = `${await server.database()}#followed`;
  Deno.test(name, async () => {
    const store = postgresStore();
    let opened = 0;
    const counting = { ...store, read: (at: string) => (opened++, store.read(at)) };
    await using follower = await JournalFollower.open(path, null, {
      store: counting,
      now: () => TIME / 1000,
    });
    assertMatch((await follower.poll()).problem!, /Cannot open the journal/);
    await using journal = await Journal.open(path, { now: () => 0, remembers: REMEMBERS, store });
    await journal.startRun({
      time: TIME,
      content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } },
    });
    assertEquals((await follower.poll()).events.map(({ seq }) => seq), [1]);
    const before = opened;
    await journal.commit({
      entries: [{ type: "connected", time: TIME + 1, content: { endpoint: "ws://h", attempt: 1 } }],
      checkpoint: checkpoint(1),
    });
    const { events, status } = await follower.poll();
    assertEquals([events.map(({ seq }) => seq), opened], [[2], before]);
    await using reader = await JournalReader.open(path, { store });
    assertEquals(status, statusOf(await readRun(reader, 1), TIME));
  });
}

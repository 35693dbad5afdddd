import { assert, assertEquals } from "@std/assert";
import type { FollowedEvent } from "../../../src/domain/run/followed_moment.ts";
import { eventStream, type StreamSource } from "../../../src/views/page/event_stream.ts";
import { LiveRuns } from "../../../src/views/page/live_runs.ts";
import { event, moment, status, statusAt } from "./followed_moments.ts";

const QUICK = { stateMs: 0, pingMs: 60_000 };

/** The messages of one browser, read one by one. */
class Stream {
  readonly #messages: AsyncGenerator<Uint8Array>;
  readonly ending = new AbortController();

  constructor(source: StreamSource, lastId: string | null = null, timing = QUICK) {
    this.#messages = eventStream(source, lastId, this.ending.signal, timing);
  }

  /** The next message; null at the end. */
  async text(): Promise<string | null> {
    const { done, value } = await this.#messages.next();
    return done ? null : new TextDecoder().decode(value);
  }

  // deno-lint-ignore no-explicit-any
  async event(): Promise<{ readonly type: string; readonly id: string; readonly data: any }> {
    for (;;) {
      const [, type, id, data] = /^event: (\w+)\nid: ([\d,]*)\ndata: (.*)\n\n$/.exec((await this.text())!) ??
        [];
      if (data !== undefined) return { type: type!, id: id!, data: JSON.parse(data) };
    }
  }

  /** The numbers of the entries in the next message, which has to have some. */
  async seqs(): Promise<number[]> {
    const { type, data } = await this.event();
    assertEquals(type, "entries");
    return data.entries.map(({ seq }: { seq: number }) => seq);
  }
}

function source(runs: LiveRuns, older: StreamSource["older"] = never): StreamSource {
  return { runs, older };
}

function never(): never {
  throw new Error("nothing older is asked for");
}

function runsOf(...journals: readonly string[]): LiveRuns {
  return new LiveRuns(journals.map((journal) => ({ journal, name: journal })));
}

function events(from: number, to: number): FollowedEvent[] {
  return Array.from({ length: to - from + 1 }, (_, at) => event(from + at));
}

Deno.test("eventStream() sends the state with its history and the last entries, then only what is new", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  runs.take(0, moment(3, { events: events(2, 3) }));
  const stream = new Stream(source(runs));
  assertEquals(await stream.text(), "retry: 2000\n\n");
  const first = await stream.event();
  assertEquals([first.type, first.id], ["state", "1"]);
  const [run] = first.data.runs;
  assertEquals(run.points, [[1723161256342, 101, 1000, 0.1, 1.5], [1723161258342, 103, 1000, 0.1, 1.5]]);
  assertEquals([run.journal, run.status.trades, run.averages], ["a.db", 3, { shortAverage: "1.5" }]);
  const entries = await stream.event();
  assertEquals([entries.id, entries.data.run, entries.data.entries[1]], [
    "3",
    0,
    { seq: 3, type: "connected", time: "2024-08-08T23:54:15.342123Z", endpoint: "ws://h", attempt: 3 },
  ]);
  const next = stream.event();
  runs.take(0, moment(4));
  assertEquals((await next).data.runs[0].points, [[1723161259342, 104, 1000, 0.1, 1.5]]);
});

Deno.test("eventStream() sends nothing for a poll that found nothing new, even if time has passed", () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  const version = runs.version;
  runs.take(0, moment(1, { status: { ...statusAt(1), time: "2030-01-01T00:00:00.000000Z", ageMs: 7 } }));
  assertEquals(runs.version, version);
  runs.take(0, moment(1, { status: { ...statusAt(1), state: "silent" } }));
  assertEquals(runs.version, version + 1);
});

Deno.test("eventStream() skips states that a slow browser did not ask for, and no entry", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  const stream = new Stream(source(runs));
  await stream.event();
  for (let seq = 2; seq <= 600; seq++) runs.take(0, moment(seq, { events: [event(seq)] }));
  // In pages.
  const seqs = [await stream.seqs(), await stream.seqs(), await stream.seqs()];
  const state = await stream.event();
  assertEquals([state.data.runs[0].status.trades, state.data.runs[0].points.length], [600, 599]);
  assertEquals(seqs.map(({ length }) => length), [200, 200, 199]);
  assertEquals(seqs.flat(), events(2, 600).map(({ seq }) => seq));
});

Deno.test("eventStream() continues after the entries that a browser has, one number for each journal", async () => {
  const runs = runsOf("a.db", "b.db");
  runs.take(0, moment(5, { events: events(1, 5) }));
  runs.take(1, moment(9, { events: events(1, 9) }));
  const stream = new Stream(source(runs), "4,7");
  const first = await stream.event();
  assertEquals([first.type, first.id], ["state", "4,7"]);
  const [one, other] = [await stream.event(), await stream.event()];
  assertEquals([one.id, one.data.entries.length], ["5,7", 1]);
  assertEquals([other.id, other.data.run, other.data.entries.length], ["5,9", 1, 2]);
});

Deno.test("eventStream() starts with the last 200 entries for an invalid id, or another journal's", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(300, { events: events(1, 300) }));
  for (const id of [null, "", "x", "1,2", "-1", "301", "1".repeat(400), "1\n2"]) {
    const stream = new Stream(source(runs), id);
    assertEquals((await stream.event()).id, "100", String(id));
    assertEquals((await stream.seqs())[0], 101);
  }
});

Deno.test("eventStream() reads from the journal what is no longer kept, and waits while that cannot be read", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  for (let seq = 2; seq <= 1_500; seq += 100) {
    runs.take(0, moment(seq + 99, { events: events(seq, seq + 99) }));
  }
  const asked: number[] = [];
  let isReadable = false;
  const older: StreamSource["older"] = (_index, seq) => {
    asked.push(seq);
    if (!isReadable) return Promise.resolve(null);
    // A journal has a thousand checkpoints here and there.
    if (seq === 10) return Promise.resolve({ events: [], last: 400 });
    return Promise.resolve({ events: events(seq + 1, seq + 300), last: seq + 300 });
  };
  const stream = new Stream(source(runs, older), "10");
  assertEquals((await stream.event()).type, "state");
  const next = stream.seqs();
  await Promise.resolve();
  isReadable = true;
  runs.take(0, moment(1_502, { events: [event(1_502)], status: null, problem: "gone" }));
  // The state has changed; after it the entries are tried again.
  await next.then(() => assert(false), () => {});
  const seqs: number[] = [];
  while (seqs.at(-1) !== 1_502) seqs.push(...await stream.seqs());
  assertEquals(seqs, events(401, 1_502).map(({ seq }) => seq));
  assertEquals(asked, [10, 10, 400]);
});

Deno.test("eventStream() sends a comment while nothing happens, and ends when its browser has gone", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  const stream = new Stream(source(runs), null, { stateMs: 0, pingMs: 5 });
  await stream.event();
  assertEquals([await stream.text(), await stream.text()], [": ping\n\n", ": ping\n\n"]);
  const waiting = new Stream(source(runs), null, { stateMs: 0, pingMs: 60_000 });
  await waiting.event();
  const last = waiting.text();
  waiting.ending.abort();
  assertEquals(await last, null);
});

Deno.test("eventStream() sends at most one state a second", async () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1));
  const stream = new Stream(source(runs), null, { stateMs: 50, pingMs: 60_000 });
  await stream.event();
  const startedAt = performance.now();
  for (let trade = 2; trade <= 9; trade++) runs.take(0, moment(1, { status: statusAt(trade) }));
  assertEquals((await stream.event()).data.runs[0].status.trades, 9);
  assert(performance.now() - startedAt >= 45);
});

Deno.test("LiveRuns forgets the points of a run when another starts, and the events of a journal that was replaced", () => {
  const runs = runsOf("a.db");
  runs.take(0, moment(1, { events: [event(1)] }));
  const other = status({ run: 2, started: "2030-01-01T00:00:00.000000Z", price: null, priceTime: null });
  runs.take(0, moment(3, { events: [event(2), event(3)], status: other }));
  assertEquals(runs.state([]).runs[0]!.points, []);
  assertEquals(runs.eventsAfter(0, 0).events.length, 3);
  runs.take(0, moment(1, { events: [event(1)], isReplaced: true }));
  assertEquals(runs.eventsAfter(0, 0), { events: [event(1)], last: 1 });
});

Deno.test("LiveRuns keeps a bounded history of points, with the deepest drawdowns and the newest point", () => {
  const runs = runsOf("a.db");
  for (let trade = 1; trade <= 10_000; trade++) {
    const drawdown = trade === 7_345 ? "0.9" : "0.1";
    const figures = { averages: {}, drawdown, drawdownLimit: null, heartbeat: null };
    runs.take(0, moment(1, { status: statusAt(trade), figures }));
  }
  const { points } = runs.state([]).runs[0]!;
  assert(points.length > 2_000 && points.length <= 4_000, `${points.length} points`);
  assertEquals([points[0]![1], points.at(-1)![1]], [101, 10_100]);
  assert(points.some(([, , , drawdown]) => drawdown === 0.9));
  assertEquals(points.map(([time]) => time!).toSorted((a, b) => a - b), points.map(([time]) => time!));
  assertEquals(runs.state(runs.points).runs[0]!.points, []);
});

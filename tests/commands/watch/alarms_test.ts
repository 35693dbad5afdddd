/** Alarms from real journals to real servers on loopback, which fail in every way. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Alarms, type AlarmsOptions } from "../../../src/commands/watch/alarms.ts";
import { ConfigError } from "../../../src/domain/process/config_error.ts";
import { pause } from "../../../src/feeds/live/alarm.ts";
import { AlarmMemoryError } from "../../../src/stores/alarms/alarm_memory.ts";
import type { Journal } from "../../../src/stores/journal/journal.ts";
import type { Draft } from "../../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import type { Alarm } from "../../../src/views/alarms/alarm.ts";
import { DEFAULT_TIMING } from "../../../src/views/alarms/alarm_sender.ts";
import { FakeService, type Received, type Reply, type Script } from "../../support/fake_service.ts";
import { SeededRandom } from "../../support/random.ts";
import { moment, NOON, unreadable } from "../../views/alarms/sample_alarm.ts";
import { checkpoint, copyJournal, inFolder, openJournal } from "../../stores/sample_journal.ts";

const TIMING = { ...DEFAULT_TIMING, firstMs: 1, longestMs: 4, askMs: 60_000, pause };
const FOREVER = new AbortController().signal;
const TAKEN: Reply = { status: 200 };

/** Alarms of a journal in `folder`, which polls all the time. */
function options(folder: string, changes: Partial<AlarmsOptions>): AlarmsOptions {
  return {
    notify: null,
    notifyOn: "halt,fill",
    notifyTokens: null,
    notifyMemory: `${folder}/alarms.json`,
    ping: null,
    journals: [`${folder}/a.db`],
    version: "1",
    report: () => {},
    timing: TIMING,
    pollMs: 5,
    ...changes,
  };
}

/** A run that is alive and connected now. */
async function startRun(journal: Journal): Promise<void> {
  const time = Date.now() * 1000;
  await journal.startRun({ time, content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } } });
  await commit(journal, [{ type: "connected", time, content: { endpoint: "wss://h", attempt: 1 } }]);
}

let commits = 0;
async function commit(journal: Journal, entries: readonly Draft[]): Promise<void> {
  await journal.commit({ entries: [...entries], checkpoint: checkpoint(++commits) });
  const time = Date.now() * 1000;
  await journal.heartbeat({ time, pid: 7, trades: commits, tradesPerSecond: 1, lagMs: 1, last: null });
}

function fill(tradeId: number): Draft {
  const amounts = { price: "100", quantity: "1", fee: "0.1", cash: "9900", position: "1" };
  const content = { symbol: "BTCUSDT", side: "buy", ...amounts, tradeId, signalTradeId: tradeId };
  return { type: "fill", time: Date.now() * 1000, content };
}

function reset(fromId: number): Draft {
  return { type: "reset", time: Date.now() * 1000, content: { symbol: "BTCUSDT", fromId, lastId: 7 } };
}

function halt(): Draft {
  const content = {
    symbol: "BTCUSDT",
    reason: "manual",
    limit: "released",
    value: "halted",
    tradeId: 1,
    action: "hold",
  };
  return { type: "halt", time: Date.now() * 1000, content };
}

function alarmIn({ body }: Received): Alarm {
  return JSON.parse(body) as Alarm;
}

/** The keys of fills and halts in a journal, in order, after the entry `after`. */
async function keysIn(path: string, after = 0): Promise<string[]> {
  await using reader = await JournalReader.open(path);
  const origin = (await reader.hashOf(1))!.slice(0, 12);
  const keys: string[] = [];
  for await (const { seq, run, type } of reader.entries({ afterSeq: after })) {
    if (type === "fill" || type === "halt") keys.push(`${origin}-${run}-${seq}-${type}`);
  }
  return keys;
}

/** The place in the memory of the first service, once it has one. */
async function remembered(folder: string, isThere = (_done: number) => true): Promise<number> {
  for (;;) {
    try {
      const { channels } = JSON.parse(Deno.readTextFileSync(`${folder}/alarms.json`));
      const [{ journals }] = Object.values(channels) as [{ journals: Record<string, { done: number }> }];
      const { done } = Object.values(journals)[0]!;
      if (isThere(done)) return done;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await pause(2, FOREVER);
  }
}

Deno.test("Alarms loses none, keeps their order and sends none under another key, whatever the service and restarts do", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const random = new SeededRandom(22);
    let isOver = false;
    const has: string[] = [];
    const troubles: readonly Reply[] = [
      { status: 500 },
      { status: 429, headers: { "retry-after": "0.01" } },
      { status: 302, headers: { location: "/elsewhere" } },
      { raw: "" },
      { raw: "HTTP/1.1 200 O" },
      { raw: "garbage\r\n\r\n" },
      { status: 400, body: "not these words" },
    ];
    await using service = new FakeService((request, at) => {
      // Sometimes the service has the alarm, and the answer is lost.
      const isTaken = isOver || at % 3 === 0;
      if (isTaken || random.fraction() < 0.3) has.push(alarmIn(request).key);
      return isTaken ? TAKEN : random.pick(troubles);
    });
    await using journal = await openJournal(path);
    await startRun(journal);
    const settings = options(folder, { notify: `http://${service.host}/hook` });
    for (let start = 0; start < 6; start++) {
      await using alarms = await Alarms.start(settings);
      if (start === 0) await remembered(folder);
      const memory = Deno.readTextFileSync(settings.notifyMemory);
      for (let n = 0; n < 5; n++) {
        await commit(journal, random.fraction() < 0.3 ? [halt(), fill(n)] : [fill(n)]);
        await service.arrived(service.requests.length + random.whole(0, 3));
      }
      isOver = start === 5;
      if (isOver) await remembered(folder, (done) => done === journal.head.seq);
      await alarms[Symbol.asyncDispose]();
      // As after a power cut: what was remembered last is lost.
      if (start % 2 === 1 && !isOver) Deno.writeTextFileSync(settings.notifyMemory, memory);
    }
    const expected = await keysIn(path);
    const firsts = [...new Set(has)];
    assertEquals(firsts, expected);
    assert(expected.length >= 30 && service.requests.length > expected.length);
    const sent = new Set(service.requests.map((request) => alarmIn(request).key));
    assertEquals([...sent].filter((key) => !expected.includes(key)), []);
    assert(service.requests.every(({ path }) => path === "/hook"));
  }));

Deno.test("Alarms sends what happened while it was down, and nothing of the past at its first start", () =>
  inFolder(async (folder) => {
    await using service = new FakeService(() => TAKEN);
    await using journal = await openJournal(`${folder}/a.db`);
    await startRun(journal);
    await commit(journal, [fill(1)]);
    const settings = options(folder, { notify: `http://${service.host}/hook` });
    const after = journal.head.seq;
    {
      await using _alarms = await Alarms.start(settings);
      assertEquals(await remembered(folder), after);
    }
    await commit(journal, [fill(2), halt(), fill(3)]);
    {
      await using _alarms = await Alarms.start(settings);
      await service.arrived(3);
    }
    await using _alarms = await Alarms.start(settings);
    await commit(journal, [fill(4)]);
    await service.arrived(4);
    const keys = service.requests.map((request) => alarmIn(request).key);
    assertEquals(keys, await keysIn(`${folder}/a.db`, after));
    assertEquals(alarmIn(service.requests[0]!).symbol, "BTCUSDT");
  }));

Deno.test("Alarms sends nothing twice that a service has confirmed, even if it stops in the middle of a poll's events", () =>
  inFolder(async (folder) => {
    // A fill at midnight causes two alarms: the figures of the day before come first.
    await using service = new FakeService((_, at) => at === 1 || at === 4 ? "hang" : TAKEN);
    await using journal = await openJournal(`${folder}/a.db`);
    await startRun(journal);
    const settings = options(folder, {
      notify: `http://${service.host}/hook`,
      notifyOn: "fill,daily",
      timing: { ...TIMING, graceMs: 5 },
    });
    {
      await using _alarms = await Alarms.start(settings);
      await remembered(folder);
    }
    const tomorrow = Date.now() * 1000 + 86_400_000_000;
    await commit(journal, [fill(1), fill(2), { ...fill(3), time: tomorrow }, { ...fill(4), time: tomorrow }]);
    for (const count of [2, 5, 7]) {
      await using _alarms = await Alarms.start(settings);
      await service.arrived(count);
    }
    const kinds = service.requests.map((request) => alarmIn(request)).map(({ kind, entry }) =>
      `${kind} ${entry}`
    );
    // Entry 3 is a checkpoint.
    const hung = ["fill 5", "fill 6"];
    assertEquals(kinds, ["fill 4", hung[0]!, "fill 5", "daily null", hung[1]!, "fill 6", "fill 7"]);
  }));

Deno.test("Alarms lets no service hold up another, and keeps only a place for one that is down for long", () =>
  inFolder(async (folder) => {
    let isUp = false;
    const down: Script = () => isUp ? TAKEN : { status: 503 };
    await using slow = new FakeService(down);
    await using well = new FakeService(() => TAKEN);
    await using journal = await openJournal(`${folder}/a.db`);
    await startRun(journal);
    const reports: string[] = [];
    const settings = options(folder, {
      notify: `http://${slow.host}/hook http://${well.host}/hook`,
      report: (_, text) => reports.push(text),
    });
    await using _alarms = await Alarms.start(settings);
    await remembered(folder);
    await commit(journal, [fill(0)]);
    await slow.arrived(3);
    // More entries than a reader takes at once, and an alarm at every fiftieth.
    const count = 22;
    const entries = Array.from({ length: 50 * count }, (_, n) => n % 50 === 49 ? fill(n) : reset(n));
    await commit(journal, entries);
    await well.arrived(count + 1);
    assertEquals(new Set(slow.requests.map((request) => alarmIn(request).key)).size, 1);
    assert(Deno.statSync(settings.notifyMemory).size < 4_000);
    const failures = slow.requests.length;
    isUp = true;
    await slow.arrived(failures + count + 1);
    const expected = await keysIn(`${folder}/a.db`);
    const keys = slow.requests.slice(failures - 1).map((request) => alarmIn(request).key);
    assertEquals([...new Set(keys)], expected);
    assertEquals(well.requests.map((request) => alarmIn(request).key), expected);
    assertEquals(reports.length, 2, reports.join("\n"));
    assertMatch(
      reports[0]!,
      /did not accept the alarm "BTCUSDT: buy @ 100\.00".*: HTTP 503\. It will be sent again/,
    );
  }));

Deno.test("Alarms starts once for one memory, and leaves the journals as they are", () =>
  inFolder(async (folder) => {
    await using service = new FakeService(() => TAKEN);
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      await startRun(journal);
    }
    const before = Deno.readFileSync(path);
    const settings = options(folder, { notify: `http://${service.host}/hook` });
    {
      await using _alarms = await Alarms.start(settings);
      await remembered(folder);
      const error = await assertRejects(() => Alarms.start(settings), AlarmMemoryError);
      assertStringIncludes(error.message, "another penstock watch");
    }
    await using _again = await Alarms.start(settings);
    assertEquals(Deno.readFileSync(path), before);
    const others = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      !name.startsWith("a.db")
    );
    assertEquals(others.sort(), ["alarms.json", "alarms.json.lock"]);
  }));

Deno.test("Alarms follows a journal that replaces the old one from its start, and continues without a memory that it cannot write", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using service = new FakeService(() => TAKEN);
    const reports: string[] = [];
    const settings = options(folder, {
      notify: `http://${service.host}/hook`,
      report: (_, text) => reports.push(text),
    });
    {
      await using journal = await openJournal(path);
      await startRun(journal);
      await commit(journal, [fill(1), fill(2)]);
    }
    await using _alarms = await Alarms.start(settings);
    await remembered(folder);
    Deno.mkdirSync(`${settings.notifyMemory}.partial`);
    copyJournal(path, `${folder}/old.db`);
    for (const { name } of [...Deno.readDirSync(folder)]) {
      if (name.startsWith("a.db")) Deno.removeSync(`${folder}/${name}`);
    }
    await using journal = await openJournal(path);
    await startRun(journal);
    await commit(journal, [fill(3)]);
    await service.arrived(1);
    assertEquals(service.requests.map((request) => alarmIn(request).key), await keysIn(path));
    assertMatch(reports.join("\n"), /a\.db was replaced by another journal: webhook at .* from now on/);
    assertMatch(reports.join("\n"), /alarms\.json, which remembers the alarms .* cannot be used/);
    Deno.removeSync(`${settings.notifyMemory}.partial`);
    await commit(journal, [fill(4)]);
    await service.arrived(2);
    assertEquals(service.requests.map((request) => alarmIn(request).key), await keysIn(path));
    await remembered(folder, (done) => done === journal.head.seq);
  }));

Deno.test("Alarms waits for a journal that does not exist yet, and sends its alarms from its start", () =>
  inFolder(async (folder) => {
    await using service = new FakeService(() => TAKEN);
    const settings = options(folder, { notify: `http://${service.host}/hook` });
    await using _alarms = await Alarms.start(settings);
    await pause(20, FOREVER);
    await using journal = await openJournal(`${folder}/a.db`);
    await startRun(journal);
    await commit(journal, [fill(1)]);
    await service.arrived(1);
    assertEquals(service.requests.map((request) => alarmIn(request).key), await keysIn(`${folder}/a.db`));
  }));

Deno.test("Alarms saves that it is about to report a dead run, and afterwards that the service has the alarm", () =>
  inFolder(async (folder) => {
    const isUnsaid = (): unknown => {
      const [channel] = Object.values(JSON.parse(Deno.readTextFileSync(`${folder}/alarms.json`)).channels);
      const { journals } = channel as { journals: Record<string, { rules: Record<string, unknown> }> };
      const { dead, isDeathUnsaid } = Object.values(journals)[0]!.rules;
      return [dead !== null, isDeathUnsaid];
    };
    const seen: unknown[] = [];
    await using service = new FakeService(() => {
      seen.push(isUnsaid());
      return TAKEN;
    });
    await using journal = await openJournal(`${folder}/a.db`);
    const time = (Date.now() - 60_000) * 1000;
    await journal.startRun({
      time,
      content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } },
    });
    {
      await using _alarms = await Alarms.start(
        options(folder, { notify: `http://${service.host}/hook`, notifyOn: "stopped" }),
      );
      await service.arrived(1);
    }
    assertEquals(service.requests.map((request) => alarmIn(request).kind), ["dead"]);
    assertEquals([...seen, isUnsaid()], [[true, true], [true, false]]);
  }));

Deno.test("Alarms pings only when the last poll of every journal found a healthy run", () =>
  inFolder(async (folder) => {
    await using service = new FakeService(() => TAKEN);
    await using alarms = await Alarms.start(options(folder, {
      journals: [`${folder}/a.db`, `${folder}/b.db`],
      ping: `http://${service.host}/{token} 10s`,
      notifyTokens: tokenFile(folder, "5bf66975"),
    }));
    const halted = moment(0, { halt: { type: "halt" } as never });
    const silent = moment(60, { lastAlive: NOON });
    const lost = moment(0, { connection: null });
    // The second journal has not been polled.
    alarms.polled(0, moment(0));
    for (const bad of [halted, silent, lost, unreadable("there is none")]) {
      alarms.polled(1, bad);
      await pause(15, FOREVER);
    }
    assertEquals(service.requests.length, 0);
    alarms.polled(1, moment(0));
    await service.arrived(1);
    assertEquals([service.requests[0]?.method, service.requests[0]?.path], ["GET", "/5bf66975"]);
    // Without alarms there is nothing to remember.
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["tokens"]);
    assertEquals([alarms.hosts, alarms.files], [[service.host], []]);
  }));

/** A file that holds one token. */
function tokenFile(folder: string, token: string): string {
  Deno.writeTextFileSync(`${folder}/tokens`, token, { mode: 0o600 });
  return `${folder}/tokens`;
}

Deno.test("Alarms takes tokens from their file, sends each to its own service only, and refuses what cannot work", () =>
  inFolder(async (folder) => {
    const bot = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    await using chat = new FakeService(() => ({ status: 200, body: '{"ok":true}' }));
    await using topic = new FakeService(() => ({ status: 200, body: '{"id":"x"}' }));
    await using plain = new FakeService(() => TAKEN);
    const addresses = [
      `telegram+http://${chat.host}/42`,
      `ntfy+http://${topic.host}/alarms`,
      `http://${plain.host}/hook`,
    ];
    const notifyTokens = `${folder}/tokens`;
    Deno.writeTextFileSync(
      notifyTokens,
      `${addresses[0]} ${bot}\n${addresses[1]} tk_secret1\ntelegram://7 secret2\n`,
      {
        mode: 0o644,
      },
    );
    await using journal = await openJournal(`${folder}/a.db`);
    await startRun(journal);
    const reports: string[] = [];
    const settings = options(folder, {
      notify: addresses.join(" "),
      notifyTokens,
      report: (_, text) => reports.push(text),
    });
    {
      await using _alarms = await Alarms.start(settings);
      await remembered(folder);
      await commit(journal, [fill(1)]);
      await Promise.all([chat.arrived(1), topic.arrived(1), plain.arrived(1)]);
    }
    assertEquals(chat.requests[0]?.path, `/bot${bot}/sendMessage`);
    assertEquals(topic.requests[0]?.headers["authorization"], "Bearer tk_secret1");
    assert(!JSON.stringify([topic.requests, plain.requests]).includes("AAHdq"));
    assert(!JSON.stringify([chat.requests, plain.requests]).includes("secret1"));
    assert(
      !/AAHdq|secret/.test(reports.join() + Deno.readTextFileSync(settings.notifyMemory)),
      reports.join("\n"),
    );
    assert(reports.some((report) => /chmod 600/.test(report)), reports.join("\n"));
    assert(reports.some((report) => /^line 3 of .*tokens has an address that neither/.test(report)));

    const refused: readonly (readonly [Partial<AlarmsOptions>, RegExp])[] = [
      [{ notifyTokens: null }, /--notify, address 1 \(127\.0\.0\.1:\d+\): it needs a token: name the file/],
      [{ notifyTokens: `${folder}/none` }, /--notify-tokens .*none: there is no such file/],
      [
        { notify: "http://example.com/a", notifyTokens: null },
        /no permission to reach example\.com:80: build a program/,
      ],
      [
        { notify: null, ping: "https://hc-ping.com/{token} 1m", notifyTokens: null },
        /--ping: it needs a token/,
      ],
    ];
    for (const [changes, expected] of refused) {
      const error = await assertRejects(() => Alarms.start({ ...settings, ...changes }), ConfigError);
      assertMatch(error.message, expected);
    }
    Deno.writeTextFileSync(notifyTokens, `${addresses[0]} secret3 and more`);
    const error = await assertRejects(() => Alarms.start(settings), ConfigError);
    assertMatch(error.message, /line 1 is not an address and a token/);
    assert(!error.message.includes("secret3"));
  }));

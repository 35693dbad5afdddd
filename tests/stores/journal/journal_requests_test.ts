/** Requests to a run: filed beside its lock, handled and removed by the run, and answered to the requesting process. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { configure } from "../../../src/config/config.ts";
import { settleInstrument } from "../../../src/config/instrument_settlement.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { readRequest, type RunRequest } from "../../../src/domain/run/run_request.ts";
import { Engine } from "../../../src/stages/engine.ts";
import { NotHalted, releaseHalt } from "../../../src/stores/journal/halt_release.ts";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { type Connect, connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalLock } from "../../../src/stores/journal/sqlite/journal_lock.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { fileRequest } from "../../../src/stores/journal/sqlite/journal_requests.ts";
import { type RequestKey } from "../../../src/stores/journal/entry_log.ts";
import type { AskOptions } from "../../../src/stores/journal/run_asking.ts";
import { AlreadyHalted, haltRun } from "../../../src/stores/journal/run_halt.ts";
import { RunFinished } from "../../../src/stores/journal/run_reading.ts";
import { RunJournal } from "../../../src/stores/journal/run_journal.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../../support/pipeline_input.ts";
import { writeOlder } from "../older_journal.ts";
import { contentsOf, diskError, draft, inFolder, openJournal, TIME, watched } from "../sample_journal.ts";

/** Does not wait for an answer. */
const AT_ONCE: AskOptions = { waitMs: 0, signal: new AbortController().signal };
/** Waits longer than any test may take. */
const PATIENT: AskOptions = { waitMs: 3_600_000, signal: new AbortController().signal };

function file(path: string, request: RunRequest, run = 1, time = TIME): RequestKey {
  const database = connect(path, false);
  try {
    return fileRequest(database, { run, time, request });
  } finally {
    database.close();
  }
}

/** A run as in a process, without a feed. */
class Process implements AsyncDisposable {
  readonly path: string;
  readonly engine = new Engine(optionsOf(DEFAULTS));
  readonly journal: RunJournal;

  static async start(path: string, { isNew = false, market = "binance" } = {}): Promise<Process> {
    const process = new Process(path, await Journal.open(path, { now: () => 0, remembers: DEFAULTS.long }));
    const { engine, journal } = process;
    const { sources } = settleInstrument(configure({}), null);
    const instrument = { sources, exchangeInfo: null };
    await journal.start({ time: TIME, version: "1", options: {}, market, instrument, isNew });
    const trade = { firstId: 1, lastId: 1, time: TIME, price: "100" };
    if (engine.state.trades > 0) return process;
    [...engine.apply({ event: "frames", trades: reading([messageOf(trade)]) })];
    await journal.checkpoint(TIME);
    return process;
  }

  private constructor(path: string, journal: Journal) {
    this.path = path;
    this.journal = new RunJournal(journal, this.engine, DEFAULTS.symbol);
  }

  async halt(): Promise<void> {
    await this.journal.keep([...this.engine.apply({ event: "halt", action: "hold", time: TIME })]);
  }

  /** Handles the requests as a run does; returns why each was dropped, or null. */
  async handle(): Promise<(string | null)[]> {
    const reasons: (string | null)[] = [];
    for await (const { id, request, time: requested, why } of this.journal.requests()) {
      reasons.push(why);
      if (request === null || why !== null) continue;
      const details = { requested, ...(request.text === null ? {} : { text: request.text }) };
      const events = this.engine.apply(
        request.kind === "halt"
          ? { event: "halt", action: request.action, time: TIME, ...details }
          : { event: "released", time: TIME, ...details },
      );
      await this.journal.keep([...events], [id]);
    }
    return reasons;
  }

  /** The same as soon as there is a request. */
  async handleNext(): Promise<(string | null)[]> {
    for (;;) {
      const why = await this.handle();
      if (why.length > 0) return why;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async entries() {
    return (await contentsOf(this.path)).entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
  }
}

Deno.test("Journal.requests() returns what another connection filed, and commit() removes it with its entry or not at all", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    let isFailing = false;
    const connection = watched((_at, when, sql) => {
      if (isFailing && when === "before" && sql === "COMMIT") throw diskError();
    });
    {
      await using journal = await openJournal(path, { connect: connection });
      await journal.startRun({ time: TIME, content: {} });
      assertEquals(await journal.requests(), []);
      const key = file(path, { kind: "halt", action: "flatten", text: null });
      file(path, { kind: "release", halt: 7, text: "é\n\ud800" }, 2);
      const [first, second, ...more] = await journal.requests();
      assertEquals([first?.id, first?.time, first?.run, more.length], [key.id, TIME, 1, 0]);
      assertEquals(first?.request, { kind: "halt", action: "flatten", text: null });
      assertEquals([second?.run, second?.request], [2, { kind: "release", halt: 7, text: "é\n\ud800" }]);
      assertEquals(await journal.commit({ handled: [second!.id] }), 1);
      isFailing = true;
      await assertRejects(
        () => journal.commit({ entries: [draft(1, "halt")], handled: [key.id] }),
        JournalError,
      );
    }
    isFailing = false;
    await using journal = await openJournal(path);
    assertEquals([(await journal.requests()).length, (await contentsOf(path)).entries.length], [1, 1]);
    await journal.commit({ entries: [draft(1, "halt")], handled: [(await journal.requests())[0]!.id] });
    assertEquals([(await journal.requests()).length, (await contentsOf(path)).entries.length], [0, 2]);
  });
});

Deno.test("Journal.requests() skips requests that Penstock did not file, and the table refuses unreadable ones", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: {} });
    const database = new DatabaseSync(path);
    const insert = (kind: string, content: string, time = "1") =>
      database.exec(
        `INSERT INTO requests (run, kind, time, content) VALUES (1, '${kind}', ${time}, '${content}')`,
      );
    for (const content of ["", "{", "[]", "{}", `{"action":"x","text":null}`, `{"action":"hold","text":7}`]) {
      insert("halt", content);
    }
    for (const content of ["null", `{"halt":1.5,"text":"a"}`, `{"halt":1}`]) insert("release", content);
    for (const kind of ["toString", "__proto__", "sell"]) insert(kind, "{}");
    assertEquals((await journal.requests()).map(({ request }) => request), Array(12).fill(null));
    assertThrows(() => insert("halt", "x".repeat(10_001)), Error, "constraint");
    assertThrows(() => insert("k".repeat(41), "{}"), Error, "constraint");
    assertThrows(() => insert("halt", "{}", "9223372036854775807"), Error, "constraint");
    assertThrows(() => insert("halt", "{}", "-1"), Error, "constraint");
    assertThrows(
      () => database.exec("UPDATE requests SET id = 9223372036854775807 WHERE id = 1"),
      Error,
      "constraint",
    );
    database.close();
    assertEquals(readRequest("release", { halt: 1, text: "x".repeat(1001) }), null);
  });
});

/** A database that another process locks this many times. */
function lockedFor(times: () => number, tried: string[]): Connect {
  return (path, readOnly) => {
    const database = connect(path, readOnly);
    return {
      prepare(sql) {
        const statement = database.prepare(sql);
        const isWrite = sql === "BEGIN IMMEDIATE" || sql.includes("INTO life");
        return {
          run(...values) {
            if (isWrite) tried.push(sql);
            if (isWrite && times() > 0) {
              throw Object.assign(new Error("database is locked"), { code: "ERR_SQLITE_ERROR", errcode: 5 });
            }
            return statement.run(...values);
          },
          get: (...values) => statement.get(...values),
          all: (...values) => statement.all(...values),
          setReturnArrays: (isList) => statement.setReturnArrays(isList),
        };
      },
      close: () => database.close(),
    };
  };
}

Deno.test("Journal.commit() waits for a process that is slow to file a request, and fails if it never finishes", async () => {
  await inFolder(async (folder) => {
    let left = 0;
    const tried: string[] = [];
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path, { connect: lockedFor(() => left--, tried) });
    await journal.startRun({ time: TIME, content: {} });
    left = 9;
    assertEquals(await journal.commit({ entries: [draft(1)] }), 2);
    tried.length = 0;
    left = Infinity;
    const { message } = await assertRejects(() => journal.commit({ entries: [draft(2)] }), JournalError);
    assertStringIncludes(message, "another program has it locked");
    assertEquals(tried.length, 10);
    assertEquals((await contentsOf(path)).entries.length, 2);
  });
});

Deno.test("Journal.heartbeat() does not fail while another process locks the database, and every commit waits for the disk", async () => {
  await inFolder(async (folder) => {
    let left = 0;
    const path = `${folder}/a.db`;
    const modes: unknown[] = [];
    const locked = lockedFor(() => left--, []);
    await using journal = await openJournal(path, {
      connect: (at, readOnly) => {
        const database = locked(at, readOnly);
        const { prepare } = database;
        database.prepare = (sql) => {
          const statement = prepare(sql);
          if (sql !== "COMMIT") return statement;
          const { run } = statement;
          statement.run = (...values) => {
            modes.push(prepare("PRAGMA synchronous").get()!["synchronous"]);
            return run(...values);
          };
          return statement;
        };
        return database;
      },
    });
    await journal.startRun({ time: TIME, content: {} });
    const heartbeat = { time: TIME, pid: 1, trades: 0, tradesPerSecond: 0, lagMs: null, last: null };
    modes.length = 0;
    left = 1;
    await journal.heartbeat(heartbeat);
    await using reader = await JournalReader.open(path);
    assertEquals(await reader.heartbeat(), null);
    await journal.commit({ entries: [draft(1)] });
    assertEquals(modes, [2]);
    await journal.heartbeat(heartbeat);
    assertEquals((await reader.heartbeat())?.time, TIME);
  });
});

Deno.test("RunJournal.requests() drops a release of a halt not in force, and requests for another run", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    let halt: number;
    {
      await using run = await Process.start(path);
      await run.halt();
      halt = (await run.entries()).find(({ type }) => type === "halt")!.seq;
      file(path, { kind: "release", halt: halt - 1, text: "another" });
      file(path, { kind: "release", halt, text: "once" });
      file(path, { kind: "release", halt, text: "twice" });
      assertEquals(await run.handle(), [
        `the halt of entry ${halt - 1} has already ended`,
        null,
        `the halt of entry ${halt} has already ended`,
      ]);
      assertEquals([run.engine.state.current.halt, await run.handle()], [null, []]);
      await run.halt();
      // The run ends before it handles these.
      const standing = (await run.entries()).findLast(({ type }) => type === "halt")!.seq;
      file(path, { kind: "release", halt: standing, text: "too late" });
      file(path, { kind: "halt", action: "flatten", text: null });
    }
    await using next = await Process.start(path, { isNew: true });
    assertEquals(await next.handle(), [
      "it was for run 1, but this is run 2",
      "it was for run 1, but this is run 2",
    ]);
    assertEquals([next.engine.state.current.halt, await next.handle()], [null, []]);
    const details = (await next.entries()).filter(({ type }) => type === "released").map(({ content }) =>
      content["text"]
    );
    assertEquals(details, ["once"]);
  });
});

Deno.test("releaseHalt() asks the process that holds the journal, and returns once the halt is released", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using run = await Process.start(path);
    const note = { time: TIME + 5, text: "fine" };
    await assertRejects(() => releaseHalt(path, note, PATIENT), NotHalted, "nothing to release");
    await run.halt();
    const asked = releaseHalt(path, note, PATIENT);
    assertEquals(await run.handleNext(), [null]);
    const { how, halt } = await asked;
    assertEquals([how, halt.reason], ["done", "manual"]);
    assertEquals(run.engine.state.current.halt, null);
    const [entry, checkpoint] = (await run.entries()).slice(-2);
    assertEquals([entry?.type, checkpoint?.type], ["released", "checkpoint"]);
    assertEquals(entry?.content, {
      ...{ symbol: "BTCUSDT", reason: "manual", tradeId: 1, text: "fine" },
      requested: isoTime(TIME + 5),
    });
  });
});

Deno.test("releaseHalt() releases once when two processes ask at once, and answers the other that it was too late", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using run = await Process.start(path);
    await run.halt();
    const asked = ["one", "two"].map((text, at) => releaseHalt(path, { time: TIME + at, text }, PATIENT));
    const settled = Promise.allSettled(asked);
    const why = await run.handleNext();
    assertEquals([why.length, why[0]], [2, null]);
    const [first, second] = await settled;
    assert(first?.status === "fulfilled" && second?.status === "rejected");
    assertEquals(first.value.how, "done");
    assert(second.reason instanceof NotHalted, String(second.reason));
    assertEquals((await run.entries()).filter(({ type }) => type === "released").length, 1);
    assertEquals((await run.journal.requests().next()).done, true);
  });
});

Deno.test("releaseHalt() leaves its request in the journal if no run answers, and the next start handles it", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using run = await Process.start(path);
      await run.halt();
      assertEquals((await releaseHalt(path, { time: TIME, text: "later" }, AT_ONCE)).how, "filed");
      const stopped = AbortSignal.abort();
      const options = { waitMs: PATIENT.waitMs, signal: stopped };
      assertEquals((await releaseHalt(path, { time: TIME, text: "again" }, options)).how, "filed");
    }
    await using run = await Process.start(path);
    assertEquals((await run.handle()).filter((why) => why === null), [null]);
    assertEquals(run.engine.state.current.halt, null);
  });
});

Deno.test("releaseHalt() writes to a journal that no process holds, and removes the requests for that halt", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using run = await Process.start(path);
      await run.halt();
      await releaseHalt(path, { time: TIME, text: "filed" }, AT_ONCE);
      await haltRun(path, { action: "flatten", time: TIME, text: null }, AT_ONCE);
    }
    assertEquals((await releaseHalt(path, { time: TIME, text: "here" }, PATIENT)).how, "next");
    await using run = await Process.start(path);
    assertEquals([run.engine.state.current.halt, await run.handle()], [null, [null]]);
    assertEquals(run.engine.state.current.halt?.action, "flatten");
  });
});

Deno.test("releaseHalt() withdraws halts that wait for the next start if no halt is in force", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using run = await Process.start(path);
      await run.halt();
    }
    const release = (time: number) => releaseHalt(path, { time, text: "fine" }, PATIENT);
    assertEquals((await release(TIME)).how, "here");
    await assertRejects(() => release(TIME), NotHalted, "nothing to release");
    await haltRun(path, { action: "hold", time: TIME + 1, text: null }, AT_ONCE);
    await haltRun(path, { action: "flatten", time: TIME + 2, text: null }, AT_ONCE);
    await haltRun(path, { action: "flatten", time: TIME + 9, text: null }, AT_ONCE);
    const { how, halt: { action } } = await release(TIME + 3);
    assertEquals([how, action], ["withdrawn", "flatten"]);
    await using run = await Process.start(path);
    assertEquals([await run.handle(), run.engine.state.current.halt?.action], [[null], "flatten"]);
    assertEquals((await run.entries()).filter(({ type }) => type === "released").length, 1);
  });
});

Deno.test("haltRun() halts a live run, files a halt for a stopped one, and refuses a halt that changes nothing", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const hold = { action: "hold", time: TIME + 7, text: "odd" } as const;
    const flatten = { action: "flatten", time: TIME + 8, text: null } as const;
    await assertRejects(() => haltRun(path, hold, PATIENT), JournalError, "there is none");
    {
      await using run = await Process.start(path);
      const asked = haltRun(path, hold, PATIENT);
      assertEquals([await run.handleNext(), await asked], [[null], "done"]);
      assertEquals((await run.entries()).at(-2)?.content["text"], "odd");
      await assertRejects(() => haltRun(path, hold, PATIENT), AlreadyHalted, "is already halted");
    }
    assertEquals(await haltRun(path, flatten, PATIENT), "waiting");
    // Two processes may ask before either gets an answer.
    assertEquals(await haltRun(path, flatten, PATIENT), "waiting");
    await using run = await Process.start(path);
    assertEquals([await run.handle(), run.engine.state.current.halt?.action], [[null, null], "flatten"]);
    assertEquals((await run.entries()).filter(({ type }) => type === "halt").length, 2);
    await assertRejects(() => haltRun(path, hold, PATIENT), AlreadyHalted);
  });
});

Deno.test("haltRun() and releaseHalt() refuse a backtest's journal, and file no request in it", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using run = await Process.start(path, { market: "recorded files" });
      await run.halt();
    }
    const asked = [
      () => haltRun(path, { action: "flatten", time: TIME, text: null }, PATIENT),
      () => releaseHalt(path, { time: TIME, text: "x" }, PATIENT),
    ];
    const before = await contentsOf(path);
    for (const ask of asked) {
      await assertRejects(ask, RunFinished, "is the journal of a backtest, which is finished");
    }
    assertEquals(await contentsOf(path), before);
    await using reader = await JournalReader.open(path);
    assertEquals(await reader.requests(), []);
  });
});

Deno.test("releaseHalt() and haltRun() refuse a journal that an older Penstock has open", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    writeOlder(path, 2);
    using _held = JournalLock.take(path);
    const asked = [
      () => releaseHalt(path, { time: TIME, text: "x" }, PATIENT),
      () => haltRun(path, { action: "flatten", time: TIME, text: null }, PATIENT),
    ];
    for (const ask of asked) {
      await assertRejects(ask, JournalError, "an older Penstock has it open (version 2;");
    }
  });
});

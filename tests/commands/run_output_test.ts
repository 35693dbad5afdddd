/** A run whose output is read slowly, never, or no longer keeps trading, or ends cleanly and reports why. */
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { commandLine, eventsOf, FLAGS, Penstock, within } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";
import { WORDS, wordyMarket } from "./wordy_market.ts";

/** The most characters of events that wait for their reader. */
const ROOM = 4 * 1024 * 1024;
/** Fills that write more than a pipe holds, and those whose signals have more characters than may wait. */
const SOME = 300;
const TOO_MANY = Math.ceil(1.2 * ROOM / WORDS);

/** A program whose output is not read until a test asks for it. */
class Unread implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #streams: Readonly<Record<"stdout" | "stderr", Output>>;

  constructor(args: readonly string[], folder: string, pauseMs = 0) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: commandLine(args, [...FLAGS, `--allow-write=${folder}`]),
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    this.#streams = {
      stdout: new Output(this.#process.stdout, pauseMs),
      stderr: new Output(this.#process.stderr, 0),
    };
  }

  /** Starts reading a stream, and waits until its text `isEnough`. */
  async reads(name: "stdout" | "stderr", isEnough: (text: string) => boolean): Promise<void> {
    await within(this.#streams[name].reads(isEnough), `what was waited for on ${name}`);
  }

  /** Reads a stream's first line, and nothing more for now. */
  async firstLine(name: "stdout" | "stderr"): Promise<string> {
    return await within(this.#streams[name].firstLine(), `a line on ${name}`);
  }

  /** Starts reading the stream; resolves to its whole text. */
  get stdout(): Promise<string> {
    return this.#streams.stdout.all;
  }

  get stderr(): Promise<string> {
    return this.#streams.stderr.all;
  }

  signal(name: Deno.Signal): void {
    try {
      this.#process.kill(name);
    } catch {
      // It has just ended.
    }
  }

  async finished(): Promise<number> {
    return (await within(this.#process.status, "the end of the program")).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already, as it should.
    }
    await Promise.all([this.#process.status, this.stdout, this.stderr]);
  }
}

/** A stream that is read only once someone asks for it. */
class Output {
  readonly #stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #pauseMs: number;
  #text = "";
  #reading: Promise<string> | null = null;
  #wake = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, pauseMs: number) {
    this.#stream = stream;
    this.#pauseMs = pauseMs;
  }

  get all(): Promise<string> {
    return this.#reading ??= this.#read();
  }

  async reads(isEnough: (text: string) => boolean): Promise<void> {
    void this.all;
    while (!isEnough(this.#text)) await this.#wake.promise;
  }

  async firstLine(): Promise<string> {
    const reader = this.#stream.getReader();
    const decoder = new TextDecoder();
    while (!this.#text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) break;
      this.#text += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
    return this.#text.split("\n")[0]!;
  }

  async #read(): Promise<string> {
    for await (const some of this.#stream.pipeThrough(new TextDecoderStream())) {
      this.#text += some;
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
      if (this.#pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
    return this.#text;
  }
}

/** The last entry of this type. */
async function latest(journal: string, type: Entry["type"]): Promise<Entry | undefined> {
  await using reader = await JournalReader.open(journal);
  return (await reader.latest(type, 1))[0];
}

/** How many entries of this type there are in a journal, which may not exist yet. */
async function kept(journal: string, type: Entry["type"]): Promise<number> {
  try {
    await using reader = await JournalReader.open(journal);
    return (await reader.counts())[type] ?? 0;
  } catch {
    return 0;
  }
}

/** Waits until a run has kept `count` fills. */
async function fills(journal: string, count: number): Promise<void> {
  const wait = async () => {
    while (await kept(journal, "fill") < count) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await within(wait(), `${count} fills in the journal`);
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "penstock demo keeps trading while no one reads its log, and then logs how many lines were dropped",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const args = ["demo", "--json", "--state=none", ...wordyMarket(folder, SOME, 2)];
      await using demo = new Unread(args, folder);
      // Their log is more than the pipe and the buffer hold.
      await demo.reads("stdout", (text) => text.split(`{"type":"fill"`).length > 2 * SOME);
      await demo.reads("stderr", (text) => text.includes("of the log were dropped"));
      demo.signal("SIGTERM");
      assertEquals(await demo.finished(), 0);
      assertRun(eventsOf((await demo.stdout).trimEnd()));
      assertMatch(await demo.stderr, /WARN {2}\d+ lines of the log were dropped while the log could not be/);
    }),
});

for (const json of [true, false]) {
  Deno.test({
    name: `penstock demo ${
      json ? "--json " : ""
    }keeps trading and ends cleanly although nothing it writes is read`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        const [journal, recording] = [`${folder}/run.db`, `${folder}/run.txt`];
        const args = [`--state=${journal}`, `--record=${recording}`, ...wordyMarket(folder, SOME, 3)];
        await using demo = new Unread(["demo", ...args, ...(json ? ["--json"] : [])], folder);
        // The pipe is full after the first burst.
        await fills(journal, 3 * SOME);
        demo.signal("SIGTERM");
        assertEquals(await demo.finished(), json ? 1 : 0);
        assertEquals((await latest(journal, "stopped"))?.content["reason"], "asked to");
        assertEquals(await kept(journal, "stopped"), 1);
        assertMatch(await Deno.readTextFile(recording), /"event":"ended"[^\n]*\n$/);
      }),
  });
}

Deno.test({
  name: "penstock demo ends at once with 130 on a later second signal while its end waits for a reader",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const journal = `${folder}/run.db`;
      const args = ["--json", `--state=${journal}`, ...wordyMarket(folder, SOME)];
      await using demo = new Unread(["demo", ...args], folder);
      await fills(journal, SOME);
      demo.signal("SIGTERM");
      const again = setInterval(() => demo.signal("SIGTERM"), 20);
      const code = await demo.finished();
      clearInterval(again);
      assertEquals(code, 130);
      assertEquals(await kept(journal, "stopped"), 1);
    }),
});

Deno.test({
  name: "penstock demo --json ends cleanly with 1, and logs why, when its events are not read for too long",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const [journal, recording] = [`${folder}/run.db`, `${folder}/run.txt`];
      const args = [`--state=${journal}`, `--record=${recording}`, "--log-level=error"];
      await using demo = new Unread(["demo", "--json", ...args, ...wordyMarket(folder, TOO_MANY)], folder);
      assertEquals(await demo.finished(), 1);
      const stderr = await demo.stderr;
      assertMatch(
        stderr,
        /^penstock: standard output is not read: more than 4194304 characters would be wait/,
      );
      assertStringIncludes(stderr, String((await latest(journal, "stopped"))!.content["reason"]));
      assertMatch(await Deno.readTextFile(recording), /"event":"ended"[^\n]*\n$/);
      // The output has complete lines except for the last, and far fewer fills than the journal.
      const lines = (await demo.stdout).split("\n").slice(0, -1).map((line) => JSON.parse(line));
      assertEquals(lines[0].type, "started");
      assertGreater(await kept(journal, "fill"), 2 * lines.filter(({ type }) => type === "fill").length);
    }),
});

Deno.test({
  name: "penstock demo --json ends cleanly with 1 by itself when nothing that it writes is read",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const journal = `${folder}/run.db`;
      const args = ["demo", "--json", `--state=${journal}`, ...wordyMarket(folder, TOO_MANY)];
      await using demo = new Unread(args, folder);
      assertEquals(await demo.finished(), 1);
      assertMatch(
        String((await latest(journal, "stopped"))!.content["reason"]),
        /^standard output is not read: /,
      );
    }),
});

Deno.test({
  name: "penstock demo --json ends cleanly with 1, and logs why, when the reader of its events leaves",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const [journal, recording] = [`${folder}/run.db`, `${folder}/run.txt`];
      const args = [`--state=${journal}`, `--record=${recording}`, "--log-level=error", "--rate=2000"];
      await using demo = Penstock.start(["demo", "--json", ...args], [...FLAGS, `--allow-write=${folder}`]);
      await demo.event("fill");
      await demo.closeOutput();
      const { code, stderr } = await demo.finished();
      const reason = "standard output no longer has a reader, and events are not dropped";
      assertEquals([code, stderr], [1, `penstock: ${reason}`]);
      assertEquals((await latest(journal, "stopped"))?.content["reason"], reason);
      assertMatch(await Deno.readTextFile(recording), /"event":"ended"[^\n]*\n$/);
    }),
});

Deno.test({
  name: "penstock demo waits for a slow reader of its events, and drops none",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const count = Math.ceil(1.5 * ROOM / WORDS);
      const args = ["--json", "--state=none", "--log-level=error", `--stop-after=${count}`];
      await using demo = new Unread(["demo", ...args, ...wordyMarket(folder, count)], folder, 60);
      const code = demo.finished();
      assertRun(eventsOf((await demo.stdout).trimEnd()));
      assertEquals(await code, 0);
    }),
});

Deno.test({
  name: "penstock exchange keeps serving while no one reads what it writes, and ends on SIGTERM",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using exchange = new Unread(["exchange", "--port=0"], folder);
      // Nothing after this line is read.
      const [address] = /http:\/\/[\d.:]+/.exec(await exchange.firstLine("stderr"))!;
      const path = "x".repeat(2_000);
      const ask = async () => {
        const response = await fetch(`${address}/api/v3/${path}`);
        await response.body?.cancel();
      };
      // Each is refused, which adds a line to the log.
      for (let count = 0; count < 200; count++) await ask();
      exchange.signal("SIGTERM");
      assertEquals(await exchange.finished(), 0);
    }),
});

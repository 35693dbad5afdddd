/** The verification of a run that writes its recording and its journal while both are read. */
import { assert, assertEquals } from "@std/assert";
import type { Chunk, Origin } from "../../../src/formats/trade_file.ts";
import type { Outcome } from "../../../src/domain/run/verification.ts";
import { recordedChunks } from "../../../src/feeds/files/recorded_files.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import type { ShownOptions } from "../../../src/stores/journal/run_journal.ts";
import { keptEngine } from "../../../src/commands/verify/kept_engine.ts";
import { Verification } from "../../../src/stores/verification/verification.ts";
import { configure, shownConfig } from "../../../src/config/config.ts";
import { HandRun } from "../../support/hand_run.ts";
import { SeededRandom } from "../../support/random.ts";
import { inFolder, TIME } from "../sample_journal.ts";

const OPTIONS: ShownOptions = {
  ...shownConfig(configure({}).config),
  short: 3,
  long: 9,
  cash: "1000000",
};

/** A live run, and its recording read in chunks: first the file so far, then what was added since. */
class RunAtWork implements AsyncDisposable {
  readonly run: HandRun;
  readonly #journal: string;
  readonly #recording: string;
  readonly #random = new SeededRandom(8);
  #price = 60_000;
  #read = 0;
  #origin: Origin | null = null;

  static async start(folder: string): Promise<RunAtWork> {
    const [journal, recording] = [`${folder}/a.db`, `${folder}/a.txt`];
    return new RunAtWork(await HandRun.open(journal, recording, OPTIONS, TIME), journal, recording);
  }

  private constructor(run: HandRun, journal: string, recording: string) {
    this.run = run;
    this.#journal = journal;
    this.#recording = recording;
  }

  /** Receives trades until `count` of them have led to decisions. */
  async decide(count: number): Promise<void> {
    while (count > 0) if ((await this.run.trade(this.#next())).length > 0) count--;
  }

  /**
   * Receives trades of which only the last leads to a decision, not yet in the journal; returns a function that keeps
   * it.
   */
  receive(): () => Promise<void> {
    for (;;) {
      const { events, keep } = this.run.receive(this.#next());
      if (events.length > 0) return keep;
    }
  }

  /** What was added to the recording since the last call, or null. */
  async chunk(): Promise<Chunk | null> {
    if (this.#origin === null) {
      for await (const { origin } of recordedChunks([this.#recording])) this.#origin ??= origin;
    }
    const bytes = Deno.readFileSync(this.#recording);
    const start = this.#read;
    this.#read = bytes.length;
    return start === bytes.length ? null : { origin: this.#origin!, bytes, start, end: bytes.length };
  }

  /** Verifies the run. `onAsked` is called after each query for the journal's last entry, and may write. */
  async verified(onAsked: (time: number) => Promise<void>): Promise<Outcome> {
    await using reader = await JournalReader.open(this.#journal);
    await using present = await JournalReader.open(this.#journal);
    let asked = 0;
    const verification = await Verification.of(reader, null, {
      engineOf: keptEngine,
      lastSeqNow: async () => {
        const lastSeq = await present.lastSeq();
        await onAsked(++asked);
        return lastSeq;
      },
    });
    return await verification.outcomeOf(this.#chunks());
  }

  /** Yields chunks as long as the recording grows. */
  async *#chunks(): AsyncGenerator<Chunk> {
    for (let chunk = await this.chunk(); chunk !== null; chunk = await this.chunk()) yield chunk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run[Symbol.asyncDispose]();
  }

  #next(): number {
    return this.#price += this.#random.whole(-50, 50);
  }
}

Deno.test("Verification finds no difference if a decision is recorded before, and kept after, a query to the journal", async () => {
  await inFolder(async (folder) => {
    await using atWork = await RunAtWork.start(folder);
    await atWork.decide(5);
    const keep = atWork.receive();
    let decided = 0;
    const outcome = await atWork.verified(async (asked) => {
      // The journal has just answered that it has no further entries.
      if (asked === 2) {
        await keep();
        await atWork.decide(2);
      }
      decided = asked;
    });
    assert(outcome.type === "verified", JSON.stringify(outcome));
    assertEquals(decided, 3, "it was asked once more");
  });
});

Deno.test("Verification still finds a decision that the journal never had, even if more was received since", async () => {
  await inFolder(async (folder) => {
    await using atWork = await RunAtWork.start(folder);
    await atWork.decide(5);
    atWork.receive();
    // The next trades are received a moment later.
    atWork.receive();
    const outcome = await atWork.verified(() => Promise.resolve());
    assert(outcome.type === "difference", JSON.stringify(outcome));
    assert(outcome.what.startsWith("The journal has no entry for a signal"), outcome.what);
  });
});

Deno.test("Verification finds no difference if the journal kept nothing of the last data received", async () => {
  await inFolder(async (folder) => {
    await using atWork = await RunAtWork.start(folder);
    await atWork.decide(5);
    atWork.receive();
    atWork.run.fail();
    const outcome = await atWork.verified(() => Promise.resolve());
    assert(outcome.type === "verified", JSON.stringify(outcome));
  });
});

Deno.test("Verification of a run that is ahead ends without reading everything recorded since", async () => {
  await inFolder(async (folder) => {
    await using atWork = await RunAtWork.start(folder);
    await atWork.decide(5);
    let more = 0;
    const outcome = await atWork.verified(async () => {
      more++;
      await atWork.decide(1);
    });
    assert(outcome.type === "verified", JSON.stringify(outcome));
    assert(more <= 3, `${more} times`);
    assert(await atWork.chunk() !== null, "there is more to read");
  });
});

/** Makes runs with a journal and recordings, which trade on the built-in exchange. */
import { assertEquals } from "@std/assert";
import type { Outcome } from "../../src/domain/run/verification.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import type { BuiltInExchange } from "../../src/simulator/server.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { Verification } from "../../src/stores/verification/verification.ts";
import { keptEngine } from "../../src/commands/verify/kept_engine.ts";
import { type Finished, FLAGS, Penstock } from "./penstock.ts";
import { startHere } from "./program_here.ts";

/** Short windows, for many decisions, and so much cash that no drawdown halts. */
const BUSY = { short: "5", long: "20", cash: "1000000", "retry-max": "250ms", stale: "1s" };

/** One journal, and a recording for every process that wrote to it. */
export class RecordedRun {
  readonly journal: string;
  readonly recordings: string[] = [];
  readonly #folder: string;
  readonly #exchange: BuiltInExchange;
  readonly #suffix: string;

  /** In `folder`; recordings end in `suffix`. */
  constructor(folder: string, exchange: BuiltInExchange, suffix = ".txt") {
    this.#folder = folder;
    this.#exchange = exchange;
    this.#suffix = suffix;
    this.journal = `${folder}/a.db`;
  }

  /**
   * Starts a run with `options` by name (a switch has an empty value), lets `use` work with it, and waits for its end.
   * It is in the test's process, which cannot be killed, unless it `isApart`. Returns its exit code.
   */
  async process(
    use: (program: Penstock) => Promise<void>,
    options: Readonly<Record<string, string>> = {},
    isApart = false,
  ): Promise<Finished> {
    const path = `${this.#folder}/${this.recordings.length + 1}${this.#suffix}`;
    const { endpoint, restEndpoint } = this.#exchange;
    const args = [
      "run",
      "--json",
      "--log-level=error",
      "--endpoint",
      endpoint,
      "--rest-endpoint",
      restEndpoint,
    ];
    const chosen = Object.entries({ ...BUSY, ...options }).map(([name, value]) =>
      value === "" ? `--${name}` : `--${name}=${value}`
    );
    const line = [...args, "--state", this.journal, "--record", path, ...chosen];
    await using program = isApart
      ? Penstock.start(line, [...FLAGS, `--allow-write=${this.#folder}`])
      : startHere(line);
    this.recordings.push(path);
    await use(program);
    return await program.finished();
  }

  /** A process that is killed after `fills` fills. */
  async killedAfter(fills: number, options: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.process(
      async (program) => {
        await after(fills, program);
        program.signal("SIGKILL");
      },
      options,
      true,
    );
  }

  /** A process that is stopped with Ctrl-C after `fills` fills. */
  async stoppedAfter(fills: number, options: Readonly<Record<string, string>> = {}): Promise<void> {
    const { code, stderr } = await this.process(async (program) => {
      await after(fills, program);
      program.signal("SIGINT");
    }, options);
    assertEquals([code, stderr], [0, ""]);
  }
}

/** The outcome of verifying, with everything read in small chunks. Throws as Verification does. */
export async function outcomeOf(
  journal: string,
  recordings: readonly string[],
  run: number | null = null,
): Promise<Outcome> {
  await using reader = await JournalReader.open(journal);
  await using current = await JournalReader.open(journal);
  const verification = await Verification.of(reader, run, {
    engineOf: keptEngine,
    lastSeqNow: () => current.lastSeq(),
  });
  return await verification.outcomeOf(recordedChunks(recordings, { chunkBytes: 4096 }));
}

async function after(fills: number, program: Penstock): Promise<void> {
  for (let seen = 0; seen < fills; seen++) await program.event("fill");
}

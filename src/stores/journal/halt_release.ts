/** Ends the halt of a run: in its journal if no process runs it, otherwise by a request to that process. */
import { type Halt, haltByHand } from "../../domain/risk/halt.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { isCurrent, type PipelineSnapshot, released } from "../../stages/pipeline_snapshot.ts";
import { Journal } from "./journal.ts";
import { JournalHeld, missing } from "./journal_error.ts";
import { storeOf } from "./known_stores.ts";
import { JournalReader } from "./journal_reader.ts";
import { type AskOptions, askRun, mustAcceptRequests } from "./run_asking.ts";
import { haltOf, lastRunIn, mustNotBeBacktest } from "./run_reading.ts";

/** The run in the journal is not halted: there is nothing to release. */
export class NotHalted extends Error {
  override readonly name = "NotHalted";
  readonly exit = "usage";
}

/** When a halt was released, and why. */
export interface ReleaseNote {
  /** µs since 1970. */
  readonly time: number;
  readonly text: string;
}

/** The outcome of a release. */
export interface Release {
  /** The halt that was in force, or that was filed. */
  readonly halt: Halt;
  /**
   * `here`: the release is in the journal, and the run trades again from its next start. `next`: the same, but another
   * halt is filed for that start. `withdrawn`: the halt was only filed, and no run will see it. `done`: the run
   * released it. `filed`: the run has not answered yet.
   */
  readonly how: "here" | "next" | "withdrawn" | "done" | "filed";
}

/**
 * Releases the halt of the last run in the journal at `path`. If no process holds the journal, an entry records when
 * and why, and a checkpoint stores the run without the halt, with its peak and its day started again; both are on disk
 * when this returns. If no halt is in force, halts filed earlier for the next start are withdrawn; otherwise they stay,
 * because they are separate requests. If a process holds the journal, it gets a request, and has answered or timed out
 * when this returns. Throws NotHalted if the run is not halted, RunFinished for a backtest, and a JournalError if there
 * is no journal, or it is of an older version and in use, or it cannot be written.
 */
export async function releaseHalt(path: string, note: ReleaseNote, options: AskOptions): Promise<Release> {
  if (!await (await storeOf(path)).has(path)) throw missing(path);
  {
    await using reader = await JournalReader.open(path);
    const run = await reader.lastRun();
    if (run > 0) await mustNotBeBacktest(reader, run);
  }
  try {
    return await releaseHere(path, note);
  } catch (error) {
    if (!(error instanceof JournalHeld)) throw error;
  }
  await mustAcceptRequests(path);
  const { time, text } = note;
  const { run, halt } = await currentHalt(path);
  const request = { kind: "release", halt: halt.seq, text } as const;
  const how = await askRun(path, { run, time, request }, async (reader) => {
    const [entry] = await reader.latest("released", 1, run);
    if (entry === undefined || entry.seq < halt.seq) return null;
    const isOurs = entry.content["requested"] === isoTime(time) && entry.content["text"] === text;
    return isOurs ? "done" : "overtaken";
  }, options);
  if (how === "overtaken") {
    throw new NotHalted(`the run in ${path} is no longer halted: something else has just ended its halt`);
  }
  if (how === "dropped") {
    throw new NotHalted(
      `the halt of entry ${halt.seq} in ${path} has already ended, and is not released: ` +
        "check the run with penstock status, then try again",
    );
  }
  // The process that held the journal may have ended meanwhile.
  if (how === "filed") {
    try {
      return await releaseHere(path, note);
    } catch (error) {
      if (!(error instanceof JournalHeld)) throw error;
    }
  }
  return { halt: halt.event, how };
}

/** The halt in force, while another process holds the journal. */
async function currentHalt(path: string) {
  await using reader = await JournalReader.open(path);
  const run = await lastRunIn(reader);
  const halt = await reader.atOnce(() => haltOf(reader, run));
  if (halt === null) throw notHalted(path);
  return { run, halt };
}

async function releaseHere(path: string, { time, text }: ReleaseNote): Promise<Release> {
  await using journal = await Journal.open(path, { now: () => 0, remembers: null });
  const checkpoint = (await journal.last())?.checkpoint ?? null;
  // The journal's chain has just been checked: this is what `snapshot` returned.
  const state = checkpoint?.state as unknown as PipelineSnapshot | undefined;
  const halt = state?.gate.halt ?? null;
  const requests = await journal.requests();
  const waiting = requests.filter((filed) =>
    filed.run === journal.run && filed.request?.kind === "halt" && filed.time <= time
  );
  if (checkpoint === null || state === undefined || halt === null) {
    const request = waiting.at(-1)?.request;
    if (request?.kind !== "halt") throw notHalted(path);
    await journal.commit({ handled: waiting.map(({ id }) => id) });
    return { halt: haltByHand(request.action, -1), how: "withdrawn" };
  }
  if (!isCurrent(state)) {
    throw new NotHalted(
      `the run in ${path} was written by an older Penstock and cannot be resumed: start another with --new-run`,
    );
  }
  const { account, positions, closes: { decimals } } = checkpoint;
  const { reason, tradeId } = halt;
  const entry = await journal.lastOf("halt");
  const asked = requests.filter(({ request }) => request?.kind === "release" && request.halt === entry);
  await journal.commit({
    entries: [{ type: "released", time, content: { reason, tradeId, text } }],
    checkpoint: {
      ...{ time, account, positions, state: released(state) },
      closes: { decimals, fresh: false, values: [] },
    },
    handled: asked.map(({ id }) => id),
  });
  return { halt, how: waiting.length > 0 ? "next" : "here" };
}

function notHalted(path: string): NotHalted {
  return new NotHalted(`the run in ${path} is not halted: there is nothing to release`);
}

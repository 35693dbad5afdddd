/** Halts a run by hand, with a request to the process that runs it or to the next one that will. */
import { haltByHand, type OnHalt, stricter } from "../../domain/risk/halt.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { Journal } from "./journal.ts";
import { JournalHeld, missing } from "./journal_error.ts";
import { storeOf } from "./known_stores.ts";
import { JournalReader } from "./journal_reader.ts";
import { type AskOptions, askRun, mustAcceptRequests } from "./run_asking.ts";
import { haltOf, lastRunIn, mustNotBeBacktest } from "./run_reading.ts";

/** The run in the journal is already halted, at least as strictly as requested. */
export class AlreadyHalted extends Error {
  override readonly name = "AlreadyHalted";
  readonly exit = "usage";
}

/** The action of a halt, its time and its reason. */
export interface HaltNote {
  readonly action: OnHalt;
  /** µs since 1970. */
  readonly time: number;
  readonly text: string | null;
}

/**
 * `done`: the run is halted. `filed`: the process that holds the journal has not answered yet. `waiting`: no process
 * runs it, and the next one will halt before it trades.
 */
export type Halted = "done" | "filed" | "waiting";

/**
 * Halts the last run in the journal at `path`. Throws AlreadyHalted if that would change nothing, RunFinished for a
 * backtest, and a JournalError if there is no journal or no run in it, or it is of an older version and in use, or it
 * cannot be written.
 */
export async function haltRun(
  path: string,
  { action, time, text }: HaltNote,
  options: AskOptions,
): Promise<Halted> {
  if (!await (await storeOf(path)).has(path)) throw missing(path);
  const isRunning = await isHeld(path);
  await mustAcceptRequests(path);
  const run = await runToHalt(path, action);
  const request = { kind: "halt", action, text } as const;
  const how = await askRun(path, { run, time, request }, async (reader) => {
    const [entry] = await reader.latest("halt", 1, run);
    return entry?.content["requested"] === isoTime(time) ? "done" : null;
  }, isRunning ? options : { ...options, waitMs: 0 });
  if (how === "dropped" || how === "overtaken") throw already(path);
  return how === "filed" && !isRunning ? "waiting" : how;
}

/** Whether another process holds the journal; if none does, it is upgraded to the current version. */
async function isHeld(path: string): Promise<boolean> {
  try {
    await (await Journal.open(path, { now: () => 0, remembers: null })).close();
    return false;
  } catch (error) {
    if (error instanceof JournalHeld) return true;
    throw error;
  }
}

async function runToHalt(path: string, action: OnHalt): Promise<number> {
  await using reader = await JournalReader.open(path);
  const run = await lastRunIn(reader);
  await mustNotBeBacktest(reader, run);
  const current = (await reader.atOnce(() => haltOf(reader, run)))?.event ?? null;
  if (current !== null && stricter(current, haltByHand(action, -1)) === current) throw already(path);
  return run;
}

function already(path: string): AlreadyHalted {
  return new AlreadyHalted(
    `the run in ${path} is already halted, and stays halted until "penstock release ${path} --reason TEXT"`,
  );
}

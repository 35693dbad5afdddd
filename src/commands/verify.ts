/** `penstock verify`: whether a journal follows from the recordings of one of its runs. */
import type { Started } from "../config/command.ts";
import type { Exit } from "../domain/process/exit.ts";
import type { TimedHead } from "../domain/recording/recording_note.ts";
import { recordedChunks } from "../feeds/files/recorded_files.ts";
import {
  byEntry,
  type SkippedFiles,
  skippedText,
  withFoldersOpened,
} from "../feeds/files/recording_folder.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import type { Config } from "../config/options.ts";
import { type LoadedStrategy, loadStrategy } from "../feeds/files/strategy_file.ts";
import { DEFAULT_STRATEGY } from "../stages/strategies/known_strategies.ts";
import type { ShownOptions } from "../stores/journal/run_journal.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { Verification } from "../stores/verification/verification.ts";
import { openLog } from "../views/terminal/log.ts";
import { LiveTerminal, logLook, writeUntil } from "../views/terminal/terminal.ts";
import { keptEngine } from "./verify/kept_engine.ts";
import { outcomeJson, outcomeText } from "../views/tables/verification_text.ts";

/** Compares the two and prints the result; returns "interrupted" if the user stops it first. */
export async function verify({ config, files, signal, blocking }: Started): Promise<Exit> {
  const [path, ...paths] = files as [string, ...string[]];
  const terminal = new LiveTerminal(Deno.stderr);
  const log = openLog(
    { level: config.logLevel, format: config.logFormat, ...logLook(Deno.stderr) },
    terminal,
  );
  const startedAt = performance.now();
  await using journal = await JournalReader.open(path);
  // Only a second connection sees what a run adds meanwhile.
  await using current = await JournalReader.open(path);
  // The command line does not accept "all" here.
  const run = config.run === "all" ? null : config.run;
  const own = await ownStrategy(journal, run ?? await journal.lastRun(), config);
  const verification = await Verification.of(journal, run, {
    engineOf: (options) => keptEngine(options, own),
    lastSeqNow: () => current.lastSeq(),
    blocking,
  });
  const passedOver: SkippedFiles[] = [];
  // Read the journal before the recording that a live run is writing, so that the recording has everything that the
  // journal has.
  const recordings = await withFoldersOpened(paths, {
    against: async (head) => whyForeign(head, run ?? await journal.lastRun(), current),
    order: byEntry,
    onSkipped: (files) => {
      log.info(skippedText(files));
      passedOver.push(files);
    },
    signal,
  });
  const chunks = recordedChunks(recordings, { signal, onWarning: (text) => log.warn(text) });
  const outcome = await verification.outcomeOf(chunks);
  if (signal.aborted) {
    log.warn("stopped before the end: nothing is proven");
    await terminal.settled(signal);
    return "interrupted";
  }
  const compared = { journal: path, recordings, passedOver, elapsedMs: performance.now() - startedAt };
  const text = config.json ? outcomeJson(outcome, compared) : outcomeText(outcome, compared);
  await terminal.settled(signal);
  await writeUntil(signal, Deno.stdout, `${text}\n`);
  return outcome.type === "verified" ? "done" : "difference";
}

/**
 * Loads a run's user-defined strategy from its file, which `--strategy` may name; null for a built-in strategy.
 * Throws a ConfigError if the file is another one.
 */
async function ownStrategy(
  journal: JournalReader,
  run: number,
  { strategy: given }: Config,
): Promise<LoadedStrategy | null> {
  const [started] = await journal.latest("started", 1, run);
  const { strategy, set, strategySha256: kept } = (started?.content["options"] ?? {}) as ShownOptions;
  if (typeof kept !== "string") return null;
  const path = given === DEFAULT_STRATEGY ? String(strategy) : given;
  const own = await loadStrategy(path, typeof set === "string" ? set : null);
  if (own.sha256 === kept) return own;
  throw new ConfigError([
    `the run was made with the strategy ${strategy} of SHA-256 ${kept}, but ${path} has ${own.sha256}: ` +
    "expected the same file. --strategy FILE says where it is",
  ]);
}

/** Why a recording does not belong to `run` of this journal; null if it does. */
async function whyForeign(
  { run, entry, hash }: TimedHead,
  wanted: number,
  journal: JournalReader,
): Promise<string | null> {
  if (entry === undefined) return "of runs without a journal";
  if (await journal.hashOf(entry) !== hash) {
    return "of another journal, or of entries that were changed since";
  }
  return run === wanted ? null : `of run ${run}`;
}

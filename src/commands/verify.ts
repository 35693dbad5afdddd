/** `penstock verify`: a journal, the recordings of one of its runs, and whether the one follows from the others. */
import type { Started } from "../domain/command.ts";
import type { Outcome } from "../domain/verification.ts";
import { recordedChunks } from "../feeds/recorded_files.ts";
import { JournalReader } from "../stores/journal_reader.ts";
import { Verification } from "../stores/verification.ts";
import { openLog } from "../views/log.ts";
import { LiveTerminal, writeUntil } from "../views/terminal.ts";
import { outcomeJson, outcomeText } from "../views/verification_text.ts";

/** Compares, says what came of it, and answers whether all is proven: not where it was asked to stop before. */
export async function verify({ config, files, signal }: Started): Promise<boolean> {
  const [path, ...recordings] = files as [string, ...string[]];
  const terminal = new LiveTerminal(Deno.stderr);
  const log = openLog(
    { level: config.logLevel, format: config.logFormat, colours: Deno.stderr.isTerminal() && !Deno.noColor },
    terminal,
  );
  const begun = performance.now();
  using journal = JournalReader.open(path);
  // What a run adds meanwhile only another connection sees.
  using present = JournalReader.open(path);
  // The command line does not take "all" here.
  const run = config.run === "all" ? null : config.run;
  const verification = new Verification(journal, run, () => present.lastSeq);
  let outcome: Outcome | null = null;
  const chunks = recordedChunks(recordings, { signal, onWarning: (text) => log.warn(text) });
  for await (const chunk of chunks) {
    outcome = verification.take(chunk);
    if (outcome !== null) break;
  }
  if (outcome === null && signal.aborted) {
    log.warn("stopped before the end: nothing is proven");
    await terminal.settled(signal);
    return false;
  }
  outcome ??= verification.end();
  const compared = { journal: path, recordings, elapsedMs: performance.now() - begun };
  const text = config.json ? outcomeJson(outcome, compared) : outcomeText(outcome, compared);
  await terminal.settled(signal);
  await writeUntil(signal, Deno.stdout, `${text}\n`);
  return outcome.type === "verified";
}

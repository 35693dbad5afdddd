/** `penstock status`: how a run stands, read from its journal, also while it writes. */
import type { Started } from "../domain/command.ts";
import { DEFAULT_JOURNAL } from "../domain/options.ts";
import { healthOf, statusOf } from "../domain/run_status.ts";
import { JournalReader } from "../stores/journal_reader.ts";
import { chosenRun, readRun } from "../stores/run_reading.ts";
import { statusTable } from "../views/status_table.ts";
import { printable, printableJson, writeText } from "../views/terminal.ts";

/** With `--max-age`: the run is not alive. */
export class NoSignOfLife extends Error {
  override readonly name = "NoSignOfLife";
}

/**
 * Prints a table, or with `--json` one object. With `--max-age` it prints one line, or the object, and throws
 * NoSignOfLife where the run's last sign of life is not younger. Throws a JournalError where the journal cannot be
 * read, and a ConfigError for a run that it does not hold.
 */
export function status({ config: { run, maxAge, json }, files }: Started): void {
  using reader = JournalReader.open(files[0] ?? DEFAULT_JOURNAL);
  const kept = readRun(reader, chosenRun(reader, run));
  const found = statusOf(kept, Date.now() * 1000);
  if (json) writeText(Deno.stdout, `${printableJson(found)}\n`);
  else if (maxAge === null) writeText(Deno.stdout, `${statusTable(found)}\n`);
  if (maxAge === null) return;
  const { isAlive, text } = healthOf(found, maxAge);
  if (!isAlive) throw new NoSignOfLife(text);
  if (!json) writeText(Deno.stdout, `${printable(text)}\n`);
}

/** `penstock status`: the state of a run, read from its journal, even while the run writes to it. */
import type { Started } from "../config/command.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { haltSentence, healthOf, pulseOf, statusOf } from "../domain/run/run_status.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { chosenRun, readPulse, readRun } from "../stores/journal/run_reading.ts";
import { statusTable } from "../views/tables/status_table.ts";
import { printable, printableJson, writeText } from "../views/terminal/terminal.ts";

/** A health check fails: with `--max-age` the run is not alive, with `--fail-on-halt` it is halted. */
export class Unhealthy extends Error {
  override readonly name = "Unhealthy";
  readonly exit = "failure";
}

/**
 * Prints a table, or with `--json` one object. With `--max-age` or `--fail-on-halt` it prints one line, or
 * the object, and throws Unhealthy if the run's last heartbeat is not younger, or if the run is halted.
 * Throws a JournalError if the journal cannot be read, and a ConfigError for a run that it does not hold.
 */
export async function status({ config: { run, maxAge, failOnHalt, json }, files }: Started): Promise<void> {
  await using reader = await JournalReader.open(files[0] ?? DEFAULT_JOURNAL);
  const chosen = await chosenRun(reader, run);
  const isCheck = maxAge !== null || failOnHalt;
  const now = () => Date.now() * 1000;
  if (json) writeText(Deno.stdout, `${printableJson(statusOf(await readRun(reader, chosen), now()))}\n`);
  else if (!isCheck) {
    writeText(Deno.stdout, `${statusTable(statusOf(await readRun(reader, chosen), now()))}\n`);
  }
  if (!isCheck) return;
  const pulse = pulseOf(await readPulse(reader, chosen), now());
  const found: string[] = [];
  if (maxAge !== null) {
    const { isAlive, text } = healthOf(pulse, maxAge);
    if (!isAlive) throw new Unhealthy(text);
    found.push(text);
  }
  if (failOnHalt) {
    const halted = haltSentence(pulse);
    if (halted !== null) throw new Unhealthy(halted);
    found.push(maxAge === null ? `run ${chosen} in ${reader.path} is not halted` : "not halted");
  }
  if (!json) writeText(Deno.stdout, `${printable(found.join("; "))}\n`);
}

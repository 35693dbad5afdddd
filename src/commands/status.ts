/** `penstock status`: the state of a run, read from its journal, even while the run writes to it. */
import type { Started } from "../config/command.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { isInDatabase, readDatabasePlace } from "../domain/run/database_place.ts";
import { haltSentence, healthOf, pulseOf, statusOf } from "../domain/run/run_status.ts";
import { JournalError } from "../stores/journal/journal_error.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { chosenRun, readPulse, readRun } from "../stores/journal/run_reading.ts";
import { type FleetRow, fleetTable } from "../views/tables/fleet_table.ts";
import { statusTable } from "../views/tables/status_table.ts";
import { printable, printableJson, writeText } from "../views/terminal/terminal.ts";

/** A health check fails: with `--max-age` the run is not alive, with `--fail-on-halt` it is halted. */
export class Unhealthy extends Error {
  override readonly name = "Unhealthy";
  readonly exit = "failure";
}

/**
 * Prints a table, or with `--json` one object; for a database, all runs in it. With `--max-age` or `--fail-on-halt` it
 * prints one line, or the object, and throws Unhealthy if the run's last heartbeat is too old, or if the run is halted.
 * Throws a JournalError if the journal cannot be read, and a ConfigError for a run that it does not hold.
 */
export async function status({ config: { run, maxAge, failOnHalt, json }, files }: Started): Promise<void> {
  const [place = DEFAULT_JOURNAL] = files;
  if (isInDatabase(place) && readDatabasePlace(place).journal === null) {
    return await fleet(place, { json, isCheck: maxAge !== null || failOnHalt });
  }
  await using reader = await JournalReader.open(place);
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

/** Prints the last run of each journal in a database. Throws a ConfigError for a health check, which checks one run. */
async function fleet(
  database: string,
  { json, isCheck }: { readonly json: boolean; readonly isCheck: boolean },
): Promise<void> {
  if (isCheck) {
    throw new ConfigError([
      `${database} may hold many runs, but a health check is for one: name it with --name`,
    ]);
  }
  const listed = await (await storeOf(database)).list?.(database) ?? [];
  const rows: FleetRow[] = [];
  for (const { path, name, holder, isHeld } of listed) {
    rows.push({ name, holder, isHeld, ...await lastStatus(path) });
  }
  const time = isoTime(Date.now() * 1000);
  const runs = rows.map(({ status, ...row }) => ({ ...row, ...status }));
  const text = json ? printableJson({ type: "fleet", time, database, runs }) : fleetTable(database, rows);
  writeText(Deno.stdout, `${text}\n`);
}

/** The status of the last run in a journal, or why it cannot be read. */
async function lastStatus(path: string): Promise<Pick<FleetRow, "status" | "flaw">> {
  try {
    await using reader = await JournalReader.open(path);
    const run = await reader.lastRun();
    const status = run === 0 ? null : statusOf(await readRun(reader, run), Date.now() * 1000);
    return { status, flaw: null };
  } catch (error) {
    // One damaged journal must not hide the others.
    if (!(error instanceof JournalError) || error.damage === null) throw error;
    return { status: null, flaw: error.damage };
  }
}

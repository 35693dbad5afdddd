/** `penstock export`: a table from a journal or a result, on standard output; or a copy of a journal. */
import type { Started } from "../config/command.ts";
import { nameIn } from "../config/configuration.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { CopyExists } from "../stores/journal/entry_log.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { transferJournal } from "../stores/journal/journal_transfer.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { chosenRuns, type Extent, extentOf } from "../stores/journal/run_reading.ts";
import { isResult } from "../stores/results/reported_file.ts";
import { headLine, rowLine } from "../views/tables/export_lines.ts";
import type { ExportRow, TableName } from "../views/tables/export_tables.ts";
import { parquetTable } from "../views/tables/parquet_table.ts";
import { printable, TextLines, writeText } from "../views/terminal/terminal.ts";
import { journalRows } from "./export/journal_rows.ts";
import { resultRows } from "./export/result_rows.ts";

/** The tables other than fills, each of which has an option. */
const OTHER_TABLES = ["closed", "equity", "signals", "trips"] as const;

/** Writes a table, or with `--copy` a copy. Throws like `exportTable` and `copy`. */
export async function exportOrCopy(started: Started): Promise<void> {
  if (started.config.copy === null) await exportTable(started);
  else await copy(started);
}

/**
 * Writes what the journal holds now, without entries added meanwhile, or what the result holds. Each run has its own
 * account. Logs the totals of closed positions and round trips. Throws a JournalError or an UnusableResult if the file
 * cannot be read, a BooksError if its fills do not add up, and a ConfigError for a run or a table that it does not
 * hold, and for Parquet on a terminal.
 */
async function exportTable({ config, sources, files }: Started): Promise<void> {
  const chosen = OTHER_TABLES.filter((name) => config[name]);
  if (chosen.length > 1) {
    const names = chosen.map((name) => nameIn(sources[name], name)).join(", ");
    throw new ConfigError([`${names}: expected one of them, because each is its own table`]);
  }
  const { format, run } = config;
  if (format === "parquet" && Deno.stdout.isTerminal()) {
    throw new ConfigError([
      `${
        nameIn(sources.format, "format")
      } is "parquet", which a terminal cannot show: write it to a file, with > fills.parquet`,
    ]);
  }
  const path = files[0] ?? DEFAULT_JOURNAL;
  const table = chosen[0] ?? "fills";
  if (!(await storeOf(path)).isInFiles || !await isResult(path)) {
    await using reader = await JournalReader.open(path);
    const extents: Extent[] = [];
    for (const each of await chosenRuns(reader, run)) extents.push(await extentOf(reader, each));
    return await write(table, format, rowsOf(reader, extents, table));
  }
  if (run !== null) {
    throw new ConfigError([
      `${
        nameIn(sources.run, "run")
      } chooses a run of a journal, but ${path} is a result, which has only one: ` +
      "leave it out",
    ]);
  }
  await write(table, format, resultRows(path, table));
}

/** The rows of several runs, one run after another. */
async function* rowsOf(
  reader: JournalReader,
  extents: readonly Extent[],
  table: TableName,
): AsyncGenerator<ExportRow> {
  for (const extent of extents) yield* journalRows(reader, extent, table);
}

/**
 * Writes rows as they arrive. Rows before an error are written too, except in Parquet, whose file would be incomplete.
 */
async function write(
  table: TableName,
  format: "csv" | "json" | "parquet",
  rows: AsyncGenerator<ExportRow>,
): Promise<void> {
  if (format === "parquet") {
    const file = await parquetTable(Deno.stdout, table);
    for await (const { cells } of rows) file.add(cells);
    file.finish();
    return;
  }
  const lines = new TextLines(Deno.stdout);
  lines.add(headLine(format, table));
  for await (const row of rows) lines.add(rowLine(format, table, row));
  lines.flush();
}

/**
 * Copies the journal and prints what is in the copy. Throws a ConfigError if that name is taken or an option selects
 * what to export, and a JournalError if it cannot be copied.
 */
async function copy({ config, sources, files }: Started): Promise<void> {
  const [path, to] = [files[0] ?? DEFAULT_JOURNAL, config.copy!];
  const others = (["run", "format", ...OTHER_TABLES] as const).filter((name) => sources[name] !== "default");
  if (others.length > 0) {
    const names = others.map((name) => `--${name}`).join(", ");
    throw new ConfigError([`--copy copies the whole journal and exports nothing: give it without ${names}`]);
  }
  try {
    const [store, target] = await Promise.all([storeOf(path), storeOf(to)]);
    const { run, entry, type, time, bytes } = !store.isInFiles && target.isInFiles
      ? await transferJournal({ store, path }, { store: target, path: to })
      : await store.copy(path, to);
    const what = run === 0 ? "no run yet" : `up to run ${run}, entry ${entry} (${type}) of ${isoTime(time)}`;
    writeText(
      Deno.stdout,
      `${printable(`Copied ${path} to ${to}: ${what}, ${Math.ceil(bytes / 1000)} kB`)}\n`,
    );
  } catch (error) {
    throw error instanceof CopyExists ? new ConfigError([`--copy: ${error.message}`]) : error;
  }
}

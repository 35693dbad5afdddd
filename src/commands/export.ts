/** `penstock export`: the fills of a journal, or the positions that they closed, on standard output; or a copy of it. */
import type { Started } from "../config/command.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { FifoLots } from "../domain/account/fifo_lots.ts";
import { Money } from "../domain/numbers/money.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { CopyExists } from "../stores/journal/entry_log.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { chosenRuns, type Extent, extentOf, fillsOf } from "../stores/journal/run_reading.ts";
import {
  closedHead,
  closedLine,
  closedSummary,
  type ExportFormat,
  fillHead,
  fillLine,
} from "../views/tables/export_lines.ts";
import { printable, TextLines, writeText } from "../views/terminal/terminal.ts";

/** Writes the fills or closed positions, or with `--copy` a copy. Throws like `exportJournal` and `copy`. */
export async function exportOrCopy(started: Started): Promise<void> {
  if (started.config.copy === null) await exportJournal(started);
  else await copy(started);
}

/**
 * Writes what the journal holds now, without entries added meanwhile. Every run has an account of its own. Logs the
 * totals of closed positions. Throws a JournalError if the journal cannot be read, a BooksError if its fills do not add
 * up, and a ConfigError for a run that it does not hold.
 */
async function exportJournal({ config: { run, format, closed }, files }: Started): Promise<void> {
  await using reader = await JournalReader.open(files[0] ?? DEFAULT_JOURNAL);
  const extents: Extent[] = [];
  for (const each of await chosenRuns(reader, run)) extents.push(await extentOf(reader, each));
  const lines = new TextLines(Deno.stdout);
  lines.add(closed ? closedHead(format) : fillHead(format));
  for (const extent of extents) {
    if (closed) await writeClosed(reader, extent, format, lines);
    else for await (const { event } of fillsOf(reader, extent)) lines.add(fillLine(format, event, extent));
  }
  lines.flush();
}

/**
 * Copies the journal and prints what is in the copy. Throws a ConfigError if that name is taken or an option selects
 * what to export, and a JournalError if it cannot be copied.
 */
async function copy({ config, sources, files }: Started): Promise<void> {
  const [path, to] = [files[0] ?? DEFAULT_JOURNAL, config.copy!];
  const others = (["run", "format", "closed"] as const).filter((name) => sources[name] !== "default");
  if (others.length > 0) {
    const names = others.map((name) => `--${name}`).join(", ");
    throw new ConfigError([`--copy copies the whole journal and exports nothing: give it without ${names}`]);
  }
  try {
    const { run, entry, type, time, bytes } = await (await storeOf(path)).copy(path, to);
    const what = run === 0 ? "no run yet" : `up to run ${run}, entry ${entry} (${type}) of ${isoTime(time)}`;
    writeText(
      Deno.stdout,
      `${printable(`Copied ${path} to ${to}: ${what}, ${Math.ceil(bytes / 1000)} kB`)}\n`,
    );
  } catch (error) {
    throw error instanceof CopyExists ? new ConfigError([`--copy: ${error.message}`]) : error;
  }
}

async function writeClosed(
  reader: JournalReader,
  extent: Extent,
  format: ExportFormat,
  lines: TextLines,
): Promise<void> {
  const lots = new FifoLots();
  for await (const { event, time } of fillsOf(reader, extent)) {
    const { symbol, side, tradeId } = event;
    const [price, quantity, fee] = [new Money(event.price), new Money(event.quantity), new Money(event.fee)];
    for (const lot of lots.add({ symbol, side, price, quantity, fee, time, tradeId })) {
      lines.add(closedLine(format, lot, extent));
    }
  }
  lots.check(new Money(extent.realized));
  lines.flush();
  console.error(closedSummary(lots.totals, { ...extent, isFlat: lots.isFlat }));
}

/** `penstock export`: the fills of a journal, or the positions that they closed, on standard output. */
import type { Started } from "../domain/command.ts";
import { FifoLots } from "../domain/fifo_lots.ts";
import { Money } from "../domain/money.ts";
import { DEFAULT_JOURNAL } from "../domain/options.ts";
import { JournalReader } from "../stores/journal_reader.ts";
import { chosenRuns, type Extent, extentOf, fillsOf } from "../stores/run_reading.ts";
import {
  closedHead,
  closedLine,
  closedSummary,
  type ExportFormat,
  fillHead,
  fillLine,
} from "../views/export_lines.ts";
import { TextLines } from "../views/terminal.ts";

/**
 * Writes what the journal holds now, whatever is added meanwhile; every run is an account of its own. What closed
 * positions add up to is logged. Throws a JournalError where the journal cannot be read, a BooksError where its fills
 * do not add up, and a ConfigError for a run that it does not hold.
 */
export function exportJournal({ config: { run, format, closed }, files }: Started): void {
  using reader = JournalReader.open(files[0] ?? DEFAULT_JOURNAL);
  const extents = chosenRuns(reader, run).map((each) => extentOf(reader, each));
  const lines = new TextLines(Deno.stdout);
  lines.add(closed ? closedHead(format) : fillHead(format));
  for (const extent of extents) {
    if (closed) writeClosed(reader, extent, format, lines);
    else for (const { event } of fillsOf(reader, extent)) lines.add(fillLine(format, event, extent));
  }
  lines.flush();
}

function writeClosed(reader: JournalReader, extent: Extent, format: ExportFormat, lines: TextLines): void {
  const lots = new FifoLots();
  for (const { event, time } of fillsOf(reader, extent)) {
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

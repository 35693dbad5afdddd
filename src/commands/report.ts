/** `penstock report`: the page of a backtest's result, of a sweep's, or of a run from its journal. */
import type { Started } from "../config/command.ts";
import { commandLine } from "../config/command_line.ts";
import { configFrom } from "../config/config.ts";
import { nameIn } from "../config/configuration.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { Money } from "../domain/numbers/money.ts";
import type { StartedEvent } from "../domain/run/event.ts";
import { statusOf } from "../domain/run/run_status.ts";
import { RECORDED_MARKET } from "../exchanges/endpoints.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { eventsOf } from "../stores/journal/run_events.ts";
import { chosenRun, extentOf, openingOf, readRun } from "../stores/journal/run_reading.ts";
import { reportedFile } from "../stores/results/reported_file.ts";
import { RESULT_VERSION, SCHEMA } from "../stores/results/result_file.ts";
import {
  type PlaceOptions,
  ResultFileError,
  type ResultPlace,
  resultPlaceAt,
} from "../stores/results/result_place.ts";
import { readResult, UnusableResult } from "../stores/results/result_reading.ts";
import { SWEEP_SCHEMA } from "../stores/results/sweep_file.ts";
import { assumptions } from "../views/report/assumptions.ts";
import { htmlPage, PAGE_START } from "../views/report/html_page.ts";
import { JournalReport } from "../views/report/journal_report.ts";
import { NoReport, resultReport } from "../views/report/result_report.ts";
import type { RunReport } from "../views/report/run_report.ts";
import { sweepPage } from "../views/report/sweep_page.ts";
import { counted } from "../views/terminal/figures.ts";
import { printable, writeText } from "../views/terminal/terminal.ts";
import { sweptResult } from "./report/swept_result.ts";

/**
 * Writes the page. Throws a ConfigError if it cannot be written at `--out`, or if the journal does not hold the run, an
 * UnusableResult if no page can be made from the file, and a JournalError if the journal cannot be read.
 */
export async function report({ config: { out, run }, sources, files, signal }: Started): Promise<void> {
  const [path] = files as [string];
  const isInFiles = (await storeOf(path)).isInFiles;
  const kind = isInFiles ? await reportedFile(path) : "journal";
  if (kind === "result" && run !== null) {
    throw new ConfigError([
      `${
        nameIn(sources.run, "run")
      } chooses a run of a journal, but ${path} is a result, which has only one: ` +
      "leave it out",
    ]);
  }
  if (out === null && !isInFiles) {
    throw new ConfigError([`--out is missing: ${path} is not a file, so say where the page is written`]);
  }
  const target = out ?? `${path.replace(/\.[^./\\]+$/, "")}.html`;
  using place = await openPage(target, {
    start: PAGE_START,
    stop: signal,
    onWarning: (text) => console.error(printable(`penstock: ${text}`)),
  });
  // Written at once, to distinguish the partial file of a killed program from other files.
  place.write(PAGE_START);
  const page = kind === "result" ? await ofResult(path) : await htmlPage(await ofJournal(path, run));
  place.write(page.slice(PAGE_START.length));
  await place.finish();
  const bytes = new TextEncoder().encode(page).length;
  writeText(Deno.stdout, `${printable(`Wrote ${target}, ${Math.ceil(bytes / 1000)} kB`)}\n`);
}

/** The page of what a backtest or a sweep has written. */
async function ofResult(path: string): Promise<string> {
  const value = await readResult(path);
  try {
    if (isSweep(value)) return await sweepPage(sweptResult(value));
    return await htmlPage(resultReport(
      value,
      { schema: SCHEMA, version: RESULT_VERSION },
      (files, options) => commandLine("backtest", files, options),
    ));
  } catch (error) {
    throw error instanceof NoReport ? new UnusableResult(`${path} ${error.message}`) : error;
  }
}

function isSweep(value: unknown): boolean {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === SWEEP_SCHEMA;
}

async function ofJournal(path: string, run: number | "all" | null): Promise<RunReport> {
  await using reader = await JournalReader.open(path);
  const chosen = await chosenRun(reader, run);
  const status = statusOf(await readRun(reader, chosen), Date.now() * 1000);
  const { options, version, market } = await openingOf(reader, chosen);
  const kept = new JournalReport(new Money(status.startCash));
  // The status was read before, so entries that were written since are left out.
  for await (const { seq, event, time } of eventsOf(reader, await extentOf(reader, chosen))) {
    if (seq > status.checked.to) break;
    kept.event(event, time);
  }
  return kept.report({
    status,
    version,
    options,
    assumptions: assumedIn(options),
    isBacktest: market === RECORDED_MARKET,
    entry: status.checked.to,
    hash: await reader.hashOf(status.checked.to) ?? "",
  });
}

/** What a run assumed; one line if an older version wrote options that this one cannot read. */
function assumedIn(options: StartedEvent["config"]): string[] {
  try {
    return assumptions(configFrom(options), true);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [`${counted(Object.keys(options).length, "option")}, listed at the end of this page`];
  }
}

/** Throws a ConfigError if the page cannot be written there, because another `--out` may work. */
async function openPage(path: string, options: PlaceOptions): Promise<ResultPlace> {
  try {
    return await resultPlaceAt(path, options);
  } catch (error) {
    throw error instanceof ResultFileError ? new ConfigError([error.message]) : error;
  }
}

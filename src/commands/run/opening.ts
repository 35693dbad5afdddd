/** How a live run begins: its instrument, its pipeline and its journal, each of which needs the one before. */
import { type Configuration, shownConfig, termsOf } from "../../domain/config.ts";
import type { StartedEvent } from "../../domain/event.ts";
import { plain } from "../../domain/money.ts";
import type { RestBudget } from "../../feeds/rest_budget.ts";
import { Pipeline } from "../../stages/pipeline.ts";
import type { RunJournal } from "../../stores/run_journal.ts";
import type { Line } from "../../views/narration.ts";
import { ask, settle } from "./instrument.ts";

/** What a run is opened with besides its configuration. */
export interface OpeningOptions {
  readonly version: string;
  /** Where the exchange is asked: null for its own hosts, undefined for nowhere. */
  readonly restEndpoint: string | null | undefined;
  readonly budget: RestBudget;
  readonly holdsAtGaps: boolean;
  readonly signal: AbortSignal;
}

/** A run that has begun. */
export interface OpenedRun {
  readonly pipeline: Pipeline;
  /** Null where none is kept. */
  readonly journal: RunJournal | null;
  /** The configuration as the `started` event has it. */
  readonly shown: StartedEvent["config"];
  /** What there is to say of the run that the journal held already, and of the instrument. */
  readonly lines: readonly Line[];
}

/** That the person asked for the end before there was anything to end. */
export function neverStarted(): Line {
  return {
    level: "info",
    text: "stopped before the run started: nothing was traded, and nothing is kept of it",
  };
}

/**
 * Starts a run, or resumes the one that its journal holds; null, with nothing written, where `signal` is aborted
 * before the exchange has answered. Throws a ConfigError where the exchange has no such
 * symbol, before anything is written, and like `Journal.open` and `RunJournal.begin`.
 */
export async function openRun(
  configuration: Configuration,
  options: OpeningOptions,
): Promise<OpenedRun | null> {
  const { state, symbol, long, newRun } = configuration.config;
  const [answer, stores] = await Promise.all([
    ask(configuration, options),
    // A run without a journal does not load SQLite.
    state === "none" ? null : Promise.all([
      import("../../stores/journal.ts"),
      import("../../stores/run_journal.ts"),
    ]),
  ]);
  if (options.signal.aborted) return null;
  const [journals, runJournals] = stores ?? [null, null];
  const journal = journals?.Journal.open(state, { now: () => performance.now(), window: long }) ?? null;
  try {
    const time = Date.now() * 1000;
    const { config, origin, lines } = settle(configuration, answer, journal, time);
    const shown = shownConfig(config);
    const pipeline = new Pipeline({
      symbol,
      short: config.short,
      long,
      terms: termsOf(config),
      stopAfter: config.stopAfter,
      isTransient: journal === null,
      holdsAtGaps: options.holdsAtGaps,
    });
    const keeping = journal === null ? null : new runJournals!.RunJournal(journal, pipeline, symbol);
    const begins = { time, version: options.version, options: shown, instrument: origin, isNew: newRun };
    const resumed = keeping?.begin(begins) ? [resumedLine(state, pipeline)] : [];
    return {
      pipeline,
      journal: keeping,
      shown: { ...shown, instrument: origin },
      lines: [...resumed, ...lines],
    };
  } catch (error) {
    journal?.close();
    throw error;
  }
}

function resumedLine(path: string, pipeline: Pipeline): Line {
  const { trades, cash, position, stance, halt } = pipeline.standing;
  const halted = halt === null ? "" : `; halted (${halt.reason}), until "penstock resume ${path}"`;
  return {
    level: "info",
    text: `the run in ${path} goes on after ${trades} trades: cash ${plain(cash)}, ` +
      `position ${plain(position)}, stance ${stance}${halted}`,
  };
}

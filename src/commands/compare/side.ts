/** One side of a comparison: a result, a sweep or a run of a journal. */
import type { SideHead } from "../../domain/comparison/comparison.ts";
import { type Figures, figuresIn } from "../../domain/comparison/figure_comparison.ts";
import { statusOf } from "../../domain/run/run_status.ts";
import { JournalReader } from "../../stores/journal/journal_reader.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";
import { eventsOf } from "../../stores/journal/run_events.ts";
import { chosenRun, extentOf, openingOf, readRun } from "../../stores/journal/run_reading.ts";
import { reportedFile } from "../../stores/results/reported_file.ts";
import { fillsOf } from "../../stores/results/result_fills.ts";
import { RESULT_VERSION, SCHEMA } from "../../stores/results/result_file.ts";
import { readResult, UnusableResult } from "../../stores/results/result_reading.ts";
import { SWEEP_SCHEMA, SWEEP_VERSION } from "../../stores/results/sweep_file.ts";
import type { SweepRow } from "./sweep_rows.ts";

/** The parts of one side that are compared. */
export interface Side extends AsyncDisposable {
  readonly head: SideHead;
  /** The options that the file shows; of a sweep, those that do not vary. */
  readonly options: Figures;
  readonly figures: Figures;
  /** The configurations of a sweep; null for one run. */
  readonly rows: readonly SweepRow[] | null;
  /** The events of one run, in their order. */
  events(kind: "decisions" | "fills"): AsyncGenerator<Figures>;
}

/** Fields of a summary about when and how fast the run was, not about its outcome. */
const TIMING = ["type", "time", "symbol", "elapsedMs", "tradesPerSecond", "ended"];
/** The same fields of a sweep. */
const TIMING_OF_SWEEP = [...TIMING, "tradeConfigurationsPerSecond"];
/** The figures that both `status` and a result have. */
const OF_STATUS = [
  ...[
    "trades",
    "signals",
    "fills",
    "refusals",
    "gaps",
    "cash",
    "position",
    "equity",
    "fees",
    "realized",
  ] as const,
];
/** Events of the connection: they say where trades came from, not what was decided. */
const OF_CONNECTION = ["connected", "disconnected"];

/**
 * Opens the file at `path`; `run` chooses a run of a journal, by default the last. Throws an UnusableResult if the file
 * cannot be compared, a ConfigError for a run that the journal does not hold, and a JournalError if the journal cannot be
 * read.
 */
export async function openSide(path: string, run: number | "all" | null): Promise<Side> {
  const isJournal = !(await storeOf(path)).isInFiles || await reportedFile(path) === "journal";
  return isJournal ? await journalSide(path, run) : fileSide(path, await readResult(path));
}

function fileSide(path: string, value: unknown): Side {
  const { schema, version, options, environment, files: _, ...rest } = objectOf(value);
  const isSweep = schema === SWEEP_SCHEMA;
  if (!isSweep && schema !== SCHEMA) {
    throw new UnusableResult(
      `${path} is JSON, but not a result of Penstock: expected "schema" to be "${SCHEMA}" or "${SWEEP_SCHEMA}". Name a ` +
        "file that backtest --out or sweep --out wrote, or a journal",
    );
  }
  const known = isSweep ? SWEEP_VERSION : RESULT_VERSION;
  if (version !== known) {
    throw new UnusableResult(
      `${path} is of version ${
        JSON.stringify(version) ?? "none"
      }, but this Penstock reads version ${known}: use the ` +
        "Penstock that wrote it, or repeat the run",
    );
  }
  const shown = optionsOf(options, path);
  const head: SideHead = {
    path,
    kind: isSweep ? "sweep" : "result",
    version: String(objectOf(environment)["penstock"]),
    symbol: typeof shown["symbol"] === "string" ? shown["symbol"] : null,
    run: null,
  };
  return {
    head,
    options: shown,
    ...(isSweep ? sweepParts(path, rest) : resultParts(path, rest)),
    async *events() {
      for await (const fill of fillsOf(path, value)) yield figuresIn(fill);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function resultParts(path: string, { summary, metrics, models, pictures }: Record<string, unknown>) {
  const digest = objectOf(pictures)["dataDigest"];
  const others = Array.isArray(models) ? models.map(objectOf) : [];
  return {
    rows: null,
    figures: {
      ...(typeof digest === "string" ? { digestOfTrades: digest } : {}),
      ...outcomeOf(figuresOf(summary, path, "summary")),
      ...figuresOf(metrics, path, "metrics"),
      ...Object.assign(
        {},
        ...others.map((model) => prefixed(outcomeOf(figuresIn(model)), `${model["model"]}.`)),
      ),
    },
  };
}

function sweepParts(path: string, { sweep, configurations }: Record<string, unknown>) {
  const totals = figuresOf(sweep, path, "sweep");
  if (!Array.isArray(configurations)) throw damaged(path, "configurations");
  const windows = objectOf(sweep)["walkForward"];
  return {
    figures: {
      ...without(totals, TIMING_OF_SWEEP),
      ...(Array.isArray(windows)
        ? Object.assign({}, ...windows.map((window, at) => figuresIn(window, `walkForward.${at + 1}.`)))
        : {}),
    },
    rows: configurations.map((row): SweepRow => {
      const { options, ...figures } = objectOf(row);
      return { options: optionsOf(options, path), figures: without(figuresIn(figures), TIMING) };
    }),
  };
}

async function journalSide(path: string, run: number | "all" | null): Promise<Side> {
  const reader = await JournalReader.open(path);
  try {
    const chosen = await chosenRun(reader, run);
    const status = statusOf(await readRun(reader, chosen), 0);
    const { options, version } = await openingOf(reader, chosen);
    return {
      head: { path, kind: "journal", version, symbol: status.symbol, run: chosen },
      options: optionsOf(options, path),
      figures: {
        ...Object.fromEntries(OF_STATUS.map((name) => [name, status[name]])),
        halted: status.halted,
      },
      rows: null,
      async *events(kind) {
        for await (const { event } of eventsOf(reader, await extentOf(reader, chosen))) {
          if (kind === "fills" ? event.type !== "fill" : OF_CONNECTION.includes(event.type)) continue;
          yield decided(figuresIn(event));
        }
      },
      [Symbol.asyncDispose]: () => reader.close(),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** An event without the fields that the wall clock decides. */
function decided({ requested: _, ...event }: Record<string, Figures[string]>): Figures {
  if (event["type"] !== "gap") return event;
  const { time: __, ...gap } = event;
  return gap;
}

/** The fields of a summary about the run's outcome. */
function outcomeOf(summary: Record<string, Figures[string]>): Figures {
  return { ...without(summary, [...TIMING, "halt"]), halted: "halt.reason" in summary };
}

function without(figures: Figures, names: readonly string[]): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => !names.includes(name)));
}

function prefixed(figures: Figures, prefix: string): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [`${prefix}${name}`, figure]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** Options by name. One that has parts, which Penstock does not write, is compared as its JSON text. */
function optionsOf(options: unknown, path: string): Figures {
  if (!isObject(options)) throw damaged(path, "options");
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null ? JSON.stringify(value) : value as Figures[string],
    ]),
  );
}

/** The figures of an object that every such file has. */
function figuresOf(value: unknown, path: string, name: string): Record<string, Figures[string]> {
  if (!isObject(value)) throw damaged(path, name);
  return figuresIn(value);
}

function damaged(path: string, name: string): UnusableResult {
  return new UnusableResult(
    `${path} is damaged, or was edited: its "${name}" cannot be read. Restore it from a copy, or repeat the run`,
  );
}

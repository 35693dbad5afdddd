/** The result of a sweep as a file: JSON for other programs and for continuing the sweep, or CSV for a spreadsheet. */
import { createHash } from "node:crypto";
import { ConfigError } from "../../domain/process/config_error.ts";
import type {
  ConfigurationEvent,
  ConfigurationFigures,
  SweepEvent,
  SweepResult,
  SweepRow,
} from "../../domain/run/sweep_result.ts";
import { type PlaceOptions, ResultFileError, type ResultPlace, resultPlaceAt } from "./result_place.ts";

/** The part of the file before its rows. */
export type SweepHead = Omit<SweepResult, "schema" | "version" | "configurations" | "sweep">;

/** What a partial file also has, so that the sweep can be continued: plain values. */
export interface Unfinished {
  readonly [name: string]: unknown;
}

/** The fields that identify such a file. */
export const SWEEP_SCHEMA = "penstock-sweep";
/** The version of the rows and the figures; a change of meaning raises it. */
export const SWEEP_VERSION = 1;
const START = `{"schema":"${SWEEP_SCHEMA}"`;
const CSV_START = "configuration,";

/** The figures of a row in the order of the columns. */
const FIGURES: readonly (keyof ConfigurationFigures)[] = [
  ...["trades", "signals", "fills", "refusals", "cash", "position", "equity", "fees", "realized"] as const,
  ...["maxDrawdown", "halted", "netProfit", "return", "roundTrips", "winRate", "profitFactor"] as const,
  ...["sharpe", "sortino"] as const,
];

/**
 * A result while it is being written. Rows are written as they arrive, so memory does not grow with them. The file gets
 * its name only once it is complete, as the result of a backtest does.
 *
 * JSON is one object with, in this order: `schema`, `version`, `options`, `grid`, `environment`, `files`,
 * `configurations` (as the events have them), `sweep` (the last event), and in a partial file `unfinished` and `check`.
 * A file whose name ends in `.csv` has a row for each configuration instead, with numbers as numbers; the columns of
 * `--test` have names that start with `test_`.
 */
export class SweepFile implements Disposable {
  readonly #place: ResultPlace;
  readonly #isCsv: boolean;
  readonly #check: UnfinishedCheck;
  #rows = 0;

  /** Starts a result at `path`. Throws a ResultFileError if it cannot be written. */
  static async create(path: string, head: SweepHead, options: PlaceOptions): Promise<SweepFile> {
    const isCsv = isCsvName(path);
    return new SweepFile(
      await resultPlaceAt(path, { ...options, start: isCsv ? CSV_START : START }),
      isCsv,
      head,
    );
  }

  private constructor(place: ResultPlace, isCsv: boolean, head: SweepHead) {
    this.#place = place;
    this.#isCsv = isCsv;
    this.#check = new UnfinishedCheck(head);
    if (isCsv) {
      const names = head.grid.map(({ name }) => name);
      const test = head.options["test"] == null ? [] : FIGURES.map((name) => `test_${name}`);
      place.write(`${CSV_START}${[...names, ...FIGURES, ...test].join(",")}\n`);
    } else {
      const all = { schema: SWEEP_SCHEMA, version: SWEEP_VERSION, ...head };
      place.write(`${JSON.stringify(all).slice(0, -1)},\n"configurations":[`);
    }
  }

  /** Adds a row. Throws a ResultFileError if it cannot be written. */
  add({ options, test, type: _type, time: _time, symbol: _symbol, ...figures }: ConfigurationEvent): void {
    this.#rows++;
    if (this.#isCsv) {
      const cells = [
        this.#rows,
        ...Object.values(options),
        ...cellsOf(figures),
        ...(test === null ? [] : cellsOf(test)),
      ];
      this.#place.write(`${cells.map(cellText).join(",")}\n`);
    } else {
      const row = JSON.stringify({ options, ...figures, test });
      this.#check.add(row);
      this.#place.write(`${this.#rows === 1 ? "\n" : ",\n"}${row}`);
    }
  }

  /** Writes the rest and gives the file its name. Throws a ResultFileError if it cannot be written. */
  async finish({ type: _type, ...sweep }: SweepEvent, unfinished: Unfinished | null): Promise<void> {
    if (!this.#isCsv) {
      const rest = {
        sweep,
        ...(unfinished === null
          ? {}
          : { unfinished, check: this.#check.add(JSON.stringify(unfinished)).text() }),
      };
      this.#place.write(`\n],\n${JSON.stringify(rest).slice(1)}\n`);
    }
    await this.#place.finish();
  }

  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }
}

/** The SHA-256 of what a sweep continues from, or what is joined, so that neither uses a file that was changed. */
class UnfinishedCheck {
  readonly #hash = createHash("sha256");

  /** The head of a part is included, because a join takes it from there. */
  constructor({ options, grid, environment, files, part }: SweepHead) {
    if (part !== undefined) this.add(JSON.stringify({ options, grid, environment, files, part }));
  }

  /** Adds the next row as JSON, or finally `unfinished`. */
  add(text: string): this {
    this.#hash.update(`${text}\n`, "utf8");
    return this;
  }

  /** Hexadecimal. */
  text(): string {
    return this.#hash.digest("hex");
  }
}

/** Whether a result with this name is a CSV file. */
export function isCsvName(path: string): boolean {
  return /\.csv$/i.test(path);
}

/** A partial result, to be continued. */
export interface PartialSweep {
  readonly rows: readonly SweepRow[];
  readonly unfinished: Unfinished;
}

/** A file as it was read. */
export type SweepText = SweepResult & { readonly unfinished?: Unfinished; readonly check?: string };

/**
 * Reads the partial result of the same sweep, or of the same part, which has this many `configurations`. Throws a
 * ConfigError if the file is not one, if its options, grid, files or version of Penstock are not those of `head`, or if
 * it was changed since the sweep wrote it.
 */
export async function readPartialSweep(
  path: string,
  head: SweepHead,
  configurations: number,
): Promise<PartialSweep> {
  const refuse = (why: string): never => {
    throw new ConfigError([`--continue: ${path} ${why}`]);
  };
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return refuse("does not exist: leave --continue out");
    throw new ResultFileError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const found = sweepIn(text);
  if (found === null) return refuse("is not the JSON result of a sweep");
  if (found.unfinished === undefined) return refuse("is of a sweep that has finished: leave --continue out");
  for (const name of ["options", "grid", "files", "part"] as const) {
    const [was, is] = [found[name], head[name]].map((one) => JSON.stringify(one) ?? "none");
    const other = name === "part" ? "another part" : `other ${name}`;
    if (was !== is) return refuse(`is of ${other}: it has ${was}, but this sweep has ${is}`);
  }
  const [was, is] = [found, head].map(({ environment }) => environment?.penstock);
  if (was !== is) return refuse(`is of Penstock ${was}, but this is ${is}: leave --continue out`);
  if (!isAsWritten(found)) {
    return refuse("was changed after the sweep had written it: leave --continue out");
  }
  const rows = found.configurations;
  if (head.part !== undefined && rows.length >= configurations) {
    return refuse("is of a part that has finished: leave --continue out");
  }
  return { rows, unfinished: found.unfinished };
}

/** The result of a sweep in the text of its file; null if that holds none. */
export function sweepIn(text: string): SweepText | null {
  let found: SweepText;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  return found?.schema === SWEEP_SCHEMA && found.version === SWEEP_VERSION ? found : null;
}

/** Whether a file is unchanged since the sweep wrote it, so that the sweep can continue from it. */
export function isAsWritten(found: SweepText): boolean {
  const check = new UnfinishedCheck(found);
  const rows = Array.isArray(found.configurations) ? found.configurations : [];
  for (const row of rows) check.add(JSON.stringify(row));
  return check.add(JSON.stringify(found.unfinished) ?? "").text() === found.check;
}

function cellsOf(figures: ConfigurationFigures): (string | number | boolean | null)[] {
  return FIGURES.map((name) => figures[name]);
}

function cellText(cell: string | number | boolean | null): string {
  const text = cell === null ? "" : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The result of a backtest as one JSON file, for other programs. */
import type { FillEvent, ModelEvent, StartedEvent, SummaryEvent } from "../domain/event.ts";
import { amountText, Money } from "../domain/money.ts";
import type { Results } from "../domain/performance.ts";
import { isoTime } from "../domain/time.ts";

/** The version of the schema below; a change of meaning raises it. */
export const RESULT_VERSION = 1;

/** What the run was made with: known before its first trade. */
export interface ResultHead {
  /** The configuration in force, by option name, as the `started` event has it. */
  readonly options: StartedEvent["config"];
  readonly environment: {
    readonly penstock: string;
    readonly deno: string;
    readonly v8: string;
    readonly os: string;
    readonly arch: string;
  };
  /** What was read, as it was named; `-` is standard input. */
  readonly files: readonly string[];
}

/** The result file cannot be written; the message says why and what to do. */
export class ResultFileError extends Error {
  override readonly name = "ResultFileError";
}

const SCHEMA = "penstock-result";
/** How every result begins, a half-written one too. */
const BEGINNING = `{"schema":"${SCHEMA}"`;
const FLUSH_CHARACTERS = 64 * 1024;
const ENCODER = new TextEncoder();

/**
 * A result on its way to its file. Fills are written as they come, so that memory does not grow with them; all
 * goes to `PATH.partial`, which takes the file's name only once it is whole.
 *
 * The file is a JSON object with, in this order: `schema` ("penstock-result"), `version`, `options`,
 * `environment`, `files`, `fills` (the `fill` events, oldest first), `summary` (the `summary` event without metrics),
 * `metrics`, `equityCurve` (pairs of time and equity, at most 2,000) and `drawdownPeriods` (deepest first:
 * `peak`, `amount`, `fraction`, `from`, `to`, `recovered` or null), `models` (the `model` events, if any).
 */
export class ResultFile implements Disposable {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: Deno.FsFile;
  #text: string;
  #fills = 0;
  #isOpen = true;

  /**
   * Begins a result at `path`, where nothing may be but an older result, or an empty file. Throws a ResultFileError
   * where it cannot be written.
   */
  static create(path: string, head: ResultHead): ResultFile {
    const partial = `${path}.partial`;
    if (isFolder(path)) throw new ResultFileError(`the result cannot be written to ${path}: it is a folder`);
    try {
      for (const name of [path, partial]) refuseOther(name);
      return new ResultFile(
        path,
        partial,
        Deno.openSync(partial, { write: true, create: true, truncate: true }),
        head,
      );
    } catch (error) {
      throw error instanceof ResultFileError ? error : unwritten(path, error);
    }
  }

  private constructor(
    path: string,
    partial: string,
    file: Deno.FsFile,
    { options, environment, files }: ResultHead,
  ) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    const head = { schema: SCHEMA, version: RESULT_VERSION, options, environment, files };
    this.#text = `${JSON.stringify(head).slice(0, -1)},\n"fills":[`;
  }

  /** Adds a fill. Throws a ResultFileError where it cannot be written. */
  add(fill: FillEvent): void {
    this.#text += `${this.#fills++ === 0 ? "\n" : ",\n"}${JSON.stringify(fill)}`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  /** Writes the rest and gives the file its name. Throws a ResultFileError where it cannot be written. */
  finish(
    summary: SummaryEvent,
    { metrics, equityCurve, drawdownPeriods }: Results,
    models: readonly ModelEvent[] = [],
  ): void {
    const { metrics: _, ...totals } = summary;
    const rest = {
      summary: totals,
      metrics,
      equityCurve: equityCurve.map(({ time, equity }) => [isoTime(time), amountText(new Money(equity))]),
      drawdownPeriods: drawdownPeriods.map(({ peak, amount, from, to, recovered }) => ({
        peak: amountText(peak),
        amount: amountText(amount),
        fraction: amountText(amount.div(peak)),
        from: isoTime(from),
        to: isoTime(to),
        recovered: recovered === null ? null : isoTime(recovered),
      })),
      models,
    };
    this.#text += `\n],\n${JSON.stringify(rest).slice(1)}\n`;
    this.#flush();
    refuseOther(this.#path);
    try {
      Deno.renameSync(this.#partial, this.#path);
    } catch (error) {
      throw unwritten(this.#path, error);
    }
    this.#isOpen = false;
    this.#file.close();
  }

  /** Leaves no half-written file behind. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
    try {
      Deno.removeSync(this.#partial);
    } catch {
      // What ended the run matters more than a file that stays behind.
    }
  }

  #flush(): void {
    let bytes = ENCODER.encode(this.#text);
    this.#text = "";
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
    } catch (error) {
      throw unwritten(this.#path, error);
    }
  }
}

function isFolder(path: string): boolean {
  try {
    return /[\\/]$/.test(path) || Deno.statSync(path).isDirectory;
  } catch {
    // Nothing is there yet, or it may not be looked at: writing will show.
    return false;
  }
}

/** Throws a ResultFileError where a file is that a result must not replace. */
function refuseOther(path: string): void {
  const begun = new Uint8Array(BEGINNING.length);
  let count: number | null;
  try {
    if (!Deno.statSync(path).isFile) return;
    using file = Deno.openSync(path);
    count = file.readSync(begun);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    // Nothing is there, or it may not be looked at: writing will show.
    return;
  }
  if (count === null || new TextDecoder().decode(begun.subarray(0, count)) === BEGINNING) return;
  throw new ResultFileError(
    `the result cannot be written to ${path}: a file that is no result is there. Choose another name, or remove it`,
  );
}

function unwritten(path: string, error: unknown): ResultFileError {
  const reason = error instanceof Deno.errors.NotCapable
    ? "reading and writing there is not permitted: grant it with " +
      ["--allow-read", "--allow-write"].map((flag) => `${flag}=${path},${path}.partial`).join(" ")
    : error instanceof Deno.errors.NotFound
    ? "its folder does not exist"
    : error instanceof Error
    ? error.message
    : String(error);
  return new ResultFileError(`the result cannot be written to ${path}: ${reason}`, { cause: error });
}

/** The result of a backtest as one JSON file, for other programs. */
import type { FillEvent, ModelEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import { amountText, Money } from "../../domain/numbers/money.ts";
import type { Results } from "../../domain/performance/performance.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { type PlaceOptions, type ResultPlace, resultPlaceAt } from "./result_place.ts";

/** The version of the schema below; a change of meaning raises it. */
export const RESULT_VERSION = 1;

/** The facts about the run before its first trade. */
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
  /** The inputs as the user named them; `-` is standard input. */
  readonly files: readonly string[];
}

/** The fields that identify a result. */
export const SCHEMA = "penstock-result";
const FLUSH_CHARACTERS = 64 * 1024;

/**
 * A result while it is being written. Fills are written as they arrive, so memory does not grow with them. A file gets
 * its name only once it is complete: until then it is `PATH.PROCESS.partial`, and if several runs have one path, the
 * last to end wins.
 *
 * The file is a JSON object with, in this order: `schema` ("penstock-result"), `version`, `options`, `environment`,
 * `files`, `fills` (the `fill` events, oldest first), `summary` (the `summary` event without metrics), `metrics`,
 * `equityCurve` (pairs of time and equity, at most 2,000) and `drawdownPeriods` (deepest first: `peak`, `amount`,
 * `fraction`, `from`, `to`, `recovered` or null), `models` (the `model` events, if any) and `pictures` (what the page
 * of `penstock report` shows beyond these; absent in results of older versions).
 */
export class ResultFile implements Disposable {
  readonly #place: ResultPlace;
  #text = "";
  #fills = 0;

  /**
   * Starts a result at `path`: a file that does not exist, is empty or is an older result; the target of a link; a
   * pipe; a device. Waits for a pipe's reader. Throws a ResultFileError if it cannot be written.
   */
  static async create(path: string, head: ResultHead, options: PlaceOptions): Promise<ResultFile> {
    return new ResultFile(await resultPlaceAt(path, options), head);
  }

  private constructor(place: ResultPlace, { options, environment, files }: ResultHead) {
    this.#place = place;
    const head = { schema: SCHEMA, version: RESULT_VERSION, options, environment, files };
    // Written at once, to distinguish the partial file of a killed run from other files.
    place.write(`${JSON.stringify(head).slice(0, -1)},\n"fills":[`);
  }

  /** Adds a fill. Throws a ResultFileError if it cannot be written. */
  add(fill: FillEvent): void {
    this.#text += `${this.#fills++ === 0 ? "\n" : ",\n"}${JSON.stringify(fill)}`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#write();
  }

  /** Waits until a pipe's reader has taken what was added. Throws a ResultFileError if it cannot be written. */
  flush(): Promise<void> {
    return this.#place.flush();
  }

  /**
   * Writes the rest and gives the file its name; `pictures` are plain values that JSON can hold. Throws a ResultFileError
   * if it cannot be written.
   */
  async finish(
    summary: SummaryEvent,
    { metrics, equityCurve, drawdownPeriods }: Results,
    models: readonly ModelEvent[] = [],
    pictures: object | null = null,
  ): Promise<void> {
    const { metrics: _, ...totals } = summary;
    const rest = {
      summary: totals,
      metrics,
      equityCurve: equityCurve.map(({ time, equity }) => [isoTime(time), amountText(new Money(equity))]),
      drawdownPeriods: shownDrawdowns({ drawdownPeriods }),
      models,
      ...(pictures === null ? {} : { pictures }),
    };
    this.#text += `\n],\n${JSON.stringify(rest).slice(1)}\n`;
    this.#write();
    await this.#place.finish();
  }

  /** Leaves no half-written file behind. */
  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }

  #write(): void {
    const text = this.#text;
    this.#text = "";
    this.#place.write(text);
  }
}

/** Drawdown periods as text: amounts in quote currency, times in ISO 8601. */
export function shownDrawdowns({ drawdownPeriods }: Pick<Results, "drawdownPeriods">) {
  return drawdownPeriods.map(({ peak, amount, from, to, recovered }) => ({
    peak: amountText(peak),
    amount: amountText(amount),
    fraction: amountText(amount.div(peak)),
    from: isoTime(from),
    to: isoTime(to),
    recovered: recovered === null ? null : isoTime(recovered),
  }));
}

/** What klines require of a run: bars of their interval or a multiple of it, and only klines of one interval. */
import { nameIn, type Source } from "../../config/configuration.ts";
import { type BarSize, barSizeText } from "../../domain/market/bar_size.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import { intervalName } from "../../formats/kline_interval.ts";
import type { Chunk, Origin } from "../../formats/trade_file.ts";

/** Multiples of an interval that a message gives as examples. */
const EXAMPLES = [1, 5, 60] as const;

/** The interval of a file of klines, in µs, if one of its rows in this chunk shows it; null if none does. */
export function intervalIn(chunk: Chunk, decoder: FrameDecoder): number | null {
  const reader = chunk.origin.layout.reader(decoder, false);
  reader.open(chunk);
  return reader.interval ?? null;
}

/** Compares the files of a run with each other and with `--bars`. */
export class KlineBars {
  readonly #decoder: FrameDecoder;
  readonly #bars: BarSize;
  /** `--bars` as the user wrote it. */
  readonly #option: string;
  #origin: Origin | null = null;
  /** The first file, and the interval of its klines, µs: null for a file of trades, and until it is known. */
  #first: Origin | null = null;
  #interval: number | null = null;

  /** `bars` are those of the run, which `source` names. */
  constructor(decoder: FrameDecoder, bars: BarSize, source: Source) {
    this.#decoder = decoder;
    this.#bars = bars;
    this.#option = nameIn(source, "bars");
  }

  /**
   * Notes the next chunk. Throws a ConfigError if the bars cannot be made of its klines, and UnusableInput if they do
   * not match the files before.
   */
  enter(chunk: Chunk): void {
    const { origin } = chunk;
    if (origin === this.#origin) return;
    const isOfKlines = origin.layout.isOfKlines === true;
    const first = this.#first ??= origin;
    if (isOfKlines !== (first.layout.isOfKlines === true)) {
      throw new UnusableInput(
        { name: origin.name },
        `it holds ${isOfKlines ? "klines" : "single trades"}, and ${first.name} ${
          isOfKlines ? "single trades" : "klines"
        }: ` +
          "give files of one kind",
      );
    }
    const interval = isOfKlines ? intervalIn(chunk, this.#decoder) : 0;
    // Until a row shows the interval, none has been read.
    if (interval === null) return;
    this.#origin = origin;
    if (isOfKlines) this.#check(origin, first, interval);
  }

  #check({ name }: Origin, first: Origin, interval: number): void {
    const before = this.#interval ??= interval;
    if (interval !== before) {
      throw new UnusableInput(
        { name },
        `its klines cover ${intervalName(interval)}, and those of ${first.name} ${
          intervalName(before)
        }: give klines of ` +
          "one interval",
      );
    }
    const bars = this.#bars;
    if (bars.by === "time" && bars.length % interval === 0) return;
    const fitting = EXAMPLES.map((times) => barSizeText({ by: "time", length: times * interval })).join(", ");
    throw new ConfigError([
      `${this.#option} is ${barSizeText(bars)}, and the klines of ${name} cover ${
        intervalName(interval)
      }: expected ` +
      `their interval or a whole multiple of it, such as ${fitting}`,
    ]);
  }
}

/** Messages in, ticks out: reads, drops what was seen before, and marks what is missing. */
import type { BinanceMessageReader } from "../domain/binance_message.ts";
import { Continuity, DUPLICATE, UNPROVEN } from "../domain/continuity.ts";
import { powerOfTen } from "../domain/price.ts";
import { createTick, type Tick } from "../domain/tick.ts";

/** Messages that could not be used, since they were last asked for. */
export interface Rejections {
  readonly count: number;
  /** What was wrong with the first of them. */
  readonly reason: string;
  /** Its beginning, at most 200 characters. */
  readonly sample: string;
}

/** What the parse stage has counted since it was made. */
export interface ParseCounts {
  readonly duplicates: number;
  readonly rejected: number;
  /** Messages of other streams or symbols, acknowledgements. */
  readonly passedOver: number;
}

/** Where the stage stands, to be taken up again. */
export interface ParseSnapshot {
  readonly lastId: number;
  readonly decimals: number;
}

const SAMPLE_CHARACTERS = 200;
const MESSAGES_AT_ONCE = 64;
/** Room for that many ordinary messages; a text that does not fit is read as JSON. */
const BYTES_AT_ONCE = 64 * 1024;
const ENCODER = new TextEncoder();

/** The first stage, for one symbol. */
export class Parse {
  readonly #reader: BinanceMessageReader;
  readonly #continuity = new Continuity();
  readonly #bytes = new Uint8Array(BYTES_AT_ONCE);
  #decimals = 0;
  #duplicates = 0;
  #rejected = 0;
  #passedOver = 0;
  #waiting: { count: number; reason: string; sample: string } | null = null;
  /** A trade whose id leapt, until the next one shows whether to believe it. */
  #unproven: { tick: Tick; message: string } | null = null;

  constructor(reader: BinanceMessageReader) {
    this.#reader = reader;
  }

  /** One tick for every new trade among `messages`, in order. Unusable messages are counted, never thrown. */
  *over(messages: readonly string[]): Generator<Tick> {
    const reader = this.#reader;
    const bytes = this.#bytes;
    // Reading bytes out of an array is several times faster than reading characters out of a string, and one
    // encoding of many messages costs little more than one of a single message.
    for (let first = 0; first < messages.length; first += MESSAGES_AT_ONCE) {
      const some = messages.length <= MESSAGES_AT_ONCE
        ? messages
        : messages.slice(first, first + MESSAGES_AT_ONCE);
      const text = some.length === 1 ? some[0]! : some.join("");
      const { read, written } = ENCODER.encodeInto(text, bytes);
      const isBytes = read === text.length && written === text.length;
      let end = 0;
      for (const message of some) {
        const start = end;
        end += message.length;
        if (!(isBytes && reader.scan(bytes, start, end)) && !this.#readJson(message)) continue;
        const { firstId, lastId } = reader;
        if (this.#unproven !== null) {
          const { tick } = this.#unproven;
          if (firstId === tick.id + 1) {
            this.#unproven = null;
            this.#continuity.moveTo(lastId);
            yield tick;
            yield this.#tick(0);
            continue;
          }
          if (lastId === tick.id) {
            this.#duplicates++;
            continue;
          }
        }
        const before = this.#continuity.last;
        const judged = this.#continuity.judge(firstId, lastId);
        if (judged === DUPLICATE) {
          this.#duplicates++;
          continue;
        }
        this.#rejectUnproven();
        if (judged === UNPROVEN) {
          this.#unproven = { tick: this.#tick(firstId > before ? firstId - before - 1 : -1), message };
          continue;
        }
        yield this.#tick(judged);
      }
    }
  }

  /** Ends the input: a trade that was still unproven is counted as rejected. */
  end(): void {
    this.#rejectUnproven();
  }

  get counts(): ParseCounts {
    return { duplicates: this.#duplicates, rejected: this.#rejected, passedOver: this.#passedOver };
  }

  /** What was rejected since the last call, or null. */
  takeRejections(): Rejections | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }

  snapshot(): ParseSnapshot {
    return { lastId: this.#continuity.last, decimals: this.#decimals };
  }

  restore({ lastId, decimals }: ParseSnapshot): void {
    this.#continuity.moveTo(lastId);
    this.#decimals = decimals;
  }

  /** The trade in the reader as a tick, in the symbol's price unit. */
  #tick(missing: number): Tick {
    const reader = this.#reader;
    let price = reader.price;
    if (reader.decimals > this.#decimals) this.#decimals = reader.decimals;
    else if (reader.decimals < this.#decimals) price *= powerOfTen(this.#decimals - reader.decimals);
    return createTick(reader, price, this.#decimals, missing);
  }

  /** Reads a message that is not in the usual shape; whether it is a trade after all. */
  #readJson(message: string): boolean {
    const verdict = this.#reader.readJson(message);
    if (verdict === "trade") return true;
    if (verdict === "other") this.#passedOver++;
    else {
      this.#reject(this.#reader.reason, message);
      if (this.#reader.emptyId >= 0) this.#continuity.skip(this.#reader.emptyId);
    }
    return false;
  }

  #rejectUnproven(): void {
    if (this.#unproven === null) return;
    const { tick, message } = this.#unproven;
    this.#unproven = null;
    this.#reject(
      `trade id ${tick.id} is far from the one before, and the next trade did not follow it`,
      message,
    );
  }

  #reject(reason: string, message: string): void {
    this.#rejected++;
    if (this.#waiting !== null) this.#waiting.count++;
    else this.#waiting = { count: 1, reason, sample: message.slice(0, SAMPLE_CHARACTERS) };
  }
}

/** An exchange in virtual time: the built-in one's market and tape, with sessions and answers that break on request. */
import { History } from "../../src/simulator/history.ts";
import { malformedFrames } from "../../src/simulator/malformed.ts";
import { MessageWriter } from "../../src/simulator/messages.ts";
import { priceProcess } from "../../src/simulator/price_process.ts";
import type { Random } from "../../src/simulator/random.ts";
import { Refusals } from "../../src/simulator/refusals.ts";
import { Rest, type RestAnswer } from "../../src/simulator/rest.ts";
import { Tape } from "../../src/simulator/tape.ts";
import type { FaultAction } from "../../src/simulator/faults.ts";
import { RESET_TRADES } from "../../src/stages/id_reset.ts";
import type { ExchangeAggregate, ExchangeTrade } from "../../src/simulator/trade.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** Options of a market. */
export interface MarketOptions {
  readonly symbol: string;
  readonly seed: number;
  /** Mean trades per second. */
  readonly rate: number;
  readonly firstId: number;
  /** ms since 1970 at virtual time 0. */
  readonly epoch: number;
}

/** The client's end of a connection, driven by the exchange. */
export interface ClientEnd {
  /** Frames arrive. */
  deliver(frames: readonly (string | Uint8Array)[]): void;
  /** The exchange closes with a code, or the connection is gone, without one. */
  close(code: number | null, reason: string): void;
  /** The connection breaks. */
  reset(): void;
}

const HISTORY = 50_000;
const SHUTDOWN_NOTICE_MS = 10_000;
/** Long after a client must have noticed a dead connection. */
const GIVEN_UP_MS = 2 * 3_600_000;
const LIFETIME_MS = 24 * 3_600_000;
/** How far off a wild time is, ms. */
const WILD_MS = [-(10 ** 9), 7_200_000, 86_400_000, 10 ** 12] as const;
/** The delay until the REST side has a trade, ms. */
const REST_LAG_MS = [0, 400, 2_500] as const;

/** The exchange of one day. */
export class SimulatedExchange {
  readonly tape = new Tape(HISTORY);
  readonly refusals = new Refusals();
  readonly time: VirtualTime;
  readonly random: Random;
  readonly writer: MessageWriter;
  readonly symbol: string;
  readonly #epoch: number;
  #rest: Rest;
  readonly #sessions = new Set<Session>();
  readonly #trades: Generator<ExchangeTrade, never>;
  /** The range of the tape that REST has. */
  #known = nothingKnown(0, 0);
  #next: ExchangeTrade;
  /** The amount by which the ids were set back. */
  #setBack = 0;

  constructor(time: VirtualTime, random: Random, { symbol, seed, rate, firstId, epoch }: MarketOptions) {
    this.time = time;
    this.random = random;
    this.symbol = symbol;
    this.#epoch = epoch;
    this.writer = new MessageWriter({ symbol, combined: false, microseconds: false });
    this.#rest = new Rest({ symbol, ...this.#known });
    this.#trades = priceProcess({ seed, rate, firstId, startTime: epoch });
    this.#next = this.#trades.next().value;
    this.#schedule();
  }

  /** ms since 1970 by the exchange's clock, which is right. */
  get now(): number {
    return this.#epoch + this.time.now;
  }

  /** All trades so far, oldest first. */
  get trades(): readonly ExchangeTrade[] {
    return this.tape.trades.slice(this.tape.trades.start, HISTORY);
  }

  /** Makes the ids start over at 1, on the stream and over REST, which then forgets everything before. */
  restartIds(): void {
    const { id } = this.#next;
    this.#setBack += id - 1;
    this.#next = { ...this.#next, id: 1 };
    this.#known = nothingKnown(this.tape.trades.end, this.tape.aggregates.end);
    this.#rest = new Rest({ symbol: this.symbol, ...this.#known });
  }

  /** Injects a fault now, after the trades so far. */
  inject(fault: FaultAction): void {
    if (fault.kind === "refuse") this.refusals.add(fault);
    this.tape.fault(fault);
    for (const session of this.#sessions) session.follow();
  }

  /** Opens a connection; returns the status if it is refused. */
  connect(client: ClientEnd): Session | number {
    const refusal = this.refusals.take(this.now);
    if (refusal !== null) return refusal.status;
    const session = new Session(this, client, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  /** Answers a request over HTTP. */
  answer(url: URL): RestAnswer {
    if (!url.pathname.startsWith("/api/")) {
      const refusal = this.refusals.repeat(this.now);
      if (refusal === null) return { status: 426, body: "", headers: { Upgrade: "websocket" } };
      return { status: refusal.status, body: refusal.message, headers: { ...refusal.headers } };
    }
    return this.#rest.answer(url, Math.floor(this.now));
  }

  #schedule(): void {
    const wait = this.#next.time - this.now;
    this.time.after(wait, () => {
      // All trades of a sweep have one time.
      const { time } = this.#next;
      while (this.#next.time === time) {
        const trade = this.#next;
        const { id, ...next } = this.#trades.next().value;
        this.#next = { ...next, id: id - this.#setBack };
        this.tape.add(trade, this.#next);
        const { trades: { end }, aggregates: { end: aggregatesEnd } } = this.tape;
        const lagMs = REST_LAG_MS[this.random.below(REST_LAG_MS.length)]!;
        this.time.after(lagMs, () => this.#know(end, aggregatesEnd));
      }
      for (const session of this.#sessions) session.follow();
      this.#schedule();
    });
  }

  /** From now on REST has all trades and aggregates before these places. */
  #know(end: number, aggregatesEnd: number): void {
    const { trades, aggregates, tradesFrom, aggregatesFrom } = this.#known;
    while (tradesFrom + trades.end < end) trades.push(this.tape.trades.at(tradesFrom + trades.end)!);
    while (aggregatesFrom + aggregates.end < aggregatesEnd) {
      aggregates.push(this.tape.aggregates.at(aggregatesFrom + aggregates.end)!);
    }
  }
}

/** REST has nothing before these places of the tape. */
function nothingKnown(tradesFrom: number, aggregatesFrom: number) {
  const trades = new History<ExchangeTrade>(HISTORY);
  const aggregates = new History<ExchangeAggregate>(HISTORY);
  return { trades, aggregates, tradesFrom, aggregatesFrom };
}

/** One connection: sends the tape from the current place, each batch some ms later, in order. */
export class Session {
  readonly #exchange: SimulatedExchange;
  readonly #client: ClientEnd;
  readonly #onOver: () => void;
  readonly #latencyMs: number;
  #cursor: number;
  #last: ExchangeTrade | null = null;
  #isSending = false;
  #slowUntil = 0;
  /** When stalled it is open without data; when dead it answers nothing. */
  #state: "flowing" | "stalled" | "dead" | "over" = "flowing";
  #answersClose = true;
  /**
   * Whether malformed frames come before the next trade that follows on the last one. They have its id, and a trade
   * whose only readable copy arrives out of order is dropped by design.
   */
  #isMalforming = false;

  constructor(exchange: SimulatedExchange, client: ClientEnd, onOver: () => void) {
    this.#exchange = exchange;
    this.#client = client;
    this.#onOver = onOver;
    this.#latencyMs = 2 + exchange.random.below(80);
    this.#cursor = exchange.tape.entries.end;
    exchange.time.after(LIFETIME_MS, () => this.#close(1001, "The connection has reached its lifetime"));
  }

  /** Sends what the tape has gained. */
  follow(): void {
    if (this.#isSending || this.#state !== "flowing") return;
    this.#isSending = true;
    const { time, random } = this.#exchange;
    // Sometimes a packet is sent again.
    const again = random.below(200) === 0 ? 200 + random.below(1_500) : 0;
    const wait = Math.max(this.#latencyMs + random.below(5) + again, this.#slowUntil - time.now);
    time.after(wait, () => {
      this.#isSending = false;
      this.#send();
    });
  }

  /** The client closes. The exchange answers a little later, if it still answers. */
  clientCloses(): void {
    const { time } = this.#exchange;
    if (this.#state === "dead" || !this.#answersClose) return;
    time.after(this.#latencyMs, () => this.#close(1005, ""));
  }

  /** The client's process is gone, and its end with it. */
  clientGone(): void {
    this.#over();
  }

  #send(): void {
    const { entries } = this.#exchange.tape;
    const { writer, symbol, random } = this.#exchange;
    // Sometimes a packet ends in the middle, and the rest arrives later.
    const most = random.below(4) === 0 ? 1 + random.below(3) : Infinity;
    let frames: (string | Uint8Array)[] = [];
    this.#cursor = Math.max(this.#cursor, entries.start);
    while (this.#cursor < entries.end && frames.length < most && this.#state === "flowing") {
      const entry = entries.at(this.#cursor++)!;
      if (entry.kind === "trade") {
        if (this.#isMalforming && this.#last !== null && entry.trade.id === this.#last.id + 1) {
          frames.push(...malformedFrames(writer, symbol, this.#last), ...this.#wildFrames());
          this.#isMalforming = false;
        }
        frames.push(writer.trade(entry.trade));
        this.#last = entry.trade;
      } else if (entry.kind === "fault") {
        if (frames.length > 0) this.#client.deliver(frames);
        frames = [];
        this.#fail(entry.fault);
      }
    }
    if (frames.length > 0 && this.#state === "flowing") this.#client.deliver(frames);
    if (this.#cursor < entries.end) this.follow();
  }

  /** Trades sent before, with impossible times: too few to prove that ids started over. */
  #wildFrames(): string[] {
    const { writer, random, tape: { trades } } = this.#exchange;
    const count = random.below(RESET_TRADES);
    const later = WILD_MS[random.below(WILD_MS.length)]!;
    return trades.slice(trades.end - 20, count).filter(({ id }) => id < this.#last!.id)
      .map((trade) => writer.trade({ ...trade, time: trade.time + later }));
  }

  #fail(fault: FaultAction): void {
    const { time, writer, random } = this.#exchange;
    switch (fault.kind) {
      case "drop":
      case "refuse":
        if (random.below(2) === 0) this.#reset();
        else this.#close(null, "");
        return;
      case "close":
        return this.#close(1001, "fault: close");
      case "no-close":
        this.#answersClose = false;
        this.#state = "stalled";
        return;
      case "stall":
        this.#state = "stalled";
        return;
      case "half-open":
        this.#state = "dead";
        time.after(GIVEN_UP_MS, () => this.#reset());
        return;
      case "slow":
        this.#slowUntil = time.now + fault.delayMs;
        return this.follow();
      case "malformed":
        this.#isMalforming = true;
        return;
      case "shutdown":
        this.#client.deliver([writer.serverShutdown(this.#last?.time ?? Math.floor(this.#exchange.now))]);
        time.after(SHUTDOWN_NOTICE_MS, () => this.#close(1001, "The server is shutting down"));
    }
  }

  #close(code: number | null, reason: string): void {
    if (this.#state === "over" || this.#state === "dead") return;
    this.#over();
    this.#client.close(code, reason);
  }

  #reset(): void {
    if (this.#state === "over") return;
    this.#over();
    this.#client.reset();
  }

  #over(): void {
    this.#state = "over";
    this.#onOver();
  }
}

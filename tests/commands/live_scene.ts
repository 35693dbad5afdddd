/**
 * A live run in the test's process, with a feed and other processes under the test's control, and access to its files.
 */
import { assert, assertEquals } from "@std/assert";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import type { OpenedRun } from "../../src/commands/run/opening.ts";
import { HERE } from "../../src/commands/run/surroundings.ts";
import { configure } from "../../src/config/config.ts";
import type { GivenOptions } from "../../src/config/configuration.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { RunRequest } from "../../src/domain/run/run_request.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import type { Glance, Line, View } from "../../src/views/view.ts";
import { inProcess } from "../support/in_process.ts";
import { messageOf } from "../support/pipeline_input.ts";
import type { PrintedEvent } from "../support/penstock.ts";
import { type FileTrade, walk } from "../support/trade_files.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { assertKept, wholeEntries } from "./reference_run.ts";

/** The age of the first trade, ms: longer than all trades take. */
const AGO_MS = 600_000;

/** Recent trades that cross often. They are recent because a fetched trade older than the longest hold is late. */
export const TRADES: readonly FileTrade[] = recent(walk(11, 2_000));
/** The age of every trade when it is received, ms. */
export const LAG_MS = 70;

/** Options of a run that queries no host. Its trades may arrive long before it processes them. */
const OPTIONS = { short: "5", long: "20", offlineInstruments: "on", backfill: "off", maxHold: "1h" };

export type Options = Readonly<Record<string, string>>;

function recent(trades: readonly FileTrade[]): FileTrade[] {
  const later = (Date.now() - AGO_MS) * 1000 - trades[0]!.time;
  return trades.map((trade) => ({ ...trade, time: trade.time + later }));
}

/** Options as a command line gives them. */
export function given(options: Options): GivenOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, text]) => [name, { text, source: "command line" }]),
  );
}

/** Keeps what a run shows. */
export class WitnessView implements View {
  readonly showsAll = true;
  readonly broken = null;
  readonly events: PenstockEvent[] = [];
  readonly lines: Line[] = [];
  readonly glances: Glance[] = [];
  closed = 0;
  /** Called at every event. */
  onEvent: (event: PenstockEvent) => void = () => {};

  event(event: PenstockEvent): void {
    this.events.push(event);
    this.onEvent(event);
  }

  log(line: Line): void {
    this.lines.push(line);
  }

  settle(): void {}

  glance(glance: Glance): void {
    // The object changes with the run.
    this.glances.push({ ...glance });
  }

  ready(): null {
    return null;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  /** The events of a type. */
  of<T extends PenstockEvent["type"]>(type: T): Extract<PenstockEvent, { readonly type: T }>[] {
    return this.events.filter((event): event is Extract<PenstockEvent, { readonly type: T }> =>
      event.type === type
    );
  }

  /** The texts of log lines that match. */
  logged(pattern: RegExp): string[] {
    return this.lines.map(({ text }) => text).filter((text) => pattern.test(text));
  }
}

/** The files on disk at one moment, as a kill would leave them. */
interface Left {
  readonly journal: string;
  readonly recording: string;
  /** Events shown by then. */
  readonly shown: number;
}

/** One process of a live run with its files in a folder. */
export class LiveScene implements AsyncDisposable {
  readonly view = new WitnessView();
  readonly live: LiveRun;
  readonly journal: string;
  readonly recording: string;
  readonly ending = new AbortController();
  readonly #left: Left[] = [];
  #isClosed = false;
  /** The number of trades received so far. */
  #at: number;

  /** The first trade that it receives is number `at`. */
  constructor(
    folder: string,
    options: Options = {},
    { at = 0, recording = "frames.txt", surroundings = HERE } = {},
  ) {
    this.journal = `${folder}/run.db`;
    this.recording = `${folder}/${recording}`;
    this.#at = at;
    const files = { state: this.journal, record: this.recording };
    const configuration = configure(given({ ...OPTIONS, ...files, ...options }), [], "run");
    const feed = new ReadAhead((async function* () {})());
    this.live = new LiveRun(configuration, this.view, feed, this.ending.signal, surroundings);
  }

  /** How many trades it has received or missed. */
  get received(): number {
    return this.#at;
  }

  async open(): Promise<OpenedRun | null> {
    return await this.live.open({ command: "run", version: "1" });
  }

  /** Opens the run, starts it and connects. */
  async start(): Promise<OpenedRun> {
    const opened = await this.open();
    await this.live.start();
    await this.connect();
    return opened!;
  }

  async connect(): Promise<void> {
    await this.live.take({ kind: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 });
  }

  async disconnect(cause: "closed" | "stale" = "closed"): Promise<void> {
    await this.live.take({ kind: "disconnected", reason: "gone", retryInMs: 1, cause, hint: "Wait." });
  }

  /** Receives these frames at `receivedAt`, ms since 1970; unless given, a little after the next trade. */
  async frames(
    messages: readonly string[],
    receivedAt = TRADES[this.#at]!.time / 1000 + LAG_MS,
  ): Promise<void> {
    await this.live.take({ kind: "messages", messages, receivedAt });
  }

  /** Receives the next `count` trades at once. */
  async trades(count: number, receivedAt?: number): Promise<void> {
    const last = TRADES[this.#at + count - 1]!;
    const messages = TRADES.slice(this.#at, this.#at + count).map((trade) => messageOf(trade));
    await this.frames(messages, receivedAt ?? last.time / 1000 + LAG_MS);
    this.#at += count;
  }

  /** Misses this many trades. */
  miss(count: number): void {
    this.#at += count;
  }

  /** Receives trades one by one until an event of this type has been shown as the last. */
  async tradesUntil(type: PenstockEvent["type"]): Promise<void> {
    do await this.trades(1); while (this.view.events.at(-1)?.type !== type);
  }

  /** Files a request, as another process does, for this run or for run number `run`. */
  file(request: RunRequest, run = 1): void {
    const database = connect(this.journal, false);
    fileRequest(database, { run, time: Date.now() * 1000, request });
    database.close();
  }

  /** The journal's last entry of this type. */
  async lastEntry(type: Entry["type"]): Promise<Entry> {
    const entry = (await wholeEntries(this.journal)).findLast((entry) => entry.type === type);
    assert(entry !== undefined, `the journal has no ${type}`);
    return entry;
  }

  /** How many requests are waiting. */
  async waiting(): Promise<number> {
    await using reader = await JournalReader.open(this.journal);
    return (await reader.requests()).length;
  }

  async stop(reason?: string): Promise<void> {
    await this.live.stop(reason);
    await this.close();
  }

  /** Closes whatever parts of the run were opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.live.close(1);
  }

  /** Closes what a failed test left open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.close();
  }

  /** Copies what is on the disk at every event from now on. */
  watch(): void {
    this.view.onEvent = () => this.lookAtDisk();
  }

  /** Copies what is on the disk now. */
  lookAtDisk(): Left {
    const name = `${this.journal}.${this.#left.length}`;
    for (const end of ["", "-wal"]) {
      try {
        Deno.copyFileSync(this.journal + end, name + end);
      } catch (error) {
        // A closed journal has no log beside it.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    const recording = `${name}.txt`;
    Deno.copyFileSync(this.recording, recording);
    const left = { journal: name, recording, shown: this.view.events.length };
    this.#left.push(left);
    return left;
  }

  /** Checks that every copy has all events shown by then, and that they follow from the recording. */
  async assertLeftWhole(): Promise<number> {
    for (const { journal, recording, shown } of this.#left) {
      const events = this.view.events.slice(0, shown) as unknown as PrintedEvent[];
      assertKept(await wholeEntries(journal), [events]);
      const { code, stdout } = await inProcess("verify", "--log-level=error", journal, recording);
      assertEquals(code, 0, `after ${shown} events, the last a ${events.at(-1)?.type}: ${stdout}`);
    }
    return this.#left.length;
  }
}

/** Calls `use` with a new folder, and removes it afterwards. */
export function inScene(use: (folder: string) => Promise<void>): () => Promise<void> {
  return () => inFolder(use);
}

/** The exchange's REST side, which serves missed trades, and its rules unless those are null. */
export class RestSide implements AsyncDisposable {
  readonly endpoint: string;
  /** The paths of the requests so far. */
  readonly asked: string[] = [];
  /** Called at every request. */
  onAsked: () => void | Promise<void> = () => {};
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** The answer to a request for the rules; without it there are none. */
  constructor(rules: () => Response = () => new Response("no", { status: 503 })) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
      const { pathname, searchParams } = new URL(url);
      this.asked.push(pathname);
      await this.onAsked();
      if (!pathname.endsWith("historicalTrades")) return rules();
      const fromId = Number(searchParams.get("fromId"));
      const rows = TRADES.filter(({ firstId }) => firstId >= fromId).slice(
        0,
        Number(searchParams.get("limit")),
      );
      return Response.json(rows.map(({ firstId, price, quantity, time, buyerIsMaker }) => {
        const own = { id: firstId, price, qty: quantity, time: time / 1000, isBuyerMaker: buyerIsMaker };
        return { ...own, quoteQty: "1", isBestMatch: true };
      }));
    });
    this.endpoint = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Options that make a run fetch from here. */
  get options(): Options {
    return { backfill: "on", restEndpoint: this.endpoint };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

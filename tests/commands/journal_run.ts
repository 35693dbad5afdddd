/** Runs that keep a journal, on the tests' built-in exchange, and commands that read the journal meanwhile. */
import { assertEquals } from "@std/assert";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { ExchangeProcess } from "../support/exchange_process.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, type Finished, FLAGS, Penstock, type PrintedEvent, QUICKLY } from "../support/penstock.ts";

/** Calls `use` with a folder and an exchange; removes both afterwards. */
export async function withExchange(
  options: ExchangeOptions,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  await using exchange = BuiltInExchange.listen(options);
  await inFolder((folder) => use(new Place(folder, exchange.endpoint)));
}

/** The same with an exchange that sends as fast as a run reads. */
export async function withFlood(use: (place: Place) => Promise<void>): Promise<void> {
  await using exchange = await ExchangeProcess.start("--speed=max");
  await inFolder((folder) => use(new Place(folder, exchange.endpoint)));
}

/** The folder of a run's journal, and the exchange that sends its trades. */
export class Place {
  readonly journal: string;
  readonly endpoint: string;
  readonly #folder: string;

  constructor(folder: string, endpoint: string) {
    this.#folder = folder;
    this.journal = `${folder}/penstock.db`;
    this.endpoint = endpoint;
  }

  /** Starts `penstock run` with its journal here. */
  run(...args: readonly string[]): Penstock {
    return this.runAt(this.endpoint, ...args);
  }

  /** The same with another exchange. */
  runAt(endpoint: string, ...args: readonly string[]): Penstock {
    return this.#start([], "--log-level=error", "--endpoint", endpoint, ...args);
  }

  /** Starts one whose periodic work runs fifty times as often, and which logs that it resumes. */
  runQuickly(...args: readonly string[]): Penstock {
    return this.#start([QUICKLY], "--endpoint", this.endpoint, ...args);
  }

  #start(flags: readonly string[], ...args: readonly string[]): Penstock {
    return Penstock.start(
      ["run", "--json", "--backfill=off", "--state", this.journal, ...args],
      [...FLAGS, `--allow-write=${this.#folder}`, ...flags],
    );
  }

  /** The output of `penstock status --json`. */
  async status(...args: readonly string[]): Promise<PrintedEvent> {
    const { code, stdout, stderr } = await inProcess("status", this.journal, "--json", ...args);
    assertEquals([code, stderr], [0, ""]);
    const [status, ...rest] = eventsOf(stdout);
    assertEquals(rest, []);
    return status!;
  }

  /** Halts the live run. */
  async halt(...args: readonly string[]): Promise<void> {
    const flags = [...FLAGS, `--allow-write=${this.#folder}`];
    await using program = Penstock.start(["halt", this.journal, ...args], flags);
    const { code, stderr } = await program.finished();
    assertEquals([code, stderr], [0, ""]);
  }

  /** The result of `penstock status --max-age`. */
  health(maxAge: string): Promise<Finished> {
    return inProcess("status", this.journal, "--max-age", maxAge);
  }
}

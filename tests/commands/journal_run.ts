/** Runs that keep a journal, on the tests' built-in exchange, and commands that read the journal meanwhile. */
import { assertEquals } from "@std/assert";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { ExchangeProcess } from "../support/exchange_process.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, type Finished, FLAGS, Penstock, type PrintedEvent, QUICKLY } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";

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
  readonly folder: string;

  constructor(folder: string, endpoint: string) {
    this.folder = folder;
    this.journal = `${folder}/penstock.db`;
    this.endpoint = endpoint;
  }

  /** Starts `penstock run` with its journal here, in the test's process. */
  run(...args: readonly string[]): Penstock {
    return this.runAt(this.endpoint, ...args);
  }

  /** The same with another exchange. */
  runAt(endpoint: string, ...args: readonly string[]): Penstock {
    return this.#start(1, "--log-level=error", "--endpoint", endpoint, ...args);
  }

  /** Starts one whose periodic work runs fifty times as often, and which logs that it resumes. */
  runQuickly(...args: readonly string[]): Penstock {
    return this.#start(50, "--endpoint", this.endpoint, ...args);
  }

  /** The same two in separate processes, which can be killed and suspended. */
  runApart(...args: readonly string[]): Penstock {
    return this.#startApart([], "--log-level=error", ...args);
  }

  runQuicklyApart(...args: readonly string[]): Penstock {
    return this.#startApart([QUICKLY], ...args);
  }

  #startApart(flags: readonly string[], ...args: readonly string[]): Penstock {
    return Penstock.start(
      ["run", ...this.#options, "--endpoint", this.endpoint, ...args],
      [...FLAGS, `--allow-write=${this.folder}`, ...flags],
    );
  }

  #start(times: number, ...args: readonly string[]): Penstock {
    return startHere(["run", ...this.#options, ...args], { times });
  }

  get #options(): string[] {
    return ["--json", "--backfill=off", "--state", this.journal];
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
    const { code, stderr } = await inProcess("halt", this.journal, ...args);
    assertEquals([code, stderr], [0, ""]);
  }

  /** The result of `penstock status --max-age`. */
  health(maxAge: string): Promise<Finished> {
    return inProcess("status", this.journal, "--max-age", maxAge);
  }
}

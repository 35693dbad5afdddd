/** `penstock demo`: the run command against the built-in exchange, over a real WebSocket on loopback. */
import { openExchange } from "../simulator/configured.ts";
import type { Command, Started } from "../config/command.ts";
import type { Config } from "../config/options.ts";

/** Where a demo with a live page keeps its journal, unless `--state` names another place. */
const WATCHED_JOURNAL = "data/demo.db";

/** The parts of a demo besides the exchange. */
export interface DemoParts {
  readonly run: Command;
  /** Starts the live page of a journal alongside the run, and returns log lines about where it is. */
  readonly startPage: (
    serve: Pick<Config, "listen"> & { readonly version: string; readonly paths: readonly string[] },
  ) => Promise<Disposable & { readonly texts: readonly string[] }>;
}

/** Starts the exchange on a free port and passes its address to `run`, which sees no difference. */
export async function demo(
  { config: given, ...started }: Started,
  { run, startPage }: DemoParts,
): Promise<void> {
  const config = given.watch ? journaled(given) : given;
  const notBefore = config.speed === 1 ? null : await endOf(config);
  await using exchange = await openExchange({ ...config, notBefore }, 0, () => {}, started.signal);
  const { version } = started;
  using page = config.watch
    ? await startPage({ version, paths: [config.state], listen: config.listen })
    : null;
  const { endpoint, restEndpoint } = exchange;
  await run({ ...started, notes: page?.texts ?? [], config: { ...config, endpoint, restEndpoint } });
}

/**
 * The page reads a journal, so the demo needs one. If the user has named no place for it, each demo starts a new run.
 */
function journaled(config: Config): Config {
  return config.state === "none" ? { ...config, state: WATCHED_JOURNAL, newRun: true } : config;
}

/**
 * A millisecond after the last trade of the kept run's market, ms since 1970; null if there is no such run.
 * A market that runs faster is ahead of this machine's clock, and the next one continues where it stopped.
 */
async function endOf({ state, newRun }: Config): Promise<number | null> {
  if (state === "none" || newRun) return null;
  const [{ JournalReader }, { lastRunIn, readRun }] = await Promise.all([
    import("../stores/journal/journal_reader.ts"),
    import("../stores/journal/run_reading.ts"),
  ]);
  try {
    await using reader = await JournalReader.open(state);
    const { last } = await readRun(reader, await lastRunIn(reader));
    return last === null ? null : Math.ceil(last.time / 1000) + 1;
  } catch {
    // There is no journal yet, or the run that opens it will report what is wrong with it.
    return null;
  }
}

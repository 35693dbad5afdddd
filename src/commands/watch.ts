/** `penstock watch`: a live page over running journals, in a process that only reads them. */
import type { Started } from "../config/command.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { isLoopback, type ListenAddress, listenText } from "../config/watch_options.ts";
import { dropPermissions } from "../feeds/process/permissions.ts";
import { tokenIn } from "../stores/files/token_file.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { RunMetrics } from "../views/metrics/run_metrics.ts";
import { LiveRuns } from "../views/page/live_runs.ts";
import { PageServer, type PageServerOptions } from "../views/page/page_server.ts";
import { openLog } from "../views/terminal/log.ts";
import { LiveTerminal, logLook } from "../views/terminal/terminal.ts";
import { takeTotals, withEarlier } from "./watch/earlier_events.ts";
import { lookAgain } from "./watch/followed_journals.ts";
import { pageRoutes } from "./watch/page_routes.ts";

/** Serves until the user ends it. Throws if it cannot listen; whatever a journal does is shown, and no error. */
export async function watch({ config, version, files, signal }: Started): Promise<void> {
  const terminal = new LiveTerminal(Deno.stderr);
  const log = openLog(
    { level: config.logLevel, format: config.logFormat, ...logLook(Deno.stderr) },
    terminal,
  );
  const paths = files.length === 0 ? [DEFAULT_JOURNAL] : files;
  const runs = new LiveRuns(paths.map((journal) => ({ journal, name: nameOf(journal, paths) })));
  const metrics = new RunMetrics(version, paths);
  const token = config.token === null ? null : { text: tokenIn(config.token), file: config.token };
  {
    await using server = listen({
      ...config.listen,
      names: config.host ?? [],
      token: token?.text ?? null,
      routes: await pageRoutes(paths, { runs, metrics }),
      onFailure: (error) => log.error(`a request failed: ${error instanceof Error ? error.message : error}`),
    });
    for (const line of listeningLines({ ...config.listen, port: server.port }, token)) log.info(line);
    log.info(await dropOthers(paths));
    const problems = paths.map((): string | null => null);
    await lookAgain(paths, async (index, moment) => {
      const { problem } = moment;
      if (problem !== problems[index]) {
        problems[index] = problem;
        if (problem === null) log.info(`${paths[index]} can be read`);
        else log.warn(problem);
      }
      await takeTotals(metrics, index, paths[index]!, moment);
      runs.take(index, await withEarlier(paths[index]!, moment, runs.places[index]!));
    }, signal);
  }
  await terminal.settled(signal);
}

function listen(options: PageServerOptions): PageServer {
  try {
    return PageServer.listen(options);
  } catch (error) {
    const place = listenText(options);
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Deno.errors.AddrInUse(`--listen ${place} is taken: expected a free port, or 0 to take any`);
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new Deno.errors.AddrNotAvailable(`--listen ${place}: this machine does not have that address`);
    }
    throw error;
  }
}

/** What to call a journal among others: its file's name, or its path where two have the same. */
function nameOf(path: string, paths: readonly string[]): string {
  const short = (text: string) =>
    text.replace(/[?#].*$/, "").replace(/^.*[\\/]/, "").replace(/\.db$/, "") || text;
  return paths.filter((other) => short(other) === short(path)).length > 1 ? path : short(path);
}

/** Where the page is, and who can reach it. */
function listeningLines(
  address: ListenAddress,
  token: { readonly text: string; readonly file: string } | null,
): string[] {
  const anywhere = address.hostname === "0.0.0.0" || address.hostname === "::";
  const shown = anywhere ? { ...address, hostname: "127.0.0.1" } : address;
  // A log may be kept, and read by others.
  const isSeen = Deno.stderr.isTerminal();
  const query = token === null
    ? ""
    : `/?token=${isSeen ? token.text : `TOKEN, with the one in ${token.file}`}`;
  const page = `the live page is at http://${listenText(shown)}${query}`;
  if (isLoopback(address)) return [page];
  return [
    page,
    `it can be reached from other machines at ${
      listenText(address)
    }, by the names that --host gives and only with ` +
    "the token; what is sent is not encrypted, so put a proxy with TLS in front of it in a network that you do not trust",
  ];
}

/** Drops every permission but reading the journals, and says what is left. */
async function dropOthers(paths: readonly string[]): Promise<string> {
  const reads = await Promise.all(paths.map(async (path) => {
    const store = await storeOf(path);
    // Its name as it was given, too, and the place of a file that SQLite must not find beside it.
    return store.isInFiles ? [path, ...store.files(path).reads, `${path}-journal`] : [];
  }));
  const needs = { hosts: [], writes: [], reads: [...new Set(reads.flat())], folder: null };
  return await dropPermissions(needs, paths);
}

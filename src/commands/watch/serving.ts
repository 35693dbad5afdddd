/** Serves the live page of some journals, in a separate process or thread. */
import {
  isAnywhere,
  isLoopback,
  type ListenAddress,
  listenText,
  namesOf,
} from "../../config/watch_options.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import { isInDatabase } from "../../domain/run/database_place.ts";
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { dropPermissions } from "../../feeds/process/permissions.ts";
import { polledFiles } from "../../stores/journal/journal_follower.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";
import { RunMetrics } from "../../views/metrics/run_metrics.ts";
import { LiveRuns } from "../../views/page/live_runs.ts";
import { PageServer, type PageServerOptions } from "../../views/page/page_server.ts";
import type { Line } from "../../views/view.ts";
import type { Alarms } from "./alarms.ts";
import { takeTotals, withEarlier } from "./earlier_events.ts";
import { pollJournals } from "./followed_journals.ts";
import { pageRoutes } from "./page_routes.ts";

/** How often a journal is polled. */
const POLL_MS = 1_000;
/** How often to poll a journal whose store sends notices of changes: a lost notice costs no more than this. */
const NOTIFIED_MS = 5_000;

/** The journals to serve, the address to listen on, and who may see them. */
export interface ServingOptions {
  readonly version: string;
  /** The journals, as the user named them. */
  readonly paths: readonly string[];
  readonly listen: ListenAddress;
  /** Names besides those of loopback. */
  readonly names: readonly string[];
  /** The token that a request must carry, and the file that holds it; null for none. */
  readonly token: { readonly text: string; readonly file: string } | null;
  /** Whether only the user can read the log, so that it may contain the token. */
  readonly isPrivate: boolean;
  /** Whether it has the process to itself, so that it can drop permissions that it does not need. */
  readonly isOwnProcess: boolean;
  /** The alarms, which also get the result of each poll, and need permissions. Default: none. */
  readonly alarms?: Pick<Alarms, "polled" | "hosts" | "files">;
  readonly log: (line: Line) => void;
  /** Called once it listens. */
  readonly onListening?: (port: number) => void;
  /** How often each journal is polled, ms. Default: 1 s. */
  readonly pollMs?: number;
  /** The same for a journal whose store sends notices of changes, ms. Default: 5 s. */
  readonly notifiedMs?: number;
  /** Ends the serving. */
  readonly signal: AbortSignal;
}

/**
 * Serves until `signal` is aborted. A journal that cannot be read is shown and logged; it is not an error. Throws a
 * ConfigError for an address that this machine does not have, and Deno.errors.AddrInUse for one that is taken.
 */
export async function serve(options: ServingOptions): Promise<void> {
  const {
    version,
    paths,
    listen,
    names,
    token,
    alarms,
    log,
    pollMs = POLL_MS,
    notifiedMs = NOTIFIED_MS,
    signal,
  } = options;
  const runs = new LiveRuns(paths.map((journal) => ({ journal, name: nameOf(journal, paths) })));
  const metrics = new RunMetrics(version, paths);
  await using server = listening({
    ...listen,
    names: [...names, ...namesOf(listen)],
    token: token?.text ?? null,
    routes: await pageRoutes(paths, { runs, metrics }),
    onFailure: (error) => {
      log({ level: "error", text: `a request failed: ${error instanceof Error ? error.message : error}` });
    },
  });
  for (const text of listeningTexts(options, server.port)) log({ level: "info", text });
  if (options.isOwnProcess) log({ level: "info", text: await dropOthers(paths, alarms) });
  options.onListening?.(server.port);
  const logProblem = problemLog(paths, log);
  await pollJournals({ paths, pollMs, notifiedMs }, async (index, moment, store) => {
    const journal = { path: paths[index]!, store };
    logProblem(index, moment);
    alarms?.polled(index, moment);
    await takeTotals(metrics, index, journal, moment);
    runs.take(index, await withEarlier(journal, moment, runs.places[index]!));
  }, signal);
}

function listening(options: PageServerOptions): PageServer {
  try {
    return PageServer.listen(options);
  } catch (error) {
    const place = listenText(options);
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Deno.errors.AddrInUse(`--listen ${place} is taken: expected a free port, or 0 to take any`);
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new ConfigError([`--listen ${place}: expected an address that this machine has`]);
    }
    throw error;
  }
}

/** Logs when a journal cannot be read, and when it can be again. */
function problemLog(
  paths: readonly string[],
  log: ServingOptions["log"],
): (index: number, moment: FollowedMoment) => void {
  const problems = new Map<number, string | null>();
  return (index, { problem }) => {
    if ((problems.get(index) ?? null) === problem) return;
    problems.set(index, problem);
    if (problem === null) log({ level: "info", text: `the journal ${paths[index]} can be read now` });
    else log({ level: "warn", text: problem });
  };
}

/**
 * The name of a journal among others: its name in a database, or that of its file; its path if two would be the same.
 */
function nameOf(path: string, paths: readonly string[]): string {
  const short = (text: string) =>
    isInDatabase(text) && /#./.test(text)
      ? text.replace(/^.*#/, "")
      : text.replace(/[?#].*$/, "").replace(/^.*[\\/]/, "").replace(/\.db$/, "") || text;
  return paths.filter((other) => short(other) === short(path)).length > 1 ? path : short(path);
}

/** Where the page is, and who can reach it. */
function listeningTexts({ listen, token, isPrivate }: ServingOptions, port: number): string[] {
  const shown = listenText({ hostname: isAnywhere(listen) ? "127.0.0.1" : listen.hostname, port });
  const query = token === null
    ? ""
    : `/?token=${isPrivate ? token.text : `TOKEN, with the one in ${token.file}`}`;
  const page = `the live page is at http://${shown}${query}`;
  if (isLoopback(listen)) return [page];
  return [
    page,
    `other machines can reach it at ${listenText({ ...listen, port })}, by ${
      isAnywhere(listen) ? "" : "this address and "
    }the names that --host gives and only with ` +
    "the token; nothing is encrypted, so outside a network that you trust put a TLS proxy in front of it",
  ];
}

/**
 * Drops every permission except reading the journals and those that alarms need. Returns a sentence about what is left.
 */
async function dropOthers(paths: readonly string[], alarms: ServingOptions["alarms"]): Promise<string> {
  const journals = await Promise.all(paths.map(async (path) => {
    const store = await storeOf(path);
    const { reads, hosts = [] } = store.files(path);
    return { reads: store.isInFiles ? [...reads, ...polledFiles(path)] : reads, hosts };
  }));
  const { hosts = [], files: writes = [] } = alarms ?? {};
  const needs = {
    hosts: [...new Set([...hosts, ...journals.flatMap((journal) => journal.hosts)])],
    writes,
    // A memory that can no longer be written forgets which alarms were sent.
    mustWrite: writes.length > 0,
    reads: [...new Set([...journals.flatMap(({ reads }) => reads), ...writes])],
    folder: null,
  };
  return await dropPermissions(needs, [...paths, ...writes]);
}

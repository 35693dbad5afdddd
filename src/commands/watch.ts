/** `penstock watch`: a live page over running journals, in a process that only reads them. */
import type { Started } from "../config/command.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { listenText } from "../config/watch_options.ts";
import { JournalFollower } from "../stores/journal/journal_follower.ts";
import { tokenIn } from "../stores/files/token_file.ts";
import { eventStream } from "../views/page/event_stream.ts";
import { livePage } from "../views/page/live_page.ts";
import { entryOf, LiveRuns } from "../views/page/live_runs.ts";
import { PageServer } from "../views/page/page_server.ts";
import { openLog } from "../views/terminal/log.ts";
import { LiveTerminal, logLook } from "../views/terminal/terminal.ts";

/** How often each journal is looked at. */
const LOOK_MS = 1_000;

/** Serves until the user ends it. */
export async function watch({ config, files, signal }: Started): Promise<void> {
  const terminal = new LiveTerminal(Deno.stderr);
  const log = openLog(
    { level: config.logLevel, format: config.logFormat, ...logLook(Deno.stderr) },
    terminal,
  );
  const paths = files.length === 0 ? [DEFAULT_JOURNAL] : files;
  const runs = new LiveRuns(paths.map((journal) => ({ journal, name: journal })));
  const followers = await Promise.all(paths.map((path) => JournalFollower.open(path, null)));
  const older = async (index: number, seq: number) => {
    await using follower = await JournalFollower.open(paths[index]!, { seq });
    return (await follower.look()).events.map(entryOf);
  };
  const page = livePage();
  const { hostname, port } = config.listen;
  await using server = PageServer.listen({
    hostname,
    port,
    names: config.host ?? [],
    token: config.token === null ? null : tokenIn(config.token),
    routes: {
      "/": () => ({
        status: 200,
        type: "text/html; charset=utf-8",
        body: page.html,
        headers: { "Content-Security-Policy": page.policy },
      }),
      "/state": () => ({ status: 200, type: "application/json", body: JSON.stringify(runs.state([])) }),
      "/events": ({ headers }) => ({
        status: 200,
        type: "text/event-stream",
        body: (gone) => eventStream({ runs, older }, headers.get("last-event-id") ?? null, gone),
      }),
    },
    onFailure: (error) => log.error(String(error)),
  });
  log.info(`the live page is at http://${listenText({ hostname, port: server.port })}`);
  while (!signal.aborted) {
    for (const [index, follower] of followers.entries()) runs.take(index, await follower.look());
    await pause(LOOK_MS, signal);
  }
  await terminal.settled(signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const end = Promise.withResolvers<void>();
  const onAbort = () => end.resolve();
  const timer = setTimeout(onAbort, ms);
  signal.addEventListener("abort", onAbort, { once: true });
  await end.promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
}

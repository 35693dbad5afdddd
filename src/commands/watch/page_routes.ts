/** What the server of `penstock watch` answers, by path. */
import { CONTENT_TYPE } from "../../views/metrics/exposition.ts";
import type { RunMetrics } from "../../views/metrics/run_metrics.ts";
import { eventStream, type StreamSource } from "../../views/page/event_stream.ts";
import { healthAnswer } from "../../views/page/health.ts";
import { livePage } from "../../views/page/live_page.ts";
import type { LiveRuns } from "../../views/page/live_runs.ts";
import type { Route } from "../../views/page/page_server.ts";
import { eventsAfter } from "./earlier_events.ts";

/** Returns the routes that serve what is known of the journals at these paths. */
export async function pageRoutes(
  paths: readonly string[],
  { runs, metrics }: { readonly runs: LiveRuns; readonly metrics: RunMetrics },
): Promise<Readonly<Record<string, Route>>> {
  const older = oneByOne(paths);
  const { html, policy } = await livePage();
  return {
    "/": () => ({
      status: 200,
      type: "text/html; charset=utf-8",
      body: html,
      headers: { "Content-Security-Policy": policy },
    }),
    "/state": () => ({
      status: 200,
      type: "application/json; charset=utf-8",
      body: JSON.stringify(runs.state([])),
    }),
    "/events": ({ headers }) => ({
      status: 200,
      type: "text/event-stream; charset=utf-8",
      body: (gone) => eventStream({ runs, older }, headers.get("last-event-id") ?? null, gone),
    }),
    "/health": () => ({ ...healthAnswer(runs.state(runs.points).runs), type: "text/plain; charset=utf-8" }),
    "/metrics": () => ({ status: 200, type: CONTENT_TYPE, body: metrics.text() }),
  };
}

/** Reads events that are no longer kept, for one browser at a time, however many ask. */
function oneByOne(paths: readonly string[]): StreamSource["older"] {
  let last: Promise<unknown> = Promise.resolve();
  return (index, seq) => {
    const reading = last.then(() => eventsAfter({ path: paths[index]! }, seq));
    last = reading.catch(() => {});
    return reading;
  };
}

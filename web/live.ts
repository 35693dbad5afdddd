/** The script of the live page: it follows the stream of `penstock watch`, and shows one run or all of them. */
import { byId, show } from "./elements.ts";
import { follow, type StreamEvent } from "./event_stream.ts";
import { FollowedRun } from "./followed_run.ts";
import { LiveView } from "./live_view.ts";
import type { LiveEntries, LiveState } from "../src/views/page/live_message.ts";
import { showLocal, showsLocal } from "./times.ts";

/** How often the clocks of the page advance, ms. */
const TICK_MS = 1_000;
/** What arrives within this time is shown together, ms. */
const TOGETHER_MS = 40;

const view = new LiveView();
/** In the order of the server. */
let runs: readonly FollowedRun[] = [];
/** Whether the next state is the first one of its connection. */
let isFirst = true;
/** When the server last sent something, ms since 1970; null before it did. */
let receivedAt: number | null = null;
let rendering: ReturnType<typeof setTimeout> | undefined;

byId("zone").addEventListener("click", () => {
  showLocal(!showsLocal());
  show(byId("zone"), showsLocal() ? "Times: local" : "Times: UTC");
});
byId("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = (dataset.theme ?? (isDark ? "dark" : "light")) === "dark" ? "light" : "dark";
  view.redraw();
});
addEventListener("hashchange", () => view.turn());
setInterval(() => view.tick(), TICK_MS);
document.addEventListener("visibilitychange", () => render());
// A relative address, so that every request keeps the query of the page, with its token.
void follow(`events${location.search}`, {
  onUp() {
    isFirst = true;
  },
  onEvent: receive,
  onDown(reason) {
    view.lose(reason, receivedAt);
  },
}, new AbortController().signal);

function receive({ type, data }: StreamEvent): void {
  receivedAt = Date.now();
  view.receive();
  if (type === "state") takeState(JSON.parse(data));
  else if (type === "entries") takeEntries(JSON.parse(data));
  rendering ??= setTimeout(render, TOGETHER_MS);
}

function takeState(state: LiveState): void {
  const known = new Map(runs.map((run) => [run.journal, run]));
  runs = state.runs.map((received) => {
    const run = known.get(received.journal) ?? new FollowedRun(received);
    run.takeState(received, isFirst);
    return run;
  });
  isFirst = false;
}

function takeEntries({ run, entries }: LiveEntries): void {
  const isNews = runs[run]!.hasEntries;
  const rows = runs[run]!.takeEntries(entries);
  if (isNews) view.announceRows(runs[run]!, rows);
}

function render(): void {
  clearTimeout(rendering);
  rendering = undefined;
  view.render(runs);
  document.documentElement.dataset.ready = "true";
}

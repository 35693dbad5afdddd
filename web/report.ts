/** The script of every report: draws a run, or those runs of a sweep's best configurations that the reader opens. */
import type { Charts } from "./charts.ts";
import { decoded, runOf } from "./page_data.ts";
import { showRun } from "./run_view.ts";
import type { PackedReport, PageData } from "../src/views/report/page_format.ts";
import { showLocal, showsLocal } from "./times.ts";

/** How long the charts wait for a frame. A page in the background draws none. */
const LONGEST_WAIT_MS = 100;

/** The charts that are shown; null for none. */
let charts: Charts | null = null;
let shown = new AbortController();

// The sentences and figures are shown before the charts are drawn.
await new Promise<void>((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, LONGEST_WAIT_MS);
});
button("zone", (pressed) => {
  showLocal(!showsLocal());
  pressed.textContent = showsLocal() ? "Times: local" : "Times: UTC";
});
button("theme", () => {
  const root = document.documentElement;
  const isDark =
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
      "dark";
  root.dataset.theme = isDark ? "light" : "dark";
  charts?.redraw();
});
if (document.getElementById("data") !== null) {
  charts = showRun(runOf(await decoded<PageData>("data")), shown.signal);
} else {
  addEventListener("hashchange", openRun);
  await openRun();
}
document.documentElement.dataset.ready = "true";
performance.mark("ready");

/** Shows the run that the address names, or otherwise the sweep. */
async function openRun(): Promise<void> {
  shown.abort();
  shown = new AbortController();
  charts = null;
  const { signal } = shown;
  const place = document.getElementById("run")!;
  const sweep = document.getElementById("sweep")!;
  const before = place.dataset.run;
  const id = location.hash.slice(1);
  const isRun = /^run-\d+$/.test(id) && document.getElementById(id) !== null;
  const report = isRun ? await decoded<PackedReport>(id) : null;
  if (signal.aborted) return;
  place.replaceChildren();
  delete place.dataset.run;
  sweep.hidden = report !== null;
  if (report === null) {
    // Back to where the reader was.
    const link = before === undefined ? null : sweep.querySelector<HTMLElement>(`a[href="#${before}"]`);
    link?.scrollIntoView({ block: "center" });
    link?.focus({ preventScroll: true });
    return;
  }
  place.innerHTML = report.markup;
  // Its times are in UTC.
  if (showsLocal()) showLocal(true);
  scrollTo(0, 0);
  place.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
  charts = showRun(runOf(report.data), signal);
  place.dataset.run = id;
}

function button(id: string, press: (pressed: HTMLButtonElement) => void): void {
  const pressed = document.getElementById(id) as HTMLButtonElement;
  pressed.addEventListener("click", () => press(pressed));
}

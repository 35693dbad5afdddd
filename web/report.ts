/** The script of the report's page. Everything but charts and round trips is in the page already. */
import { type Area, Charts, type Span } from "./charts.ts";
import { type Line, readRun, type Run } from "./page_data.ts";
import { INCIDENT_WORDS } from "../src/views/report/page_format.ts";
import { momentText, showLocal, showsLocal } from "./times.ts";
import { TripTable } from "./trips.ts";

/** Rows of the table behind a chart: enough to read, few enough to scroll through. */
const TABLE_ROWS = 200;

/** A page that is not shown draws no frame: then the charts do not wait for one. */
const LONGEST_WAIT_MS = 100;

// The sentences and figures are shown before the charts are drawn.
await new Promise<void>((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, LONGEST_WAIT_MS);
});
const run = await readRun("data");
const marks = incidentMarks(run);
const charts: Charts = new Charts(run, (trip) => table?.select(trip), placeIncidents);
const table = run.trips.length === 0 ? null : new TripTable(run, (trip) => {
  charts.select(trip);
  document.getElementById("chart-price")!.scrollIntoView({ block: "center", behavior: "smooth" });
});

button("zoom-reset", () => charts.reset());
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
  charts.redraw();
});
tableBehind("table-equity", [run.equity]);
tableBehind("table-drawdown", [run.drawdown]);
tableBehind("table-price", [run.price]);
for (const line of run.averages.slice(0, 1)) tableBehind("table-values", [line]);
if (run.volatility !== null) tableBehind("table-volatility", [run.volatility]);
fillWhenOpened(
  "table-incidents",
  () => run.incidents.map(({ kind, time, text }) => [time, INCIDENT_WORDS[kind], text] as const),
);
document.documentElement.dataset.ready = "true";
performance.mark("ready");

function button(id: string, press: (pressed: HTMLButtonElement) => void): void {
  const pressed = document.getElementById(id) as HTMLButtonElement;
  pressed.addEventListener("click", () => press(pressed));
}

/** Fills a table with points of a line when the reader opens it. */
function tableBehind(id: string, [line]: readonly [Line]): void {
  const step = Math.max(1, Math.ceil(line.times.length / TABLE_ROWS));
  fillWhenOpened(id, function* () {
    for (let at = 0; at < line.times.length; at += step) yield [line.times[at]!, String(line.values[at])];
  });
}

/** Fills a table when the reader opens it: each row is a time, seconds since 1970, and texts. */
function fillWhenOpened(id: string, rows: () => Iterable<readonly [time: number, ...texts: string[]]>): void {
  const details = document.getElementById(id) as HTMLDetailsElement | null;
  details?.addEventListener("toggle", () => {
    const body = details.querySelector("tbody")!;
    if (!details.open || body.childElementCount > 0) return;
    for (const [seconds, ...texts] of rows()) {
      const row = document.createElement("tr");
      const time = document.createElement("time");
      time.dateTime = new Date(seconds * 1000).toISOString();
      time.textContent = momentText(seconds);
      row.insertCell().append(time);
      for (const text of texts) row.insertCell().textContent = text;
      body.append(row);
    }
  });
}

/** A mark for each incident on the strip below the charts. */
function incidentMarks(
  { incidents, from, to }: Run,
): { readonly time: number; readonly mark: HTMLElement }[] {
  const strip = document.getElementById("incidents");
  if (strip === null) return [];
  const room = (to - from || 1) / 100;
  return incidents.map(({ kind, time, text }) => {
    const mark = document.createElement("button");
    mark.className = `incident ${kind}`;
    mark.title = `${momentText(time)}: ${text}`;
    mark.setAttribute("aria-label", mark.title);
    mark.addEventListener("click", () => charts.show({ from: time - room, to: time + room }));
    strip.append(mark);
    return { time, mark };
  });
}

/** Moves the marks to where the charts above show their times. */
function placeIncidents({ from, to }: Span, { left, width }: Area): void {
  const strip = document.getElementById("incidents");
  if (strip === null) return;
  strip.style.marginLeft = `${left}px`;
  strip.style.width = `${width}px`;
  for (const { time, mark } of marks) {
    mark.hidden = time < from || time > to;
    mark.style.left = `${(time - from) / (to - from) * 100}%`;
  }
}

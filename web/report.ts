/** The script of the report's page. Everything but charts and round trips is in the page already. */
import { Charts } from "./charts.ts";
import { type Line, readRun, type Run } from "./page_data.ts";
import { momentText, showLocal, showsLocal } from "./times.ts";
import { TripTable } from "./trips.ts";

/** Rows of the table behind a chart: enough to read, few enough to scroll through. */
const TABLE_ROWS = 200;

const run = await readRun("data");
const charts: Charts = new Charts(run, (trip) => table.select(trip));
const table = new TripTable(run, (trip) => {
  charts.select(trip);
  document.getElementById("chart-price")!.scrollIntoView({ block: "center", behavior: "smooth" });
});
drawIncidents(run);

button("zoom-reset", () => charts.reset());
button("zone", (pressed) => {
  showLocal(!showsLocal());
  pressed.textContent = showsLocal() ? "Local time" : "UTC";
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
document.documentElement.dataset.ready = "true";

function button(id: string, press: (pressed: HTMLButtonElement) => void): void {
  const pressed = document.getElementById(id) as HTMLButtonElement;
  pressed.addEventListener("click", () => press(pressed));
}

/** Fills a table with points of a line when the reader opens it. */
function tableBehind(id: string, [line]: readonly [Line]): void {
  const details = document.getElementById(id) as HTMLDetailsElement;
  details.addEventListener("toggle", () => {
    const body = details.querySelector("tbody")!;
    if (!details.open || body.childElementCount > 0) return;
    const step = Math.max(1, Math.ceil(line.times.length / TABLE_ROWS));
    for (let at = 0; at < line.times.length; at += step) {
      const row = document.createElement("tr");
      const time = document.createElement("time");
      time.dateTime = new Date(line.times[at]! * 1000).toISOString();
      time.textContent = momentText(line.times[at]!);
      row.insertCell().append(time);
      row.insertCell().textContent = String(line.values[at]);
      body.append(row);
    }
  });
}

/** Marks each incident on the strip below the charts, where its time is. */
function drawIncidents({ incidents, from: first, to }: Run): void {
  const strip = document.getElementById("incidents");
  if (strip === null) return;
  const span = to - first || 1;
  for (const { kind, time, text } of incidents) {
    const mark = document.createElement("button");
    mark.className = `incident ${kind}`;
    mark.style.left = `${Math.min(100, Math.max(0, (time - first) / span * 100))}%`;
    mark.title = `${momentText(time)}: ${text}`;
    mark.setAttribute("aria-label", mark.title);
    mark.addEventListener("click", () => charts.show({ from: time - span / 100, to: time + span / 100 }));
    strip.append(mark);
  }
}

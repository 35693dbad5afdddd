/** The table of all runs. Each row links to its run. */
import { byId, made, show } from "./elements.ts";
import type { FollowedRun } from "./followed_run.ts";
import { drawdownShare, isClose, limitText, signOf } from "./run_figures.ts";
import { assetsOf, type Seen, SHOWN_STATES } from "./shown_state.ts";
import { Money, plain } from "../src/domain/numbers/money.ts";
import {
  exactly,
  money,
  NONE,
  percent,
  priceText,
  signedMoney,
  unsignedPercent,
} from "../src/views/terminal/figures.ts";
import { agoText } from "./times.ts";

/** The size of the small chart of a run's equity, and the most points in it. */
const [WIDTH, HEIGHT, MOST_POINTS] = [120, 26, 60];
const SVG = "http://www.w3.org/2000/svg";

/** The columns after the first, which has the link. On a phone, each cell shows its label. */
const LABELS = ["State", "Price", "Equity", "Result", "Drawdown", "Position", "Heartbeat", "Last event"];

/** Shows all runs. `isLost` if the page has no connection. */
export function showOverview(all: readonly Seen[], isLost: boolean): void {
  const body = byId<HTMLTableElement>("runs").tBodies[0]!;
  while (body.rows.length > all.length) body.deleteRow(-1);
  for (const [at, seen] of all.entries()) {
    showRow(body.rows[at] ?? body.appendChild(newRow(at)), seen, isLost);
  }
}

function newRow(at: number): HTMLTableRowElement {
  const link = made("a");
  link.href = `#run-${at}`;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.setAttribute("aria-hidden", "true");
  picture.append(document.createElementNS(SVG, "polyline"));
  const head = made("th", "", link, made("span", "muted"));
  head.scope = "row";
  const row = made("tr", "", head);
  for (const label of LABELS) {
    const cell = made("td", "", made("span"));
    cell.dataset.label = label;
    row.append(cell);
  }
  row.cells[3]!.append(picture);
  row.cells[5]!.append(made("div", "meter", made("i")));
  row.addEventListener("click", (event) => {
    if (!(event.target instanceof HTMLAnchorElement)) location.hash = link.hash;
  });
  return row;
}

function showRow(
  row: HTMLTableRowElement,
  { run, status, state, words, name }: Seen,
  isLost: boolean,
): void {
  const { drawdown, drawdownLimit, journal, problem, name: called } = run.last;
  row.dataset.stale = String(isLost || state === "silent" || state === "unreadable");
  const head = row.cells[0]!;
  show(head.firstElementChild!, name);
  show(
    head.lastElementChild!,
    [called === name ? undefined : called, status?.strategy].filter(Boolean).join(" · "),
  );
  head.title = journal;
  const cells = [...row.cells].slice(1).map((cell) => cell.firstElementChild as HTMLElement);
  const set = (at: number, text: string, className = ""): void => {
    show(cells[at]!, text);
    if (cells[at]!.className !== className) cells[at]!.className = className;
  };
  cells[0]!.dataset.state = isLost ? "lost" : state;
  set(0, `${SHOWN_STATES[state].sign} ${isLost ? "was " : ""}${words}`, "state");
  const last = run.log.rows.at(-1);
  set(7, problem ?? (last === undefined ? NONE : `${last.label} ${last.text}`), "event");
  const share = status === null ? null : drawdownShare(drawdown, drawdownLimit);
  const meter = row.cells[5]!.lastElementChild as HTMLElement;
  meter.hidden = share === null;
  meter.classList.toggle("close", isClose(share));
  (meter.firstElementChild as HTMLElement).style.width = `${(share ?? 0) * 100}%`;
  if (status === null) {
    for (let at = 1; at < 7; at++) set(at, NONE);
    return;
  }
  const { base } = assetsOf(status);
  const { price, equity, startCash, position, ageMs, averageCost } = status;
  const result = new Money(equity).minus(startCash);
  set(1, price === null ? NONE : priceText(price));
  set(2, money(equity));
  set(
    3,
    new Money(startCash).isZero() ? signedMoney(plain(result)) : percent(plain(result.div(startCash))),
    signOf(plain(result)),
  );
  set(
    4,
    `${unsignedPercent(drawdown)}${drawdownLimit === null ? "" : ` of ${limitText(drawdownLimit)}`}`,
  );
  set(5, averageCost === null ? "none" : `${exactly(position)} ${base}`);
  set(6, ageMs < 0 ? "ahead of this clock" : agoText(ageMs / 1000));
  draw(row.querySelector("polyline")!, run);
}

/** Draws the equity of a run. */
function draw(line: SVGPolylineElement, { points }: FollowedRun): void {
  const step = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  const values = points.filter((_, at) => (points.length - 1 - at) % step === 0).map(([, , equity]) =>
    equity
  );
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
    [Infinity, -Infinity] as readonly [number, number],
  );
  const height = (value: number): number => high === low ? 0.5 : (value - low) / (high - low);
  line.setAttribute(
    "points",
    values.length < 2
      ? ""
      : values.map((value, at) =>
        `${(at / (values.length - 1) * WIDTH).toFixed(1)},${
          (HEIGHT - 2 - height(value) * (HEIGHT - 4)).toFixed(1)
        }`
      ).join(" "),
  );
}

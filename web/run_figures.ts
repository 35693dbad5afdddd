/** The figures of one run, its last fills and its health, in the words of `penstock status`. */
import { byId, made, show } from "./elements.ts";
import type { FollowedRun } from "./followed_run.ts";
import { assetsOf } from "./shown_state.ts";
import { Money, plain } from "../src/domain/numbers/money.ts";
import type { RunStatus } from "../src/domain/run/run_status.ts";
import { processRows } from "../src/views/tables/status_table.ts";
import {
  exactly,
  grouped,
  money,
  NONE,
  percent,
  priceText,
  signedMoney,
  span,
  unsignedPercent,
} from "../src/views/terminal/figures.ts";
import { agoText, timeElement } from "./times.ts";

/** From this share of its limit on, a drawdown is close to a halt. */
const CLOSE = 0.75;

/** What a tile shows. */
interface Tile {
  readonly label: string;
  readonly figure: string;
  /** Gain, loss or neither. */
  readonly sign?: "gain" | "loss" | "";
  readonly note: string;
}

/** Shows the figures of a run. `status` is its status now. */
export function showFigures({ last: { drawdown, drawdownLimit } }: FollowedRun, status: RunStatus): void {
  const { base, quote } = assetsOf(status);
  const {
    price,
    priceTime,
    position,
    averageCost,
    cost,
    equity,
    cash,
    startCash,
    realized,
    unrealized,
    fees,
  } = status;
  const result = plain(new Money(equity).minus(startCash));
  const share = new Money(startCash).isZero() ? null : plain(new Money(result).div(startCash));
  const ago = priceTime === null ? null : (Date.parse(status.time) - Date.parse(priceTime)) / 1000;
  showTile("price", {
    label: `Price, ${quote}`,
    figure: price === null ? NONE : priceText(price),
    note: ago === null ? "no trade yet" : ago < 0 ? "" : `last trade ${agoText(ago)}`,
  });
  showTile("equity", {
    label: `Equity, ${quote}`,
    figure: money(equity),
    note: `${signedMoney(result)}${share === null ? "" : ` (${percent(share)})`}`,
  });
  showTile("drawdown", {
    label: "Drawdown",
    figure: unsignedPercent(drawdown),
    note: drawdownLimit === null ? "no limit" : `halts at ${limitText(drawdownLimit)}`,
  });
  showMeter(drawdown, drawdownLimit);
  const value = plain(new Money(equity).minus(cash));
  showTile("position", {
    label: `Position, ${base}`,
    figure: averageCost === null ? "none" : exactly(position),
    note: averageCost === null ? "" : `worth ${money(value)}, cost ${money(cost)}`,
  });
  showTile("cash", { label: `Cash, ${quote}`, figure: money(cash), note: `fees so far ${money(fees)}` });
  showTile("realized", {
    label: `Realized, ${quote}`,
    figure: signedMoney(realized),
    sign: signOf(realized),
    note: `unrealized ${signedMoney(unrealized)}`,
  });
}

/** The share of the limit that a drawdown has reached, at most 1; null without a limit. */
export function drawdownShare(drawdown: string | null, limit: string | null): number | null {
  if (drawdown === null || limit === null || new Money(limit).isZero()) return null;
  return Math.min(1, Number(drawdown) / Number(limit));
}

/** A limit in per cent, as short as possible. */
export function limitText(limit: string): string {
  return unsignedPercent(limit).replace(/\.?0+ %$/, " %");
}

/** Whether a run is close to its halt. */
export function isClose(share: number | null): boolean {
  return share !== null && share >= CLOSE;
}

/** A class for an amount above or below zero; none for zero. */
export function signOf(amount: string): "gain" | "loss" | "" {
  const value = new Money(amount);
  return value.isZero() ? "" : value.isNegative() ? "loss" : "gain";
}

function showTile(id: string, { label, figure, sign = "", note }: Tile): void {
  const tile = byId(`tile-${id}`);
  show(tile.querySelector("dt")!, label);
  const shown = tile.querySelector<HTMLElement>(".figure")!;
  show(shown, figure);
  if (shown.className !== `figure ${sign}`) shown.className = `figure ${sign}`;
  show(tile.querySelector(".note")!, note);
}

function showMeter(drawdown: string | null, limit: string | null): void {
  const meter = byId("drawdown-meter");
  const share = drawdownShare(drawdown, limit);
  meter.hidden = share === null;
  if (share === null) return;
  const percentage = Math.round(share * 100);
  meter.ariaValueNow = String(percentage);
  meter.ariaValueText = `${percentage} % of the limit`;
  meter.classList.toggle("close", isClose(share));
  (meter.firstElementChild as HTMLElement).style.width = `${share * 100}%`;
}

/**
 * The rows of the health that are marked if they start with capitals, in which `penstock status` writes what is wrong.
 */
const MARKED = ["state", "connection", "trading"];

/**
 * Shows the state of the process and of its connection, in the words of `penstock status`. Without a connection,
 * `knownAgeMs` is the age of the last heartbeat that the page knows of; otherwise it is null.
 */
export function showHealth(status: RunStatus, knownAgeMs: number | null): void {
  const place = byId("health");
  const rows = processRows(status);
  while (place.children.length > rows.length) place.lastElementChild!.remove();
  for (const [at, [label, text]] of rows.entries()) {
    const row = place.children[at] ?? place.appendChild(made("div", "", made("dt"), made("dd")));
    show(row.firstElementChild!, label);
    const isKnown = label === "last heartbeat" && knownAgeMs !== null;
    show(row.lastElementChild!, isKnown ? `${span(knownAgeMs)} ago, the last that this page knows` : text);
    row.classList.toggle("loss", MARKED.includes(label) && /^[A-Z]{2}/.test(text));
  }
}

/** The classes of the columns of fills. The wide columns do not fit on a phone. */
const FILL_CLASSES = ["", "", "number", "number", "number wide", "number", "wide"];

/** What the table of fills shows. */
let shownFills = "";

/** Shows the last fills, newest first. */
export function showFills(status: RunStatus): void {
  const { base, quote } = assetsOf(status);
  const { lastFills, fills } = status;
  const wanted = JSON.stringify([base, quote, fills, lastFills]);
  if (wanted === shownFills) return;
  shownFills = wanted;
  show(
    byId("fills-heading"),
    lastFills.length === fills ? "Fills" : `Last ${lastFills.length} of ${grouped(fills)} fills`,
  );
  const table = byId<HTMLTableElement>("fills");
  const heads = [
    "Time",
    "Side",
    `Quantity, ${base}`,
    `Price, ${quote}`,
    `Fee, ${quote}`,
    `Result, ${quote}`,
    "Cause",
  ];
  table.tHead!.rows[0]!.replaceChildren(...heads.map((head, at) => {
    const cell = made("th", FILL_CLASSES[at], head);
    cell.scope = "col";
    return cell;
  }));
  table.tBodies[0]!.replaceChildren(
    ...lastFills.toReversed().map((fill) =>
      made(
        "tr",
        "",
        made("td", "", timeElement(fill.time, "without-year")),
        made("td", fill.side, `${fill.side === "buy" ? "▲" : "▼"} ${fill.side}`),
        made("td", "number", exactly(fill.quantity)),
        made("td", "number", priceText(fill.price)),
        made("td", "number wide", money(fill.fee)),
        made(
          "td",
          `number ${fill.realized === undefined ? "" : signOf(fill.realized)}`,
          fill.realized === undefined ? "" : signedMoney(fill.realized),
        ),
        made("td", "muted wide", fill.cause ?? (fill.partial === undefined ? "" : "in part")),
      )
    ),
  );
  table.parentElement!.hidden = lastFills.length === 0;
  byId("no-fills").hidden = lastFills.length > 0;
}

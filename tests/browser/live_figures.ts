/** The figures on the live page, and what they should be, computed from a status by other means than the page's own. */
import type { Page } from "playwright-core";
import type { RunStatus } from "../../src/domain/run/run_status.ts";
import { money, signedMoney, signedPercent } from "./shown_figures.ts";

/** What the page shows in its tiles, heading and tables. */
export interface LiveFigures {
  readonly price: string;
  readonly equity: string;
  readonly result: string;
  readonly position: string;
  readonly value: string;
  readonly cash: string;
  readonly fees: string;
  readonly realized: string;
  readonly unrealized: string;
  readonly state: string;
  readonly connection: string;
  readonly trades: string;
  /** The last fills, the newest first: side, quantity, price, result. */
  readonly fills: readonly string[];
}

/** What the page shows now. */
export function figuresOn(page: Page): Promise<LiveFigures> {
  return page.evaluate(() => {
    const text = (selector: string): string => document.querySelector(selector)!.textContent!;
    const tile = (id: string): string => text(`#tile-${id} .figure`);
    const note = (id: string): string => text(`#tile-${id} .note`);
    const health = Object.fromEntries(
      [...document.querySelectorAll("#health div")].map(({ children: [label, value] }) =>
        [label!.textContent!, value!.textContent!] as const
      ),
    );
    return {
      price: tile("price"),
      equity: tile("equity"),
      result: note("equity"),
      position: tile("position"),
      value: note("position"),
      cash: tile("cash"),
      fees: note("cash"),
      realized: tile("realized"),
      unrealized: note("realized"),
      state: text("#state").slice(2),
      // How long ago it was changes with every second.
      connection: health["connection"]!.replace(/ \(.*? ago\)/, ""),
      trades: health["trades seen"]!.split(",  ")[0]!.replace(/, [\d,]+ a second.*/, ""),
      fills: [...document.querySelectorAll("#fills tbody tr")].map(({ children }) =>
        [1, 2, 3, 5].map((at) => children[at]!.textContent).join(" ").trim()
      ),
    };
  });
}

/** What the page should show for a status. */
export function figuresOf(status: RunStatus): LiveFigures {
  const result = String(Number(status.equity) - Number(status.startCash));
  const share = String(Number(result) / Number(status.startCash));
  const isHolding = Number(status.position) !== 0;
  const value = String(Number(status.equity) - Number(status.cash));
  const state = [
    status.state,
    ...(status.halted ? ["halted"] : []),
    ...(status.state === "running" && !status.connected ? ["not connected"] : []),
  ];
  return {
    price: priceText(status.price),
    equity: money(status.equity),
    result: `${signedMoney(result)} (${signedPercent(share)})`,
    position: isHolding ? status.position : "none",
    value: isHolding ? `worth ${money(value)}, cost ${money(status.cost)}` : "",
    cash: money(status.cash),
    fees: `fees so far ${money(status.fees)}`,
    realized: signedMoney(status.realized),
    unrealized: `unrealized ${signedMoney(status.unrealized)}`,
    state: state.join(", "),
    connection: connectionOf(status),
    trades: status.trades.toLocaleString("en"),
    fills: status.lastFills.toReversed().map(({ side, quantity, price, realized }) =>
      [
        side === "buy" ? "▲ buy" : "▼ sell",
        quantity,
        priceText(price),
        realized === undefined ? "" : signedMoney(realized),
      ].join(" ").trim()
    ),
  };
}

function connectionOf({ state, connected, connectionSince, endpoint, reason }: RunStatus): string {
  const since = `${connectionSince.slice(0, 19).replace("T", " ")} UTC`;
  if (connected) return `connected since ${since} to ${endpoint}`;
  if (state === "stopped") return `none since ${since}`;
  return `NOT CONNECTED since ${since}${reason === null || state !== "running" ? "" : `: ${reason}`}`;
}

function priceText(price: string | null): string {
  if (price === null) return "–";
  return Number(price).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 8 });
}

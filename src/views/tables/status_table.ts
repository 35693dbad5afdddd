/** The state of a run as a table for traders. */
import { Money, plain } from "../../domain/numbers/money.ts";
import { type RunStatus, stopText } from "../../domain/run/run_status.ts";
import { assets } from "../terminal/assets.ts";
import { padLeft, padRight, textWidth } from "../terminal/text_width.ts";
import { exactly, grouped, moment, money, percent, signedMoney, span } from "../terminal/figures.ts";
import { whyRefused } from "../terminal/narration.ts";
import { printable } from "../terminal/terminal.ts";

/** A label and its value. */
type Row = readonly [label: string, value: string];

/** The table. Amounts are rounded to hundredths and times to seconds, in UTC; `--json` has every digit. */
export function statusTable(status: RunStatus): string {
  const rows = [processRows(status), accountRows(status)];
  const width = Math.max(...rows.flat().map(([label]) => label.length));
  const [process, account] = rows.map((section) =>
    section.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`)
  );
  const lines = [
    `Run ${status.run} of ${status.symbol} in ${status.journal}, on paper`,
    ...process!,
    "",
    "Account",
    ...account!,
    ...fillLines(status),
    ...otherLines(status),
  ];
  return ["", ...lines.map(printable), ""].join("\n");
}

/** The state of the process and of its connection. */
export function processRows(status: RunStatus): Row[] {
  const { state, resumed, started, pid, ageMs, tradesPerSecond, lagMs } = status;
  const by = pid === null ? "" : `, process ${pid}`;
  const states = {
    running: `running since ${since(resumed ?? started, status)}${by}`,
    silent: `SILENT${
      by === "" ? ": its process" : by
    } was killed, failed or hangs. Start it again to resume it`,
    stopped: `stopped ${since(status.stopped!, status)}: ${stopText(status.stopReason)}`,
  };
  const throughput = state !== "running" ? "" : `, ${grouped(tradesPerSecond)} a second`;
  const lag = state !== "running" || lagMs === null ? "" : `, lag ${span(lagMs)}`;
  const rows: Row[] = [
    ["state", states[state]],
    ["strategy", status.strategy ?? ""],
    ["started", resumed === null && state === "running" ? "" : since(started, status)],
    ["last heartbeat", ageMs < 0 ? `${span(-ageMs)} ahead of this clock` : `${span(ageMs)} ago`],
    ["connection", connection(status)],
    ["trading", trading(status)],
    ...status.requests.map((request, at): Row => [at === 0 ? "waiting" : "", requested(request, status)]),
    ["trades seen", `${grouped(status.trades)}${throughput}${lag}`],
    ["bars", bars(status)],
    ["checked", checked(status)],
  ];
  return rows.filter(([, value]) => value !== "");
}

/** The bars closed, and the one that is open. */
function bars({ bars }: RunStatus): string {
  if (bars === undefined) return "";
  const { size, closed, open } = bars;
  const now = open === null
    ? ""
    : `; open since ${moment(open.openTime)}: ${exactly(open.open)}, high ${exactly(open.high)}, low ${
      exactly(open.low)
    }, now ${exactly(open.close)}`;
  return `${grouped(closed)} of ${size} closed${now}`;
}

/** What was checked against the chain. The text claims no more than that. */
function checked({ checked: { from, to, isCut } }: RunStatus): string {
  const cut = isCut ? `; NOT what else came between the last checkpoint and entry ${from}` : "";
  return `entries ${from} to ${to} of the chain, and every older one shown here${cut}`;
}

function connection(status: RunStatus): string {
  const { connected, endpoint, reason } = status;
  const when = since(status.connectionSince, status);
  if (connected) return `connected since ${when} to ${endpoint}`;
  if (status.state === "stopped") return `none since ${when}`;
  const why = reason === null || status.state !== "running" ? "" : `: ${reason}`;
  return `NOT CONNECTED since ${when}${why}`;
}

function trading({ halt, awaitsRules, symbol }: RunStatus): string {
  if (halt === null) {
    return awaitsRules ? `NO ORDERS: the exchange has not sent the lot and tick of ${symbol}` : "not halted";
  }
  const { reason, value, limit, tradeId, time, text } = halt;
  const since = `HALTED at ${moment(time)} UTC`;
  if (reason === "manual") return text === undefined ? `${since} by hand` : `${since} by hand: ${text}`;
  return `${since}: ${reason} ${value} reached the limit ${limit} at trade ${tradeId}`;
}

/** A request that has not been handled yet. */
function requested(request: RunStatus["requests"][number], status: RunStatus): string {
  const { kind, time, text } = request;
  const flattens = kind === "halt" && request.action === "flatten";
  const what = kind === "halt"
    ? `a halt${flattens ? " that sells the position" : ""}`
    : "a release of the halt";
  const why = text === null ? "" : ` (${text})`;
  const then = status.state === "running"
    ? "the run has not answered yet"
    : kind === "halt"
    ? "the next start halts before it trades"
    : "the next start releases it";
  return `${what}${why}, filed ${since(time, status)}: ${then}`;
}

/** The position, the money and the result so far. */
export function accountRows(status: RunStatus): Row[] {
  const { base, quote } = assets(status.symbol, status.assets);
  const { position, averageCost, cost, price, priceTime, startCash, equity } = status;
  const result = new Money(equity).minus(startCash);
  const share = new Money(startCash).isZero() ? "" : ` (${percent(plain(result.div(startCash)))})`;
  const held = averageCost === null
    ? "none"
    : `${exactly(position)} ${base}, bought at ${money(averageCost)} on average with fees (${
      money(cost)
    } ${quote})`;
  const figures = [
    ["cash", money(status.cash)],
    ["equity", money(equity)],
    ["realized", signedMoney(status.realized)],
    ["unrealized", signedMoney(status.unrealized)],
    ["result", signedMoney(plain(result))],
    ["fees", money(status.fees)],
  ] as const;
  const width = Math.max(...figures.map(([, figure]) => figure.length));
  return [
    ["position", held],
    ["last price", price === null ? "none yet" : `${exactly(price)}, ${since(priceTime!, status)}`],
    ...figures.map(([label, figure]): Row => [
      label,
      `${figure.padStart(width)} ${quote}${label === "result" ? share : ""}`,
    ]),
  ];
}

function fillLines({ symbol, assets: named, fills, lastFills }: RunStatus): string[] {
  if (lastFills.length === 0) return ["", "No fills yet"];
  const { base, quote } = assets(symbol, named);
  const head = ["time, UTC", "", `quantity, ${base}`, "price", `fee, ${quote}`, `result, ${quote}`];
  const places = (amounts: readonly string[]): number =>
    Math.max(...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  const quantityPlaces = places(lastFills.map(({ quantity }) => quantity));
  const pricePlaces = places(lastFills.map(({ price }) => price));
  const rows = [
    head,
    ...lastFills.map(({ time, side, quantity, price, fee, realized }) => [
      moment(time),
      side,
      exactly(quantity, quantityPlaces),
      exactly(price, pricePlaces),
      money(fee),
      realized === undefined ? "" : signedMoney(realized),
    ]),
  ];
  const widths = head.map((_, at) => Math.max(...rows.map((row) => textWidth(row[at]!))));
  const lines = rows.map((row) =>
    `  ${row.map((cell, at) => at < 2 ? padRight(cell, widths[at]!) : padLeft(cell, widths[at]!)).join("  ")}`
      .trimEnd()
  );
  return ["", `Fills: ${lastOf(lastFills.length, fills)}`, ...lines];
}

function otherLines({ refusals, lastRefusals, gaps, lastGaps }: RunStatus): string[] {
  const refused = lastRefusals.map((refusal) =>
    `  ${moment(refusal.time)}  ${refusal.side} refused ${whyRefused(refusal)}, trade ${refusal.tradeId}`
  );
  const missing = lastGaps.map(({ time, fromId, toId, missing, filled }) =>
    missing === 0
      ? `  ${moment(time)}  the trade ids start again at ${toId + 1}`
      : `  ${moment(time)}  ${grouped(missing)} missing (${fromId} to ${toId}), ${grouped(filled)} fetched`
  );
  return [
    ...section("Refused orders", refusals, refused),
    ...section("Gaps", gaps, missing),
  ];
}

function section(title: string, count: number, lines: readonly string[]): string[] {
  return count === 0 ? ["", `${title}: none`] : ["", `${title}: ${lastOf(lines.length, count)}`, ...lines];
}

function lastOf(shown: number, all: number): string {
  return shown === all ? grouped(all) : `the last ${shown} of ${grouped(all)}`;
}

/** A time, and how long ago it was. */
function since(time: string, { time: now }: RunStatus): string {
  const ago = Date.parse(now) - Date.parse(time);
  return ago < 0 ? `${moment(time)} UTC` : `${moment(time)} UTC (${span(ago)} ago)`;
}

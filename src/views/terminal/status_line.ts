/** The live line under the log, a pure function of the run's state. */
import type { StatusEvent } from "../../domain/run/event.ts";
import type { RunState } from "../../stages/run_state.ts";
import { barSizeText } from "../../domain/market/bar_size.ts";
import { plain } from "../../domain/numbers/money.ts";
import { priceText as plainPrice } from "../../domain/numbers/price.ts";
import type { StreamState } from "../view.ts";
import { assets } from "./assets.ts";
import { money, priceText, valuesText } from "./figures.ts";
import { cutTo, textWidth } from "./text_width.ts";

/**
 * The state of a live run as an event. `time` is now, ISO 8601; `heldGap` has the trades that are being fetched, or is
 * null.
 */
export function statusEvent(
  { trades, bars, equity, position, halt }: RunState,
  { symbol, tradesPerSecond, lagMs }: StreamState,
  time: string,
  heldGap: StatusEvent["heldGap"] | null = null,
): StatusEvent {
  return {
    type: "status",
    time,
    symbol,
    trades,
    ...(bars === undefined ? {} : { bars: bars.closed }),
    tradesPerSecond: Math.round(tradesPerSecond),
    lagMs,
    equity: plain(equity),
    position: plain(position),
    halted: halt !== null,
    ...(heldGap === null ? {} : { heldGap }),
  };
}

/**
 * One line of at most `width` columns, without colours: in full if there is room, otherwise shortened, otherwise
 * without the least important parts. Every part keeps its label. The line is cut off only if not even the price fits.
 */
export function statusLine(run: RunState, stream: StreamState, width: number): string {
  const parts = partsOf(run, stream).filter(({ short }) => short !== "");
  const inFull = joined(parts, "full", "  ");
  if (textWidth(inFull) <= width) return inFull;
  let kept = parts;
  for (const dropped of [null, ...DROPPED]) {
    kept = kept.filter(({ name }) => name !== dropped);
    for (const space of ["  ", " "]) {
      const line = joined(kept, "short", space);
      if (textWidth(line) <= width) return line;
    }
  }
  return cutTo(joined(kept, "short", " "), width);
}

/** The parts in a line. Only one space separates a symbol from its price, and a sign from its word. */
function joined(parts: readonly Part[], form: "full" | "short", space: string): string {
  return parts.map((part, at) => {
    const text = part[form];
    if (at === parts.length - 1) return text;
    return `${text}${part.name === "symbol" || text === CONNECTED ? " " : space}`;
  }).join("");
}

const CONNECTED = "●";

/** The parts that a narrow terminal leaves out, in this order. */
const DROPPED = ["rate", "lag", "bar", "averages", "position", "equity", "symbol"] as const;

/** A part of the line, in full and shortened; empty if there is nothing to say. */
interface Part {
  readonly name: typeof DROPPED[number] | "state" | "trouble" | "price";
  readonly full: string;
  readonly short: string;
}

function partsOf(run: RunState, stream: StreamState): readonly Part[] {
  const { base, quote } = assets(stream.symbol, stream.assets);
  const { readings, halt } = run;
  const values = Object.values(readings.values() ?? {});
  const price = run.price === null ? null : priceText(plain(run.price));
  const equity = ungrouped(money(plain(run.equity)));
  const rate = Math.round(stream.tradesPerSecond);
  const awaited = stream.awaitsRules === true ? "waiting for rules" : "";
  const shown = valuesText(values, price === null ? "0" : plain(run.price!)).map(ungrouped);
  const { label } = readings;
  const same = (name: Part["name"], text: string): Part => ({ name, full: text, short: text });
  return [
    same("state", stream.connected ? CONNECTED : "○ offline"),
    same("trouble", halt === null ? awaited : `HALTED ${halt.reason}`),
    same("symbol", stream.symbol),
    same("price", price === null ? "waiting for trades" : ungrouped(price)),
    {
      name: "averages",
      full: values.length === 0 ? `${label} warming up` : `${label} ${values.map(asPrice).join(" / ")}`,
      short: values.length === 0 ? `${label} warming up` : `${label} ${shown.join("/")}`,
    },
    { name: "bar", ...barText(run.bars) },
    same("position", run.position.isZero() ? "flat" : `${plain(run.position)} ${base}`),
    { name: "equity", full: `equity ${equity} ${quote}`, short: `equity ${equity}` },
    { name: "rate", full: `${rate} trades/s`, short: `${rate}/s` },
    same("lag", stream.lagMs === null ? "" : `lag ${Math.round(stream.lagMs)} ms`),
  ];
}

/** The number of the open bar, from 1, and its lowest and highest price so far. */
function barText(bars: RunState["bars"]): Pick<Part, "full" | "short"> {
  if (bars === undefined) return { full: "", short: "" };
  const { closed, open } = bars;
  const short = `bar ${closed + 1}`;
  const [low, high] = [open?.low, open?.high].map((price) =>
    price === undefined ? "" : ungrouped(priceText(plainPrice(price, open!.decimals)))
  );
  const prices = low === high ? low : `${low}–${high}`;
  return { full: `${barSizeText(bars.size)} ${short}${prices === "" ? "" : ` ${prices}`}`, short };
}

/** The line has no room for commas between thousands. */
function ungrouped(figure: string): string {
  return figure.replaceAll(",", "");
}

/**
 * An average, about as short as a price. Its length stays the same from trade to trade, so that nothing in the line
 * moves.
 */
function asPrice(average: string): string {
  const [whole = "", decimals = ""] = average.split(".");
  const zeros = decimals.length - decimals.replace(/^0+/, "").length;
  const shown = whole === "0" ? Math.min(8, zeros + 6) : Math.max(2, 8 - whole.length);
  return `${whole}.${decimals.slice(0, shown).padEnd(shown, "0")}`;
}

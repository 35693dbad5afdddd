/** The live line under the log: where the run stands, as a function of its state. */
import type { StatusEvent } from "../domain/event.ts";
import type { Standing } from "../stages/standing.ts";
import { plain } from "../domain/money.ts";
import { assets, type NamedAssets } from "./assets.ts";
import { cutTo, textWidth } from "./text_width.ts";

/** What the live line shows beside the pipeline's own standing. */
export interface Pace {
  readonly symbol: string;
  readonly connected: boolean;
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
  /** What the exchange calls the assets; absent where it has not said so. */
  readonly assets?: NamedAssets | null;
  /** Whether no order is placed until the instrument's rules come; absent for false. */
  readonly awaitsRules?: boolean;
}

/** The same as an event; `time` is now, ISO 8601, and `heldGap` the missed trades that are being fetched, or null. */
export function statusEvent(
  { trades, equity, position, halt }: Standing,
  { symbol, tradesPerSecond, lagMs }: Pace,
  time: string,
  heldGap: StatusEvent["heldGap"] | null = null,
): StatusEvent {
  return {
    type: "status",
    time,
    symbol,
    trades,
    tradesPerSecond: Math.round(tradesPerSecond),
    lagMs,
    equity: plain(equity),
    position: plain(position),
    halted: halt !== null,
    ...(heldGap === null ? {} : { heldGap }),
  };
}

/**
 * One line of at most `width` columns, without colours: with every word where there is room, else in short, else
 * without the averages, and cut off only where nothing of that fits.
 */
export function statusLine(standing: Standing, pace: Pace, width: number): string {
  const { base, quote } = assets(pace.symbol, pace.assets);
  const { averages, position, equity, halt } = standing;
  const short = averages.short();
  const long = averages.long();
  const price = standing.price === null
    ? `${pace.symbol} waiting for trades`
    : `${pace.symbol} ${standing.price.toFixed(Math.max(2, standing.price.decimalPlaces()))}`;
  const held = position.isZero() ? "flat" : `${plain(position)} ${base}`;
  const worth = `${equity.toFixed(2)} ${quote}`;
  const awaited = pace.awaitsRules === true ? "rules awaited" : "";
  const halted = halt === null ? awaited : `HALTED ${halt.reason}`;
  const rate = Math.round(pace.tradesPerSecond);
  const lag = pace.lagMs === null ? "" : `lag ${Math.round(pace.lagMs)} ms`;
  const [sma, smaInShort] = short === null || long === null
    ? ["averages warming up", "warming up"]
    : [`sma ${asPrice(short)} / ${asPrice(long)}`, `${asPrice(short)}/${asPrice(long)}`];
  const state = pace.connected ? "●" : "○ offline";
  const rest = [held, worth, halted, `${rate}/s`, lag];
  const forms = [
    joined("  ", [state, price, sma, held, `equity ${worth}`, halted, `${rate} trades/s`, lag]),
    joined(" ", [state, price, smaInShort, ...rest]),
    joined(" ", [state, price, ...rest]),
  ];
  return cutTo(forms.find((form) => textWidth(form) <= width) ?? forms.at(-1)!, width);
}

function joined(space: string, parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(space);
}

/** An average about as short as a price, of the same length from trade to trade so that the line stands still. */
function asPrice(average: string): string {
  const [whole = "", decimals = ""] = average.split(".");
  const zeros = decimals.length - decimals.replace(/^0+/, "").length;
  const shown = whole === "0" ? Math.min(8, zeros + 6) : Math.max(2, 8 - whole.length);
  return `${whole}.${decimals.slice(0, shown).padEnd(shown, "0")}`;
}

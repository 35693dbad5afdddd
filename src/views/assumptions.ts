/** What a result rests on, for its first lines: the account, its costs, the instrument's rules and the limits. */
import { shownValue } from "../domain/config.ts";
import { Money, plain } from "../domain/money.ts";
import { durationText } from "../domain/duration.ts";
import { type Config, kebab, type OptionName } from "../domain/options.ts";
import { CashShare } from "../domain/stake.ts";
import { assets, type NamedAssets } from "./assets.ts";
import { money } from "./figures.ts";
import { stakeWords } from "./narration.ts";

const WIDTH = 80;
const INSTRUMENT = ["lot", "tick", "minQuantity", "maxQuantity", "minNotional", "maxNotional"] as const;
const SHARES = ["maxDrawdown", "maxDailyLoss", "stopLoss", "takeProfit", "participation"] as const;
const DURATIONS = ["cooldown", "maxLag", "orderTtl"] as const;
const LIMITS = [...SHARES, "maxPosition", "maxOrders", ...DURATIONS] as const;

/** How much worse than the trade an order fills, and when. */
export interface FillTerms {
  /** Basis points, decimal text. */
  readonly slippage: string;
  readonly latencyMs: number;
}

/** The fill terms that a configuration asks for. */
export function fillTermsOf({ slippage, latency }: Config): FillTerms {
  return { slippage: plain(slippage), latencyMs: latency };
}

/**
 * The lines, each with two blanks before it. With `withFillTerms` slippage and latency are among them; `named` is what
 * the exchange calls the assets, null where nobody has said so.
 */
export function assumptions(
  config: Config,
  withFillTerms: boolean,
  named: NamedAssets | null = null,
): string[] {
  const { cash, stake, fee, onHalt, maxDrawdown, maxDailyLoss } = config;
  const { quote } = assets(config.symbol, named);
  const stakeText = stake instanceof CashShare
    ? stakeWords(shownValue(stake))
    : `${money(plain(stake))} ${quote}`;
  const { slippage, latencyMs } = fillTermsOf(config);
  const limits = LIMITS.filter((name) => config[name] !== null).map((name) => {
    return `${kebab(name)} ${limitText(name, config)}`;
  });
  // Without a limit on losses nothing halts a backtest.
  if (maxDrawdown !== null || maxDailyLoss !== null) limits.push(`on-halt ${onHalt}`);
  return [
    ...wrapped("", [`start cash ${money(plain(cash))} ${quote}`, `stake ${stakeText}`, "a bar is a trade"]),
    ...wrapped("", [
      `fee ${percentText(fee)}`,
      ...(withFillTerms ? [`slippage ${slippage} bp`, `latency ${durationText(latencyMs)}`] : []),
    ]),
    ...wrapped(
      "",
      INSTRUMENT.filter((name) => config[name] !== null).map((name) =>
        `${kebab(name)} ${textOf(name, config)}`
      ),
    ),
    ...wrapped("limits: ", limits.length === 0 ? ["none"] : limits),
  ];
}

/** The parts with commas between them, in as many lines as they need; all but the first are indented further. */
export function wrapped(title: string, parts: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `  ${title}`;
  for (const [at, part] of parts.entries()) {
    const text = at === parts.length - 1 ? part : `${part},`;
    const isFirst = line === `  ${title}` || line === "   ";
    if (!isFirst && line.length + 1 + text.length > WIDTH) {
      lines.push(line);
      line = "   ";
    }
    line += line === `  ${title}` ? text : ` ${text}`;
  }
  return [...lines, line];
}

function limitText(name: typeof LIMITS[number], config: Config): string {
  const value = config[name];
  if (value instanceof Money && SHARES.some((share) => share === name)) return percentText(value);
  if (typeof value === "number") return durationText(value);
  return textOf(name, config);
}

function textOf(name: OptionName, config: Config): string {
  return String(shownValue(config[name]));
}

/** A fraction in per cent with all its digits. */
function percentText(fraction: Money): string {
  return `${plain(fraction.times(100))} %`;
}

/** A market and a strategy for demos that must write a lot soon: their signals are long, so that few trades do. */
import { csvText, type FileTrade } from "../support/trade_files.ts";

const FIRST_TIME = 1_723_161_255_342_000;
const BETWEEN_BURSTS = 500_000;
/** At least as many characters are in each signal, and in its line of the log. */
export const WORDS = 2_000;

/** Turns with every trade, and shows a number with a long name each time. */
const STRATEGY = `import { defineStrategy } from "@penstock/penstock/strategy";
export default defineStrategy({
  options: {},
  start: () => ({ trades: 0 }),
  onBar: (_bar, state) => state.trades++ % 2 === 0 ? "long" : "flat",
  values: ({ trades }) => ({ ["${"x".repeat(WORDS)}"]: trades }),
});
`;

/**
 * Options of a demo that signals and fills at every trade. It gets `size` trades at once, the same after each half a
 * second until there were so many `bursts`, and then waits for more. The strategy and the trades are files in `folder`.
 */
export function wordyMarket(folder: string, size: number, bursts = 1): string[] {
  const trades = Array.from({ length: size * bursts }, (_, at): FileTrade => ({
    ...{ firstId: at + 1, lastId: at + 1, time: FIRST_TIME + BETWEEN_BURSTS * Math.floor(at / size) },
    ...{ price: "60000.00000000", quantity: "0.10000000", buyerIsMaker: false },
  }));
  const [strategy, market] = [`${folder}/wordy.ts`, `${folder}/market.csv`];
  Deno.writeTextFileSync(strategy, STRATEGY);
  Deno.writeTextFileSync(market, csvText(trades));
  return [`--strategy=${strategy}`, `--serve=${market}`];
}

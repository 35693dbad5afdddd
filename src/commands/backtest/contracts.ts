/**
 * Files whose quantities are contracts: a share of contracts is not a share of coins, and a volume in contracts is not
 * a volume in coins.
 */
import type { Origin } from "../../formats/trade_file.ts";
import { exchangeNamed } from "../../exchanges/known_exchanges.ts";
import { quantityOption } from "../../config/config.ts";
import type { Config } from "../../config/options.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { symbolNamed } from "./symbol_mismatches.ts";

/**
 * Throws UnusableInput if `--participation` or `--bars` counts the quantities in a file of Binance's COIN-M market that
 * does not give them in coins. Nothing else depends on a quantity.
 */
export function refuseContracts({ name, layout }: Origin, config: Config): void {
  const { exchange, symbol } = config;
  const option = quantityOption(config);
  if (option === null || layout.mayCountContracts !== true) return;
  const named = symbolNamed(name) ?? symbol;
  if (!exchangeNamed(exchange).countsContracts(named)) return;
  const what = option === "bars" ? "a volume or a value" : "a share";
  throw new UnusableInput(
    { name },
    `the quantities of ${named} are contracts, of which --${option} cannot compute ${what}. Give a file of trades with the ` +
      "column base_qty, or drop that option",
  );
}

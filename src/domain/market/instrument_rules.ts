/** An exchange's rules for orders in one symbol. */

/** An instrument's rules, named after the options that override them. */
export const RULES = ["lot", "tick", "minQuantity", "maxQuantity", "minNotional", "maxNotional"] as const;

/** One of them. */
export type Rule = typeof RULES[number];

/** Rules as plain decimal text. A limit of "0" is no limit; a missing rule is not known. */
export type Rules = Readonly<Partial<Record<Rule, string>>>;

/** What an exchange says about a symbol. */
export interface ExchangeInfo {
  /** Such as TRADING or BREAK; null if it does not say. */
  readonly status: string | null;
  /**
   * The asset that is traded and the one that pays for it, such as BTC and USDT; absent if it does not say.
   */
  readonly base?: string;
  readonly quote?: string;
  readonly rules: Rules;
}

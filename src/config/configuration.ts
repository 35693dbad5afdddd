/** A configuration: the options given as text, and the values that they were read as. */
import { barSizeText } from "../domain/market/bar_size.ts";
import { Money, plain } from "../domain/numbers/money.ts";
import { CashShare, stakeText } from "../domain/orders/stake.ts";
import { optionWord } from "../domain/process/config_error.ts";
import { orderRateText } from "../domain/risk/checks/max_orders.ts";
import type { Config, OptionName } from "./options.ts";
import { listenText } from "./watch_options.ts";

/** The origin of an option's value. */
export type Source = "default" | "file" | "command line";

/** A value as text, with its origin. */
export interface Given {
  readonly text: string;
  readonly source: Source;
}

/** Options given, by name. */
export type GivenOptions = Partial<Record<OptionName, Given>>;

/** The whole configuration and the origin of each of its values. */
export interface Configuration {
  readonly config: Config;
  readonly sources: Readonly<Record<OptionName, Source>>;
  /** Values that are allowed but may be mistakes, one sentence each; absent if there are none. */
  readonly remarks?: readonly string[];
}

/** The name of an option in messages, as the user wrote it. */
export function nameIn(source: Source, name: OptionName): string {
  return source === "file" ? `"${name}" in the configuration file` : `--${optionWord(name)}`;
}

/** An option's value as JSON shows it: amounts as decimal text, everything else as it is. */
export function shownValue(value: Config[OptionName]): string | number | boolean | null {
  if (value instanceof Money) return plain(value);
  if (value instanceof Array) return value.join(",");
  if (value instanceof CashShare) return stakeText(value);
  if (typeof value === "object" && value !== null) {
    if ("port" in value) return listenText(value);
    return "by" in value ? barSizeText(value) : orderRateText(value);
  }
  return value === Infinity ? "max" : value;
}

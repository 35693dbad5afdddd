/** The options of the instrument, which limit its orders: a part of the table in options.ts. */
import type { Money } from "../domain/numbers/money.ts";
import { amount, anyText, onOff } from "./option_values.ts";
import { optionIn } from "./option.ts";

const TRADING = ["run", "demo", "backtest", "sweep", "config"] as const;
const STREAM = ["run", "demo", "config"] as const;
const instrument = optionIn("instrument");
const positive = amount("an amount above 0", (value) => value.gt(0));
const anyAmount = amount("an amount of 0 or more", () => true);

/** A limit; 0 is no limit. */
function limit(text: string): Money | null {
  const value = anyAmount(text);
  return value.isZero() ? null : value;
}

/**
 * Gives a rule a type that may be null. No user can give null: it means that the rule is not known, and that
 * a live run waits for it and places no order.
 */
function rule(read: (text: string) => Money): (text: string) => Money | null {
  return read;
}

/** A key is the option's name in the configuration file. An absent limit is no limit. */
export const INSTRUMENT_OPTIONS = {
  lot: instrument({
    default: "0.00001",
    read: rule(positive),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest step of a quantity, base currency",
  }),
  tick: instrument({
    default: "0.01",
    read: rule(positive),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest step of a price moved by slippage, quote currency",
  }),
  minQuantity: instrument({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest quantity of an order, base currency; 0 for none",
  }),
  maxQuantity: instrument({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "largest quantity of an order, base currency; 0 for none",
  }),
  minNotional: instrument({
    default: "5",
    read: rule(anyAmount),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest price × quantity of an order, quote currency",
  }),
  maxNotional: instrument({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "largest price × quantity of an order, quote currency; 0 for none",
  }),
  offlineInstruments: instrument({
    default: "off",
    read: onOff,
    value: null,
    commands: STREAM,
    help: "never query the exchange for the six rules above; common symbols have built-in ones",
  }),
  instruments: instrument({
    default: null,
    read: anyText,
    value: "FILE",
    commands: ["backtest", "sweep"],
    help:
      "take the six rules above from a saved exchangeInfo answer, or from the symbol's last run in a journal",
  }),
};

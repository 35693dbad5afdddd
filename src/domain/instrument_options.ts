/** The options of the instrument, what the exchange asks of an order in it: a part of the table in options.ts. */
import type { Money } from "./money.ts";
import { amount, anyText, onOff } from "./option_values.ts";
import type { Option } from "./option.ts";

const option = <T, const D extends string | null>(spec: Option<T, D>): Option<T, D> => spec;

const TRADING = ["run", "demo", "backtest", "config"] as const;
const STREAM = ["run", "demo", "config"] as const;
const positive = amount("an amount above 0", (value) => value.gt(0));
const anyAmount = amount("an amount of 0 or more", () => true);

/** A limit; 0 is none. */
function limit(text: string): Money | null {
  const value = anyAmount(text);
  return value.isZero() ? null : value;
}

/**
 * A rule of which null says that nobody knows it yet: a live run then waits for it and places no order. A person
 * cannot give that.
 */
function rule(read: (text: string) => Money): (text: string) => Money | null {
  return read;
}

/** A key is the option's name in the configuration file. Absent limits are none. */
export const INSTRUMENT_OPTIONS = {
  lot: option({
    default: "0.00001",
    read: rule(positive),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest step of a quantity, base currency",
  }),
  tick: option({
    default: "0.01",
    read: rule(positive),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest step of a price moved by slippage, quote currency",
  }),
  minQuantity: option({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest quantity of an order, base currency; 0 for none",
  }),
  maxQuantity: option({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "largest quantity of an order, base currency; 0 for none",
  }),
  minNotional: option({
    default: "5",
    read: rule(anyAmount),
    value: "AMOUNT",
    commands: TRADING,
    help: "smallest price × quantity of an order, quote currency",
  }),
  maxNotional: option({
    default: null,
    read: limit,
    value: "AMOUNT",
    commands: TRADING,
    help: "largest price × quantity of an order, quote currency; 0 for none",
  }),
  offlineInstruments: option({
    default: "off",
    read: onOff,
    value: null,
    commands: STREAM,
    help: "never ask the exchange for the six above; common symbols have built-in ones",
  }),
  instruments: option({
    default: null,
    read: anyText,
    value: "FILE",
    commands: ["backtest"],
    help: "the six above from a saved exchangeInfo answer, or from a journal's last run of the symbol",
  }),
};

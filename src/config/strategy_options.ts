/** The strategy and its options, as the strategies' own files describe them: a part of the table in options.ts. */
import { DECIMAL } from "../domain/numbers/money.ts";
import {
  DEFAULT_STRATEGY,
  isStrategyName,
  kindOf,
  STRATEGIES,
  STRATEGY_OPTION_NAMES,
  type StrategyName,
  type StrategyOptionName,
  type StrategyOptionValue,
} from "../stages/strategies/known_strategies.ts";
import type { StrategyOption } from "../stages/strategies/strategy_kind.ts";
import { anyText, NotAllowed, oneOf, wholeNumber } from "./option_values.ts";
import { type Option, optionIn } from "./option.ts";
import { ALARM_OPTIONS } from "./alarm_options.ts";
import { WATCH_OPTIONS } from "./watch_options.ts";

const TRADING = ["run", "demo", "backtest", "sweep", "config"] as const;
const NAMES = Object.keys(STRATEGIES) as StrategyName[];

/** The most digits after the point, so that a number turns back into the same text. */
const MOST_DECIMALS = 6;

const trading = optionIn("trading");

/** Each strategy that has the option `name`, and how it defines the option. */
function ownersOf(name: string): { readonly owner: StrategyName; readonly option: StrategyOption }[] {
  return NAMES.flatMap((owner) => {
    const option = kindOf(owner).options[name];
    return option === undefined ? [] : [{ owner, option }];
  });
}

/** A reader of the values that an option allows. */
function readerOf(option: StrategyOption): (text: string) => number | string {
  if (option.kind === "choice") return oneOf(...option.choices);
  const { kind, least, most } = option;
  if (kind === "whole") return wholeNumber(least, most);
  return (text) => {
    const value = Number(text);
    const decimals = text.split(".")[1]?.length ?? 0;
    if (!DECIMAL.test(text) || decimals > MOST_DECIMALS || value < least || value > most) {
      throw new NotAllowed(
        `a number from ${decimalText(least)} to ${most} with up to ${MOST_DECIMALS} decimals`,
      );
    }
    return value;
  };
}

function decimalText(value: number): string {
  return value === 0 ? "0" : value.toFixed(MOST_DECIMALS).replace(/\.?0+$/, "");
}

function rowOf(name: StrategyOptionName): Option<number | string, null> {
  const owners = ownersOf(name);
  const { option: { value } } = owners[0]!;
  return trading({
    default: null,
    shownDefault: owners.length === 1
      ? owners[0]!.option.default
      : owners.map(({ owner, option }) => `${option.default} for ${owner}`).join(", "),
    read: (text) => {
      const refused: string[] = [];
      for (const { option } of owners) {
        try {
          return readerOf(option)(text);
        } catch (error) {
          if (!(error instanceof NotAllowed)) throw error;
          refused.push(error.message);
        }
      }
      throw new NotAllowed([...new Set(refused)].join(", or "));
    },
    value,
    commands: TRADING,
    help: owners.map(({ owner, option }) => `${owner}: ${option.help}`).join("; "),
  });
}

type Rows = { readonly [N in StrategyOptionName]: Option<StrategyOptionValue<N>, null> };

/** Whether a value of `--strategy` is a user's own file rather than a name. */
export function isStrategyFile(text: string): boolean {
  return /\.(ts|js)$/.test(text);
}

/** A key is the option's name in the configuration file. */
export const STRATEGY_OPTIONS = {
  strategy: trading({
    default: DEFAULT_STRATEGY,
    read: (text) => {
      if (/^[a-z][a-z\d+.-]+:\/\//i.test(text)) {
        throw new NotAllowed(
          "a file on this machine, because no code is loaded from a network: download the file, read it, and name it",
        );
      }
      if (isStrategyName(text) || isStrategyFile(text)) return text;
      throw new NotAllowed(`one of ${NAMES.join(", ")}, or a file of your own that ends in .ts`);
    },
    value: "NAME|FILE",
    commands: [...TRADING, "verify"],
    helpOf: { verify: "where the run's strategy file is now, if the run has one" },
    help: `${NAMES.join(", ")}, or a TypeScript file of your own`,
  }),
  ...Object.fromEntries(STRATEGY_OPTION_NAMES.map((name) => [name, rowOf(name)])) as Rows,
  set: trading({
    default: null,
    read: anyText,
    value: "NAME=NUMBER,...",
    commands: TRADING,
    help: "a strategy of your own: its options, such as window=30,edge=0.5",
    helpOf: { sweep: "a strategy of your own: its options, such as window=10..50:10,edge=0.5,1" },
  }),
};

/** How one strategy reads one of its options. */
export interface StrategyReading {
  readonly default: string;
  readonly read: (text: string) => number | string;
}

/** Whether an option belongs to some strategies only. */
export function isStrategyOption(name: string): name is StrategyOptionName {
  return STRATEGY_OPTION_NAMES.some((option) => option === name);
}

/** How the chosen strategy reads the option `name`; null if it has no such option. */
export function strategyReading(chosen: string, name: StrategyOptionName): StrategyReading | null {
  const option = isStrategyName(chosen) ? kindOf(chosen).options[name] : undefined;
  return option === undefined ? null : { default: option.default, read: readerOf(option) };
}

/** The names of a strategy's options; a file has none in the table. */
export function optionsOfStrategy(chosen: string): readonly StrategyOptionName[] {
  return isStrategyName(chosen) ? Object.keys(kindOf(chosen).options) as StrategyOptionName[] : [];
}

/** The pairs of a strategy's options in which the first must be below the second. */
export function ascendingIn(chosen: string): readonly (readonly [StrategyOptionName, StrategyOptionName])[] {
  const pairs = isStrategyName(chosen) ? kindOf(chosen).ascending ?? [] : [];
  return pairs as readonly (readonly [StrategyOptionName, StrategyOptionName])[];
}

/** Options of the default strategy that the first version already showed; the others are shown once they are given. */
const ALWAYS_SHOWN: readonly string[] = ["short", "long"];

/** Options that older versions did not know, and the values that change nothing for a run. */
const UNKNOWN_BEFORE: Readonly<Record<string, unknown>> = {
  set: null,
  name: null,
  standby: false,
  lease: 10_000,
  part: null,
  join: false,
  queue: null,
  data: "data",
  dataUrl: null,
  untilEmpty: false,
};

/**
 * Whether a shown configuration has the option. It leaves out options of other strategies, and options that older
 * versions did not know, if their values mean what those versions did.
 */
export function isShown(name: string, value: unknown, chosen: string): boolean {
  // These concern another process, and no journal should hold them.
  if (Object.hasOwn(WATCH_OPTIONS, name) || Object.hasOwn(ALARM_OPTIONS, name)) return false;
  if (name === "strategy") return chosen !== DEFAULT_STRATEGY;
  if (name in UNKNOWN_BEFORE) return value !== UNKNOWN_BEFORE[name];
  if (!isStrategyOption(name)) return true;
  const reading = strategyReading(chosen, name);
  if (reading === null) return false;
  return chosen !== DEFAULT_STRATEGY || ALWAYS_SHOWN.includes(name) ||
    value !== reading.read(reading.default);
}

/** The rules between options: which values, each valid by itself, may be used together. */
import { optionWord } from "../domain/process/config_error.ts";
import { plain } from "../domain/numbers/money.ts";
import { isStrategyName, STRATEGIES, STRATEGY_OPTION_NAMES } from "../stages/strategies/known_strategies.ts";
import type { CommandName } from "./command_name.ts";
import { type Configuration, type GivenOptions, nameIn, shownValue } from "./configuration.ts";
import { type OptionName, OPTIONS } from "./options.ts";
import { ascendingIn, optionsOfStrategy } from "./strategy_options.ts";
import { isLoopback } from "./watch_options.ts";

/** The options of a configuration that can be read one by one, and the command that they were given to. */
export interface Combination extends Pick<Configuration, "config" | "sources"> {
  readonly command: CommandName | null;
}

/** One rule. An option that could not be read is null and breaks no rule. */
export interface CombinationRule {
  /** The options that it compares. */
  readonly names: readonly OptionName[];
  isBroken(combination: Combination): boolean;
  /** What is wrong, one sentence; `given` has the texts of the options. */
  text(combination: Combination, given: GivenOptions): string;
}

/** Every rule, in the order in which mistakes are named. */
export const COMBINATION_RULES: readonly CombinationRule[] = [
  ...[...STRATEGY_OPTION_NAMES, "set" as const].map((name): CombinationRule => ({
    names: ["strategy", name],
    isBroken: ({ config }) =>
      config.strategy !== null && config[name] !== null && !has(config.strategy, name),
    text: ({ config: { strategy }, sources }, given) =>
      `${nameIn(sources[name], name)} is "${given[name]?.text}": expected to be left out with ` +
      `${nameIn(sources.strategy, "strategy")} ${strategy}, which ${optionsText(strategy)}`,
  })),
  ...Object.keys(STRATEGIES).flatMap((owner) =>
    ascendingIn(owner).map(([less, more]): CombinationRule => ({
      names: ["strategy", less, more],
      isBroken({ config }) {
        const [from, to] = [config[less], config[more]];
        return config.strategy === owner && from !== null && to !== null && from >= to;
      },
      text: ({ config, sources }) =>
        `${nameIn(sources[less], less)} is ${config[less]} and ${nameIn(sources[more], more)} is ${
          config[more]
        }: expected ${pairText(less, more)}`,
    }))
  ),
  {
    names: ["endpoint", "speed"],
    isBroken: ({ config: { endpoint, speed }, command }) =>
      command === "run" && endpoint === null && ![1, null].includes(speed),
    text: ({ config: { speed }, sources }) =>
      `${nameIn(sources.speed, "speed")} is ${shownValue(speed)}: the clocks of real exchanges run at 1; ` +
      "expected --endpoint with the address of penstock exchange",
  },
  {
    names: ["listen", "token"],
    isBroken: ({ config: { listen, token }, command }) =>
      command === "watch" && listen !== null && !isLoopback(listen) && token === null,
    text: ({ config: { listen }, sources }) =>
      `${nameIn(sources.listen, "listen")} is ${shownValue(listen)}, which other machines can reach: ` +
      "expected --token FILE as well, so that only clients with the token get an answer",
  },
  {
    names: ["listen", "watch"],
    isBroken: ({ config: { watch }, sources, command }) =>
      command === "demo" && !watch && sources.listen === "command line",
    text: ({ config: { listen }, sources }) =>
      `${nameIn(sources.listen, "listen")} is ${
        shownValue(listen)
      }: expected --watch as well, as a demo has no ` +
      "live page without it",
  },
  {
    names: ["listen", "watch"],
    isBroken: ({ config: { listen, watch }, command }) =>
      command === "demo" && watch && listen !== null && !isLoopback(listen),
    text: ({ config: { listen }, sources }) =>
      `${nameIn(sources.listen, "listen")} is ${shownValue(listen)}: expected a loopback address, such as ` +
      OPTIONS.listen.default,
  },
  ...([["notifyOn", ["notify"]], ["notifyMemory", ["notify"]], ["notifyTokens", ["notify", "ping"]]] as const)
    .map(([name, owners]): CombinationRule => ({
      names: [name, ...owners],
      isBroken: ({ config, sources }) =>
        sources[name] === "command line" && config[name] !== null &&
        owners.every((owner) => config[owner] === null && sources[owner] === "default"),
      text: ({ sources }, given) =>
        `${nameIn(sources[name], name)} is "${given[name]?.text}": expected ${
          owners.map((owner) => `${nameIn("command line", owner)} URL`).join(" or ")
        } as well, as nothing is sent without it`,
    })),
  {
    names: ["standby", "state"],
    isBroken: ({ config: { standby, state } }) => standby && state === "none",
    text: ({ sources }) =>
      `${nameIn(sources.standby, "standby")} is given, but no journal: ` +
      "expected --state with the journal to take over",
  },
  {
    names: ["timeUnit", "columns"],
    isBroken: ({ config: { timeUnit, columns } }) => timeUnit !== null && columns === null,
    text: ({ config: { timeUnit }, sources }) =>
      `${nameIn(sources.timeUnit, "timeUnit")} is ${timeUnit}: expected --columns as well, as every other ` +
      "file shows the unit of its times itself",
  },
  {
    names: ["from", "to"],
    isBroken: ({ config: { from, to } }) => from !== null && to !== null && from >= to,
    text: ({ config: { from, to }, sources }) =>
      `${nameIn(sources.from, "from")} is ${from} and ${nameIn(sources.to, "to")} is ${to}: ` +
      "expected the first to be before the second",
  },
  ...([["minQuantity", "maxQuantity"], ["minNotional", "maxNotional"]] as const).map((
    [least, most],
  ): CombinationRule => ({
    names: [least, most],
    isBroken({ config, sources }) {
      const [from, to] = [config[least], config[most]];
      // The exchange's own rules replace a default.
      if (sources[least] === "default" || sources[most] === "default") return false;
      return from !== null && to !== null && from.gt(to);
    },
    text: ({ config, sources }) =>
      `${nameIn(sources[least], least)} is ${plain(config[least]!)} and ${nameIn(sources[most], most)} is ${
        plain(config[most]!)
      }: expected the minimum to be no more than the maximum`,
  })),
];

/** What is wrong with options that can be read one by one, one sentence each; `given` has their texts. */
export function combinationMistakes(combination: Combination, given: GivenOptions): string[] {
  return COMBINATION_RULES
    .filter((rule) => rule.isBroken(combination))
    .map((rule) => rule.text(combination, given));
}

/** Whether a strategy has an option; a user's own file has all of its options in `set`. */
function has(strategy: string, name: OptionName): boolean {
  return name === "set"
    ? !isStrategyName(strategy)
    : (optionsOfStrategy(strategy) as readonly OptionName[]).includes(name);
}

function optionsText(strategy: string): string {
  if (!isStrategyName(strategy)) return "takes its options with --set";
  const names = optionsOfStrategy(strategy);
  return names.length === 0 ? "has none" : `has ${names.map(written).join(", ")}`;
}

function pairText(less: OptionName, more: OptionName): string {
  const isWindow = OPTIONS[less].value === "BARS";
  return isWindow
    ? `the ${less} window to be smaller than the ${more} one`
    : `${written(less)} to be smaller than ${written(more)}`;
}

function written(name: OptionName): string {
  return `--${optionWord(name)}`;
}

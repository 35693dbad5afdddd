/** How a live run starts: its instrument, its pipeline and its journal, each of which needs the previous one. */
import { engineChoices, shownConfig } from "../../config/config.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { StartedEvent } from "../../domain/run/event.ts";
import type { CommandName } from "../../config/command_name.ts";
import { marketOf } from "../../exchanges/endpoints.ts";
import { exchangeNamed } from "../../exchanges/known_exchanges.ts";
import type { ArrivedRules } from "../../domain/market/instrument.ts";
import { plain } from "../../domain/numbers/money.ts";
import { awaitInstrument } from "../../feeds/rest/instruments.ts";
import { chosenFile, shownOf } from "../../feeds/files/strategy_file.ts";
import type { RestBudget } from "../../feeds/rest/rest_budget.ts";
import { Engine, type EngineState } from "../../stages/engine.ts";
import { strategyOf } from "../../stages/strategies/known_strategies.ts";
import type { Holding } from "../../stores/journal/entry_log.ts";
import type { Journal } from "../../stores/journal/journal.ts";
import type { RunJournal } from "../../stores/journal/run_journal.ts";
import type { Line } from "../../views/view.ts";
import type { AwaitRules } from "./awaited_rules.ts";
import type { Surroundings } from "./surroundings.ts";
import { arrived, ask, type FoundInstrument, settle } from "./instrument.ts";

/** What opening a run needs besides its configuration. */
export interface OpeningOptions {
  readonly command: CommandName;
  readonly version: string;
  /** The REST address to query: null for the exchange's own hosts, undefined for none. */
  readonly restEndpoint: string | null | undefined;
  readonly budget: RestBudget;
  readonly holdsAtGaps: boolean;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
  readonly log: (line: Line) => void;
  /** Called when the journal's store becomes unreachable, and with null when it is back. */
  readonly onAway: Holding["onAway"];
  /** The journal, if it is open already. */
  readonly taken?: Journal | null;
}

/** A run that has started. */
export interface OpenedRun {
  readonly engine: Engine;
  /** Null if none is kept. */
  readonly journal: RunJournal | null;
  /** The configuration as the `started` event has it. */
  readonly shown: StartedEvent["config"];
  /** Whether the exchange has confirmed, now or earlier in this run, that it has the symbol. */
  readonly isKnownSymbol: boolean;
  /** Waits until the exchange gives the rules that are not known yet; null if they are known. */
  readonly awaitRules: AwaitRules | null;
  /** Log lines about the resumed run and about the instrument. */
  readonly lines: readonly Line[];
}

/** The log line if the user stops the run before it has started. */
export function neverStarted(): Line {
  return {
    level: "info",
    text: "stopped before the run started: nothing was traded, and nothing is kept",
  };
}

/**
 * Starts a run, or resumes the one in its journal; null, with nothing written, if `signal` is aborted before the
 * exchange has answered. Throws a ConfigError if the exchange has no such symbol, before anything is written, and like
 * `Journal.open` and `RunJournal.start`.
 */
export async function openRun(
  configuration: Configuration,
  options: OpeningOptions,
): Promise<OpenedRun | null> {
  const { state, symbol, newRun } = configuration.config;
  const market = marketOf(options.command, configuration.config);
  const { taken, surroundings: { runtime, journals } } = options;
  const [answer, stores] = await Promise.all([
    ask(configuration, { ...options, runtime }, market),
    state === "none" ? null : journals(),
  ]).catch(async (error) => {
    await taken?.close();
    throw error;
  });
  if (options.signal.aborted) {
    await taken?.close();
    return null;
  }
  const own = await chosenFile(configuration.config);
  const strategy = strategyOf(configuration.config, own?.make);
  const journal = taken ?? (state === "none" ? null : await openJournal(configuration, options));
  try {
    const time = runtime.Date.now() * 1000;
    const found = await settle(configuration, { answer, journal, market, now: time });
    const { config, origin, lines } = found;
    const shown = { ...shownConfig(config), ...shownOf(own) };
    const engine = new Engine({
      ...engineChoices(config),
      strategy,
      isTransient: journal === null,
      holdsAtGaps: options.holdsAtGaps,
    });
    const { speed } = config;
    if (speed !== 1) engine.apply({ event: "speed", speed }).forEach(() => {});
    const keeping = journal === null ? null : new stores!.RunJournal(journal, engine, symbol);
    const start = {
      time,
      version: options.version,
      options: shown,
      market,
      instrument: origin,
      isNew: newRun,
    };
    const resumed = await keeping?.start(start) ? [resumedLine(state, engine.state)] : [];
    return {
      engine,
      journal: keeping,
      shown: { ...shown, instrument: origin },
      isKnownSymbol: origin.exchangeInfo !== null || engine.state.trades > 0,
      awaitRules: found.awaited.length === 0
        ? null
        : (signal, onTrouble) => awaitRules(configuration, { ...options, signal }, found, onTrouble),
      lines: [...resumed, ...lines],
    };
  } catch (error) {
    await journal?.close();
    throw error;
  }
}

/** Opens the run's journal and holds it as the configuration says. Throws like `Journal.open`. */
export async function openJournal(
  { config }: Configuration,
  { signal, onAway, surroundings: { runtime: { performance }, journals } }: Pick<
    OpeningOptions,
    "signal" | "onAway" | "surroundings"
  >,
): Promise<Journal> {
  const own = await chosenFile(config);
  const { remembers } = strategyOf(config, own?.make)();
  // A standby does not take the lease from a holder that is cut off only briefly.
  const holding = { leaseMs: config.lease, isEager: !config.standby, signal, onAway };
  return await (await journals()).open(config.state, { now: () => performance.now(), remembers, holding });
}

/** The rules once the exchange sends them; null if the run is stopped first. */
async function awaitRules(
  configuration: Configuration,
  { restEndpoint = null, budget, signal, surroundings: { runtime } }: OpeningOptions,
  found: FoundInstrument,
  onTrouble: (text: string) => void,
): Promise<ArrivedRules | null> {
  const { symbol } = configuration.config;
  const exchange = exchangeNamed(configuration.config.exchange);
  const answer = await awaitInstrument(
    { restEndpoint, exchange, symbol, budget, signal, runtime },
    found.awaited,
    (reason) => onTrouble(`the rules of ${symbol} have not arrived yet: ${reason}`),
  );
  return answer && arrived(configuration, found, answer, runtime.Date.now() * 1000);
}

function resumedLine(path: string, run: EngineState): Line {
  const { trades, cash, position, stance, halt } = run.current;
  const halted = halt === null
    ? ""
    : `; halted (${halt.reason}), until "penstock release ${path} --reason TEXT"`;
  return {
    level: "info",
    text: `the run in ${path} resumes after ${trades} trades: cash ${plain(cash)}, ` +
      `position ${plain(position)}, stance ${stance}${halted}`,
  };
}

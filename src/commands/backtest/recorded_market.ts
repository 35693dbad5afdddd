/** The market of recordings: their first lines name it, so that a replay needs no option for it. */
import { type Configuration, nameIn } from "../../config/configuration.ts";
import { type Config, OPTIONS } from "../../config/options.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import { type RecordingHead, symbolsIn } from "../../domain/recording/recording_note.ts";
import { EXCHANGE_NAMES } from "../../exchanges/hosts.ts";
import { recordingsAmong } from "../../feeds/files/recording_folder.ts";

/** A recording that was given as a file. */
interface Named {
  readonly path: string;
  readonly head: RecordingHead;
}

/**
 * The configuration with the exchange and the symbol of the recordings among `paths`. A symbol that the user has given
 * stays, and chooses the recordings in folders. Without one, the symbol that all recordings share is used, or else the
 * default. Throws a ConfigError that names each recording of another market.
 */
export async function withRecordedMarket(
  paths: readonly string[],
  configuration: Configuration,
  signal: AbortSignal,
): Promise<Configuration> {
  const { config, sources } = configuration;
  const { files, inFolders } = await recordingsAmong(paths, signal);
  const isGiven = sources.symbol !== "default";
  const symbol = isGiven ? config.symbol : symbolOf(files) ?? symbolOf(inFolders) ?? config.symbol;
  const mistakes = files.flatMap(({ path, head }) => {
    const why = whyUnusable(head, symbol, isGiven ? nameIn(sources.symbol, "symbol") : null);
    return why === null ? [] : [`${path} ${why}`];
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const taken = [...files, ...inFolders].filter(({ head }) => symbolsIn(head).includes(symbol));
  const exchanges = new Map(
    taken.flatMap(({ path, head: { exchange } }) =>
      exchange === undefined ? [] : [[exchange, path] as const]
    ),
  );
  if (exchanges.size > 1) {
    const each = [...exchanges].map(([exchange, path]) => `${path} of ${exchange}`).join(" and ");
    throw new ConfigError([`the recordings are of different exchanges, ${each}: give those of one exchange`]);
  }
  const [named] = exchanges.keys();
  const exchange = EXCHANGE_NAMES.find((name) => name === named) ?? config.exchange;
  return { config: { ...config, symbol, exchange }, sources };
}

/**
 * Throws a ConfigError for a recording of another market that came through a pipe or in an archive, so that only
 * reading it showed the market.
 */
export function refuseMarket(name: string, head: RecordingHead, { symbol, exchange }: Config): void {
  const why = whyUnusable(head, symbol, null);
  if (why !== null) throw new ConfigError([`${name} ${why}`]);
  if ((head.exchange ?? exchange) === exchange) return;
  throw new ConfigError([
    `${name} is a recording of ${head.exchange}, but the run trades on ${exchange}: give it as its own file`,
  ]);
}

/**
 * What is wrong with a recording for a run in `symbol`, which the option `name` gave (null for none); null if nothing
 * is.
 */
function whyUnusable(head: RecordingHead, symbol: string, name: string | null): string | null {
  const { exchange } = head;
  if (exchange !== undefined && !EXCHANGE_NAMES.some((name) => name === exchange)) {
    return `is a recording of ${exchange}, an exchange that this Penstock does not know: expected ${
      EXCHANGE_NAMES.join(" or ")
    }`;
  }
  const symbols = symbolsIn(head);
  if (symbols.includes(symbol)) return null;
  const [one, ...more] = symbols;
  const advice = more.length === 0 && name !== null
    ? `leave ${name} out, or give a recording of ${symbol}`
    : `give --symbol ${more.length === 0 ? one : "with one of them"}, and recordings of that symbol`;
  const found = name === null ? `the run trades ${symbol}` : `${name} is ${symbol}`;
  return `is a recording of ${symbols.join(" and ")}, but ${found}: ${advice}`;
}

/** The symbol that all of these recordings have, if it is only one and can be a symbol; null without one. */
function symbolOf(recordings: readonly Pick<Named, "head">[]): string | null {
  const [first, ...others] = recordings.map(({ head }) => symbolsIn(head));
  const common = first?.filter((symbol) => others.every((symbols) => symbols.includes(symbol))) ?? [];
  if (common.length !== 1) return null;
  try {
    return OPTIONS.symbol.read(common[0]!);
  } catch {
    return null;
  }
}

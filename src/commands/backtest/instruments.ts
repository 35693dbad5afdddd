/** The instrument of a backtest, from the file of `--instruments`. */
import { type Configuration, nameIn } from "../../config/configuration.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Exchange } from "../../exchanges/exchange.ts";
import { exchangeNamed } from "../../exchanges/known_exchanges.ts";
import { type RuleSet } from "../../domain/market/instrument.ts";
import { type SettledInstrument, settleInstrument } from "../../config/instrument_settlement.ts";
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { openUnlessAborted, readUnlessAborted } from "../../feeds/files/input_file.ts";
import { readSmallFile } from "../../feeds/files/small_file.ts";

/** The first bytes of a SQLite database. */
const SQLITE = new TextEncoder().encode("SQLite format 3\0");
/** Several times the size of an exchange's answer for all its symbols. */
const MOST_BYTES = 64 << 20;

/**
 * The configuration, with the rules in the file where the user has given none. The content shows what kind of file it
 * is. Without a file, it has the rules that were given, and the defaults. Throws a ConfigError if the file does not
 * have them, a JournalError if it is a journal that cannot be read, and the reason of `signal`, which ends the wait for
 * a pipe without a writer.
 */
export async function instrumentOf(
  configuration: Configuration,
  signal?: AbortSignal,
): Promise<SettledInstrument> {
  const base = await ruleSetOf(configuration, signal);
  const { assets } = base ?? {};
  return { ...settleInstrument(configuration, base), ...(assets === undefined ? {} : { assets }) };
}

/** The rules in the file of `--instruments`; null without one. Throws as `instrumentOf` does. */
export async function ruleSetOf(
  configuration: Configuration,
  signal?: AbortSignal,
): Promise<RuleSet | null> {
  const { config: { exchange, instruments: path, symbol }, sources } = configuration;
  if (path === null) return null;
  const name = `${nameIn(sources.instruments, "instruments")} ${path}`;
  return await isDatabase(path, name, signal)
    ? await rulesInJournal(path, symbol, name)
    : rulesInAnswer(await read(() => readSmallFile(path, MOST_BYTES, signal), name, signal), {
      path,
      symbol,
      name,
      exchange: exchangeNamed(exchange),
    });
}

async function isDatabase(path: string, name: string, signal?: AbortSignal): Promise<boolean> {
  // A journal can be much larger than what is needed from it.
  const beginning = await read(
    async () => {
      const link = outwardLink(path, Deno);
      if (link !== null) throw new Error(outwardText(link));
      using file = await openUnlessAborted(Deno.open(path), signal);
      const bytes = new Uint8Array(SQLITE.length);
      await readUnlessAborted(file, bytes, signal);
      return bytes;
    },
    name,
    signal,
  );
  return SQLITE.every((byte, at) => beginning[at] === byte);
}

/** Reads a file; throws a ConfigError if there is no such file or it cannot be read. */
async function read<T>(reading: () => Promise<T>, name: string, signal?: AbortSignal): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || signal?.aborted) throw error;
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new ConfigError([`${name}: ${isMissing ? "there is no such file" : messageOf(error)}`]);
  }
}

async function rulesInJournal(path: string, symbol: string, name: string): Promise<RuleSet> {
  const [{ JournalReader }, { rulesIn }] = await Promise.all([
    import("../../stores/journal/journal_reader.ts"),
    import("../../stores/journal/instrument_memory.ts"),
  ]);
  await using reader = await JournalReader.open(path);
  const base = await rulesIn(reader, symbol);
  if (base === null) throw new ConfigError([`${name}: expected a journal that holds a run of ${symbol}`]);
  return base;
}

function rulesInAnswer(
  text: string,
  { path, symbol, name, exchange }: {
    readonly path: string;
    readonly symbol: string;
    readonly name: string;
    readonly exchange: Exchange;
  },
): RuleSet {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ConfigError([
      `${name}: expected a saved exchangeInfo answer or a journal, but it is neither: ${messageOf(error)}`,
    ]);
  }
  const info = exchange.readInstrument(body, symbol);
  if (info === null) throw new ConfigError([`${name}: expected an answer that includes ${symbol}`]);
  const flaws = "malformed" in info ? [info.malformed] : info.flaws;
  if ("malformed" in info || flaws.length > 0) throw new ConfigError(flaws.map((flaw) => `${name}: ${flaw}`));
  const { rules, base, quote } = info;
  const assets = base === undefined || quote === undefined ? {} : { assets: { base, quote } };
  return { rules, source: `exchangeInfo in ${path}`, ...assets };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

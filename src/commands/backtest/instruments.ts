/** The instrument of a backtest, from the file of `--instruments`. */
import { ConfigError, type Configuration, nameIn } from "../../domain/config.ts";
import { readExchangeInfo } from "../../domain/exchange_info.ts";
import { type RuleSet, type SettledInstrument, settleInstrument } from "../../domain/instrument.ts";

/** How a SQLite database begins. */
const SQLITE = new TextEncoder().encode("SQLite format 3\0");

/**
 * The configuration with the rules in the file where the person has given none; a file is told apart by its content.
 * Without a file those given and the defaults. Throws a ConfigError where the file does not have them, and a
 * JournalError where it is a journal that cannot be read.
 */
export async function instrumentOf(configuration: Configuration): Promise<SettledInstrument> {
  const { config: { instruments: path, symbol }, sources } = configuration;
  if (path === null) return settleInstrument(configuration, null);
  const name = `${nameIn(sources.instruments, "instruments")} ${path}`;
  const bytes = await contentOf(path, name);
  const base = isDatabase(bytes) ? await journaled(path, symbol, name) : saved(bytes, path, symbol, name);
  return settleInstrument(configuration, base);
}

async function contentOf(path: string, name: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new ConfigError([`${name}: ${isMissing ? "there is no such file" : messageOf(error)}`]);
  }
}

function isDatabase(bytes: Uint8Array): boolean {
  return SQLITE.every((byte, at) => bytes[at] === byte);
}

async function journaled(path: string, symbol: string, name: string): Promise<RuleSet> {
  const [{ JournalReader }, { rulesIn }] = await Promise.all([
    import("../../stores/journal_reader.ts"),
    import("../../stores/instrument_memory.ts"),
  ]);
  using reader = JournalReader.open(path);
  const base = rulesIn(reader, symbol);
  if (base === null) throw new ConfigError([`${name}: expected a journal that holds a run of ${symbol}`]);
  return base;
}

function saved(bytes: Uint8Array, path: string, symbol: string, name: string): RuleSet {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ConfigError([
      `${name}: expected a saved exchangeInfo answer or a journal, and it is neither: ${messageOf(error)}`,
    ]);
  }
  const info = readExchangeInfo(body, symbol);
  if (info === null) throw new ConfigError([`${name}: expected one that has ${symbol}`]);
  const flaws = "malformed" in info ? [info.malformed] : info.flaws;
  if ("malformed" in info || flaws.length > 0) throw new ConfigError(flaws.map((flaw) => `${name}: ${flaw}`));
  return { rules: info.rules, source: `exchangeInfo in ${path}` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

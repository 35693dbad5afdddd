/**
 * Remembers how many configurations have ever been tried on the same trades: the best of many looks better by luck
 * alone.
 */
import { createHash } from "node:crypto";
import { grantAdvice } from "../../domain/process/permission_advice.ts";
import { TriedSet } from "../../domain/overfitting/tried_set.ts";
import { type FileKind, filesOf, isObject, WholeFile } from "../files/whole_file.ts";

/** Where the tries are kept. */
export const TRIES_FILE = "data/tries.json";

/** The tries cannot be read or written; the message says why and what to do. */
export class TriesError extends Error {
  override readonly name = "TriesError";
  readonly exit = "failure";
}

/** The trades that configurations were tried on. */
export interface TriedTrades {
  /** The digest of all of them, as `TradeDigest` shows it: the same trades in another file have the same digest. */
  readonly digest: string;
  /** For people who read the file. */
  readonly symbol: string;
  readonly trades: number;
  /** Times of the first and of the last trade, ISO 8601. */
  readonly from: string;
  readonly to: string;
}

/** The file is a JSON object with these fields. `trades` is keyed by digest. */
interface Kept {
  readonly schema: typeof SCHEMA;
  readonly version: typeof VERSION;
  readonly trades: Record<string, KeptTrades>;
}

interface KeptTrades extends Omit<TriedTrades, "digest"> {
  /** How many configurations were tried, for people who read the file. */
  readonly configurations: number;
  /** A `TriedSet` of them. */
  readonly tried: string;
}

const SCHEMA = "penstock-tries";
const VERSION = 1;
const DIGEST = /^[0-9a-f]{16}$/;
/** Enough for some hundred sets of trades, each with as many hashes as it may have. */
const MOST_BYTES = 64 * 1024 * 1024;
const KIND: FileKind = {
  schema: SCHEMA,
  version: VERSION,
  mostBytes: MOST_BYTES,
  Failure: TriesError,
  purpose: "which counts the configurations tried on the same trades",
  without: "then counting starts again, and the figures against luck no longer count what was tried before",
  advice: (missing) => grantAdvice(missing, Deno.build.standalone),
};
/** How long to wait for the lock. Another process holds it for a few milliseconds. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 20;

/**
 * Checks that tries can be counted in the file at `path`, so that a sweep fails before it starts rather than after.
 * Throws a TriesError otherwise. Creates a missing folder, and changes nothing else.
 */
export async function checkTries(path: string): Promise<void> {
  await locked(path, () => {});
}

/**
 * Adds configurations, each a text that is the same for the same configuration, to those tried on `trades`, and returns
 * how many different ones have ever been tried; from some 16,000 on that is an estimate. Waits while another process
 * writes the file. Throws a TriesError if that fails; the file is then as it was.
 */
export async function addTries(
  path: string,
  trades: TriedTrades,
  configurations: readonly string[],
): Promise<number> {
  return await locked(path, (kept, write) => {
    const { digest, ...facts } = trades;
    // A text that cannot be read was refused when the file was read.
    const tried = TriedSet.from(kept.trades[digest]?.tried ?? "")!;
    tried.add(configurations.map(hashOf));
    const count = Math.max(tried.count, configurations.length);
    write({
      ...kept,
      trades: { ...kept.trades, [digest]: { ...facts, configurations: count, tried: tried.text() } },
    });
    return count;
  });
}

/**
 * Removes what was tried on the trades with this digest, and returns how many configurations those were. Other trades
 * are not affected. Waits while another process writes the file. Throws a TriesError if that fails; the file is then as
 * it was.
 */
export async function forgetTries(path: string, digest: string): Promise<number> {
  return await locked(path, (kept, write) => {
    const { [digest]: forgotten, ...others } = kept.trades;
    if (forgotten === undefined) return 0;
    write({ ...kept, trades: others });
    return forgotten.configurations;
  });
}

/** Calls `change` with the content while no other process can change it; what is written replaces the file as a whole. */
async function locked<T>(path: string, change: (kept: Kept, write: (kept: Kept) => void) => T): Promise<T> {
  const file = new WholeFile(path, KIND);
  try {
    using lock = file.openLock();
    for (let waited = 0; !lock.tryLockSync(true); waited += RETRY_MS) {
      if (waited >= PATIENCE_MS) {
        throw file.unusable(`another process has held ${filesOf(path)[1]} for 10s. Stop it`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return change(keptIn(file), (kept) => file.replace(kept));
  } catch (error) {
    throw file.failure(error);
  }
}

function keptIn(file: WholeFile): Kept {
  const kept = file.read();
  if (kept === null) return { schema: SCHEMA, version: VERSION, trades: {} };
  const { trades } = kept;
  if (!isObject(trades)) throw file.damaged(`it has no "trades"`);
  for (const [digest, entry] of Object.entries(trades)) {
    if (!DIGEST.test(digest) || !isEntry(entry)) throw file.damaged(`its entry "${digest}" cannot be read`);
  }
  return kept as unknown as Kept;
}

function isEntry(entry: unknown): entry is KeptTrades {
  const { configurations, tried } = (entry ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(configurations) && typeof tried === "string" && TriedSet.from(tried) !== null;
}

/** The first 48 bits of the SHA-256. */
function hashOf(configuration: string): number {
  return createHash("sha256").update(configuration, "utf8").digest().readUIntBE(0, 6);
}

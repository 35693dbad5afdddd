/**
 * Checkpoints: an entry with the state, the account, the positions, and where the averages' prices are. The tables of
 * the account and of the positions say again what the last checkpoint of a run says.
 */
import { type Entry, lastOfType } from "./journal_entry.ts";
import { damaged, type JournalDatabase, type Row } from "./journal_file.ts";
import type { Prices, PricesNote } from "./journal_prices.ts";

/** An account: decimal text in quote currency. */
export interface AccountRow {
  readonly cash: string;
  readonly fees: string;
  readonly realized: string;
}

/** One position: decimal text, the quantity in base and what it cost, fees included, in quote currency. */
export interface PositionRow {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
}

/** What is to become a checkpoint. */
export interface CheckpointDraft {
  /** µs since 1970. */
  readonly time: number;
  /** What a resume needs besides account, positions and prices: an object that JSON can hold. */
  readonly state: object;
  readonly account: AccountRow;
  /** All there are; an empty one need not be among them. */
  readonly positions: readonly PositionRow[];
  /** Those that went into the averages since the checkpoint before; `fresh` when everything before is void. */
  readonly prices: Prices & { readonly fresh: boolean };
}

/** A checkpoint as it stands in the journal: where its prices are, without them. */
export interface Checkpoint {
  readonly seq: number;
  /** µs since 1970. */
  readonly time: number;
  readonly state: Readonly<Record<string, unknown>>;
  readonly account: AccountRow;
  readonly positions: readonly PositionRow[];
  readonly prices: PricesNote;
}

/** The last checkpoint of `run`; null where it has none. Throws a JournalError where it cannot be read. */
export function lastCheckpoint(database: JournalDatabase, path: string, run: number): Checkpoint | null {
  const entry = lastOfType(database, path, run, "checkpoint");
  if (entry === null) return null;
  return { seq: entry.seq, time: entry.time, ...checkedContent(entry.content, entry.seq, path) };
}

/**
 * What in the tables beside the entries is not what the last checkpoint of `run` says, as a clause; null when all
 * agrees. Throws a JournalError where the checkpoint cannot be read.
 */
export function disagreement(database: JournalDatabase, path: string, run: number): string | null {
  const checkpoint = lastCheckpoint(database, path, run);
  const account = database.prepare("SELECT seq, cash, fees, realized FROM account WHERE run = ?").get(run);
  const rows = positionsOf(database, run);
  if (checkpoint === null) {
    return account === undefined && rows.length === 0
      ? null
      : `run ${run} has an account without a checkpoint`;
  }
  const { cash, fees, realized } = checkpoint.account;
  const isSame = account?.["seq"] === checkpoint.seq && account["cash"] === cash &&
    account["fees"] === fees &&
    account["realized"] === realized;
  if (!isSame) return `the account table does not say what the checkpoint of run ${run} says`;
  if (inOrder(rows) !== inOrder(checkpoint.positions)) {
    return `the positions table does not say what the checkpoint of run ${run} says`;
  }
  return null;
}

/** The account of `run`; null where it has none. */
export function accountOf(database: JournalDatabase, run: number): AccountRow | null {
  const row = database.prepare("SELECT cash, fees, realized FROM account WHERE run = ?").get(run);
  return row === undefined ? null : { ...row } as unknown as AccountRow;
}

/** The positions of `run`, in the order of their symbols. */
export function positionsOf(database: JournalDatabase, run: number): PositionRow[] {
  return database.prepare("SELECT symbol, quantity, cost FROM positions WHERE run = ? ORDER BY symbol")
    .all(run).map((row) => ({ ...row }) as unknown as PositionRow);
}

/** The content of the checkpoint at `seq`; a JournalError where it is not that of one. */
export function checkedContent(
  content: Entry["content"] | null,
  seq: number,
  path: string,
): Omit<Checkpoint, "seq" | "time"> {
  const { state, account, positions, prices } = (content ?? {}) as Partial<Checkpoint>;
  if (!isObject(state) || !isObject(account) || !Array.isArray(positions) || !isObject(prices)) {
    throw damaged(path, `entry ${seq} is not a checkpoint`);
  }
  return { state, account, positions, prices };
}

function isObject<T>(value: T | undefined): value is T & object {
  return typeof value === "object" && value !== null;
}

function inOrder(positions: readonly (PositionRow | Row)[]): string {
  return JSON.stringify(
    positions.map(({ symbol, quantity, cost }) => [symbol, quantity, cost]).sort((a, b) =>
      String(a[0]) < String(b[0]) ? -1 : 1
    ),
  );
}

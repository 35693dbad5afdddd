/**
 * Checkpoints: the state, the account, the positions, and where the last prices are. One row for each run holds
 * all of it, and the next checkpoint replaces that row; an entry that proves the row stays (see journal_state.ts). Up
 * to version 2 the entry held all of it, and the tables of the account and of the positions repeated a part.
 */
import type { OrderChange } from "../../stages/order_changes.ts";
import type { Entry } from "./journal_entry.ts";
import { damaged, type JournalDatabase, type Row } from "./journal_file.ts";
import { noteText, type Prices, type PricesNote } from "./price_note.ts";
import { FIRST_WITH_STATES } from "./journal_tables.ts";
import { stateHash, stateProof } from "./journal_state.ts";
import { lastOfType } from "./linked_entry.ts";

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

/** The input of a checkpoint. */
export interface CheckpointDraft {
  /** µs since 1970. */
  readonly time: number;
  /** What a resume needs besides account, positions and prices: an object that JSON can hold. */
  readonly state: object;
  readonly account: AccountRow;
  /** All there are; an empty one need not be among them. */
  readonly positions: readonly PositionRow[];
  /** Those since the checkpoint before, of which a resume needs the last; `fresh` when everything before is void. */
  readonly prices: Prices & { readonly fresh: boolean };
  /** The changes of waiting orders since the checkpoint before, which its entry holds; absent for none. */
  readonly orders?: readonly OrderChange[];
}

/** A checkpoint in the journal, with the place of its prices instead of the prices. */
export interface Checkpoint {
  readonly seq: number;
  /** µs since 1970. */
  readonly time: number;
  readonly state: Readonly<Record<string, unknown>>;
  readonly account: AccountRow;
  readonly positions: readonly PositionRow[];
  readonly prices: PricesNote;
}

/**
 * The last checkpoint of `run`; null if it has none. Throws a JournalError if it cannot be read, or is not what its
 * entry proves.
 */
export function lastCheckpoint(database: JournalDatabase, path: string, run: number): Checkpoint | null {
  const entry = lastOfType(database, path, run, "checkpoint");
  if (entry === null) return null;
  const { seq, time, content } = entry;
  if (holdsState(content)) return { seq, time, ...checkedContent(content, seq, path) };
  const row = database.prepare("SELECT seq, content, prices FROM states WHERE run = ?").get(run);
  if (row === undefined) throw damaged(path, `the state at entry ${seq} (checkpoint) is missing`);
  const kept = contentOf(row);
  // A text that reads the same but is written differently was not written by Penstock either.
  const isProven = kept !== null && row["seq"] === seq && row["prices"] === noteText(kept.prices) &&
    stateProof(stateHash(String(row["content"])), kept.prices, kept.state["digest"]) === content["state"];
  if (!isProven) {
    throw damaged(
      path,
      `the state of run ${run} is not the one that entry ${seq} (checkpoint) was made with`,
    );
  }
  return { seq, time, ...checkedContent({ ...kept }, seq, path) };
}

/** Whether a checkpoint's entry holds the whole of it, as it did up to version 2. */
export function holdsState({ state }: Entry["content"]): boolean {
  return typeof state === "object" && state !== null;
}

/**
 * What stands beside the entries and is not what the last checkpoint of `run` says, as a clause; null when all
 * agrees. Throws a JournalError if that checkpoint cannot be read or is not what its entry proves.
 */
export function disagreement(
  database: JournalDatabase,
  path: string,
  run: number,
  version: number,
): string | null {
  const checkpoint = lastCheckpoint(database, path, run);
  if (version < FIRST_WITH_STATES) return tablesDisagreement(database, run, checkpoint);
  const seq = database.prepare("SELECT seq FROM states WHERE run = ?").get(run)?.["seq"];
  return seq === undefined || seq === checkpoint?.seq ? null : `run ${run} has a state without a checkpoint`;
}

/** The same for a journal which repeats account and positions in tables. */
function tablesDisagreement(
  database: JournalDatabase,
  run: number,
  checkpoint: Checkpoint | null,
): string | null {
  const account = database.prepare("SELECT seq, cash, fees, realized FROM account WHERE run = ?").get(run);
  const rows = database.prepare("SELECT symbol, quantity, cost FROM positions WHERE run = ? LIMIT 100").all(
    run,
  );
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

/** The content of the checkpoint at `seq`; a JournalError if it is not that of one. */
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

/** What a row of the states holds, unproven; null if it cannot be read. */
function contentOf({ content, prices }: Row): Pick<Checkpoint, "state" | "prices"> | null {
  try {
    const kept = { ...JSON.parse(String(content)), prices: JSON.parse(String(prices)) };
    return isObject(kept.state) && isObject(kept.prices) ? kept : null;
  } catch {
    return null;
  }
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

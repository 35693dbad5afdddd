/** Counts of a run's fills and refusals by kind, which no checkpoint has. */
import type { Side } from "../../domain/numbers/money.ts";
import type { EntryStore } from "./entry_log.ts";
import { JournalReader } from "./journal_reader.ts";

/** Totals of a run since its start. */
export interface RunTotals {
  readonly fills: Readonly<Record<Side, number>>;
  /** By reason. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** After this many entries, other work gets its turn. */
const TURN = 1_000;

/**
 * Returns the totals of `run` up to the entry `until`, from the journal at `path` in `store`. Memory does not grow with
 * the journal. The entries are not checked, because no decision depends on the totals. Throws a JournalError if they
 * cannot be read.
 */
export async function totalsOf(
  path: string,
  run: number,
  until: number,
  store: EntryStore,
): Promise<RunTotals> {
  const fills = { buy: 0, sell: 0 };
  const refusals = new Map<string, number>();
  await using reader = await JournalReader.open(path, { store });
  let count = 0;
  for await (const { seq, type, content } of reader.entries({ types: ["fill", "refusal"], run })) {
    if (seq > until) break;
    const { side, reason } = content;
    if (type === "refusal") refusals.set(String(reason), (refusals.get(String(reason)) ?? 0) + 1);
    else if (side === "buy" || side === "sell") fills[side]++;
    if (++count % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return { fills, refusals };
}

/** What is to be written to a journal, checked and put into text. */
import { powerOfTen } from "../domain/price.ts";
import type { CheckpointDraft } from "./journal_checkpoint.ts";
import type { Draft, EntryType } from "./journal_entry.ts";
import { hexHash, priceBytes, type PricesNote } from "./journal_prices.ts";

/** An entry as it is written, but for what comes with its place. */
export interface Line {
  readonly type: EntryType;
  /** µs since 1970. */
  readonly time: number;
  /** The content as JSON. */
  readonly text: string;
}

/** A checkpoint as it is written. */
export interface Stored extends Pick<CheckpointDraft, "account" | "positions"> {
  readonly line: Line;
  readonly note: PricesNote;
  readonly bytes: Uint8Array;
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Throws a RangeError or a TypeError for what could not be read again. */
export function lineOf({ type, time, content }: Omit<Draft, "type"> & { readonly type: EntryType }): Line {
  if (!Number.isSafeInteger(time)) throw new RangeError(`A time must be whole µs since 1970: got ${time}`);
  const text: string | undefined = JSON.stringify(content);
  if (!text?.startsWith("{")) {
    throw new TypeError(`What an entry says must be an object in JSON: got ${text}`);
  }
  return { type, time, text };
}

/**
 * What is written of a checkpoint. `before` is the last one with prices that still count; without one those of this
 * one are all there are. Throws a RangeError or a TypeError for what could not be read again.
 */
export function storedCheckpoint(draft: CheckpointDraft, before: number | null): Stored {
  const { account, positions, prices: { decimals, values } } = draft;
  const { cash, fees, realized } = account;
  const amounts = [cash, fees, realized, ...positions.flatMap(({ quantity, cost }) => [quantity, cost])];
  for (const amount of amounts) {
    if (!DECIMAL.test(amount)) throw new RangeError(`An amount must be plain decimal text: got ${amount}`);
  }
  powerOfTen(decimals);
  const bytes = priceBytes(values);
  const fresh = draft.prices.fresh || before === null;
  const note = { decimals, fresh, count: values.length, hash: hexHash(bytes), before: fresh ? null : before };
  const line = lineOf({ type: "checkpoint", time: draft.time, content: checkpointContent(draft, note) });
  if (!line.text.startsWith('{"state":{')) {
    throw new TypeError("A checkpoint's state must be an object in JSON");
  }
  return { account, positions, line, note, bytes };
}

/** Whether the prices before those of a later checkpoint are found here. */
export function hasPrices({ count, fresh }: PricesNote): boolean {
  return count > 0 || fresh;
}

/** The content of a checkpoint's entry, from what is to become one and where its prices are. */
function checkpointContent(draft: CheckpointDraft, prices: PricesNote): object {
  const { cash, fees, realized } = draft.account;
  const positions = draft.positions.map(({ symbol, quantity, cost }) => ({ symbol, quantity, cost }));
  return { state: draft.state, account: { cash, fees, realized }, positions, prices };
}

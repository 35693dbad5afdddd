/** Checks additions to a journal, and turns them into text. */
import { powerOfTen } from "../../domain/numbers/price.ts";
import type { CheckpointDraft } from "./journal_checkpoint.ts";
import { type Draft, type EntryType, MOST_CONTENT } from "./journal_entry.ts";
import { inShort } from "./journal_orders.ts";
import { closeBytes, hexHash } from "./journal_closes.ts";
import { type ClosesNote } from "./closes_note.ts";
import { stateHash, stateProof } from "./journal_state.ts";

/** An entry as it is written, without the fields that depend on its place. */
export interface Line {
  readonly type: EntryType;
  /** µs since 1970. */
  readonly time: number;
  /** The content as JSON. */
  readonly text: string;
}

/** A checkpoint as it is written: an entry, one row that it overwrites, and closes. */
export interface Stored {
  /** The entry, which proves the rest. */
  readonly line: Line;
  /** State, account and positions as JSON. */
  readonly content: string;
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string;
  readonly note: ClosesNote;
  readonly bytes: Uint8Array;
}

const ENCODER = new TextEncoder();
/**
 * The most bytes that a UTF-16 unit takes in UTF-8. It shows that most texts are short enough, without encoding them.
 */
const MOST_BYTES = 3;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Throws a RangeError or a TypeError for content that could not be read back. */
export function lineOf({ type, time, content }: Omit<Draft, "type"> & { readonly type: EntryType }): Line {
  if (!Number.isSafeInteger(time)) throw new RangeError(`A time must be whole µs since 1970: got ${time}`);
  const text: string | undefined = JSON.stringify(content);
  if (!text?.startsWith("{")) {
    throw new TypeError(`The content of an entry must be a JSON object: got ${text}`);
  }
  if (text.length * MOST_BYTES > MOST_CONTENT) {
    const { length } = ENCODER.encode(text);
    if (length > MOST_CONTENT) {
      throw new RangeError(`The content of an entry must have at most ${MOST_CONTENT} bytes: got ${length}`);
    }
  }
  return { type, time, text };
}

/**
 * A checkpoint as it is stored. `before` is the last earlier one with closes that still count; null if this one has
 * them all. Throws a RangeError or a TypeError for content that could not be read back.
 */
export function storedCheckpoint(draft: CheckpointDraft, before: number | null): Stored {
  const { state, account, positions, closes: { decimals, values }, orders = [] } = draft;
  const { cash, fees, realized } = account;
  const amounts = [cash, fees, realized, ...positions.flatMap(({ quantity, cost }) => [quantity, cost])];
  for (const amount of amounts) {
    if (!DECIMAL.test(amount)) throw new RangeError(`An amount must be plain decimal text: got ${amount}`);
  }
  powerOfTen(decimals);
  const bytes = closeBytes(values);
  const fresh = draft.closes.fresh || before === null;
  const note = { decimals, fresh, count: values.length, hash: hexHash(bytes), before: fresh ? null : before };
  const content = JSON.stringify({
    state,
    account: { cash, fees, realized },
    positions: positions.map(({ symbol, quantity, cost }) => ({ symbol, quantity, cost })),
  });
  if (!content.startsWith('{"state":{')) {
    throw new TypeError("A checkpoint's state must be an object in JSON");
  }
  const hash = stateHash(content);
  const { trades, digest } = state as { readonly trades?: number; readonly digest?: string };
  const proof = stateProof(hash, note, digest);
  const entry = {
    trades,
    state: proof,
    ...(orders.length === 0 ? {} : { orders: inShort(orders, draft.time) }),
  };
  const line = lineOf({ type: "checkpoint", time: draft.time, content: entry });
  return { line, content, hash, note, bytes };
}

/** The content of its entry as version 2 and older wrote it, which includes the state. */
export function wholeContent({ content, note }: Stored): string {
  return `${content.slice(0, -1)},"prices":${JSON.stringify(note)}}`;
}

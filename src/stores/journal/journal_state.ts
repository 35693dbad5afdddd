/**
 * The proof of a state. A checkpoint's entry does not hold the state, which would be most of the journal, but a proof
 * of it: the digest of all trades so far, and a part of a SHA-256 over state, account, positions and the last closes.
 * The state itself is one row, which the next checkpoint overwrites. The closes of earlier checkpoints stay as long as
 * a resume needs them, so the hash is computed in two steps: with the hash of the rest, closes can be checked long
 * after the state stored with them is gone.
 */
import { hash } from "node:crypto";
import type { ClosesNote } from "./closes_note.ts";

/** The length of a proof in hexadecimal digits: 128 bits, too many to find another state with the same proof. */
const HASH_DIGITS = 32;
/** Enough to see whether the trades differ; the hash is the proof. In hexadecimal digits. */
const DIGEST_DIGITS = 6;
const SEPARATOR = ".";

/** SHA-256 over state, account and positions as they are kept, in hexadecimal. */
export function stateHash(content: string): string {
  return hash("sha256", content);
}

/**
 * The proof of a state that its entry holds: the first digits of the `digest` of the trades, which a state may lack,
 * and a hash over everything.
 */
export function stateProof(
  stateHash: string,
  { decimals, fresh, count, hash: closes, before }: ClosesNote,
  digest: unknown,
): string {
  const text = JSON.stringify([stateHash, decimals, fresh, count, closes, before]);
  const proof = Uint8Array.fromHex(hash("sha256", text).slice(0, HASH_DIGITS));
  return `${digestStart(digest)}${SEPARATOR}${proof.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** The part of a proof that comes from the digest of the trades. */
export function digestIn(proof: unknown): string {
  return String(proof).split(SEPARATOR)[0]!;
}

/** The part of the digest of the trades that a proof contains. */
export function digestStart(digest: unknown): string {
  return typeof digest === "string" ? digest.slice(0, DIGEST_DIGITS) : "";
}

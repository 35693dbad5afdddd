/**
 * Requests from other processes to a run. They are filed in its journal, and the run handles them when it next looks
 * there.
 */
import type { OnHalt } from "../risk/halt.ts";

/** A request. Another kind needs a line here, a reader in `REQUESTS`, and what the run does about it. */
export type RunRequest =
  | { readonly kind: "halt"; readonly action: OnHalt; readonly text: string | null }
  | {
    readonly kind: "release";
    /** The number of the halt's entry in the journal. No other halt is released. */
    readonly halt: number;
    readonly text: string;
  };

/** How long a user's reason may be, characters. */
export const LONGEST_REASON = 1000;

type Reader = (content: Readonly<Record<string, unknown>>) => RunRequest | null;

const REQUESTS: { readonly [K in RunRequest["kind"]]: Reader } = {
  halt: ({ action, text }) =>
    (action === "hold" || action === "flatten") && (text === null || isReason(text))
      ? { kind: "halt", action, text }
      : null,
  release: ({ halt, text }) =>
    Number.isSafeInteger(halt) && isReason(text) ? { kind: "release", halt: halt as number, text } : null,
};

/**
 * The request of this kind with this content, which another program may have written; null if it is not
 * valid.
 */
export function readRequest(kind: string, content: Readonly<Record<string, unknown>>): RunRequest | null {
  return Object.hasOwn(REQUESTS, kind) ? REQUESTS[kind as RunRequest["kind"]](content) : null;
}

function isReason(text: unknown): text is string {
  return typeof text === "string" && text.length <= LONGEST_REASON;
}

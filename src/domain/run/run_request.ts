/** What another process asks a run for while it is at work: filed in the journal, handled at the run's next look. */
import type { OnHalt } from "../risk/halt.ts";

/** By kind. A kind is one more line here, a reader in `REQUESTS`, and what the run does about it. */
export type RunRequest =
  | { readonly kind: "halt"; readonly action: OnHalt; readonly text: string | null }
  | {
    readonly kind: "release";
    /** The number of the journal's entry that says of the halt. It ends no other halt. */
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

/** The request of this kind with this content, which another program may have written; null for none. */
export function readRequest(kind: string, content: Readonly<Record<string, unknown>>): RunRequest | null {
  return Object.hasOwn(REQUESTS, kind) ? REQUESTS[kind as RunRequest["kind"]](content) : null;
}

function isReason(text: unknown): text is string {
  return typeof text === "string" && text.length <= LONGEST_REASON;
}

/** Options of {@linkcode promptSecret}. */
export interface PromptSecretOptions {
  /** Shown for each character typed; empty for nothing at all. Default `*`. */
  mask?: string;
  /** Whether to clear the line afterwards. */
  clear?: boolean;
}

/** Asks for a secret without showing it; null where standard input is not a terminal. */
export function promptSecret(message?: string, options?: PromptSecretOptions): string | null;

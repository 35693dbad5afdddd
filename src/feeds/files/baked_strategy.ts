/** The user-defined strategy that a program was compiled with: `deno task compile --strategy FILE` writes this file. */

/** Null unless the program was compiled with one. */
export const BAKED: { readonly name: string; readonly sha256: string; readonly definition: unknown } | null =
  null;

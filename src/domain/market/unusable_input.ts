/**
 * The error for recorded input that cannot be used: it says where, what was found and what was expected. The run must
 * stop.
 */

/** A place in a file; line and column count from 1, the column in bytes. */
export interface Place {
  /** The name that the user knows: `trades.csv`, `trades.zip (trades.csv)`, `standard input`. */
  readonly name: string;
  readonly line?: number;
  readonly column?: number;
}

/** Input data that cannot be used; the message names the place as `name:line:column`. */
export class UnusableInput extends Error {
  override readonly name = "UnusableInput";
  readonly exit = "input";
  /** What is wrong with other files, found in the same check. */
  others: readonly UnusableInput[] = [];
  /** Advice to the user, added to the message; empty if there is none. */
  advice = "";

  /** `what` says which field, the value found and what was expected. */
  constructor(readonly place: Place, what: string, options?: ErrorOptions) {
    const { name, line, column } = place;
    const position = line === undefined ? "" : column === undefined ? `:${line}` : `:${line}:${column}`;
    super(`${name}${position}: ${what}`, options);
  }
}

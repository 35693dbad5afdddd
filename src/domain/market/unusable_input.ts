/** Recorded input that cannot be used: where, what was found and what was expected. The run must stop. */

/** A place in a file; line and column count from 1, the column in bytes. */
export interface Place {
  /** As in Origin. */
  readonly name: string;
  readonly line?: number;
  readonly column?: number;
}

/** Input data that cannot be used; the message names the place as `name:line:column`. */
export class UnusableInput extends Error {
  override readonly name = "UnusableInput";
  readonly exit = "input";
  /** What the same look found wrong with other files. */
  others: readonly UnusableInput[] = [];
  /** What the person can do, behind the message; empty if there is nothing to add. */
  advice = "";

  /** `what` says which field, the value found and what was expected. */
  constructor(readonly place: Place, what: string, options?: ErrorOptions) {
    const { name, line, column } = place;
    const position = line === undefined ? "" : column === undefined ? `:${line}` : `:${line}:${column}`;
    super(`${name}${position}: ${what}`, options);
  }
}

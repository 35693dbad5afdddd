/** Requests to an exchange's REST API: what to ask, and how to read the answer. */

/** One question. */
export interface RestQuestion<T> {
  /** Base address, such as https://api.example.com. */
  readonly base: string;
  /** Below the base address, with the parameters. */
  readonly path: string;
  /** The weight that the host counts for the request. */
  readonly weight: number;
  /** Reads the answer's JSON. */
  read(body: unknown): T | RejectedAnswer;
}

/** An answer that is not accepted; asking again may give a usable one. */
export class RejectedAnswer {
  readonly why: "malformed" | "no-join";
  readonly reason: string;

  constructor(why: "malformed" | "no-join", reason: string) {
    this.why = why;
    this.reason = reason;
  }
}

/**
 * Questions that depend on earlier answers: the generator yields each, and `next` takes what its `read` returned.
 * The caller asks and waits, so that an exchange needs no network.
 */
export type Questions<R> = Generator<RestQuestion<unknown>, R, unknown>;

/** Asks one question within such a generator, as `yield* asked(question)`. */
export function* asked<T>(question: RestQuestion<T>): Questions<T> {
  // The answer is what this question's own `read` returned: see Questions.
  return (yield question) as T;
}
